"""Columns in, numbers out: the figures of `semconv.FIGURES`, for any stretch of time."""

from __future__ import annotations

from ._figures import NEEDED, summarize
from ._groups import Grouped, by_group, group, grouping, needed_by
from ._stretch import End, Stretch
from ._timeline import Timeline, timeline
from ._words import GROUPS, words_of

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
