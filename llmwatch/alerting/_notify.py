"""Notices by any of the services that Apprise knows."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Any

from ..exceptions import UsageError
from ._alert import Alert
from ._deadline import TIMEOUT_S
from ._plain import inert, look_alike, plain, title
from ._secret import Secret, Uncopied
from ._undelivered import Undelivered
from ._web import is_loopback

__all__ = ["Notify", "notify"]

_TYPES = {"critical": "failure", "warning": "warning", "info": "info"}
_STATUS = re.compile(r"\berror=(\d{3})\b")  # how its log tells what the service answered
_BROKEN_LINE = re.compile(r"connection error|timed? ?out", re.IGNORECASE)
# A context variable: each notice has a thread of its own, and others log on theirs.
_said: ContextVar[list[str] | None] = ContextVar("llmwatch_apprise", default=None)


class Notify(Uncopied):
    """Sends each notice through Apprise; made by `llmwatch.notify`."""

    def __init__(self, service: Any, url: str) -> None:
        self._service = service
        self._url = Secret(url)
        self._scheme = url.partition(":")[0]
        self._thread: threading.Thread | None = None

    def __call__(self, alert: Alert) -> None:
        """Send `alert` once, and wait for it `TIMEOUT_S` at most.

        requests begins to wait anew with each byte, and Apprise does not say what it talks over:
        so it sends on a thread that is left to itself when the time is over. There is one at a
        time, however many notices follow, and it keeps no process from its end.
        """
        if self._thread is not None and self._thread.is_alive():
            raise Undelivered(f"{self._scheme}:// is busy with an earlier notice", again=True)
        problems: list[BaseException] = []

        def send() -> None:
            try:
                self._send(alert)
            except BaseException as problem:
                problems.append(problem)

        thread = threading.Thread(
            target=copy_context().run, args=(send,), name="llmwatch-notify", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:  # the process ends, and no thread is to be had: each read has its
            send()  # timeout
        else:
            self._thread = thread
            thread.join(TIMEOUT_S)
            if thread.is_alive():
                line = f"{self._scheme}://: no answer within {TIMEOUT_S:g} s"
                raise Undelivered(line, again=True)
        if problems:
            raise problems[0]

    def _send(self, alert: Alert) -> None:
        kind = "success" if alert.state == "resolved" else _TYPES.get(alert.severity, "info")
        heading = inert(title(alert))
        # The hint is there to be copied.
        below = (inert(plain(alert.detail, 600)), look_alike(plain(alert.hint, 300)))
        body = "\n".join(line for line in below if line) or heading
        with _unheard():
            done = self._service.notify(
                title=heading, body=body, notify_type=kind, body_format="text"
            )
            said = " ".join(_said.get() or ())
        if not done:
            raise self._problem(said)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Notify) and other._url == self._url

    def __hash__(self) -> int:
        return hash(self._url)

    def __repr__(self) -> str:
        return f"notify('{self._scheme}://…')"

    def _problem(self, said: str) -> Undelivered:
        found = _STATUS.search(said)
        if found is None:
            again = _BROKEN_LINE.search(said) is not None
            return Undelivered(f"{self._scheme}:// could not be reached", again=again)
        status = int(found[1])
        return Undelivered(f"{self._scheme}:// answered {status}", again=status >= 500)


def notify(apprise_url: str) -> Notify:
    """A handler that sends each notice to a service that Apprise knows.

    Telegram, Discord, Teams, Pushover, ntfy and a hundred more; needs the extra `[notify]`.
    Text from models, tags and errors cannot format, link or mention anybody there. Redirects are
    not followed; a try ends after 3 s, and none begins while an earlier one hangs.

    Parameters
    ----------
    apprise_url : str
        Apprise's address of the service, e.g. `tgram://TOKEN/CHAT`. Only its scheme is ever shown.
        What goes without TLS (`json://`, `gotify://`, `rsyslog://`) is for this machine only; to
        others `jsons://`, `gotifys://` and so on.

    Raises
    ------
    UsageError
        For an address that Apprise cannot read or that is not safe, or when it is not installed.

    Examples
    --------
    >>> llmwatch.alerts.add_handler(llmwatch.notify(os.environ["NTFY_URL"]))
    """
    try:
        import apprise
    except ImportError:
        line = 'notify needs apprise: pip install "jupyter-llmwatch[notify]"'
        raise UsageError(line) from None
    # The cache of a service would lie on the disk, its name made from the secret.
    asset = apprise.AppriseAsset(storage_mode="memory", secure_logging=True, async_mode=False)
    asset.http_redirects = False
    # It would wait on a thread of a pool, and the process at its end for the pool. We wait.
    asset._service_timeout = 0.0
    service = apprise.Apprise(asset=asset)
    with _unheard():
        known = isinstance(apprise_url, str) and service.add(apprise_url)
    if not known or not len(service):
        line = "Apprise cannot read this address: see https://appriseit.com/services/ for its form."
        raise UsageError(f"llmwatch.notify: {line}")
    for one in service:
        _refuse_plain_http(one)
        one.socket_connect_timeout = one.socket_read_timeout = TIMEOUT_S
    return Notify(service, apprise_url)


def _refuse_plain_http(service: Any) -> None:
    """As `webhook` does: of what can be reached without TLS, only this machine is."""
    host = (service.host or "").strip("[]")  # none: a service in the cloud, or of this desktop
    if service.protocol is None or service.secure or not host or is_loopback(host):
        return
    schemes = service.secure_protocol or ()
    safe = next(iter((schemes,) if isinstance(schemes, str) else schemes), None)
    line = "plain http would show the notice to everybody on the way"
    raise UsageError(f"llmwatch.notify: {line}: {f'{safe}://…' if safe else 'it has no TLS.'}")


@contextmanager
def _unheard() -> Iterator[None]:
    """Keep what Apprise logs meanwhile, on our behalf, and tell nobody else.

    It warns about what fails with the address in the text, and where no logging is set up that
    would end in the cell that runs. What it posts with logs the path of the address.
    """
    token = _said.set([])
    # Each is there once, however many use it at a time; and it stays.
    logging.getLogger("apprise").addFilter(_keep)
    logging.getLogger("urllib3.connectionpool").addFilter(_drop)
    try:
        yield
    finally:
        _said.reset(token)


def _keep(record: logging.LogRecord) -> bool:
    said = _said.get()
    if said is None:
        return True
    said.append(record.getMessage())
    return False


def _drop(_: logging.LogRecord) -> bool:
    return _said.get() is None
