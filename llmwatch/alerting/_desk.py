"""Who is told of what: handlers by severity, listeners of every change, and who is muted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any, NamedTuple

from .. import faults
from ._alert import Alert, Handler
from ._rules import Rule, no_handler, severities_of
from ._states import Change
from ._watcher import Watcher

__all__ = ["Desk", "Listener"]

Listener = Callable[[Alert], Any]


class _Route(NamedTuple):
    handler: Handler
    severities: frozenset[str]


class Desk:
    """Tells handlers (once a change) and listeners (whenever the words change).

    Attributes
    ----------
    deliver : callable or None
        Takes a handler and an alert, and must not wait for the handler. None: a `Delivery` is
        made when the first notice goes out.
    """

    def __init__(self) -> None:
        self.deliver: Callable[[Handler, Alert], Any] | None = None
        self._routes: tuple[_Route, ...] = ()
        self._listeners: tuple[Listener, ...] = ()
        self._muted: dict[str, int] = {}
        self._shown: dict[str, tuple[str, ...]] = {}

    # -- who ----------------------------------------------------------------------------------

    def add_handler(
        self, handler: Handler, severity: str | Iterable[str] | None
    ) -> Callable[[], None]:
        """Tell `handler` from now on; returns what ends that."""
        if not callable(handler):
            raise no_handler("add_handler", handler)
        route = _Route(handler, severities_of(severity))
        others = tuple(r for r in self._routes if not _is_same(r.handler, handler))
        self._routes = (*others, route)

        def remove() -> None:
            self._routes = tuple(r for r in self._routes if r is not route)

        return remove

    def on_change(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each change, and each new value; returns what ends that."""
        self._listeners = (*self._listeners, listener)

        def remove() -> None:
            self._listeners = tuple(one for one in self._listeners if one is not listener)

        return remove

    def tells_anybody(self, rules: Iterable[Rule]) -> bool:
        """Whether there is a handler."""
        return bool(self._routes) or any(rule.notify for rule in rules)

    def mute(self, name: str, until_ns: int) -> None:
        """Tell nothing of this rule until then."""
        self._muted[name] = until_ns

    def unmute(self, name: str) -> None:
        """Tell of it again."""
        self._muted.pop(name, None)

    def muted_until_ns(self, name: str) -> int:
        """Until when a rule is muted; 0 where it is not."""
        return self._muted.get(name, 0)

    # -- telling ------------------------------------------------------------------------------

    def tell(self, watcher: Watcher, change: Change | None, now_ns: int) -> None:
        """Tell of a firing, or of its end, whoever is to know."""
        if watcher.alert is None:
            return
        muted_ns = self.muted_until_ns(watcher.rule.name)
        is_muted = muted_ns > now_ns
        if change == "resolved":
            if watcher.shown:
                self._show(watcher)
            if watcher.notified and not is_muted:
                self._send(watcher)
        elif is_muted:
            if watcher.shown:
                self._show(watcher, ("muted", str(muted_ns)))  # once: it moves no more
        else:
            due = watcher.is_due(now_ns)
            if due:
                watcher.told(now_ns)
            self._show(watcher)
            if due:
                self._send(watcher)

    def _show(self, watcher: Watcher, words: tuple[str, ...] = ()) -> None:
        alert = watcher.alert
        assert alert is not None
        words = words or (alert.state, alert.message, alert.detail)
        if watcher.shown and self._shown.get(alert.key) == words:
            return
        watcher.shown = True
        self._shown[alert.key] = words
        if alert.state == "resolved":
            del self._shown[alert.key]
        for listener in self._listeners:
            try:
                listener(alert)
            except Exception as problem:  # a broken banner must not silence the handlers
                faults.note("alert", problem)

    def _send(self, watcher: Watcher) -> None:
        alert = watcher.alert
        assert alert is not None
        routed = [route.handler for route in self._routes if alert.severity in route.severities]
        own = [h for h in watcher.rule.notify if not any(_is_same(h, other) for other in routed)]
        for handler in (*routed, *own):
            try:
                self._deliverer()(handler, alert)
            except Exception as problem:
                faults.note("alert", problem)

    def _deliverer(self) -> Callable[[Handler, Alert], Any]:
        if self.deliver is None:
            from ._delivery import Delivery

            self.deliver = Delivery().send
        return self.deliver


def _is_same(one: Handler, other: Handler) -> bool:
    """Whether a handler is that one, or the same function defined anew: its cell ran again."""
    if one is other:
        return True
    if isinstance(one, FunctionType) and isinstance(other, FunctionType):
        names = [(f.__module__, f.__qualname__) for f in (one, other)]
        return names[0] == names[1] and "<" not in one.__qualname__  # no lambdas, no closures
    try:
        return bool(one == other)
    except Exception:  # a foreign `==` says what it likes
        return False
