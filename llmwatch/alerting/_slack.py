"""Notices in a Slack channel, or in a chat that takes Slack's incoming webhooks."""

from __future__ import annotations

import json
from typing import Any

from ._alert import Alert
from ._plain import inert, look_alike, mark, plain, title
from ._secret import Secret
from ._web import Address, post

__all__ = ["Slack", "slack"]

_COLOURS = {"critical": "#c62828", "warning": "#ef8e19", "info": "#1976d2"}
_OVER = "#2e7d32"
_JSON = {"Content-Type": Secret("application/json")}

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})  # all that Slack knows


class Slack:
    """Posts each notice to one incoming webhook; made by `llmwatch.slack`."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def __call__(self, alert: Alert) -> None:
        """Post `alert` once."""
        post(self._address, json.dumps(_payload(alert)).encode("ascii"), _JSON)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Slack) and other._address == self._address

    def __hash__(self) -> int:
        return hash(self._address)

    def __repr__(self) -> str:
        return f"slack('{self._address}')"


def slack(url: str) -> Slack:
    """A handler that posts each notice to a Slack channel.

    Text from models, tags and errors shows as it is: it cannot format, link or call anybody.

    Parameters
    ----------
    url : str
        The incoming webhook, `https://hooks.slack.com/services/...`; it is a secret, and only
        its host is ever shown. Mattermost, Rocket.Chat and Discord (`.../slack`) take the same.

    Raises
    ------
    UsageError
        For an address that cannot be meant.

    Examples
    --------
    >>> url = os.environ["SLACK_WEBHOOK"]
    >>> llmwatch.alerts.add_handler(llmwatch.slack(url), severity="critical")
    """
    return Slack(Address.of(url, "slack"))


def _payload(alert: Alert) -> dict[str, Any]:
    heading = f"{mark(alert)} {_escaped(inert(title(alert)))}"
    colour = _OVER if alert.state == "resolved" else _COLOURS.get(alert.severity, _OVER)
    below = [_escaped(inert(plain(alert.detail, 600)))] if alert.detail else []
    if alert.hint:  # in a span of code nothing links, and it is there to be copied
        below.append(f"`{_escaped(look_alike(plain(alert.hint, 300)))}`")
    attachment = {
        "color": colour,
        "fallback": heading,
        "text": "\n".join(below),
        "mrkdwn_in": ["text"],
        "ts": int(alert.at.timestamp()),
        "footer": f"llmwatch · {alert.severity}",
    }
    return {"text": heading, "attachments": [attachment]}


def _escaped(text: str) -> str:
    return text.translate(_ENTITIES)
