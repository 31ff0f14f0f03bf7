"""Rules over the figures, their states, and the notices they give. Enter by this door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._alert import SEVERITIES, Alert, Handler
from ._delivery import HANDLER, Delivery
from ._look import Flight
from ._manager import Alerts
from ._rules import Rule, rule_of
from ._undelivered import Undelivered

if TYPE_CHECKING:
    from ._email import email
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


def __getattr__(name: str) -> Any:
    """Load a handler when it is first used: most sessions never speak HTTP or SMTP themselves."""
    if name not in ("email", "notify", "slack", "webhook"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"._{name}", __name__), name)
