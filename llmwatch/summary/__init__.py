"""Columns in, numbers out: the figures of `semconv.FIGURES`, for any stretch of time."""

from __future__ import annotations

from ._figures import NEEDED, summarize
from ._groups import GROUPS, Grouped, by_group, group, grouping, needed_by, words_of
from ._stretch import End, Stretch
from ._timeline import Timeline, timeline

__all__ = [
    "GROUPS",
    "NEEDED",
    "End",
    "Grouped",
    "Stretch",
    "Timeline",
    "by_group",
    "group",
    "grouping",
    "needed_by",
    "summarize",
    "timeline",
    "words_of",
]
