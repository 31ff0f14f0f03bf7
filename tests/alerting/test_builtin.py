"""The rules that are there from the start, with what they are about in their notices."""

from __future__ import annotations

import pytest

from tests.alerting.scene import Scene

KNOWN = {
    "high_error_rate": ("error_rate > 10%", "critical", 300.0),
    "high_latency": ("latency_p95_s > 10s", "warning", 300.0),
    "high_token_usage": ("tokens > 1M", "warning", 300.0),
    "stuck_call": ("oldest_active_s > 2min", "info", 300.0),
}


def plain(alert):
    """A notice as one line, its thin spaces plain."""
    return str(alert).replace("\u202f", " ")


def test_they_are_on_from_the_start():
    """Four rules over five minutes, by name, condition and severity."""
    rules = {r.name: (r.condition.text, r.severity, r.window_s) for r in Scene(builtin=True).alerts}
    assert rules == KNOWN


def test_high_error_rate():
    """A quarter of the calls fails: how many, why, of which model, where, and what helps."""
    scene = Scene(builtin=True)
    scene.call(27)
    scene.fail(9, model="gpt-5", cell_run_id="r", execution_count=12)
    scene.look()
    (alert,) = scene.told
    words = plain(alert)
    assert words.startswith(
        "high_error_rate: 25 %, over 10 % · "
        "9 of 36 calls in 5 min, all 429 on gpt-5 in cell [12], since "
    )
    assert words.endswith(" · lower your concurrency, or wait a little · llmwatch.session.errors()")
    assert (alert.severity, alert.n, alert.value, alert.threshold) == ("critical", 36, 0.25, 0.1)


def test_high_error_rate_of_several_causes():
    """The most frequent cause comes first, each with how often; the advice is for that one."""
    scene = Scene(builtin=True)
    scene.fail(6, error_type="APITimeoutError", http_status=None)
    scene.fail(2, error_code="insufficient_quota", model="gpt-5-mini")
    scene.look()
    words = plain(scene.told[0])
    assert ", all " not in words
    assert "8 of 8 calls in 5 min, APITimeoutError ×6, 429 ×2 on gpt-5, gpt-5-mini, since" in words
    assert "raise the timeout" in words


def test_high_latency():
    """Which model in which cells, and the slowest calls as the next thing to type."""
    scene = Scene(builtin=True)
    scene.call(3)
    for count in (12, 14):
        scene.call(19, latency=12.4, cell_run_id=f"r{count}", execution_count=count)
    scene.look()
    words = plain(scene.told[0])
    assert words.startswith("high_latency: p95 12.4 s, over 10 s · 41 calls in 5 min, firing since")
    assert words.endswith(" · gpt-5 in cells [12], [14] · llmwatch.session.slowest(5)")
    scene.call(1000)
    scene.wait(30)
    scene.look(100)
    assert plain(scene.told[1]) == (
        "high_latency resolved after 2 min 10 s · "
        "worst p95 12.4 s · 38 calls over 10 s, all gpt-5 · notified 1 time"
    )


def test_high_latency_is_over_after_its_hold():
    """The figures are clear at once, the alert is over 30 s later."""
    scene = Scene(builtin=True)
    scene.call(5, latency=12.0)
    scene.look()
    scene.call(1000)
    scene.look(0.5)
    scene.look(30)
    assert plain(scene.told[-1]).startswith("high_latency resolved after 30.5 s")


def test_high_token_usage():
    """More than a million tokens in five minutes: a sum, so that one call is enough."""
    scene = Scene(builtin=True)
    scene.call(input_tokens=1_200_000, output_tokens=34_567)
    scene.look()
    (alert,) = scene.told
    assert plain(alert).startswith("high_token_usage: 1.23 M tokens, over 1 M · 1 call in 5 min")
    assert (alert.severity, alert.call_ids) == ("warning", ("c1",))


def test_stuck_call():
    """A call in flight for more than two minutes, told though nothing ever ended."""
    scene = Scene(builtin=True)
    scene.flying = [
        {"age_s": 125.0, "model": "gpt-5", "cell_run_id": "r", "execution_count": 7},
        {"age_s": 3.0, "model": "other"},
    ]
    scene.look()
    (alert,) = scene.told
    words = plain(alert)
    assert words.startswith("stuck_call: oldest call 2 min 5 s, over 2 min · 2 calls in flight")
    assert words.endswith(" · gpt-5 in cell [7] · llmwatch.session.active")
    assert (alert.severity, alert.window_s, alert.call_ids) == ("info", None, ())
    assert alert.cell is not None
    assert alert.cell.execution_count == 7


@pytest.mark.parametrize("name", KNOWN)
def test_each_can_be_redefined_by_its_name(name):
    """A person's own threshold takes the place of ours."""
    scene = Scene(builtin=True)
    scene.rule(name, "error_rate > 50%", severity="info")
    assert len(scene.alerts) == len(KNOWN)
    assert scene.alerts[name].condition.threshold == 0.5


def test_a_healthy_session_hears_nothing():
    """Hundreds of good calls, a few failures among them, are no alert."""
    scene = Scene(builtin=True)
    for _ in range(100):
        scene.call(10, input_tokens=100, output_tokens=100, latency=2.0)
        scene.fail(1 if scene.store.total % 30 == 0 else 0)
        scene.look(1)
    assert (scene.told, scene.seen) == ([], [])


def test_foreign_names_stay_on_their_line():
    """A model's name is data that anybody may have chosen."""
    scene = Scene(builtin=True)
    scene.rule("down", "error_rate > 10%", by="model")
    scene.fail(10, model="evil\nname\u202e" + "x" * 500, error_type="Odd\nError", http_status=None)
    scene.look()
    for alert in scene.told:
        assert not set(str(alert)) & set("\n\u202e")
        assert len(str(alert)) < 500
