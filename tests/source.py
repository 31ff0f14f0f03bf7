"""A source of calls that is nothing but one: no session behind it, nothing open, nothing queued."""

from __future__ import annotations

from llmwatch.reading import Reading
from llmwatch.records import Call
from llmwatch.store import Store


class Source(Reading):
    """Some groups of calls in a store of their own."""

    def __init__(self, *groups: list[Call], max_calls: int = 100_000) -> None:
        self.store = Store(max_calls)
        self.store.append([call for group in groups for call in group])

    def _view(self):
        return self.store.view()

    def _in_flight(self):
        return []

    def _settle(self):
        pass
