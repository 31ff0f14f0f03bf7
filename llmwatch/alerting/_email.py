"""Notices by mail."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from email.headerregistry import Address as MailAddress
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Literal

from ..exceptions import UsageError
from ._alert import Alert
from ._deadline import TIMEOUT_S, deadline
from ._plain import lines, plain, title
from ._secret import Secret
from ._undelivered import Undelivered
from ._web import is_loopback

__all__ = ["Email", "email"]

Tls = Literal["starttls", "ssl"] | None
_SUBJECT = 150  # characters
_SESSION_S = 10.0  # a mail takes several steps, each of `TIMEOUT_S` at most


class Email:
    """Mails each notice through one server; made by `llmwatch.email`."""

    def __init__(
        self,
        host: str,
        port: int,
        sender: str,
        recipients: Sequence[str],
        login: tuple[str, Secret] | None,
        tls: Tls,
    ) -> None:
        self._host = host
        self._port = port
        self._sender = sender
        self._recipients = tuple(recipients)
        self._login = login
        self._tls = tls

    def __call__(self, alert: Alert) -> None:
        """Mail `alert` once."""
        try:
            refused = self._send(self._message(alert))
        except ssl.SSLCertVerificationError:
            raise Undelivered(f"{self._place} shows no certificate that is trusted here") from None
        except smtplib.SMTPRecipientsRefused as problem:
            codes = [code for code, _ in problem.recipients.values()]
            raise self._answered(min(codes)) from None
        except smtplib.SMTPResponseException as problem:
            raise self._answered(problem.smtp_code) from None
        except smtplib.SMTPNotSupportedError:
            raise Undelivered(f"{self._place} knows no TLS, login or UTF-8 as asked") from None
        except (OSError, smtplib.SMTPException) as problem:
            raise Undelivered(f"{self._place}: {_reason(problem)}", again=True) from None
        if refused:  # the others have it, so it must not go out again
            raise Undelivered(f"{self._place} took it for all but {len(refused)} recipients")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Email) and other._way == self._way

    def __hash__(self) -> int:
        return hash(self._way)

    def __repr__(self) -> str:
        login = f", user={self._login[0]!r}, password='…'" if self._login else ""
        to = ", ".join(self._recipients)
        return f"email({self._host!r}, {self._port}, {self._sender!r}, {to!r}{login}, tls={self._tls!r})"

    @property
    def _way(self) -> tuple[object, ...]:
        """Who tells whom, and over what; a password may change."""
        return self._host, self._port, self._sender, self._recipients

    @property
    def _place(self) -> str:
        return f"{self._host}:{self._port}"

    def _answered(self, code: int) -> Undelivered:
        return Undelivered(f"{self._place} answered {code}", again=400 <= code < 500)

    def _send(self, message: EmailMessage) -> Mapping[str, object]:
        server = self._server()
        try:
            with deadline(_SESSION_S, lambda: server.sock):
                server.connect(self._host, self._port)
                if self._tls == "starttls":
                    server.starttls(context=ssl.create_default_context())
                if self._login is not None:
                    server.login(self._login[0], self._login[1].reveal())
                refused = server.send_message(message)
            with suppress(OSError, smtplib.SMTPException), deadline(1.0, lambda: server.sock):
                server.quit()  # it has the mail: what it says now changes nothing
        finally:
            server.close()
        return refused

    def _server(self) -> smtplib.SMTP:
        # Asked for the full name of this machine, the library may wait for a name server.
        name = socket.gethostname()
        local = name if "." in name and name.isascii() else "[127.0.0.1]"
        if self._tls == "ssl":
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                local_hostname=local, timeout=TIMEOUT_S, context=context
            )
        else:
            server = smtplib.SMTP(local_hostname=local, timeout=TIMEOUT_S)
        vars(server)["_host"] = self._host  # what TLS holds the certificate against
        return server

    def _message(self, alert: Alert) -> EmailMessage:
        message = EmailMessage()
        state = "resolved" if alert.state == "resolved" else alert.severity
        message["Subject"] = plain(f"[llmwatch] {state}: {title(alert)}", _SUBJECT)
        message["From"] = self._sender
        message["To"] = ", ".join(self._recipients)
        message["Date"] = format_datetime(alert.at)
        message["Message-ID"] = make_msgid(domain=self._sender.rpartition("@")[2].rstrip(">"))
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notice comes back
        message.set_content("\n\n".join(lines(alert)) + "\n")
        return message


def email(
    host: str,
    port: int,
    from_: str,
    to: str | Sequence[str],
    user: str | None = None,
    password: str | None = None,
    tls: Tls = "starttls",
) -> Email:
    """A handler that mails each notice.

    The server is waited for 3 s at each step of its conversation, and 10 s in all: there are
    eight steps with TLS and a login, and to be cut off amid them would lose the notice.

    Parameters
    ----------
    host, port : str, int
        The mail server: port 587 with ``tls="starttls"``, 465 with ``tls="ssl"``.
    from_, to : str, or for `to` a list of str
        Addresses.
    user, password : str, optional
        The login; the password is never shown, and never sent without TLS except on this machine.
    tls : {"starttls", "ssl", None}
        How the line is kept private; None for a server on this machine or in a closed network.

    Raises
    ------
    UsageError
        For what cannot be meant.

    Examples
    --------
    >>> password = os.environ["SMTP_PASSWORD"]
    >>> mail = llmwatch.email("smtp.example.com", 587, "bot@example.com", "ana@example.com",
    ...                       user="bot", password=password)
    >>> llmwatch.alerts.add_handler(mail, severity="critical")
    """
    if not isinstance(host, str) or not host or not host.isprintable() or set(host) & set(" /@"):
        raise UsageError("llmwatch.email: host is the name of a mail server, 'smtp.example.com'.")
    if isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65536:
        raise UsageError(f"llmwatch.email: {port!r} is no port; give 587 or 465.")
    if tls not in ("starttls", "ssl", None):
        raise UsageError(f"llmwatch.email: tls is 'starttls', 'ssl' or None, not {tls!r}.")
    if (user is None) != (password is None):
        raise UsageError("llmwatch.email: give user and password together, or neither.")
    if password is not None and tls is None and not is_loopback(host):
        raise UsageError("llmwatch.email: a password goes over TLS only; give tls='starttls'.")
    recipients = [to] if isinstance(to, str) else list(to or ())
    if not recipients:
        raise UsageError("llmwatch.email: to= names nobody.")
    login = (user, Secret(password)) if user is not None and password is not None else None
    return Email(host, port, _address(from_), [_address(one) for one in recipients], login, tls)


def _address(text: str) -> str:
    try:
        return MailAddress(addr_spec=text).addr_spec
    except Exception:  # of several kinds, with what it was given in its text
        shown = plain(str(text), 40)
        raise UsageError(f"llmwatch.email: {shown!r} is no mail address.") from None


def _reason(problem: Exception) -> str:
    if isinstance(problem, TimeoutError):
        return f"not done in time ({TIMEOUT_S:g} s a step, {_SESSION_S:g} s in all)"
    if isinstance(problem, socket.gaierror):
        return "no such host"
    return type(problem).__name__
