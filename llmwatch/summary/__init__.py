"""Columns in, numbers out: the figures of `semconv.FIGURES`, for any stretch of time."""

from __future__ import annotations

from ._figures import NEEDED, summarize
from ._groups import GROUPS, by_group, needed_by
from ._stretch import End, Stretch

__all__ = ["GROUPS", "NEEDED", "End", "Stretch", "by_group", "needed_by", "summarize"]
