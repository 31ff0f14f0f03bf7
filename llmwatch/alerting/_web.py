"""One POST over the standard library: no redirect, no third party, no answer read.

It is not the HTTP client whose calls we watch, so that no notice can count as a call.
"""

from __future__ import annotations

import base64
import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from socket import gaierror
from urllib.parse import quote, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from ..exceptions import UsageError
from ..retry_after import asked_wait_s
from ._deadline import TIMEOUT_S, deadline
from ._secret import Secret
from ._undelivered import Undelivered

__all__ = ["Address", "is_loopback", "post"]

_LONGEST_WAIT_S = 60.0
_PATH = "/%:@!$&'()*+,;=~-._?"  # what may stand in a path and a query as it is


@dataclass(frozen=True, slots=True)
class Address:
    """Where to post: https anywhere, plain http only to this machine."""

    scheme: str
    host: str
    port: int | None
    path: Secret
    """With the query: often the secret itself."""

    def __str__(self) -> str:
        """What may be shown of it: `https://hooks.slack.com/…`."""
        port = f":{self.port}" if self.port else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{port}/…"

    @classmethod
    def of(cls, url: str, who: str) -> Address:
        """Read `url` for the handler `who`.

        Raises
        ------
        UsageError
            When it cannot be meant, in one line that does not repeat the URL.
        """
        say = f"llmwatch.{who}(url): "
        if not isinstance(url, str) or not url:
            raise UsageError(f"{say}the address is missing; give e.g. 'https://example.com/hook'.")
        if any(c.isspace() or not c.isprintable() for c in url):
            raise UsageError(f"{say}there is a space or a line break in the address.")
        try:
            parts = urlsplit(url)
            port, host = parts.port, (parts.hostname or "").encode("idna").decode("ascii")
        except ValueError:  # a UnicodeError is one
            raise UsageError(f"{say}the address has no host and port that can be read.") from None
        if parts.scheme not in ("https", "http") or not host:
            raise UsageError(f"{say}the address must begin with https:// and a host.")
        if parts.username is not None or parts.password is not None:
            line = "give name and password in headers={'Authorization': ...}, not in the address."
            raise UsageError(say + line)
        if port == 0:
            raise UsageError(f"{say}port 0 is none.")
        if parts.scheme == "http" and not is_loopback(host):
            line = f"plain http would show the notice to everybody on the way: https://{host}/…"
            raise UsageError(say + line)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.scheme, host, port, Secret(quote(path, safe=_PATH)))


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine itself."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def post(address: Address, body: bytes, headers: Mapping[str, Secret]) -> None:
    """Post `body` once.

    Raises
    ------
    Undelivered
        Unless the answer is 2xx; to be tried again after 5xx and when nobody answered.
    """
    try:
        connection = _connection(address)
        try:
            with deadline(TIMEOUT_S, lambda: connection.sock):
                status, wait = _talk(connection, address, body, headers)
        finally:
            connection.close()
    except ssl.SSLCertVerificationError:
        raise Undelivered(f"{address} shows no certificate that is trusted here") from None
    except (OSError, HTTPException, ValueError) as problem:
        raise Undelivered(f"{address}: {_reason(problem)}", again=True) from None
    if 300 <= status < 400:
        raise Undelivered(f"{address} answered {status}: redirects are not followed")
    if not 200 <= status < 300:
        again, after_s = status >= 500, _seconds(wait)
        raise Undelivered(f"{address} answered {status}", again=again, after_s=after_s)


def _talk(
    connection: HTTPConnection, address: Address, body: bytes, headers: Mapping[str, Secret]
) -> tuple[int, str | None]:
    connection.connect()
    if address.scheme == "http" and not is_loopback(connection.sock.getpeername()[0]):
        raise ConnectionError  # a name of this machine that leads elsewhere
    shown = {name: value.reveal() for name, value in headers.items()}
    connection.request("POST", address.path.reveal(), body, {"User-Agent": "llmwatch", **shown})
    answer = connection.getresponse()
    return answer.status, answer.headers.get("Retry-After")  # and the body stays unread


def _connection(address: Address) -> HTTPConnection:
    """A connection, through the proxy that the environment names, not yet open."""
    if address.scheme == "http":
        return HTTPConnection(address.host, address.port, timeout=TIMEOUT_S)
    context = ssl.create_default_context()
    proxy = getproxies().get("https")
    if not proxy or is_loopback(address.host) or proxy_bypass(address.host):
        return HTTPSConnection(address.host, address.port, timeout=TIMEOUT_S, context=context)
    parts = urlsplit(proxy if "//" in proxy else f"//{proxy}")
    through = HTTPSConnection(
        parts.hostname or "", parts.port or 8080, timeout=TIMEOUT_S, context=context
    )
    through.set_tunnel(
        address.host, address.port or 443, _proxy_headers(parts.username, parts.password)
    )
    return through


def _proxy_headers(user: str | None, password: str | None) -> dict[str, str]:
    if user is None:
        return {}
    pair = f"{unquote(user)}:{unquote(password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def _reason(problem: Exception) -> str:
    if isinstance(problem, TimeoutError):
        return f"no answer within {TIMEOUT_S:g} s"
    if isinstance(problem, gaierror):
        return "no such host"
    return type(problem).__name__  # what it says may hold the path


def _seconds(retry_after: str | None) -> float | None:
    """How long to wait, one minute at most."""
    wait = asked_wait_s(retry_after)
    return None if wait is None else min(wait, _LONGEST_WAIT_S)
