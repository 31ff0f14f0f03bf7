"""The rules of a session: made, replaced, muted, removed; and who is told of what."""

from __future__ import annotations

import multiprocessing
import os
import random
import threading
from datetime import UTC, datetime

import httpx2
import openai
import pytest

import llmwatch
from llmwatch import faults
from llmwatch.alerting import Alerts, Delivery
from llmwatch.context import Scope, bind
from llmwatch.exceptions import UsageError
from llmwatch.recorder import Session
from llmwatch.scopes import Watch
from llmwatch.store import Store
from llmwatch.testing import Reply, offline_client
from tests.alerting.scene import Scene
from tests.alerting.sinks import HANG_S

THIN = "\u202f"


def plain(text):
    return text.replace(THIN, " ")


# -- how much is told -----------------------------------------------------------------------------


def test_the_advice_names_how_long_the_server_asks_to_wait():
    """`Retry-After` of the newest refusal, in the notice of a session."""
    session = Session()
    client = offline_client(script=[Reply.rate_limited(20)] * 6, max_retries=0)
    with Watch(session):
        for _ in range(6):
            with pytest.raises(openai.RateLimitError):
                client.chat.completions.create(model="gpt-5", messages=[])
    (alert,) = session.alerts.firing
    assert plain(alert.detail).endswith(" · lower your concurrency, or wait 20 s (Retry-After)")


def test_a_listener_hears_that_a_rule_is_muted():
    """Once, when it is muted, and again when it is told of: what shows it is not asked each time."""
    scene = Scene()
    scene.rule("busy", "requests > 3")
    scene.call(4)
    scene.look()
    assert len(scene.seen) == 1
    scene.alerts.mute("busy", "10min")
    assert scene.alerts.has_news
    scene.look()
    assert len(scene.seen) == 2
    assert scene.alerts.muted_until("busy") == datetime.fromtimestamp(
        scene.clock.time_ns() / 1e9 + 600, UTC
    )
    scene.call(4)
    scene.look()
    assert len(scene.seen) == 2
    scene.alerts.unmute("busy")
    scene.look()
    assert len(scene.seen) == 3
    assert scene.alerts.muted_until("busy") is None


def test_an_outage_is_two_notices():
    """Firing when it begins, resolved when it is over, and nothing else; the sentences say why."""
    scene = Scene(builtin=True)
    for _ in range(60):
        scene.call(2, cell_run_id="r", execution_count=11)
        scene.look(1)
    for _ in range(120):
        scene.fail(2, cell_run_id="s", execution_count=12)
        scene.look(1)
    for _ in range(400):
        scene.call(2)
        scene.look(1)
    first, last = scene.told
    assert (first.name, first.state, last.state) == ("high_error_rate", "firing", "resolved")
    assert plain(first.message).endswith("%, over 10 %")
    assert ", all 429 on gpt-5 in cell [12], since " in plain(first.detail)
    assert first.detail.endswith(" · lower your concurrency, or wait a little")
    assert first.hint == "llmwatch.session.errors()"
    assert first.cell is not None
    assert (first.cell.execution_count, first.cell.run_id) == (12, "s")
    assert plain(last.title).startswith("high_error_rate resolved after ")
    assert "240 failed calls, all gpt-5 · notified 1 time" in last.detail
    assert first.key == last.key
    assert (first.since, first.worst) == (last.since, first.value)
    assert last.worst > first.worst


def test_a_hundred_thousand_calls_at_the_threshold_are_four_notices_at_most():
    """Latencies whose 95th percentile is the threshold itself: it flaps, and is told seldom."""
    scene = Scene()
    scene.rule("slow", "latency_p95_s > 10s", window="10s")
    chance = random.Random(7)
    for _ in range(1000):
        for _ in range(5):
            scene.call(20, latency=10 * chance.lognormvariate(0, 0.5) / 2.276)
        scene.look(2)
    assert len(scene.store.view()) == 100_000
    assert scene.alerts.history.fired.tolist()[0] > 2  # it does flap
    assert 1 <= len(scene.told) <= 4


def test_a_hundred_thousand_calls_failing_at_the_threshold_are_four_notices_at_most():
    """A share of failures that hovers about the threshold."""
    scene = Scene()
    scene.rule("down", "error_rate > 10%", window="20s")
    chance = random.Random(3)
    for turn in range(500):
        share = 0.1 + (0.04 if turn % 10 < 5 else -0.04)
        failed = sum(chance.random() < share for _ in range(200))
        scene.fail(failed)
        scene.call(200 - failed)
        scene.look(5)
    assert scene.alerts.history.fired.tolist()[0] > 2
    assert 2 <= len(scene.told) <= 4


def test_four_rules_that_fire_together_are_four_notices():
    """No alert hides another: what is told once is the rule and its group, not the kind."""
    scene = Scene()
    for name in ("a", "b", "c", "d"):
        scene.rule(name, "error_rate > 10%")
    scene.fail(10)
    scene.wait(20)
    assert [alert.name for alert in scene.told] == ["a", "b", "c", "d"]
    assert len({alert.key for alert in scene.told}) == 4


def test_each_group_has_an_alert_of_its_own():
    """`by` tells groups apart: the failing model fires, the other does not, a third on its own."""
    scene = Scene()
    scene.rule("down", "error_rate > 10%", by="model")
    scene.fail(10, model="gpt-5")
    scene.call(100, model="gpt-5-mini")
    scene.look()
    scene.fail(10, model=None)
    scene.wait(10)
    assert [alert.labels for alert in scene.told] == [{"model": "gpt-5"}, {"model": ""}]
    assert [alert.n for alert in scene.told] == [10, 10]
    assert scene.told[0].subject == "down (model=gpt-5)"
    assert scene.told[0].call_ids == tuple(f"c{n}" for n in range(1, 11))
    assert all(" on gpt-5, since" in alert.detail for alert in scene.told[:1])


def test_groups_by_label_and_several_words():
    """A label of the calls is a group as well, also together with a column."""
    scene = Scene()
    scene.rule("dear", "cost_usd > $1", by=["user", "lang"])
    scene.call(3, user="ana", labels='{"lang": "en"}', cost_usd=0.5)
    scene.call(1, user="ana", labels='{"lang": "de"}', cost_usd=0.5)
    scene.look()
    (alert,) = scene.told
    assert dict(alert.labels) == {"user": "ana", "lang": "en"}
    assert (alert.value, alert.call_ids) == (1.5, ("c1", "c2", "c3"))


def test_groups_by_cell():
    """A run of a cell is a group, called by its number; its calls are the evidence."""
    scene = Scene()
    scene.rule("down", "error_rate > 10%", by="cell")
    scene.call(9, cell_run_id="r1", execution_count=3)
    scene.fail(9, cell_run_id="r2", execution_count=4)
    scene.look()
    (alert,) = scene.told
    assert (dict(alert.labels), len(alert.call_ids)) == ({"cell": "4"}, 9)
    assert alert.cell is not None
    assert alert.cell.run_id == "r2"


def test_groups_in_flight():
    """A rule on what is in flight tells groups apart, too."""
    scene = Scene()
    scene.rule("stuck", "oldest_active_s > 2min", by="model")
    scene.flying = [{"age_s": 130.0, "model": "slow"}, {"age_s": 1.0, "model": "quick"}]
    scene.look()
    (alert,) = scene.told
    assert (dict(alert.labels), alert.n, alert.window_s) == ({"model": "slow"}, 1, None)
    assert plain(alert.message) == "oldest call 2 min 10 s, over 2 min"


def test_the_number_of_groups_is_bounded():
    """A thousand users are not a thousand alerts: of equal ones the busiest fifty are watched."""
    scene = Scene()
    scene.rule("many", "requests > 0", by="user")
    for n in range(1000):
        scene.call(2 if n == 999 else 1, user=f"u{n}")
    scene.look()
    assert len(scene.told) == 50
    assert scene.told[0].labels == {"user": "u999"}


def test_a_group_that_fails_is_watched_before_busy_ones():
    """Who fails always is seen, however many others call more often."""
    scene = Scene()
    scene.rule("down", "error_rate > 50%", by="user")
    for n in range(60):
        scene.call(20, user=f"u{n}")
    scene.fail(10, user="unlucky")
    scene.look()
    assert [dict(alert.labels) for alert in scene.told] == [{"user": "unlucky"}]


# -- making rules ---------------------------------------------------------------------------------


def test_a_condition_is_its_own_name():
    """`alert("error_rate > 10%")` needs no name."""
    scene = Scene()
    rule = scene.rule("error_rate  >10%")
    assert (rule.name, rule.condition.threshold) == ("error_rate > 10%", 0.1)
    assert (rule.window_s, rule.severity, rule.min_calls, rule.by) == (300, "warning", 5, ())
    assert list(scene.alerts) == [rule]


def test_a_function_is_its_own_name():
    """A function alone is called as it is; a lambda needs a name, or two would be one."""
    scene = Scene()

    def chatty(f):
        return f.output_tokens > f.input_tokens

    assert scene.rule(chatty).name == "chatty"
    with pytest.raises(UsageError, match="a lambda has no name"):
        scene.rule(lambda f: f.tokens > 3)


def test_a_name_again_replaces():
    """A cell that runs again doubles no rule, and what fires goes on firing, told once."""
    scene = Scene()
    scene.rule("down", "error_rate > 10%")
    scene.fail(10)
    scene.look()
    again = scene.rule("down", "error_rate > 20%")
    scene.look(1)
    assert list(scene.alerts) == [again]
    assert scene.states == ["firing"]
    assert [alert.threshold for alert in scene.alerts.firing] == [0.2]


def test_a_rule_of_another_figure_begins_anew():
    """Under an old name, what another figure did is over."""
    scene = Scene()
    scene.rule("rule", "error_rate > 10%")
    scene.fail(10)
    scene.look()
    scene.rule("rule", "latency_p95_s > 10s")
    scene.look(1)
    assert scene.alerts.firing == []
    assert [(alert.state, alert.figure) for alert in scene.told] == [
        ("firing", "error_rate"), ("resolved", "error_rate"),
    ]  # fmt: skip
    assert scene.told[-1].message.startswith("replaced after")


def test_a_removed_rule_is_over():
    """`rule.remove()` ends its alert, and twice is once; it can be removed by name as well."""
    scene = Scene()
    rule = scene.rule("down", "error_rate > 10%")
    scene.fail(10)
    scene.look()
    rule.remove()
    rule.remove()
    scene.look(5)
    assert scene.states == ["firing", "resolved"]
    assert plain(scene.told[-1].message) == "removed after 5.00 s"
    assert len(scene.alerts) == 0
    scene.rule("other", "tokens > 1M")
    scene.alerts.remove("other")
    assert len(scene.alerts) == 0


def test_an_old_rule_does_not_remove_its_successor():
    """Whoever holds the replaced rule cannot take out the new one."""
    scene = Scene()
    old = scene.rule("down", "error_rate > 10%")
    new = scene.rule("down", "error_rate > 20%")
    old.remove()
    assert list(scene.alerts) == [new]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"severity": "critcal"}, "Did you mean critical"),
        ({"severity": None}, "is not one of info, warning, critical"),
        ({"window": "5 minuets"}, 'window="5min"'),
        ({"window": 0}, 'window="5min"'),
        ({"for_": "soon"}, 'for_="5min"'),
        ({"min_calls": 0}, "min_calls=0"),
        ({"min_calls": True}, "min_calls=True"),
        ({"by": "latency_s"}, "not grouped by a measure"),
        ({"by": 3}, "names no group"),
        ({"notify": "me"}, "notify: no str can be called"),
        ({"notify": 3}, "notify: no int can be called"),
        ({"name": ""}, "is not a name"),
        ({"name": 3}, "is not a name"),
    ],
)
def test_a_rule_that_cannot_be_meant(options, told):
    """Each argument is refused in one line that says what is meant."""
    scene = Scene()
    with pytest.raises(UsageError) as problem:
        scene.rule(options.pop("name", "x"), "error_rate > 10%", **options)
    assert told in str(problem.value)
    assert "\n" not in str(problem.value)
    assert len(scene.alerts) == 0


def test_an_address_given_for_a_handler_is_not_told():
    """Whoever forgets `llmwatch.slack(...)` around a webhook does not find it in the notebook."""
    scene, address = Scene(), "https://hooks.slack.com/services/T0/hidden"
    for give in (
        lambda: scene.rule("x", "errors > 1", notify=address),
        lambda: scene.rule("x", "errors > 1", notify=[address]),
        lambda: scene.alerts.add_handler(address),
    ):
        with pytest.raises(UsageError, match=r"llmwatch\.slack\(url\)") as problem:
            give()
        assert "hidden" not in str(problem.value)


@pytest.mark.parametrize("act", ["remove", "mute", "unmute"])
def test_a_name_that_no_rule_has(act):
    """The line names the nearest, and all."""
    scene = Scene(builtin=True)
    with pytest.raises(UsageError, match=r"no alert rule 'high_latncy'. Did you mean 'high_laten"):
        getattr(scene.alerts, act)("high_latncy")


# -- muting and switching off ---------------------------------------------------------------------


def test_a_muted_rule_is_told_when_the_time_is_over():
    """Nothing is told while it is muted; what still fires then is told at once."""
    scene = Scene()
    scene.rule("many", "active > 0")
    scene.alerts.mute("many", "10min")
    scene.flying = [{"age_s": 1.0}]
    scene.wait(599)
    assert (scene.told, scene.seen) == ([], [])
    assert "(muted 1.00 s)" in repr(scene.alerts)
    scene.wait(2)
    assert scene.states == ["firing"]


def test_unmute_tells_at_once():
    """And what ended while it was muted is told to nobody but who shows it already."""
    scene = Scene()
    scene.rule("many", "active > 0")
    scene.flying = [{"age_s": 1.0}]
    scene.look()
    scene.alerts.mute("many")
    scene.flying = []
    scene.look(1)
    assert scene.states == ["firing"]
    assert [alert.state for alert in scene.seen] == ["firing", "resolved"]
    scene.flying = [{"age_s": 1.0}]
    scene.look(1)
    assert len(scene.told) == 1
    scene.alerts.unmute("many")
    scene.look()
    assert scene.states == ["firing", "firing"]


def test_off_ends_what_fires_and_looks_at_nothing():
    """`off` tells that what fires is looked at no longer; `on` begins anew."""
    scene = Scene()
    scene.rule("down", "error_rate > 10%")
    scene.fail(10)
    scene.look()
    scene.alerts.off()
    scene.look(1)
    scene.fail(10)
    scene.look(1)
    assert scene.states == ["firing", "resolved"]
    assert scene.told[-1].message.startswith("switched off after")
    assert not scene.alerts.is_on
    scene.alerts.on()
    scene.look(1)
    assert scene.states == ["firing", "resolved", "firing"]


# -- handlers -------------------------------------------------------------------------------------


def test_handlers_by_severity():
    """A least severity, or a list of them, or all."""
    scene = Scene()
    heard = {"critical": [], "listed": [], "all": []}
    scene.alerts.add_handler(heard["critical"].append, severity="critical")
    scene.alerts.add_handler(heard["listed"].append, severity=["info", "warning"])
    scene.alerts.add_handler(heard["all"].append, severity="info")
    for severity in ("info", "warning", "critical"):
        scene.rule(severity, "error_rate > 10%", severity=severity)
    scene.fail(10)
    scene.look()
    names = {who: [alert.name for alert in alerts] for who, alerts in heard.items()}
    assert names == {
        "critical": ["critical"],
        "listed": ["info", "warning"],
        "all": ["info", "warning", "critical"],
    }


def test_a_rule_has_handlers_of_its_own():
    """`notify` hears of its rule alone, and a handler that hears of all is not told twice."""
    scene = Scene()
    mine = []
    scene.rule("mine", "error_rate > 10%", notify=[mine.append, scene.told.append])
    scene.rule("other", "error_rate > 10%")
    scene.fail(10)
    scene.look()
    assert [alert.name for alert in mine] == ["mine"]
    assert [alert.name for alert in scene.told] == ["mine", "other"]


def test_a_handler_defined_anew_replaces_the_former():
    """The cell ran again: a function of the same name is the same handler, other ones are not."""
    scene = Scene()
    space: dict[str, object] = {"__name__": "__main__", "heard": []}
    for text in ("first", "second"):
        exec(f"def tell(alert):\n    heard.append('{text}')", space)
        scene.alerts.add_handler(space["tell"])
    for _ in range(2):
        scene.alerts.add_handler(lambda alert: space["heard"].append("lambda"))
    scene.rule("down", "error_rate > 10%")
    scene.fail(10)
    scene.look()
    assert space["heard"] == ["second", "lambda", "lambda"]


def test_the_same_address_again_replaces_the_former():
    """The cell that adds a ready-made handler ran again: the channel hears each notice once."""
    scene = Scene()
    sent = []
    scene.alerts.deliver = lambda handler, alert: sent.append(repr(handler))
    for password in ("old", "new"):
        for name in ("a", "b"):
            scene.alerts.add_handler(llmwatch.slack(f"https://hooks.example.com/{name}"))
            scene.alerts.add_handler(llmwatch.webhook("https://example.com/", {"X-Team": name}))
            mail = llmwatch.email("127.0.0.1", 25, "bot@example.com", f"{name}@example.com",
                                  "bot", password)  # fmt: skip
            scene.alerts.add_handler(mail)
    again = llmwatch.slack("https://hooks.example.com/a")
    scene.rule("down", "error_rate > 10%", notify=again)
    scene.fail(10)
    scene.look()
    assert len(sent) == 1 + 6  # the list of the scene, and two of each kind
    assert len({again, llmwatch.slack("https://hooks.example.com/a")}) == 1


def test_another_threshold_is_told_anew():
    """What hovered about the old one says nothing of it; but what was told and fires on, once."""
    scene = Scene()
    for n in range(4):
        scene.rule("busy", "requests > 3", window="10s")
        scene.call(6)
        scene.look()
        scene.wait(20)
        assert len(scene.told) == min(2 * n + 2, 4)
    scene.rule("busy", "requests > 4", window="10s")
    scene.call(6)
    scene.look()
    scene.rule("busy", "requests > 5", window="10s")
    scene.look(1)
    assert scene.states == ["firing", "resolved"] * 2 + ["firing"]


def test_how_often_a_group_was_told_outlives_many_others():
    """A user who hovers among thousands that come and go is four notices, as if alone."""
    scene = Scene()
    scene.rule("down", "error_rate > 10%", by="user", window="10s")
    for turn in range(40):
        scene.fail(10, user="ana")
        scene.look(1)
        scene.wait(20)
        for other in range(45):
            scene.call(user=f"{turn}-{other}")
        scene.look(1)
    assert [alert.labels["user"] for alert in scene.told] == ["ana"] * 4
    assert len(scene.alerts._engine.watchers_of("down")) <= 200


def test_a_handler_can_be_removed():
    """What `add_handler` and `on_change` give back ends them."""
    scene = Scene()
    heard = []
    scene.alerts.add_handler(heard.append)()
    scene.alerts.on_change(heard.append)()
    scene.rule("down", "error_rate > 10%")
    scene.fail(10)
    scene.look()
    assert heard == []


@pytest.mark.parametrize(("wrong", "severity"), [("me", None), (print, "loud"), (print, ["loud"])])
def test_a_handler_that_cannot_be_meant(wrong, severity):
    """It is refused in one line."""
    with pytest.raises(UsageError):
        Scene().alerts.add_handler(wrong, severity=severity)


def test_a_listener_that_raises_silences_nobody():
    """The others and the handlers are told all the same, and diagnostics say so."""
    faults.clear()
    scene = Scene()
    scene.alerts.on_change(lambda alert: 1 / 0)
    heard = []
    scene.alerts.on_change(heard.append)
    scene.rule("down", "error_rate > 10%")
    scene.fail(10)
    scene.look()
    assert (len(heard), len(scene.told)) == (1, 1)
    assert [fault.step for fault in faults.table()] == ["alert"]
    faults.clear()


def test_a_listener_may_read():
    """A banner that asks what fires gets an answer, and is not asked for ever."""
    scene = Scene()
    heard = []
    scene.alerts.on_change(lambda alert: heard.append([a.name for a in scene.alerts.firing]))
    scene.rule("down", "error_rate > 10%")
    scene.fail(10)
    scene.look()
    assert heard == [["down"]]


# -- in a session ---------------------------------------------------------------------------------


def ask(n, *, fail=True):
    """`n` calls of the real SDK."""
    script = [Reply.rate_limited() if fail else Reply("Hi") for _ in range(n)]
    client = offline_client(script=script, max_retries=0)
    for _ in range(n):
        try:
            client.chat.completions.create(
                model="gpt-5-mini", messages=[{"role": "user", "content": "x"}]
            )
        except Exception as problem:
            assert "429" in str(problem)


@pytest.fixture
def session():
    """A session that records everything, with one rule of its own."""
    session = Session()
    for rule in session.alerts:
        rule.remove()
    session.alerts.add(llmwatch.alerting.rule_of("down", "error_rate > 10%"))
    session.enable()
    yield session
    session.disable()
    for rule in session.alerts:
        rule.remove()
    faults.clear()


def test_a_session_tells_by_itself(session):
    """Nobody has to ask: the worker looks when calls end, and the handler is called."""
    heard = threading.Event()
    notices = []

    def tell(alert):
        notices.append(alert)
        heard.set()

    session.alerts.add_handler(tell)
    ask(6)
    assert heard.wait(HANG_S)
    (alert,) = notices
    assert (alert.name, alert.state) == ("down", "firing")
    assert alert.call_ids == tuple(session.calls.call_id[: alert.n])
    assert (session.alerts.firing[0].n, len(notices)) == (6, 1)


def test_what_a_watch_records_counts_also_while_switched_off(session):
    """Rules see what is recorded, whoever asked for it."""
    session.disable()
    scope = Scope(records=True)
    session.hold()
    before = bind(scope)
    try:
        ask(6)
    finally:
        bind(before)
        session.release()
    assert [alert.name for alert in session.alerts.firing] == ["down"]
    session.enable()


def test_a_call_that_hangs_is_seen_though_nothing_ends(session):
    """The first call of a quiet session wakes the rules, which look at what is in flight."""
    seen, told = threading.Event(), []
    session.alerts.add(llmwatch.alerting.rule_of("stuck", "oldest_active_s > 10ms"))

    def tell(alert):
        told.append(alert)
        seen.set()

    session.alerts.on_change(tell)

    def answer(request):
        assert seen.wait(HANG_S)
        return httpx2.Response(200, json={"object": "chat.completion", "choices": []})

    web = httpx2.Client(transport=httpx2.MockTransport(answer))
    openai.OpenAI(api_key="none", http_client=web).chat.completions.create(
        model="gpt-5-mini", messages=[{"role": "user", "content": "x"}]
    )
    assert [alert.state for alert in told if alert.name == "stuck"][:1] == ["firing"]
    assert "gpt-5-mini" in told[0].detail


@pytest.mark.parametrize("way", ["sleeps", "raises", "exits", "calls", "reads"])
def test_whatever_a_handler_does_the_caller_does_not_notice(session, way):
    """Calls are recorded on at once, nothing hangs, and its own calls cause no alert."""
    entered, release = threading.Event(), threading.Event()
    notices = []

    def tell(alert):
        notices.append(alert)
        entered.set()
        if way == "sleeps":
            release.wait(HANG_S)
        elif way == "raises":
            raise RuntimeError("no")
        elif way == "exits":
            raise SystemExit
        elif way == "calls":
            ask(20)
        elif way == "reads":
            assert len(session.calls) >= 6
            assert session.alerts.firing

    delivery = Delivery()
    session.alerts.deliver = delivery.send
    stop = session.alerts.add_handler(tell)
    ask(6)
    assert entered.wait(HANG_S)
    ask(3, fail=False)
    assert len(session.calls) >= 9
    release.set()
    assert delivery.drain(HANG_S)
    (alert,) = session.alerts.firing
    assert (alert.name, alert.n) == ("down", 9)
    assert len(notices) == 1
    stop()


def test_a_kernel_that_makes_no_calls_sleeps():
    """Without calls there is nothing to wait for; with some there is, until the window is past."""
    scene = Scene(builtin=True)
    scene.alerts.turn()
    assert scene.alerts.turn() is None
    scene.call()
    scene.look()
    assert scene.alerts.turn() is not None
    scene.look(301)
    assert scene.alerts.turn() is None
    assert scene.alerts.turn(in_flight=True) is not None


def test_it_looks_twice_a_second_at_most():
    """However many calls end; and once a second while something fires."""
    scene = Scene()
    looks = []
    scene.rule("look", lambda f: looks.append(f.requests) or 0)
    scene.look()
    looks.clear()
    for _ in range(1000):
        scene.call()
        scene.clock.advance(0.01)
        scene.alerts.turn()
    assert 19 <= len(looks) <= 21


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_tells_nothing():
    """What the parent watches, the parent tells; a child that wants to says so."""
    scene = Scene()
    scene.rule("down", "error_rate > 10%")
    scene.fail(10)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(scene, queue))
    child.start()
    assert queue.get(timeout=HANG_S) == ([], ["firing"])
    child.join(HANG_S)
    scene.look()
    assert scene.states == ["firing"]


def _in_child(scene, queue):
    scene.look()
    silent = scene.states
    scene.alerts.on()
    scene.look()
    queue.put((silent, scene.states))


def test_making_the_rules_loads_nothing_heavy():
    """An `Alerts` of nobody's calls needs no numpy, and says so in a table."""
    alerts = Alerts(Store())
    assert len(alerts) == 4
    assert bool(alerts)
    assert alerts[0].name == "high_error_rate"
    assert "high_latency" in alerts
    assert alerts["stuck_call"] in alerts
    assert "nonsense" not in alerts
