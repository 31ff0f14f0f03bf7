"""Notices by any of the services that Apprise knows."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ..exceptions import UsageError
from ._alert import Alert
from ._deadline import TIMEOUT_S
from ._plain import lines, title
from ._undelivered import Undelivered

__all__ = ["Notify", "notify"]

_TYPES = {"critical": "failure", "warning": "warning", "info": "info"}
_STATUS = re.compile(r"\berror=(\d{3})\b")  # how its log tells what the service answered
_BROKEN_LINE = re.compile(r"connection error|timed? ?out", re.IGNORECASE)
# A context variable: Apprise sends on a thread of its own, and hands it on.
_said: ContextVar[list[str] | None] = ContextVar("llmwatch_apprise", default=None)


class Notify:
    """Sends each notice through Apprise; made by `llmwatch.notify`."""

    def __init__(self, service: Any, scheme: str) -> None:
        self._service = service
        self._scheme = scheme

    def __call__(self, alert: Alert) -> None:
        """Send `alert` once."""
        kind = "success" if alert.state == "resolved" else _TYPES.get(alert.severity, "info")
        with _unheard():
            done = self._service.notify(
                title=title(alert), body="\n".join(lines(alert)[1:]) or title(alert),
                notify_type=kind, body_format="text",
            )  # fmt: skip
            said = " ".join(_said.get() or ())
        if not done:
            raise self._problem(said)

    def __repr__(self) -> str:
        return f"notify('{self._scheme}://…')"

    def _problem(self, said: str) -> Undelivered:
        found = _STATUS.search(said)
        if found is None:
            again = _BROKEN_LINE.search(said) is not None
            return Undelivered(f"{self._scheme}:// could not be reached", again=again)
        status = int(found[1])
        line = f"{self._scheme}:// answered {status}"
        return Undelivered(line, again=status == 429 or status >= 500)


def notify(apprise_url: str) -> Notify:
    """A handler that sends each notice to a service that Apprise knows.

    Telegram, Discord, Teams, Pushover, ntfy and a hundred more; needs the extra `[notify]`.
    Redirects are not followed; the service is waited for 3 s to connect, and 3 s at each read.

    Parameters
    ----------
    apprise_url : str
        Apprise's address of the service, e.g. `tgram://TOKEN/CHAT`. Only its scheme is ever shown.

    Raises
    ------
    UsageError
        For an address that Apprise cannot read, or when it is not installed.

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
    service = apprise.Apprise(asset=asset)
    with _unheard():
        known = isinstance(apprise_url, str) and service.add(apprise_url)
    if not known or not len(service):
        line = "Apprise cannot read this address: see https://appriseit.com/services/ for its form."
        raise UsageError(f"llmwatch.notify: {line}")
    for one in service:
        one.socket_connect_timeout = one.socket_read_timeout = TIMEOUT_S
    return Notify(service, apprise_url.partition(":")[0])


@contextmanager
def _unheard() -> Iterator[None]:
    """Keep what Apprise logs meanwhile, on our behalf, and tell nobody else.

    It warns about what fails with the address in the text, and where no logging is set up that
    would end in the cell that runs.
    """
    token = _said.set([])
    logger = logging.getLogger("apprise")
    logger.addFilter(_keep)  # there once, however many use it at a time; and it stays
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
