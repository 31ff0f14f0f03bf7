"""A store, its rules and a clock that stands still: calls end when a test says so."""

from __future__ import annotations

from typing import Any

from llmwatch.alerting import Alert, Alerts, Flight, rule_of
from llmwatch.records import Call
from llmwatch.store import Store
from llmwatch.testing import FakeClock

FAILED = {"status": "error", "error_type": "RateLimitError", "http_status": 429}


class Scene:
    """Rules of its own over calls of its own; `builtin=True` leaves the built-in ones in."""

    def __init__(self, *, builtin: bool = False) -> None:
        self.clock = FakeClock()
        self.store = Store()
        self.flying: list[dict[str, Any]] = []
        self.alerts = Alerts(self.store, flight=self._flight, now_ns=self.clock.time_ns)
        self.alerts.deliver = lambda handler, alert: handler(alert)
        if not builtin:
            for rule in self.alerts:
                rule.remove()
        self.told: list[Alert] = []
        self.seen: list[Alert] = []
        self.alerts.add_handler(self.told.append)
        self.alerts.on_change(self.seen.append)
        self._n = 0

    def _flight(self) -> Flight:
        return Flight([call["age_s"] for call in self.flying], lambda: self.flying)

    def rule(self, *args: Any, **options: Any) -> Any:
        return self.alerts.add(rule_of(*args, **options))

    def call(self, n: int = 1, *, latency: float = 1.0, **fields: Any) -> None:
        """`n` calls end now."""
        known: dict[str, Any] = {"status": "ok", "model": "gpt-5", "http_status": 200}
        started = self.clock.time_ns() - round(latency * 1e9)
        calls = []
        for _ in range(n):
            self._n += 1
            calls.append(
                Call(
                    call_id=f"c{self._n}", session_id="s", started_at=started, latency_s=latency,
                    **known | fields,
                )
            )  # fmt: skip
        self.store.append(calls)

    def fail(self, n: int = 1, **fields: Any) -> None:
        """`n` calls fail now."""
        self.call(n, **FAILED | fields)

    def look(self, after: float = 0.0) -> None:
        """Let time pass, and look at the rules."""
        self.clock.advance(after)
        self.alerts.evaluate()

    def wait(self, seconds: float, step: float = 1.0) -> None:
        """Let time pass, looking at the rules again and again."""
        for _ in range(round(seconds / step)):
            self.look(step)

    @property
    def states(self) -> list[str]:
        """What handlers were told, in order."""
        return [alert.state for alert in self.told]

    def phase(self, name: str) -> str:
        """The state of a rule without groups, as the table of rules says it."""
        (row,) = [row for row in repr(self.alerts).splitlines() if row.startswith(name)]
        return next(word for word in row.split() if word in ("inactive", "pending", "firing"))
