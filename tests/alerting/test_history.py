"""What fired how often and for how long, and the table of rules."""

from __future__ import annotations

import pandas as pd
import pytest

from llmwatch.alerting import _history
from tests.alerting.scene import Scene


def fires(scene, seconds, depth=1):
    """Something is in flight for so long."""
    scene.flying = [{"age_s": 1.0}] * depth
    scene.look()
    scene.look(seconds)
    scene.flying = []
    scene.look()


def test_how_often_and_how_long():
    """Two firings: first and last, the sum and the longest, the worst value, how often told."""
    scene = Scene()
    scene.rule("many", "active > 0", severity="info")
    start = pd.Timestamp("2026-01-01", tz="UTC")
    fires(scene, 40, depth=3)
    scene.look(20)
    fires(scene, 100, depth=2)
    (row,) = scene.alerts.history.to_dict("records")
    assert row == {
        "name": "many", "labels": {}, "severity": "info", "condition": "active > 0",
        "state": "inactive", "fired": 2, "first": start, "last": start + pd.Timedelta("1min"),
        "total_s": 140.0, "longest_s": 100.0, "worst": 3.0, "threshold": 0.0, "notified": 2,
    }  # fmt: skip


def test_what_fires_now_counts():
    """The firing that goes on is in the sums, with its worst value so far."""
    scene = Scene()
    scene.rule("many", "active > 0")
    fires(scene, 10)
    scene.flying = [{"age_s": 1.0}] * 5
    scene.look(5)
    scene.clock.advance(30)
    row = scene.alerts.history.iloc[0]
    assert (row.state, row.fired, row.total_s, row.longest_s) == ("firing", 2, 40.0, 30.0)
    assert (row.worst, row.notified) == (5.0, 2)


def test_a_row_for_each_group_and_removed_rules_stay():
    """Groups are told apart by their labels; what was removed is not forgotten."""
    scene = Scene()
    rule = scene.rule("down", "error_rate > 10%", by="model")
    scene.fail(5, model="a")
    scene.look(1)
    scene.fail(5, model="b")
    scene.look(1)
    rule.remove()
    history = scene.alerts.history
    assert history.labels.tolist() == [{"model": "a"}, {"model": "b"}]
    assert history.state.tolist() == ["inactive", "inactive"]
    assert history.total_s.tolist() == [1.0, 0.0]


def test_the_lowest_is_the_worst_of_what_should_be_high():
    """For `<` the worst value is the smallest."""
    scene = Scene()
    scene.rule("unhappy", "satisfaction < 0.5", window="1min")
    scene.call(10, score=0.2)
    scene.look()
    scene.call(10, score=-0.8)
    scene.look(10)
    scene.call(10, score=0.3)
    scene.look(10)
    assert scene.alerts.history.worst.tolist() == [pytest.approx(-0.3)]


def test_no_rules():
    """An empty history has its columns and types all the same."""
    history = Scene().alerts.history
    assert len(history) == 0
    assert str(history["first"].dtype) == "datetime64[ns, UTC]"
    assert history.columns[:3].tolist() == ["name", "labels", "severity"]


def test_a_rule_that_never_fired_stands_below():
    """Its threshold is to be reviewed as well: fired 0, the rest missing; the types are the same."""
    scene = Scene()
    scene.rule("far", "tokens > 1M", severity="critical")
    scene.rule("groups", "error_rate > 10%", by="model")
    scene.rule("waits", "active > 0", for_="1h")
    empty = Scene().alerts.history.dtypes
    assert scene.alerts.history.dtypes.equals(empty)
    scene.rule("many", "active > 1")
    fires(scene, 10, depth=2)
    scene.flying = [{"age_s": 1.0}]
    scene.look()
    history = scene.alerts.history
    assert history.dtypes.equals(empty)
    assert history.name.tolist() == ["many", "far", "groups", "waits"]
    assert history.fired.tolist() == [1, 0, 0, 0]
    assert history.state.tolist() == ["inactive", "inactive", "inactive", "pending"]
    row = history.iloc[1]
    assert (row.labels, row.condition, row.threshold, row.notified) == ({}, "tokens > 1M", 1e6, 0)
    missing = ["first", "last", "total_s", "longest_s", "worst"]
    assert row[row.isna()].index.tolist() == missing


def test_a_rule_that_fired_has_no_row_of_its_own():
    """Where one of its groups did; and what never fired goes with its rule."""
    scene = Scene()
    scene.rule("down", "error_rate > 10%", by="model")
    never = scene.rule("never", "tokens > 1M")
    scene.fail(5, model="a")
    scene.call(5, model="b")
    scene.look()
    assert scene.alerts.history.labels.tolist() == [{"model": "a"}, {}]
    never.remove()
    assert scene.alerts.history.labels.tolist() == [{"model": "a"}]


def test_a_rule_whose_groups_are_forgotten_fired_nevertheless(monkeypatch):
    """The memory of groups is bounded, and what fell out of it did not never fire."""
    monkeypatch.setattr(_history, "_KEYS", 1)
    scene = Scene()
    scene.rule("first", "requests > 0")
    scene.call()
    scene.look()
    scene.rule("second", "requests > 0")
    scene.look()
    assert scene.alerts.history.name.tolist() == ["second"]


def test_a_name_of_another_figure_has_a_record_of_its_own():
    """Seconds are not held against shares, and what the new rule never did it never did."""
    scene = Scene()
    scene.rule("slow", "latency_p95_s > 10s")
    scene.call(10, latency=40.0)
    scene.look()
    scene.rule("slow", "tokens > 1G")
    scene.look()
    assert scene.alerts.history.condition.tolist() == ["latency_p95_s > 10s", "tokens > 1G"]
    assert scene.alerts.history.fired.tolist() == [1, 0]
    scene.rule("slow", "error_rate > 10%")
    scene.fail(10)
    scene.look()
    history = scene.alerts.history
    assert history.fired.tolist() == [1, 1]
    assert history.worst.tolist() == [40.0, 0.5]
    assert repr(scene.alerts).splitlines()[1].endswith("  1")


def test_the_table_of_rules():
    """One row a rule, as text and as HTML: what it says now, since when, how often it fired."""
    scene = Scene(builtin=True)
    scene.fail(10)
    scene.look()
    lines = repr(scene.alerts).splitlines()
    assert lines[0].split() == [
        "rule", "severity", "state", "value", "threshold", "n", "since", "last", "fired", "fired",
    ]  # fmt: skip
    assert lines[1].split()[:9] == [
        "high_error_rate", "critical", "firing", "100", "%", ">", "10", "%", "10",
    ]  # fmt: skip
    assert lines[4].split() == ["stuck_call", "info", "inactive", "–", ">", "2", "min", "0", "0"]
    html = scene.alerts._repr_html_()
    assert html.count("<tr>") == 5
    assert "mathjax_ignore" in html


def test_the_table_shows_groups_that_fire():
    """Of a rule with `by` each group that is not inactive has a row; names are escaped."""
    scene = Scene()
    scene.rule("<b>", "error_rate > 10%", by="model")
    assert len(repr(scene.alerts).splitlines()) == 2
    scene.fail(10, model="<i>")
    scene.fail(10, model="b")
    scene.call(10, model="fine")
    scene.look()
    assert [line.split("  ")[0] for line in repr(scene.alerts).splitlines()] == [
        "rule", "<b> (model=<i>)", "<b> (model=b)",
    ]  # fmt: skip
    html = scene.alerts._repr_html_()
    assert "&lt;b&gt; (model=&lt;i&gt;)" in html
    assert not {"<b>", "<i>"} & {html[at : at + 3] for at in range(len(html))}


def test_the_table_says_how_to_go_on():
    """Without rules, and switched off, it says what to type."""
    scene = Scene()
    assert 'llmwatch.alert("error_rate > 10%")' in repr(scene.alerts)
    scene.alerts.off()
    assert "%llmwatch alerts on" in repr(scene.alerts)
