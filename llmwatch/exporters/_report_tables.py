"""The tables of the report: groups, the slowest, the errors, the calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..words import UNKNOWN, dollars, plural, seconds, tokens
from ._report_figures import Figures, failed, groups, value_at
from ._report_html import Column, foreign, table, text

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Columns = Mapping[str, np.ndarray]

__all__ = ["alerts_table", "by_cell", "by_word", "calls_table", "errors_table", "moment", "slowest"]

_CALLS = 500
_SLOWEST = 10
_OF_GROUP = (
    Column("calls"), Column("errors"), Column("p50"), Column("p95"), Column("first token"),
    Column("tokens in"), Column("out"), Column("cost"), Column("not priced"),
)  # fmt: skip


def by_word(columns: Columns, by: str, title: str, now_ns: int) -> str:
    """A row a value of `by`; nothing where no call has one."""
    found = list(groups(columns, by, now_ns))
    if all(value is None for value, _, _ in found):
        return ""
    missing = "unknown" if by == "model" else f"no {by}"
    rows = [(foreign(value, missing=missing), *_cells(figures)) for value, _, figures in found]
    return table((Column(title, is_words=True), *_OF_GROUP), rows)


def by_cell(columns: Columns, now_ns: int) -> str:
    """A row a run of a cell, as they were run."""
    found = [
        (chosen, figures)
        for value, chosen, figures in groups(columns, "cell_run_id", now_ns)
        if value is not None
    ]
    found.sort(key=lambda pair: int(pair[0]["started_at"][0]))
    rows = [(_cell_name(chosen, 0), *_cells(figures)) for chosen, figures in found]
    return table((Column("cell", is_words=True), *_OF_GROUP), rows)


def _cells(figures: Figures) -> list[str]:
    return [
        figures.calls,
        text(figures.errors),
        _with_n(figures.time("latency_p50_s"), figures.of["latency_n"]),
        text(figures.time("latency_p95_s")),
        text(figures.time("ttft_p50_s")),
        text(figures.side("input_tokens")),
        text(figures.side("output_tokens")),
        text(figures.cost_short),
        f"{figures.unpriced:,}" if figures.unpriced else "",
    ]


def _with_n(words: str, n: int) -> str:
    return f'{text(words)} <span class="n">n {n:,}</span>' if n else UNKNOWN


def _cell_name(columns: Columns, at: int) -> str:
    number = value_at(columns, "execution_count", at)
    return UNKNOWN if number is None else f"[{number:.0f}]"


def slowest(columns: Columns) -> str:
    """The calls that took longest; nothing where there are so few that all are told anyway."""
    import numpy as np

    took = columns["latency_s"]
    if len(took) <= _SLOWEST:
        return ""
    order = np.argsort(-np.nan_to_num(took, nan=-1.0), kind="stable")
    places = [at for at in order[:_SLOWEST].tolist() if not np.isnan(took[at])]
    return _calls(columns, places)


def calls_table(columns: Columns) -> str:
    """The newest calls, newest first; a line says when there are more."""
    count = len(columns["started_at"])
    shown = min(count, _CALLS)
    caption = f"The newest {shown:,} of {plural(count, 'call')}" if shown < count else ""
    return _calls(columns, range(count - 1, count - 1 - shown, -1), caption)


def _calls(columns: Columns, places: Iterable[int], caption: str = "") -> str:
    heads = (
        Column("started"), Column("model", is_words=True),
        Column("status", is_words=True), Column("latency"), Column("first token"),
        Column("tokens in"), Column("out"), Column("cost"), Column("attempts"),
        Column("tag", is_words=True), Column("cell"),
    )  # fmt: skip
    rows = [
        (
            text(moment(int(columns["started_at"][at]))),
            foreign(_word(columns, "model", at), missing="unknown"),
            _state(columns, at),
            text(seconds(value_at(columns, "latency_s", at))),
            text(seconds(value_at(columns, "ttft_s", at))),
            text(_either(columns, "input_tokens", at, tokens)),
            text(_either(columns, "output_tokens", at, tokens)),
            text(_either(columns, "cost_usd", at, dollars)),
            text(tokens(value_at(columns, "attempts", at))),
            foreign(_word(columns, "tag", at), 40),
            _cell_name(columns, at),
        )
        for at in places
    ]
    return table(heads, rows, caption)


def _state(columns: Columns, at: int) -> str:
    """The status; of an error its type."""
    state = _word(columns, "status", at)
    if state != "error":
        return foreign(state)
    kind = foreign(_word(columns, "error_type", at), missing="error")
    return f'<span class="bad">✕ {kind}</span>'


def _either(columns: Columns, name: str, at: int, words: Any) -> str:
    """What was measured, else what is estimated, with `~`."""
    told = value_at(columns, name, at)
    if told is not None:
        return str(words(told))
    guess = value_at(columns, f"estimated_{name}", at)
    return UNKNOWN if guess is None else f"~{words(guess)}"


def _word(columns: Columns, name: str, at: int) -> str | None:
    value = columns[name][at]
    return value if isinstance(value, str) else None


def errors_table(columns: Columns, now_ns: int) -> str:
    """A row a type of error: how often, where, and what was said last."""
    where = failed(columns).nonzero()[0]
    wrong = {name: column[where] for name, column in columns.items()}
    heads = (
        Column("error", is_words=True), Column("calls"), Column("last at"),
        Column("models", is_words=True), Column("last message", is_words=True),
    )  # fmt: skip
    rows = []
    for kind, chosen, figures in groups(wrong, "error_type", now_ns):
        last = len(chosen["started_at"]) - 1
        models = list(dict.fromkeys(m for m in chosen["model"].tolist() if isinstance(m, str)))
        named = ", ".join(foreign(model) for model in models[:3])
        more = f" and {len(models) - 3} more" if len(models) > 3 else ""
        rows.append((
            foreign(kind, missing="unknown"), figures.calls,
            text(moment(int(chosen["started_at"][last]))), named + more,
            foreign(_word(chosen, "error_message", last), 300),
        ))  # fmt: skip
    return table(heads, rows)


def alerts_table(alerts: pd.DataFrame | None) -> str:
    """What fired, as `alerts.history` tells it."""
    if alerts is None or not alerts["fired"].any():
        return ""
    heads = (
        Column("alert", is_words=True), Column("condition", is_words=True),
        Column("of", is_words=True), Column("severity"), Column("state"), Column("fired"),
        Column("first at"), Column("for, in all"),
    )  # fmt: skip
    rows = [
        (
            foreign(told["name"]),
            foreign(told["condition"]),
            foreign(_labels(told["labels"]), missing="all calls"),
            foreign(told["severity"]),
            f'<span class="bad">{foreign(told["state"])}</span>'
            if told["state"] == "firing"
            else foreign("over"),
            f"{told['fired']:,}",
            text(moment(told["first"].value)),
            text(seconds(told["total_s"])),
        )
        for told in alerts[alerts["fired"] > 0].to_dict("records")
    ]
    return table(heads, rows)


def _labels(labels: Any) -> str:
    if not isinstance(labels, Mapping):
        return ""
    return ", ".join(f"{name} {value or 'none'}" for name, value in labels.items())


def moment(ns: int) -> str:
    """A point in time as local wall-clock words."""
    return f"{datetime.fromtimestamp(ns / 1e9, UTC).astimezone():%Y-%m-%d %H:%M:%S}"
