"""Metrics for Prometheus: a meter's counts as metric families, as text, or pushed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from ..exceptions import ExportError, UsageError
from ..tallies import Tally
from ._meter import Meter

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric

__all__ = ["METRICS", "Scrape", "client", "push", "registry_of", "text_of"]

METRICS = {
    "llm_requests_total": "LLM calls that are over.",
    "llm_request_latency_seconds": "First send to last byte of calls that ended ok, retries in it.",
    "llm_time_to_first_token_seconds": "First send to first content of streams that ended ok.",
    "llm_tokens_total": (
        "Tokens as reported. Types input and output are all of them; cached_input and cache_write "
        "are parts of input, reasoning of output, input_audio and output_audio of either."
    ),
    "llm_cost_usd_total": "US dollars, of the calls whose price is known.",
    "llm_request_attempts_total": "Requests sent for the calls, retries included.",
    "llm_feedback_score": "Mean rating of the rated calls, from -1 to 1.",
    "llm_active_requests": "LLM calls in flight.",
}
"""Every metric, and what it counts."""

_TIMEOUT_S = 10.0


def client() -> Any:
    """The module prometheus_client, or one line that says how to install it."""
    try:
        import prometheus_client
    except ImportError:
        raise ExportError(
            'Prometheus needs prometheus-client: pip install "jupyter-llmwatch[prometheus]".'
        ) from None
    return prometheus_client


class Scrape:
    """A collector: what a meter has counted, and how many calls are in flight now.

    Parameters
    ----------
    meter : Meter
        The counts.
    in_flight : callable
        Gives how many calls are not over.
    """

    def __init__(self, meter: Meter, in_flight: Callable[[], int]) -> None:
        self._meter, self._in_flight = meter, in_flight

    def describe(self) -> Iterator[Metric]:
        """The families without samples: what they are called."""
        yield from _Families(self._meter.labels.names).all()

    def collect(self) -> Iterator[Metric]:
        """The families with their samples of this moment."""
        families = _Families(self._meter.labels.names)
        self._meter.read(families.take)
        families.active.add_metric([], self._in_flight())
        yield from families.all()


class _Families:
    """The eight families while they are filled, a group of calls at a time."""

    def __init__(self, names: tuple[str, ...]) -> None:
        from prometheus_client.core import (
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
        )

        def made(kind: Any, name: str, *labels: str) -> Any:
            return kind(name, METRICS[name], labels=labels)

        self.requests = made(CounterMetricFamily, "llm_requests_total", *names, "status")
        self.latency = made(HistogramMetricFamily, "llm_request_latency_seconds", *names)
        self.first_token = made(HistogramMetricFamily, "llm_time_to_first_token_seconds", *names)
        self.tokens = made(CounterMetricFamily, "llm_tokens_total", *names, "type")
        self.cost = made(CounterMetricFamily, "llm_cost_usd_total", *names)
        self.attempts = made(CounterMetricFamily, "llm_request_attempts_total", *names)
        self.score = made(GaugeMetricFamily, "llm_feedback_score", *names)
        self.active = made(GaugeMetricFamily, "llm_active_requests")

    def all(self) -> list[Metric]:
        """All of them, in the order of `METRICS`."""
        return list(self.__dict__.values())

    def take(self, key: tuple[str, ...], tally: Tally) -> None:
        """Add the samples of one group. What nobody reported is no sample, rather than 0."""
        for status, n in tally.statuses.items():
            self.requests.add_metric([*key, status], n)
        self.latency.add_metric(key, tally.latency.cumulative(), tally.latency.sum.value)
        if tally.first_token.count:
            first = tally.first_token
            self.first_token.add_metric(key, first.cumulative(), first.sum.value)
        for kind, n in tally.tokens.items():
            self.tokens.add_metric([*key, kind], n)
        if tally.cost is not None:
            self.cost.add_metric(key, tally.cost.value)
        self.attempts.add_metric(key, tally.attempts)
        if tally.scored:
            self.score.add_metric(key, tally.score.value / tally.scored)


def registry_of(scrape: Scrape) -> CollectorRegistry:
    """A registry of its own with nothing but `scrape`: the application's is left alone."""
    registry: CollectorRegistry = client().CollectorRegistry()
    registry.register(scrape)
    return registry


def text_of(registry: CollectorRegistry) -> str:
    """The metrics in Prometheus' text format."""
    text: bytes = client().generate_latest(registry)
    return text.decode("utf-8")


def push(registry: CollectorRegistry, gateway: str, job: str, instance: str | None = None) -> None:
    """Put the metrics on a Pushgateway, in the place of those of the same job and instance.

    Raises
    ------
    UsageError
        When `gateway` or `job` cannot be meant.
    ExportError
        When the gateway is not there, or does not take them.
    """
    base, host, handler = _gateway(gateway)
    if not isinstance(job, str) or not job.strip():
        raise UsageError(f'job={job!r} is no name: give e.g. job="nightly".')
    from http.client import HTTPException

    grouping = {"instance": instance} if instance else {}
    try:
        client().push_to_gateway(
            base, job, registry, grouping_key=grouping, timeout=_TIMEOUT_S, handler=handler
        )
    except (OSError, ValueError, HTTPException) as problem:
        reason = getattr(problem, "reason", None) or problem
        said = getattr(reason, "strerror", None) or str(reason)
        raise ExportError(f"could not push to {host}: {said}. Is a Pushgateway there?") from None


def _gateway(gateway: Any) -> tuple[str, str, Callable[..., Any]]:
    """Its address without user and password, how it is called in messages, and how to send."""
    text = gateway.strip() if isinstance(gateway, str) else ""
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or parts.query or parts.fragment:
        raise UsageError(
            'gateway: give the address of a Pushgateway, e.g. push_prometheus("localhost:9091").'
        )
    base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    if parts.username is None:
        return base, host, client().exposition.default_handler
    said = {"username": unquote(parts.username), "password": unquote(parts.password or "")}
    return base, host, partial(client().exposition.basic_auth_handler, **said)
