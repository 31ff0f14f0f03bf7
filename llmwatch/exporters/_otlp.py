"""Recorded calls and spans to an OTLP endpoint, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..exceptions import ExportError
from ..records import Call, Span
from ..words import plural
from ._otlp_metrics import OtlpMetrics
from ._otlp_session import Trouble
from ._otlp_spans import resource, spans_of
from ._otlp_wire import Wire

__all__ = ["BATCH", "Sent", "to_otlp"]

BATCH = 512
"""Spans in one request."""

_ANSWER_S = 10.0


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent.

    Attributes
    ----------
    endpoint : str
        Where to.
    spans : int
        Calls and spans, as spans.
    metrics : bool or None
        Whether the endpoint takes metrics, too; None where there were none to send.
    older : int
        Calls that were not sent, since they had left memory.
    """

    endpoint: str
    spans: int
    metrics: bool | None
    older: int = 0

    def __str__(self) -> str:
        left_out = f" ({self.older:,} older calls had left memory)" if self.older else ""
        if not self.spans:
            return f"nothing to send to {self.endpoint}{left_out}"
        beside = {True: " and metrics", False: " (it takes no metrics)", None: ""}[self.metrics]
        return f"{plural(self.spans, 'span')}{beside} to {self.endpoint}{left_out}"

    __repr__ = __str__


def to_otlp(
    calls: Sequence[Call],
    spans: Sequence[Span],
    endpoint: str,
    headers: Mapping[str, str] | None = None,
    *,
    content: bool = False,
    older: int = 0,
    timeout: float = _ANSWER_S,
) -> Sent:
    """Send calls and finished spans as spans of OpenTelemetry, and the calls as metrics.

    Raises
    ------
    UsageError
        When the endpoint or the headers can be none.
    ExportError
        When the endpoint is not there or does not take them, or the exporters are not installed.
    """
    wire, sent, size = Wire(endpoint, headers, timeout), 0, BATCH
    try:
        sender = resource(calls[0].session_id if calls else None)
        over = [span for span in spans if span.duration_s is not None]
        records: list[Call | Span] = sorted([*over, *calls], key=lambda each: each.started_at)
        start = 0
        while batch := records[start : start + size]:
            made = spans_of(batch, sender, content=content)
            trouble = wire.send_spans(made)
            if trouble is not None and trouble.is_too_large and len(batch) > 1:
                size = len(batch) // 2  # with texts, a few spans may be as large as many without
                continue
            _check(wire, trouble, sent, len(records))
            sent, start = sent + len(made), start + len(batch)
        metrics = OtlpMetrics(sender)
        metrics.add(calls)
        data = metrics.read() if calls else None
        trouble = wire.send_metrics(data) if data is not None else None
        if trouble is not None and not trouble.is_unknown_there:
            _check(wire, trouble, sent, len(records))
    finally:
        wire.close()
    return Sent(wire.name, sent, None if data is None else trouble is None, older)


def _check(wire: Wire, trouble: Trouble | None, sent: int, total: int) -> None:
    if trouble is None:
        return
    done = f" ({sent:,} of {plural(total, 'span')} had been sent)" if sent else ""
    hint = {
        None: " Is a collector there, and does it speak OTLP over HTTP (mostly port 4318)?",
        401: " Give its key in headers=.",
        403: " Give its key in headers=.",
        404: " Is that the address without /v1/traces?",
    }.get(trouble.status, "")
    raise ExportError(f"could not send to {wire.name}: {trouble.said}{done}.{hint}")
