"""What `%llmwatch` tells: whether it records, what so far, and what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from html import escape

from .. import faults
from ..reading import line
from ..recorder import Session
from ..words import plural

__all__ = ["Status"]

_NAMED = 5  # addresses, and problems, that are named; the rest is counted


class Status:
    """The state of the session in a few lines, as text and as HTML."""

    def __init__(self, session: Session) -> None:
        self._lines = list(_lines(session))

    def __repr__(self) -> str:
        width = max(len(name) for name, _ in self._lines)
        return "\n".join(f"{name:<{width}}  {words}" for name, words in self._lines)

    def _repr_html_(self) -> str:
        cell = "text-align:left;padding:1px 12px 1px 0;vertical-align:top"
        rows = (
            f'<tr><th scope="row" style="{cell};font-weight:600">{escape(name)}</th>'
            f'<td style="{cell}">{escape(words)}</td></tr>'
            for name, words in self._lines
        )
        return f'<table class="tex2jax_ignore mathjax_ignore">{"".join(rows)}</table>'


def _lines(session: Session) -> Iterator[tuple[str, str]]:
    yield "llmwatch", _state(session)
    yield "so far", _totals(session)
    firing = session.alerts.firing
    if firing:
        named = [alert.title.replace("\u202f", " ") for alert in firing]
        yield "alerts", f"{_listed(named)} (%llmwatch alerts)"
    unknown = session.not_understood
    if unknown:
        yield "not understood", _listed([f"{where} ×{n:,}" for where, n in unknown.items()])
    problems = faults.table()
    if problems:
        clean = session.redactor.trouble  # a notebook is passed on
        named = [f"{one.step}: {clean(one.step, one.message)} ×{one.count:,}" for one in problems]
        yield "problems", _listed(named) + " (llmwatch.diagnostics())"
    yield "settings", _settings(session)


def _state(session: Session) -> str:
    if not session.enabled:
        return "off: records only under %%llmwatch and llmwatch.watch; %llmwatch on starts it"
    tapped = " and ".join(session.libraries)
    where = f"on {tapped}" if tapped else "as soon as httpx2 or httpx is imported"
    return f"records every LLM call, {where}; %llmwatch off stops it"


def _totals(session: Session) -> str:
    in_flight = session.in_flight_under(None)
    running = [f"{len(in_flight):,} in flight"] if in_flight else []
    if not session.store.total:  # and numpy need not be loaded
        return " · ".join(["no finished call", *running])
    return line(session.store.view(), len(in_flight))


def _settings(session: Session) -> str:
    settings = session.settings
    known = {field.name: getattr(settings, field.name) for field in fields(settings)}
    known["redact"] = plural(len(settings.redact), "rule")
    return ", ".join(f"{name}={value}" for name, value in known.items())


def _listed(words: list[str]) -> str:
    more = len(words) - _NAMED
    return "; ".join(words[:_NAMED]) + (f"; and {more:,} more" if more > 0 else "")
