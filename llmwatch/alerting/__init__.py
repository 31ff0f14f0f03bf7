"""Rules over the figures, their states, and the notices they give. Enter by this door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..late import late
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

# What delivers: most sessions tell nobody but the notebook.
__getattr__ = late(
    __name__,
    {
        "HANDLER": "_lane",
        "Delivery": "_delivery",
        "email": "_email",
        "notify": "_notify",
        "slack": "_slack",
        "webhook": "_webhook",
    },
)
