"""Rules over the figures, their states, and the notices they give. Enter by this door."""

from __future__ import annotations

from ._alert import SEVERITIES, Alert, Handler

__all__ = ["SEVERITIES", "Alert", "Handler"]
