"""Every transition of a rule, on a clock that stands still."""

from __future__ import annotations

from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmwatch.alerting._conditions import Measure
from llmwatch.alerting._states import Schedule, State
from tests.alerting.scene import Scene

S = 10**9


def slow(scene, n=10, latency=20.0):
    scene.call(n, latency=latency)


def test_it_fires_and_is_over():
    """Inactive, firing, and resolved once it is clear of the threshold for 30 s: two notices."""
    scene = Scene()
    scene.rule("slow", "latency_p95_s > 10s")
    assert scene.phase("slow") == "inactive"
    slow(scene)
    scene.look()
    assert (scene.phase("slow"), scene.states) == ("firing", ["firing"])
    scene.call(1000)
    scene.look()
    assert scene.phase("slow") == "firing"  # clear, but not for long
    scene.look(29)
    assert scene.phase("slow") == "firing"
    scene.look(1)
    assert (scene.phase("slow"), scene.states) == ("inactive", ["firing", "resolved"])


def test_pending_comes_first():
    """With `for_` it is pending as long, and fires when the condition still holds."""
    scene = Scene()
    scene.rule("slow", "latency_p95_s > 10s", for_="20s")
    slow(scene)
    scene.look()
    scene.look(19.9)
    assert (scene.phase("slow"), scene.states) == ("pending", [])
    scene.look(0.1)
    assert (scene.phase("slow"), scene.states) == ("firing", ["firing"])
    assert scene.told[0].since == scene.told[0].at


def test_pending_is_forgotten_when_it_no_longer_holds():
    """What holds again later begins to wait anew."""
    scene = Scene()
    scene.rule("many", "active > 2", for_="20s")
    scene.flying = [{"age_s": 1.0}] * 3
    scene.look()
    scene.look(15)
    scene.flying = scene.flying[:2]
    scene.look()
    assert scene.phase("many") == "inactive"
    scene.flying = [{"age_s": 1.0}] * 3
    scene.look()
    scene.look(15)
    assert (scene.phase("many"), scene.told) == ("pending", [])


def test_near_the_threshold_nothing_changes():
    """A value just below the threshold does not end it, however long it stays there."""
    scene = Scene()
    scene.rule("slow", "latency_p50_s > 10s")
    slow(scene, 5, latency=11)
    scene.look()
    for _ in range(60):
        scene.call(5, latency=9.5)
        scene.look(10)
    assert scene.phase("slow") == "firing"
    for _ in range(60):
        scene.call(5, latency=8.5)
        scene.look(10)
    assert scene.phase("slow") == "inactive"


def test_a_relapse_within_the_hold_is_no_end():
    """Clear for a moment and over again: it has never stopped firing."""
    scene = Scene()
    scene.rule("many", "tokens > 100", window="5min")
    scene.call(input_tokens=60, output_tokens=60)
    scene.look()
    scene.look(290)
    scene.call(input_tokens=1, output_tokens=1)
    scene.look(11)  # the first has left the window: clear
    scene.look(20)
    scene.call(input_tokens=60, output_tokens=60)
    scene.look()
    scene.look(20)
    assert (scene.phase("many"), scene.states) == ("firing", ["firing"])


def test_what_is_in_flight_knows_no_hold():
    """A call that comes back ends its alert at once."""
    scene = Scene()
    scene.rule("stuck", "oldest_active_s > 2min")
    scene.flying = [{"age_s": 121.0, "model": "gpt-5"}]
    scene.look()
    assert scene.states == ["firing"]
    scene.flying = []
    scene.look()
    assert scene.states == ["firing", "resolved"]


def test_the_unknown_neither_fires_nor_resolves():
    """While every call fails nobody knows the latency: a slow alert goes on, none begins."""
    scene = Scene()
    scene.rule("slow", "latency_p95_s > 10s", window="1min")
    scene.fail(20, latency=30.0)
    scene.look()
    assert scene.phase("slow") == "inactive"
    slow(scene)
    scene.look()
    for _ in range(30):
        scene.fail(20)
        scene.look(10)
    assert (scene.phase("slow"), scene.states) == ("firing", ["firing"])


@pytest.mark.parametrize("condition", ["error_rate > 10%", lambda f: f["error_rate"] > 0.1])
def test_a_window_of_cancelled_calls_ends_nothing(condition):
    """Of no rate anybody knows, as text and as a function; a window without calls is the end."""
    scene = Scene()
    scene.rule("down", condition, window="1min")
    scene.fail(10)
    scene.look()
    for _ in range(12):
        scene.call(10, status="cancelled")
        scene.look(10)
    assert (scene.phase("down"), scene.states) == ("firing", ["firing"])
    scene.wait(60)
    assert scene.states == ["firing", "resolved"]


def test_the_unknown_does_not_end_pending():
    """It stays pending, and fires when it holds again."""
    scene = Scene()
    scene.rule("slow", "latency_p95_s > 10s", window="10s", for_="20s")
    slow(scene)
    scene.look()
    scene.fail(3)
    scene.look(9)
    scene.fail(3)
    scene.look(9)
    assert scene.phase("slow") == "pending"
    slow(scene)
    scene.look(2)
    assert scene.phase("slow") == "firing"


def test_a_quiet_window_is_the_end():
    """An outage with no new calls goes on as long as the window has calls, and then ends."""
    scene = Scene()
    scene.rule("down", "error_rate > 10%", window="5min")
    scene.fail(10)
    scene.wait(299)
    assert scene.states == ["firing"]
    scene.wait(2)
    assert scene.states == ["firing", "resolved"]
    assert scene.told[-1].message.replace("\u202f", " ") == "resolved after 5 min"


def test_a_quiet_window_ends_pending():
    """What was pending when calls stopped never fires."""
    scene = Scene()
    scene.rule("slow", "latency_p95_s > 10s", window="10s", for_="1min")
    slow(scene)
    scene.wait(100)
    assert (scene.phase("slow"), scene.told) == ("inactive", [])


def test_a_call_counts_when_it_ends():
    """Calls that timed out after ten minutes are seen by a window of five."""
    scene = Scene()
    scene.rule("down", "error_rate > 10%", window="5min")
    scene.fail(10, latency=600.0)
    scene.look()
    assert scene.states == ["firing"]


looks = st.tuples(st.sampled_from([0.0, 9.5, 20.0, nan]), st.booleans(), st.integers(0, 60))


@given(st.lists(looks, max_size=60), st.sampled_from([0, 20]), st.sampled_from([0, 30]))
def test_whatever_comes_it_fires_and_resolves_in_turn(seen, for_s, hold_s):
    """It begins only on what is over, for `for_` at least, and ends only on what is clear."""
    state, now, changes, began = State(), 0, [], None
    for value, blank, passed in seen:
        now += passed * S
        is_blank = blank and value in (0.0, nan)
        measure = Measure(value, 5, value > 10, value < 9 or is_blank, is_blank)
        began = (began if began is not None else now) if measure.over else began
        change = state.step(measure, now, for_ns=for_s * S, hold_ns=hold_s * S)
        if change is not None:
            changes.append(change)
            assert measure.over if change == "fired" else measure.clear
            assert change == "resolved" or now - began >= for_s * S
        began = None if state.phase == "inactive" else began
    assert changes == (["fired", "resolved"] * 60)[: len(changes)]
    assert (state.phase == "firing") is (len(changes) % 2 == 1)


def test_what_is_back_below_its_threshold_was_over_it():
    """While it fires on, its words claim nothing that the figure does not say."""
    scene = Scene()
    scene.rule("many", "requests > 3", window="1min")
    scene.rule("busy", lambda figures: figures.requests > 3, window="1min", min_calls=1)
    said = []
    for wait in (0, 20, 41):
        scene.look(wait)
        scene.call(2)
        scene.look()
        said.append([alert.message for alert in scene.alerts.firing])
        scene.look()
    assert said == [
        [],
        ["4 calls, over 3", "condition holds"],
        ["4 calls, over 3", "condition holds"],
    ]
    scene.look(20)
    said = [alert.message for alert in scene.alerts.firing]
    assert said == ["2 calls, was over 3", "condition held"]


# -- how often it is told -------------------------------------------------------------------------


def test_it_is_told_again_ever_more_rarely():
    """What goes on firing is told after 1 hour, 8 hours, then every two days."""
    scene = Scene()
    scene.rule("many", "active > 0")
    scene.flying = [{"age_s": 1.0}]
    scene.wait(5 * 86400, step=600)
    after = [round((alert.at - alert.since).total_seconds() / 60) for alert in scene.told]
    assert after == [0, 60, 540, 3420, 6300]
    assert [alert.notified for alert in scene.told] == [1, 2, 3, 4, 5]


def test_what_comes_and_goes_is_told_twice():
    """From the third time on it waits for the schedule; an hour of calm begins anew."""
    scene = Scene()
    scene.rule("many", "active > 0")
    told = []
    for _ in range(10):
        scene.flying = [{"age_s": 1.0}]
        scene.look(30)
        scene.flying = []
        scene.look(30)
        told.append(len(scene.told))
    assert told == [2, 4, 4, 4, 4, 4, 4, 4, 4, 4]
    scene.look(3600)
    scene.flying = [{"age_s": 1.0}]
    scene.look()
    assert scene.states == ["firing", "resolved", "firing", "resolved", "firing"]


HOUR = 3600


def outage(scene, depth, seconds):
    """So many calls are in flight for so long, then none; returns when after it began that was told."""
    before = len(scene.told)
    begun = scene.clock.time_ns()
    scene.flying = [{"age_s": 1.0}] * depth
    scene.look()
    scene.wait(seconds, step=60)
    scene.flying = []
    scene.look()
    told = [alert for alert in scene.told[before:] if alert.state == "firing"]
    return [round(alert.at.timestamp() - begun / 1e9) for alert in told]


@pytest.mark.parametrize(("depth", "first_s"), [(11, HOUR / 2), (20, 10 * HOUR)])
def test_a_second_outage_is_told_at_once(depth, first_s):
    """Six minutes after the first; also after one that was told again and again, if it is grave."""
    scene = Scene()
    scene.rule("many", "active > 10")
    outage(scene, depth, first_s)
    scene.look(360)
    assert outage(scene, depth, 60) == [0]
    assert scene.states[-3:] == ["resolved", "firing", "resolved"]


def test_a_grave_outage_is_told_whatever_was_told_before():
    """Half the threshold over it: at once after an hour of calm, else once it has lasted an hour."""
    scene = Scene()
    scene.rule("many", "active > 10")
    for _ in range(3):
        outage(scene, 11, 60)
        scene.look(60)
    assert outage(scene, 15, HOUR - 60) == []
    scene.look(HOUR - 60)
    assert outage(scene, 15, 2 * HOUR) == [HOUR, 2 * HOUR]
    scene.look(HOUR)
    assert outage(scene, 15, 60) == [0]


def test_a_slight_one_waits_from_the_third_time_on():
    """Though it lasts, and though there were hours of calm; two days after the last notice it is told."""
    scene = Scene()
    scene.rule("many", "active > 10")
    for _ in range(2):
        assert outage(scene, 14, 60) == [0]
        scene.look(2 * HOUR)
    assert outage(scene, 14, 60) == []
    scene.look(HOUR)
    assert outage(scene, 14, 48 * HOUR) == [(48 - 3) * HOUR - 60]
    scene.look(48 * HOUR)
    assert outage(scene, 14, 60) == [0]
    assert outage(scene, 14, 60) == [0]


def told_twice():
    """A schedule after two slight firings, a minute apart, that were told with their ends."""
    schedule = Schedule()
    for start in (0, 60 * S):
        schedule.begins(start)
        assert schedule.is_due(start, told_of_this=False, far=False)
        schedule.told(start, told_of_this=False)
        schedule.over(start + S, told_of_this=True)
    return schedule


def test_what_grows_grave_is_told_then():
    """A firing that was held back for being slight is told when it no longer is."""
    schedule = told_twice()
    later = 2 * HOUR * S
    schedule.begins(later)
    assert not schedule.is_due(later, told_of_this=False, far=False)
    assert schedule.is_due(later + S, told_of_this=False, far=True)
    schedule.told(later + S, told_of_this=False)
    assert not schedule.is_due(later + 2 * S, told_of_this=True, far=True)


def test_a_moment_far_over_is_not_told_however_long_it_has_fired():
    """A figure that stays a little over its threshold is far over now and then, by chance."""
    schedule = told_twice()
    schedule.begins(120 * S)
    for now in range(HOUR, 7 * HOUR, HOUR // 2):
        assert not schedule.is_due(now * S, told_of_this=False, far=True)
        assert not schedule.is_due((now + 1) * S, told_of_this=False, far=False)
    assert not schedule.is_due(7 * HOUR * S, told_of_this=False, far=True)
    assert schedule.is_due(8 * HOUR * S, told_of_this=False, far=True)


def test_whoever_watches_sees_what_is_not_told():
    """A banner follows each change and each value, also where handlers are spared."""
    scene = Scene()
    scene.rule("many", "active > 0")
    for n in range(4):
        scene.flying = [{"age_s": 1.0}] * (n + 1)
        scene.look(10)
        scene.look(10)  # nothing new to say
        scene.flying = []
        scene.look(10)
    assert [alert.state for alert in scene.seen] == ["firing", "resolved"] * 4
    assert len(scene.told) == 4
