"""Rules over the figures, their states, and the notices they give. Enter by this door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._alert import SEVERITIES, Alert, Handler
from ._look import Flight
from ._manager import Alerts
from ._rules import Rule, rule_of
from ._undelivered import Undelivered

if TYPE_CHECKING:
    from ._delivery import Delivery
    from ._email import email
    from ._lane import HANDLER
    from ._notify import notify
    from ._slack import slack
    from ._webhook import webhook

__all__ = [
    "HANDLER",
    "SEVERITIES",
    "Alert",
    "Alerts",
    "Delivery",
    "Flight",
    "Handler",
    "Rule",
    "Undelivered",
    "email",
    "notify",
    "rule_of",
    "slack",
    "webhook",
]

_LATE = {
    "HANDLER": "_lane",
    "Delivery": "_delivery",
    "email": "_email",
    "notify": "_notify",
    "slack": "_slack",
    "webhook": "_webhook",
}


def __getattr__(name: str) -> Any:
    """Load what delivers when it is first used: most sessions tell nobody but the notebook."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_LATE[name]}", __name__), name)
