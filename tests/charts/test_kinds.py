"""Every kind is a chart of any calls, shows without a network, and tells what cannot be drawn."""

from __future__ import annotations

import json

import altair as alt
import numpy as np
import pandas as pd
import pytest

from llmwatch.charts import KINDS, draw
from llmwatch.exceptions import UsageError
from tests.charts import plain
from tests.charts.plain import OF_CALLS, calls, rows
from tests.source import Source


@pytest.mark.parametrize("n", [0, 1, 2, 10, 300])
@pytest.mark.parametrize("kind", OF_CALLS)
def test_every_kind_is_a_valid_altair_chart(kind, n):
    """From no calls up, each is a chart that Altair accepts and that any strict JSON reader reads."""
    chart = draw(kind, calls(n))
    assert isinstance(chart, alt.LayerChart | alt.VConcatChart)
    spec = chart.to_dict()  # validates against the schema of Vega-Lite
    json.loads(json.dumps(spec, allow_nan=False))


@pytest.mark.parametrize("kind", KINDS)
def test_without_calls_it_says_so(kind):
    """An empty session has empty pictures, not errors."""
    chart = Source().chart(kind)
    assert {"words": "no calls yet"} in rows(chart)


def test_an_unknown_kind_is_told_the_kinds():
    """One line, with the nearest one."""
    with pytest.raises(UsageError) as told:
        Source().chart("latncy")
    assert 'Did you mean "latency"?' in str(told.value)
    assert all(kind in str(told.value) for kind in KINDS)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("kind", "options", "hint"),
    [
        ("tokens", {"by": "tag"}, "latency, cost, compare"),
        ("cost", {"threshold": 3}, "latency"),
        ("latency", {"baseline": "v1"}, "compare"),
        ("tokens", {"groups": ["v1", "v2"]}, "compare"),
        ("latency", {"threshold": 0}, "seconds"),
        ("latency", {"threshold": "3s"}, "seconds"),
        ("latency", {"threshold": True}, "seconds"),
        ("latency", {"threshold": float("nan")}, "seconds"),
        ("latency", {"theme": "blue"}, '"light", "dark"'),
        ("latency", {"theme": ["dark"]}, '"light", "dark"'),
        ("latency", {"by": ["model", "tag"]}, "takes one word"),
        ("latency", {"width": 3}, "40"),
        ("latency", {"height": "tall"}, "pixels"),
    ],
)
def test_an_option_that_cannot_be_meant_is_told(kind, options, hint):
    """Nothing that was typed is passed over in silence."""
    with pytest.raises(UsageError) as told:
        Source().chart(kind, **options)
    assert hint in str(told.value)


def test_a_word_that_groups_nothing_is_told():
    """One line names one that does."""
    with pytest.raises(UsageError, match='by="model"'):
        draw("cost", calls(3), by="colour")


def test_any_frame_with_our_columns_will_do():
    """Two columns are enough, whatever else stands beside them; text of times is read."""
    frame = pd.DataFrame({
        "started_at": ["2026-03-05T12:00:00Z", "2026-03-05T12:00:01Z", None],
        "status": ["ok", "error", "ok"], "a.b[0]": [1, 2, 3], "latency_s": [1.0, np.inf, 2.0],
    })  # fmt: skip
    for kind in OF_CALLS:
        draw(kind, frame).to_dict()
    assert [row["took"] for row in rows(draw("latency", frame))] == ["1.00\u202fs"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_of_something_else_is_told(kind):
    """One line says which column is missing."""
    with pytest.raises(UsageError, match="column"):
        draw(kind, pd.DataFrame({"x": [1]}))


def test_what_is_done_to_a_chart_does_not_reach_the_calls():
    """Drawing changes no value and no order of the frame it draws."""
    frame = calls(50).sample(frac=1, random_state=1)
    before = frame.copy()
    for kind in OF_CALLS:
        draw(kind, frame)
    pd.testing.assert_frame_equal(frame, before)


# -- how it shows ---------------------------------------------------------------------------------


def test_it_shows_without_a_network():
    """The bundle has the chart for front ends with a Vega of their own, and a picture for others."""
    bundle = draw("timeline", calls(20))._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "application/vnd.vegalite.v5+json", "image/svg+xml"}
    assert bundle["text/plain"].startswith("Calls\n20 calls")
    assert bundle["image/svg+xml"].startswith("<svg")
    assert "cdn" not in json.dumps(bundle).lower()


def test_a_renderer_that_the_person_chose_goes_first():
    """Whoever enabled one of Altair's renderers gets that, also after changing the chart."""
    with alt.renderers.enable("mimetype"):
        bundle = draw("latency", calls(5))._repr_mimebundle_()
    shown = bundle[0] if isinstance(bundle, tuple) else bundle
    assert any(kind.startswith("application/vnd.vegalite.v") for kind in shown)
    wider = draw("latency", calls(5)).properties(width=900)
    assert "image/svg+xml" in wider._repr_mimebundle_()


def test_altair_goes_on_making_its_own_charts():
    """A person's own chart is Altair's, and shows as it did."""
    draw("latency", calls(3))
    plain = alt.layer(alt.Chart(alt.InlineData(values=[{"a": 1}])).mark_point())
    assert type(plain) is alt.LayerChart
    again = alt.LayerChart.from_dict(plain.to_dict())
    assert "text/html" in again._repr_mimebundle_()


def test_the_kinds_are_those_of_the_readme():
    """Every kind is named where people look for it."""
    from tests import readme

    page = readme.text()
    assert [kind for kind in KINDS if f"`{kind}`" not in page] == []
    assert plain.KINDS == KINDS
