"""How a chart shows in a notebook: as itself, without a network.

Altair's own way is a page that fetches Vega from a CDN. JupyterLab, Notebook 7 and VS Code have
a Vega of their own, and what has none shows the picture.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

from .. import faults

if TYPE_CHECKING:
    from ._parts import Chart

__all__ = ["offline"]

# What front ends call the Vega they bundle; our charts use nothing that came after it.
_MIME = "application/vnd.vegalite.v5+json"
_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"


def offline(chart: Chart, **more: Any) -> Chart:
    """`chart` with `more` properties, still Altair's, but shown without a network.

    A renderer that the person has chosen (`alt.renderers.enable`) goes before it.
    """
    layered, stacked = _kinds()
    known = {name: value for name, value in chart._kwds.items() if _is_given(value)}
    kind = stacked if "vconcat" in known else layered
    return cast("Chart", kind(**{**known, **more}))


def _is_given(value: Any) -> bool:
    import altair as alt

    return value is not alt.Undefined


@cache
def _kinds() -> tuple[type[Any], type[Any]]:
    """Altair's two kinds of chart, each with our way to be shown."""
    import altair as alt

    class LayerChart(alt.LayerChart):
        def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> Any:
            return _bundle(self) or super()._repr_mimebundle_(*args, **kwargs)

    class VConcatChart(alt.VConcatChart):
        def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> Any:
            return _bundle(self) or super()._repr_mimebundle_(*args, **kwargs)

    return LayerChart, VConcatChart


def _bundle(chart: Any) -> dict[str, Any] | None:
    """The chart as a specification and as a picture; None where the person chose a renderer."""
    import altair as alt

    if alt.renderers.active != "default":
        return None
    spec = chart.to_dict()
    bundle = {"text/plain": _title(spec), _MIME: {**spec, "$schema": _SCHEMA}}
    try:
        import vl_convert

        bundle["image/svg+xml"] = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    except Exception as problem:  # where nothing can draw it, the specification is still there
        faults.note("chart", problem)
    return bundle


def _title(spec: dict[str, Any]) -> str:
    title = spec.get("title") or (spec.get("vconcat") or [{}])[0].get("title") or {}
    lines = [title.get("text", "Chart"), *(title.get("subtitle") or [])]
    return "\n".join(map(str, lines))
