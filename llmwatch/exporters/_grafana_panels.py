"""What the Grafana dashboard shows: each panel's question in PromQL, its unit, and a sentence."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["GRAPHS", "REQUESTS", "STATS", "Panel"]

_WHERE = 'instance=~"$instance", model=~"$model"'
_ENDED = 'status=~"ok|error"'


class Panel(NamedTuple):
    """One panel: its queries as pairs of expression and legend; a stat shows their last value."""

    title: str
    unit: str
    says: str
    queries: tuple[tuple[str, str], ...]
    stat: bool = False
    least: float = 0


def _rate(metric: str, by: str = "", *more: str) -> str:
    """The increase of a counter in a second, summed up by some labels."""
    grouped = f"sum by ({by})" if by else "sum"
    return f"{grouped} (rate({metric}{{{', '.join((_WHERE, *more))}}}[$__rate_interval]))"


def _total(metric: str, *more: str) -> str:
    return f"sum({metric}{{{', '.join((_WHERE, *more))}}})"


def _quantile(share: float, metric: str, by: str = "") -> str:
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, {_rate(f'{metric}_bucket', labels)})"


_LATENCY, _FIRST = "llm_request_latency_seconds", "llm_time_to_first_token_seconds"
REQUESTS, _TOKENS, _COST = "llm_requests_total", "llm_tokens_total", "llm_cost_usd_total"
_FAILED = 'status="error"'
_SINCE = "Since the kernels started."

STATS = (
    Panel("Calls", "short", _SINCE, ((_total(REQUESTS), ""),), stat=True),
    Panel(
        "Error rate",
        "percentunit",
        f"{_SINCE} Over calls that ended ok or error.",
        ((f"{_total(REQUESTS, _FAILED)} / {_total(REQUESTS, _ENDED)}", ""),),
        stat=True,
    ),
    Panel(
        "Latency p95",
        "s",
        f"{_SINCE} Of calls that ended ok, retries included.",
        ((f"histogram_quantile(0.95, sum by (le) ({_LATENCY}_bucket{{{_WHERE}}}))", ""),),
        stat=True,
    ),
    Panel(
        "Tokens",
        "short",
        f"{_SINCE} As providers reported them.",
        ((_total(_TOKENS, 'type=~"input|output"'), ""),),
        stat=True,
    ),
    Panel(
        "Cost",
        "currencyUSD",
        f"{_SINCE} Calls of unknown price are not in it.",
        ((_total(_COST), ""),),
        stat=True,
    ),
    Panel(
        "In flight",
        "short",
        "Calls that are not over, of every model.",
        (('sum(llm_active_requests{instance=~"$instance"})', ""),),
        stat=True,
    ),
)
GRAPHS = (
    Panel(
        "Calls a second, by status",
        "reqps",
        "Calls that ended.",
        ((_rate(REQUESTS, "status"), "{{status}}"),),
    ),
    Panel(
        "Calls a second, by model",
        "reqps",
        "Calls that ended.",
        ((_rate(REQUESTS, "model"), "{{model}}"),),
    ),
    Panel(
        "Latency",
        "s",
        "Of calls that ended ok, retries included; read off buckets, so within one of them.",
        tuple((_quantile(share, _LATENCY), f"p{share * 100:g}") for share in (0.5, 0.95, 0.99)),
    ),
    Panel(
        "Latency p95, by model",
        "s",
        "Of calls that ended ok, retries included.",
        ((_quantile(0.95, _LATENCY, "model"), "{{model}}"),),
    ),
    Panel(
        "First token",
        "s",
        "From the first send to the first content, of streams that ended ok.",
        tuple((_quantile(share, _FIRST), f"p{share * 100:g}") for share in (0.5, 0.95)),
    ),
    Panel(
        "Error rate, by model",
        "percentunit",
        "Over calls that ended ok or error.",
        ((f"{_rate(REQUESTS, 'model', _FAILED)} / {_rate(REQUESTS, 'model', _ENDED)}",
          "{{model}}"),),
    ),
    Panel(
        "Tokens a second, by type",
        "short",
        "input and output are all tokens; the other types are parts of these.",
        ((_rate(_TOKENS, "type"), "{{type}}"),),
    ),
    Panel(
        "Cost an hour, by model",
        "currencyUSD",
        "Calls of unknown price are not in it.",
        ((f"3600 * {_rate(_COST, 'model')}", "{{model}}"),),
    ),
    Panel(
        "Attempts for each call, by model",
        "short",
        "Requests sent over calls that ended: more than 1 are retries.",
        ((f"{_rate('llm_request_attempts_total', 'model')} / {_rate(REQUESTS, 'model')}",
          "{{model}}"),),
    ),
    Panel(
        "In flight, by kernel",
        "short",
        "Calls that are not over, of every model.",
        (('sum by (instance) (llm_active_requests{instance=~"$instance"})', "{{instance}}"),),
    ),
    Panel(
        "Satisfaction, by model",
        "short",
        "Mean rating of the rated calls, from -1 to 1; of several kernels the mean of these.",
        ((f"avg by (model) (llm_feedback_score{{{_WHERE}}})", "{{model}}"),),
        least=-1,
    ),
)  # fmt: skip
