"""Where rows come from: what whoever can be read must say."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

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

    def _now(self) -> View:
        self._settle()
        return self._view()
