"""The GenAI client metrics of OpenTelemetry's conventions, recorded by its SDK."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..records import Call
from ..tallies import is_amount
from ._otlp_spans import SCOPE, attribute

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricsData
    from opentelemetry.sdk.resources import Resource

__all__ = ["OtlpMetrics"]

# The edges that the conventions advise (semantic conventions 1.41, "gen-ai-metrics").
_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_TOKENS = tuple(4**n for n in range(14))
_OFTEN = {
    "gen_ai.operation.name": "operation",
    "gen_ai.provider.name": "provider",
    "gen_ai.request.model": "request_model",
    "gen_ai.response.model": "response_model",
}
_MOST = 2**53  # what is larger is no count of tokens
_GROUPS = 1000  # sets of attributes; a metric system keeps each of them for weeks
_OVERFLOW = {"otel.metric.overflow": True}  # as OpenTelemetry calls all that come later


class OtlpMetrics:
    """Calls as metrics, in a meter provider of its own: the application's is left alone.

    They are cumulative: what could not be sent is in what is sent next.
    """

    def __init__(self, resource: Resource) -> None:
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader
        from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View

        def view(name: str, edges: tuple[float, ...]) -> View:
            return View(instrument_name=name, aggregation=ExplicitBucketHistogramAggregation(edges))

        self._groups: set[tuple[Any, ...]] = set()
        self._reader = InMemoryMetricReader()
        provider = MeterProvider(
            metric_readers=[self._reader],
            resource=resource,
            shutdown_on_exit=False,
            views=[
                view("gen_ai.client.operation.*", _SECONDS),
                view("gen_ai.client.token.usage", _TOKENS),
            ],
        )
        meter = provider.get_meter(SCOPE)
        self._duration = meter.create_histogram(
            "gen_ai.client.operation.duration", "s", "GenAI operation duration."
        )
        self._first = meter.create_histogram(
            "gen_ai.client.operation.time_to_first_chunk", "s",
            "From the request to the first chunk with content.",
        )  # fmt: skip
        self._usage = meter.create_histogram(
            "gen_ai.client.token.usage", "{token}", "Number of input and output tokens used."
        )
        self._cost = meter.create_counter(
            "llmwatch.cost", "{USD}", "US dollars, of the calls whose price is known."
        )

    def add(self, calls: Iterable[Call]) -> None:
        """Record calls; what is unknown, NaN or negative is left out."""
        for call in calls:
            what = self._group(call)
            why = {"error.type": call.error_type or "_OTHER"} if call.status == "error" else {}
            _record(self._duration, call.latency_s, what | why)
            _record(self._first, call.ttft_s, what | why)
            for kind in ("input", "output"):
                tokens = getattr(call, f"{kind}_tokens")
                _record(self._usage, tokens, what | {"gen_ai.token.type": kind})
            if is_amount(call.cost_usd):
                self._cost.add(call.cost_usd or 0.0, what)

    def _group(self, call: Call) -> dict[str, Any]:
        said = {name: attribute(getattr(call, column)) for name, column in _OFTEN.items()}
        what = {name: value for name, value in said.items() if value is not None}
        key = tuple(said.values())
        if key not in self._groups and len(self._groups) >= _GROUPS:
            return _OVERFLOW
        self._groups.add(key)
        return what

    def read(self) -> MetricsData | None:
        """All of it, up to now; None as long as there is nothing."""
        return self._reader.get_metrics_data()


def _record(histogram: Any, value: float | None, attributes: dict[str, Any]) -> None:
    if is_amount(value) and value is not None and value < _MOST:
        histogram.record(value, attributes)
