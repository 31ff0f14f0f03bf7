"""A Grafana dashboard over exactly the metrics that `serve_prometheus` serves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..exceptions import ExportError, UsageError
from ._files import Target, beside, place_of

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import Dashboard

__all__ = ["write_dashboard"]

_WHERE = 'instance=~"$instance", model=~"$model"'
_ENDED = 'status=~"ok|error"'


class _Panel(NamedTuple):
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
_REQUESTS, _TOKENS, _COST = "llm_requests_total", "llm_tokens_total", "llm_cost_usd_total"
_FAILED = 'status="error"'
_SINCE = "Since the kernels started."

_STATS = (
    _Panel("Calls", "short", _SINCE, ((_total(_REQUESTS), ""),), stat=True),
    _Panel(
        "Error rate",
        "percentunit",
        f"{_SINCE} Over calls that ended ok or error.",
        ((f"{_total(_REQUESTS, _FAILED)} / {_total(_REQUESTS, _ENDED)}", ""),),
        stat=True,
    ),
    _Panel(
        "Latency p95",
        "s",
        f"{_SINCE} Of calls that ended ok, retries included.",
        ((f"histogram_quantile(0.95, sum by (le) ({_LATENCY}_bucket{{{_WHERE}}}))", ""),),
        stat=True,
    ),
    _Panel(
        "Tokens",
        "short",
        f"{_SINCE} As providers reported them.",
        ((_total(_TOKENS, 'type=~"input|output"'), ""),),
        stat=True,
    ),
    _Panel(
        "Cost",
        "currencyUSD",
        f"{_SINCE} Calls of unknown price are not in it.",
        ((_total(_COST), ""),),
        stat=True,
    ),
    _Panel(
        "In flight",
        "short",
        "Calls that are not over, of every model.",
        (('sum(llm_active_requests{instance=~"$instance"})', ""),),
        stat=True,
    ),
)
_GRAPHS = (
    _Panel(
        "Calls a second, by status",
        "reqps",
        "Calls that ended.",
        ((_rate(_REQUESTS, "status"), "{{status}}"),),
    ),
    _Panel(
        "Calls a second, by model",
        "reqps",
        "Calls that ended.",
        ((_rate(_REQUESTS, "model"), "{{model}}"),),
    ),
    _Panel(
        "Latency",
        "s",
        "Of calls that ended ok, retries included; read off buckets, so within one of them.",
        tuple((_quantile(share, _LATENCY), f"p{share * 100:g}") for share in (0.5, 0.95, 0.99)),
    ),
    _Panel(
        "Latency p95, by model",
        "s",
        "Of calls that ended ok, retries included.",
        ((_quantile(0.95, _LATENCY, "model"), "{{model}}"),),
    ),
    _Panel(
        "First token",
        "s",
        "From the first send to the first content, of streams that ended ok.",
        tuple((_quantile(share, _FIRST), f"p{share * 100:g}") for share in (0.5, 0.95)),
    ),
    _Panel(
        "Error rate, by model",
        "percentunit",
        "Over calls that ended ok or error.",
        ((f"{_rate(_REQUESTS, 'model', _FAILED)} / {_rate(_REQUESTS, 'model', _ENDED)}",
          "{{model}}"),),
    ),
    _Panel(
        "Tokens a second, by type",
        "short",
        "input and output are all tokens; the other types are parts of these.",
        ((_rate(_TOKENS, "type"), "{{type}}"),),
    ),
    _Panel(
        "Cost an hour, by model",
        "currencyUSD",
        "Calls of unknown price are not in it.",
        ((f"3600 * {_rate(_COST, 'model')}", "{{model}}"),),
    ),
    _Panel(
        "Attempts for each call, by model",
        "short",
        "Requests sent over calls that ended: more than 1 are retries.",
        ((f"{_rate('llm_request_attempts_total', 'model')} / {_rate(_REQUESTS, 'model')}",
          "{{model}}"),),
    ),
    _Panel(
        "In flight, by kernel",
        "short",
        "Calls that are not over, of every model.",
        (('sum by (instance) (llm_active_requests{instance=~"$instance"})', "{{instance}}"),),
    ),
    _Panel(
        "Satisfaction, by model",
        "short",
        "Mean rating of the rated calls, from -1 to 1; of several kernels the mean of these.",
        ((f"avg by (model) (llm_feedback_score{{{_WHERE}}})", "{{model}}"),),
        least=-1,
    ),
)  # fmt: skip


def write_dashboard(path: Target, *, overwrite: bool = False) -> Path:
    """Write the dashboard as the JSON that Grafana imports.

    Raises
    ------
    UsageError
        When `path` is no ``.json`` file.
    ExportError
        When it cannot be written, exists and `overwrite` is not given, or the SDK is missing.
    """
    place = place_of(path)
    if place.suffix.lower() != ".json":
        raise UsageError(f"a Grafana dashboard is a .json file: call it {place.stem + '.json'!r}.")
    encoder = _sdk_encoder()
    with beside(place, overwrite) as temporary:
        temporary.write_text(encoder.encode(_dashboard().build()) + "\n", "utf-8")
    return place


def _sdk_encoder() -> Any:
    try:
        from grafana_foundation_sdk.cog.encoder import JSONEncoder
    except ImportError:
        raise ExportError(
            "a Grafana dashboard needs grafana-foundation-sdk: "
            'pip install "jupyter-llmwatch[prometheus]".'
        ) from None
    return JSONEncoder(sort_keys=True, indent=2)


def _dashboard() -> Dashboard:
    from grafana_foundation_sdk.builders.dashboard import Dashboard, DatasourceVariable

    board = (
        Dashboard("LLM calls")
        .uid("llmwatch")
        .description("LLM calls of notebooks, as llmwatch sees them.")
        .tags(["llm", "llmwatch"])
        .time("now-1h", "now")
        .refresh("30s")
        .timezone("browser")
        .with_variable(DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .with_variable(_variable("instance", "Kernel"))
        .with_variable(_variable("model", "Model"))
    )
    for number, panel in enumerate((*_STATS, *_GRAPHS), 1):
        board = board.with_panel(_built(panel).id(number))
    return board


def _source() -> Any:
    from grafana_foundation_sdk.models.dashboard import DataSourceRef

    return DataSourceRef(type_val="prometheus", uid="${datasource}")


def _variable(name: str, label: str) -> Any:
    """A choice of any number of a label's values, all at first."""
    from grafana_foundation_sdk.builders.dashboard import QueryVariable
    from grafana_foundation_sdk.models.dashboard import (
        VariableOption,
        VariableRefresh,
        VariableSort,
    )

    return (
        QueryVariable(name)
        .label(label)
        .datasource(_source())
        .query(f"label_values({_REQUESTS}, {name})")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value("(?s:.*)")  # a name may have a newline in it, which a mere .* passes over
        .current(VariableOption(selected=True, text=["All"], value=["$__all"]))
    )


def _built(panel: _Panel) -> Any:
    made = _stat() if panel.stat else _graph()
    made = made.title(panel.title).description(panel.says).unit(panel.unit)
    made = made.datasource(_source()).min(panel.least)
    for at, (expression, legend) in enumerate(panel.queries):
        made = made.with_target(_query(expression, legend, "ABC"[at], instant=panel.stat))
    return made


def _query(expression: str, legend: str, ref: str, *, instant: bool) -> Any:
    from grafana_foundation_sdk.builders.prometheus import Dataquery

    query = Dataquery().expr(expression).ref_id(ref).legend_format(legend or "__auto")
    return query.instant() if instant else query.range()


def _stat() -> Any:
    from grafana_foundation_sdk.builders.stat import Panel
    from grafana_foundation_sdk.models.common import BigValueColorMode, BigValueGraphMode

    plain = Panel().graph_mode(BigValueGraphMode.NONE).color_mode(BigValueColorMode.NONE)
    return plain.height(4).span(4)


def _graph() -> Any:
    from grafana_foundation_sdk.builders.common import VizLegendOptions, VizTooltipOptions
    from grafana_foundation_sdk.builders.timeseries import Panel
    from grafana_foundation_sdk.models import common

    legend = (
        VizLegendOptions()
        .display_mode(common.LegendDisplayMode.LIST)
        .placement(common.LegendPlacement.BOTTOM)
        .show_legend(True)
    )
    tooltip = VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI)
    return (
        Panel().legend(legend).tooltip(tooltip).fill_opacity(8).line_width(1.5)
        .height(8).span(12)
    )  # fmt: skip
