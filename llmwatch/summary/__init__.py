"""Columns in, numbers out: the figures of `semconv.FIGURES`, for any stretch of time."""

from __future__ import annotations

from ._figures import NEEDED, summarize
from ._stretch import Stretch

__all__ = ["NEEDED", "Stretch", "summarize"]
