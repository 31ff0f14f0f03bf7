"""Where rows come from: what whoever can be read must say."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from ..exceptions import UsageError
from ..pricing import PriceBook
from ..records import Call, Span
from ..redaction import Redactor
from ..store import View

__all__ = ["Source"]


class Source(ABC):
    """A source of rows: what can be read, what is in flight, and how to wait for what is queued."""

    @abstractmethod
    def _view(self) -> View:
        """The rows as they are now."""

    @abstractmethod
    def _in_flight(self) -> list[dict[str, Any]]:
        """The calls that are not over, each with its `age_s`."""

    @abstractmethod
    def _settle(self) -> None:
        """Wait until what ended is recorded."""

    def _spans(self) -> list[Span]:
        """The spans that were put around calls, open ones among them."""
        return []

    def _revise(self, number: int, change: Callable[[Call], Mapping[str, Any]]) -> bool:
        """Change late columns of a call; whether it is still there. See `Store.revise`."""
        raise UsageError("these calls can only be read: rate a call in llmwatch.session.")

    def _scrubbed(self, text: str, limit: int) -> str:
        """`text` without credentials."""
        return Redactor().clean(text, limit=limit)

    def _prices(self) -> PriceBook:
        """The prices in force."""
        return PriceBook()

    def _clock_ns(self) -> int:
        """What a window looks back from, nanoseconds since the epoch."""
        return time.time_ns()

    def _now(self) -> View:
        self._settle()
        return self._view()
