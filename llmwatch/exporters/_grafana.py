"""A Grafana dashboard over exactly the metrics that `serve_prometheus` serves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..exceptions import ExportError, UsageError
from ._files import Target, beside, place_of
from ._grafana_panels import GRAPHS, REQUESTS, STATS, Panel

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import Dashboard

__all__ = ["write_dashboard"]


def write_dashboard(path: Target, *, overwrite: bool = False) -> Path:
    """Write the dashboard as the JSON that Grafana imports.

    Raises
    ------
    UsageError
        When `path` is no ``.json`` file.
    ExportError
        When it cannot be written, exists and `overwrite` is not given, or the SDK is missing.
    """
    place = place_of(path, "llm-dashboard.json")
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
    for number, panel in enumerate((*STATS, *GRAPHS), 1):
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
        .query(f"label_values({REQUESTS}, {name})")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value("(?s:.*)")  # a name may have a newline in it, which a mere .* passes over
        .current(VariableOption(selected=True, text=["All"], value=["$__all"]))
    )


def _built(panel: Panel) -> Any:
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
    from grafana_foundation_sdk.builders.stat import Panel as Stat
    from grafana_foundation_sdk.models.common import BigValueColorMode, BigValueGraphMode

    plain = Stat().graph_mode(BigValueGraphMode.NONE).color_mode(BigValueColorMode.NONE)
    return plain.height(4).span(4)


def _graph() -> Any:
    from grafana_foundation_sdk.builders.common import VizLegendOptions, VizTooltipOptions
    from grafana_foundation_sdk.builders.timeseries import Panel as Graph
    from grafana_foundation_sdk.models import common

    legend = (
        VizLegendOptions()
        .display_mode(common.LegendDisplayMode.LIST)
        .placement(common.LegendPlacement.BOTTOM)
        .show_legend(True)
    )
    tooltip = VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI)
    return (
        Graph().legend(legend).tooltip(tooltip).fill_opacity(8).line_width(1.5)
        .height(8).span(12)
    )  # fmt: skip
