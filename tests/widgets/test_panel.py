"""The panel's end in the kernel: what is told, when, how much of it, and what is asked back."""

from __future__ import annotations

import gzip
import itertools
import json
import queue
import subprocess
import sys
import threading
import time

import altair as alt
import nbformat
import pytest

from llmwatch.alerting import rule_of
from llmwatch.recorder import Session
from llmwatch.testing import Reply, offline_client
from llmwatch.widgets import Panel
from llmwatch.widgets._assets import css, esm, spec
from llmwatch.widgets._orders import Orders
from llmwatch.widgets._refresh import Refresher
from llmwatch.widgets._still import Still
from tests.notebook import run
from tests.widgets.make import call
from tests.widgets.panel import Made, whole
from tests.widgets.panel_page.plain import full

FLYING = {
    "started_at": 1_790_000_000_000_000_000, "age_s": 3.0, "model": "gpt-5", "operation": "chat",
    "tag": None, "execution_count": 12, "attempts": 1, "output_tokens": None,
    "estimated_output_tokens": 87,
}  # fmt: skip


def size(message):
    """Bytes on the wire; NaN is no JSON."""
    return len(json.dumps(message, allow_nan=False).encode())


def named(state, row):
    return dict(zip(state["fields"], row, strict=False))


def made(n, **columns):
    """`n` calls, one a second, with texts as long as they are kept."""
    now = time.time_ns()
    texts = {"request_preview": "What is " + "x" * 192, "response_preview": "It is " + "y" * 194}
    return [
        call(**{
            "call_id": f"c{i:015x}", "started_at": now - (n - i) * 1_000_000_000,
            "latency_s": 1 + i % 7 / 10, "ttft_s": 0.2, "input_tokens": 100 + i % 50,
            "output_tokens": 20, "cost_usd": 0.001, "request_model": "gpt-5-mini",
            "tag": f"v{i % 3}", "execution_count": i % 9, **texts, **columns,
        })
        for i in range(n)
    ]  # fmt: skip


class Told:
    """A refresher, and what it sent; its clock stands still unless it is set."""

    def __init__(self, session):
        self.session = session
        self.sent = []
        self.now = 0.0
        self.refresher = Refresher(session, self.sent.append, clock=lambda: self.now)
        self.state = self.refresher.whole()
        session.store.subscribe_changes(self.refresher._hear_changes)
        self.refresher.refresh()

    def news(self):
        """What the next refresh sends, or None."""
        before = len(self.sent)
        self.refresher.refresh()
        return self.sent[-1] if len(self.sent) > before else None

    def settled(self):
        """Whoever came is listening by now."""
        self.now += 60
        self.session.store.append([call(call_id="settling")])
        self.news()
        return self


# -- what is told ----------------------------------------------------------------------------------


def test_nothing_new_is_told_nothing_of():
    """Without a change there is no message, however often one looks."""
    told = Told(Made(*made(5)))
    assert [told.news() for _ in range(3)] == [None, None, None]


def test_a_new_call_is_told_once():
    """A message holds the calls since the last one, as JSON without NaN, unknown values as null."""
    told = Told(Made(*made(3))).settled()
    told.session.store.append([call(call_id="new", model=None, cost_usd=None, latency_s=0.123456)])
    news = told.news()
    assert [named(told.state, row)["call_id"] for row in news["rows"]] == ["new"]
    row = named(told.state, news["rows"][0])
    assert (row["latency_s"], row["model"], row["input_tokens"]) == (0.1235, None, None)
    assert size(news)
    assert told.news() is None


def test_a_refresh_of_a_long_session_is_small():
    """At 10,000 calls, a refresh that tells three new ones is at most 5 KB."""
    told = Told(Made(*made(10_000))).settled()
    told.session.store.append(made(3))
    news = told.news()
    assert len(news["rows"]) == 3
    assert size(news) <= 5_000
    assert news["figures"]["requests"] == 10_004


def test_what_crosses_is_bounded():
    """A flood between two refreshes is told in part, and who comes later gets the newest 500."""
    told = Told(Made()).settled()
    told.session.store.append(made(20_000))
    news = told.news()
    assert [row[0] for row in news["rows"]] == list(range(19_901, 20_001))
    assert size(news) < 100_000
    state = told.refresher.whole()
    assert [row[0] for row in state["rows"]] == list(range(19_501, 20_001))
    assert size(state) < 400_000


def test_what_a_flood_leaves_out_comes_later():
    """Of the newest 500 calls none stays untold: each refresh brings 100 more, and then no more."""
    told = Told(Made()).settled()
    told.session.store.append(made(2_000))
    numbers = [[row[0] for row in told.news()["rows"]] for _ in range(5)]
    assert [len(told_at_once) for told_at_once in numbers] == [100] * 5
    assert sorted(itertools.chain.from_iterable(numbers)) == list(range(1_501, 2_001))
    assert told.news() is None


def test_what_is_owed_waits_for_what_is_new():
    """The newest calls go first, and what has left the newest 500 is owed no longer."""
    told = Told(Made()).settled()
    told.session.store.append(made(300))
    told.news()
    told.session.store.append(made(30))
    assert [row[0] for row in told.news()["rows"]] == [*range(131, 201), *range(301, 331)]
    told.session.store.append(made(2_000))
    assert [row[0] for row in told.news()["rows"]] == list(range(2_231, 2_331))
    while news := told.news():
        assert all(row[0] > 1_830 for row in news["rows"])


def test_a_flood_right_after_somebody_has_come_is_told_once_they_listen():
    """Though nothing more happens: what had no room while they got ready is owed."""
    told = Told(Made())
    told.session.store.append(made(300))
    assert [row[0] for row in told.news()["rows"]] == list(range(200, 300))
    assert told.news() is None
    told.now = 60.0
    found = []
    while news := told.news():
        found += [row[0] for row in news["rows"]]
        assert news["late"] == min(found)
    assert sorted(found) == list(range(200))


def test_whole_texts_are_not_sent():
    """Where content is kept in full, a row holds its beginning."""
    state = whole(Made(call(request_preview="q" * 100_000, error_message="e" * 5_000)))
    assert size(state) < 3_000


def test_who_has_just_come_is_told_again():
    """Messages tell everything since somebody came, until a while later: none can be missed."""
    told = Told(Made(*made(2)))
    joined = told.state["seq"]
    for n in range(3):
        told.session.store.append([call(call_id=f"n{n}")])
        news = told.news()
        assert news["base"] == joined
        assert [row[0] for row in news["rows"]] == [*range(2, 3 + n)]
    told.now = 60.0
    told.session.store.append([call(call_id="n3")])
    told.news()
    told.session.store.append([call(call_id="n4")])
    news = told.news()
    assert news["base"] == news["seq"] - 1
    assert [row[0] for row in news["rows"]] == [6]


def test_a_rating_and_a_later_price_are_told():
    """A call that changes is told anew, alone."""
    told = Told(
        Made(*made(50, model="my-llama", request_model="my-llama", cost_usd=None))
    ).settled()
    told.session.store.amend({7: {"score": -1.0}})
    (row,) = told.news()["rows"]
    assert (row[0], named(told.state, row)["score"]) == (7, -1.0)
    told.session.price("my-llama", input=1, output=1)
    rows = told.news()["rows"]
    assert [row[0] for row in rows] == list(range(50))
    assert all(named(told.state, row)["cost_usd"] for row in rows)
    assert told.news() is None


def test_every_answer_is_told(tmp_path):
    """However many orders a blocked kernel finds when it is free again."""
    told = Told(Made(*made(3)))
    for number in range(40):
        told.refresher.answer(number)
    assert [answer["id"] for answer in told.news()["answers"]] == [*range(40)]
    assert told.news() is None
    told.refresher.answer(40)
    assert [answer["id"] for answer in told.news()["answers"]][-1] == 40


def test_a_rating_of_any_call_in_the_browser_is_told():
    """Also of those between the newest 500, which who comes is told, and the 1,000 it may hold."""
    told = Told(Made(*made(1_500))).settled()
    told.session.store.amend({600: {"score": 1.0}})
    assert 600 in {row[0] for row in told.news()["rows"]}
    told.session.store.amend({number: {"score": 1.0} for number in range(1_400)})
    heard = set()
    while (message := told.news()) is not None:
        assert len(message["rows"]) <= 700
        heard |= {row[0] for row in message["rows"]}
        told.now += 1
    assert heard >= set(range(501, 1_400))


def test_calls_in_flight_are_told_without_an_age():
    """What is in flight has a start, which the browser counts from: time alone is no news."""
    told = Told(Made())
    told.session.flying = [dict(FLYING)]
    (flying,) = told.news()["running"]
    assert flying["started_ms"] == FLYING["started_at"] // 1_000_000
    assert flying["estimated_output_tokens"] == 87
    told.session.flying = [{**FLYING, "age_s": 9.0}]
    assert told.news() is None
    told.session.flying = [{**FLYING, "estimated_output_tokens": 90}]
    assert told.news()["running"][0]["estimated_output_tokens"] == 90
    told.session.flying = []
    assert told.news()["flying"] == 0


def test_figures_are_those_of_the_summary():
    """The tiles show what `summary` says, of all calls, those that left memory included."""
    session = Made()
    session.store.max_calls = 300
    session.store.append(made(1_000))
    state = whole(session)
    assert state["figures"]["requests"] == 1_000
    assert state["figures"]["cost_usd"] == pytest.approx(session.summary().cost_usd)
    assert state["figures"]["latency_p95_s"] == pytest.approx(session.summary().latency_p95_s)


@pytest.mark.parametrize("seconds", [0.001, 1, 13, 700, 50_000, 10_000_000])
def test_sparklines_have_at_most_thirty_points(seconds):
    """Over any time the stretches are of round length, at most 30, and lose no call."""
    now = time.time_ns()
    calls = [call(started_at=now + int(i * seconds * 1e7), latency_s=1.0) for i in range(100)]
    buckets = whole(Made(*calls))["buckets"]
    assert len(buckets["calls"]) == len(buckets["p95"]) <= 30
    assert sum(buckets["calls"]) == 100
    assert buckets["start_ms"] % buckets["width_ms"] == 0


def test_what_fires_is_told_until_it_is_muted():
    """The strip holds what fires, with the calls behind it, and its line stands in the chart."""
    session = Made(*made(40, latency_s=12.4))
    session.alerts.add(rule_of("slow", "latency_p95_s > 5", severity="critical"))
    session.alerts.evaluate()
    told = Told(session)
    leave = told.refresher.firing.follow()
    news = told.news()
    assert [alert["name"] for alert in news["alerts"]] == ["slow", "high_latency"]
    assert news["alerts"][0]["message"] == "p95 12.4\u202fs, over 5\u202fs"
    assert news["threshold_s"] == 5.0
    told.refresher.firing.mute("slow")
    assert [alert["name"] for alert in told.news()["alerts"]] == ["high_latency"]
    leave()


def test_a_share_of_failures_says_what_it_is():
    """In the strip, where no name of a rule stands, it begins with the word of its tile."""
    session = Made(*made(40, status="error", error_type="RateLimitError"))
    session.alerts.evaluate()
    (alert,) = whole(session)["alerts"]
    assert alert["message"] == "Errors 100\u202f%, over 10\u202f%"


def test_a_rule_that_is_muted_elsewhere_leaves_the_strip():
    """Muted in a cell it goes, though nobody tells; unmuted it is there again."""
    session, heard = Made(*made(40, latency_s=12.4)), queue.Queue()
    session.alerts.evaluate()
    refresher = Refresher(session, lambda news: heard.put([a["name"] for a in news["alerts"]]))
    refresher.start()
    try:
        assert heard.get(timeout=60) == ["high_latency"]
        session.alerts.mute("high_latency")
        assert heard.get(timeout=60) == []
        session.alerts.unmute("high_latency")
        assert heard.get(timeout=60) == ["high_latency"]
    finally:
        refresher.stop()


def test_what_each_attempt_was_answered_with_is_told():
    """Of a call that was tried again: one status after the other, as the provider gave them."""
    script = [Reply.rate_limited(), Reply.server_error(), Reply("Hi")]
    session = Session()
    session.enable()
    try:
        client = offline_client(script=script, max_retries=2)
        client.chat.completions.create(model="gpt-5-mini", messages=[])
    finally:
        session.disable()
    assert session.calls.attempts.tolist() == [3]
    state = whole(session)
    (row,) = state["rows"]
    assert named(state, row)["tries"] == "429, 500, 200"


# -- when ------------------------------------------------------------------------------------------


def test_at_most_two_refreshes_a_second():
    """However many calls end, the thread sends a message every half second, and then no more."""
    session, sent, enough = Made(), [], threading.Event()

    def send(news):
        sent.append((time.monotonic(), threading.current_thread().name))
        if news["total"] == 2_000:
            enough.set()

    refresher = Refresher(session, send)
    refresher.start()
    try:
        for _ in range(20):
            session.store.append(made(100))
            enough.wait(0.06)
        assert enough.wait(60)
    finally:
        refresher.stop()
    gaps = [later - earlier for (earlier, _), (later, _) in itertools.pairwise(sent)]
    assert all(gap > 0.45 for gap in gaps)
    assert {name for _, name in sent} == {"llmwatch-panel"}


def test_a_forked_child_writes_nothing():
    """The browser talks to the parent: in a child the panel is at rest."""
    script = (
        "import os, sys\n"
        "from llmwatch.widgets._refresh import Refresher\n"
        "from tests.widgets.panel import Made\n"
        "from tests.widgets.make import call\n"
        "session = Made()\n"
        "refresher = Refresher(session, lambda news: os.write(1, b'%d ' % os.getpid()))\n"
        "refresher.start()\n"
        "child = os.fork()\n"
        "session.store.append([call()])\n"
        "refresher._writer._over.wait(1)\n"
        "assert child or refresher._writer.is_over\n"
        "if not child: os._exit(0)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
        "refresher.stop()\n"
        "print(os.getpid())"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert len(set(done.stdout.split())) == 1


# -- what is asked back ----------------------------------------------------------------------------


class Asked:
    """What the browser's orders come to."""

    def __init__(self, session):
        self.told = Told(session)
        self.sent = []
        self.orders = Orders(
            session, self.told.refresher, lambda *message: self.sent.append(message),
            lambda: self.sent.append("vega"),
        )  # fmt: skip

    def __call__(self, **order):
        self.orders.hear(None, order, [])
        news = self.told.news()
        return news["answers"] if news else []


def test_a_thumb_lands_in_the_score():
    """Up is 1, down is -1, and the browser hears that it is done."""
    session = Made(*made(3))
    asked = Asked(session)
    assert asked(do="rate", id=1, call_id="c" + "0" * 15, good=True) == [{"id": 1}]
    assert asked(do="rate", id=2, call_id="c" + "0" * 14 + "1", good=False)[-1] == {"id": 2}
    assert session.calls.score.tolist()[:2] == [1.0, -1.0]


def test_pause_and_resume_are_the_switch():
    """They turn recording off and on."""
    session = Made()
    asked = Asked(session)
    asked(do="resume", id=1)
    assert session.enabled
    asked(do="pause", id=2)
    assert not session.enabled


def test_what_cannot_be_done_is_answered():
    """A failure is told in the browser and raised nowhere; what is no order is passed over."""
    asked = Asked(Made())
    (answer,) = asked(do="rate", id=1, call_id="nowhere", good=True)
    assert answer["id"] == 1
    assert "nowhere" in answer["problem"]
    for nonsense in ("rate", None, {"do": "format"}, {"no": 1}):
        asked.orders.hear(None, nonsense, [])
    assert asked.sent == []


def test_the_csv_is_the_one_of_to_csv(tmp_path, monkeypatch):
    """The download holds what `to_csv` writes; too much for a browser is left in the folder."""
    session = Made(*made(30))
    session.to_csv(tmp_path / "ours.csv")
    asked = Asked(session)
    asked(do="csv", id=1)
    ((message, (packed,)),) = asked.sent
    assert gzip.decompress(packed) == (tmp_path / "ours.csv").read_bytes()
    assert message["rows"] == 30
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("llmwatch.widgets._orders._DOWNLOAD", 10)
    asked(do="csv", id=2)
    (left,) = tmp_path.glob("llmwatch-*.csv")
    assert left.read_bytes() == (tmp_path / "ours.csv").read_bytes()
    assert asked.sent[-1][0]["text"] == f"Too much for a download: 30 calls saved as {left}"


# -- the model and its picture ---------------------------------------------------------------------


def test_the_model_is_made_when_a_panel_is():
    """Importing the room loads no widget library."""
    script = "import sys, llmwatch.widgets\nprint({'anywidget', 'ipywidgets'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr


def test_a_page_that_is_loaded_again_gets_the_present():
    """The model's state is what is now, not what was when it was made."""
    session = Made()
    panel = Panel(session)
    try:
        assert panel.model_id
        session.store.append(made(4))
        assert len(panel.widget.get_state()["whole"]["rows"]) == 4
    finally:
        panel.close()
    assert panel.closed
    assert panel.model_id == ""


@pytest.mark.parametrize("name", ["latency", "tokens", "cost"])
def test_charts_are_altair_specifications(name):
    """Altair takes each as its own, by the schema of the Vega-Lite that it is made for."""
    chart = alt.Chart.from_dict(spec(name)) if name == "tokens" else alt.LayerChart.from_dict(
        spec(name)
    )  # fmt: skip
    assert chart.to_dict()["autosize"] == {"type": "none"}
    assert spec(name)["$schema"] == alt.SCHEMA_URL.rsplit("/", 1)[0] + "/v6.json"


def test_nothing_is_loaded_from_elsewhere():
    """Script and style name no address but the one of the SVG name space and of the schema."""
    text = esm() + css()
    for known in ("http://www.w3.org/2000/svg", "https://vega.github.io/schema/vega-lite/v6.json"):
        text = text.replace(known, "")
    assert "://" not in text
    assert "innerHTML" not in text


def test_the_picture_says_the_same_without_a_script():
    """It holds figures, courses and the newest calls; text of a model is text in it."""
    evil = "<script>alert(1)</script>"
    failed = made(1, model=evil, status="error", error_type="RateLimitError", latency_s=None)
    still = Still(Made(*made(30), *failed))
    html, text = still.html(), still.text()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert html.count("<svg") == 6
    few = Still(Made(*made(3, status="partial", latency_s=6.0, cost_usd=None, input_tokens=None,
                           output_tokens=None, estimated_output_tokens=70,
                           estimated_cost_usd=0.001), *made(1, latency_s=7.0, cost_usd=None,
                           input_tokens=None, output_tokens=None))).text()  # fmt: skip
    assert "Slowest 7.00 s" in few
    assert "Tokens ~210 · Cost ~$0.003" in few
    firing = full()
    for said in (Still(firing).html(), Still(firing).text()):
        assert "p95 2." in said
        assert "over 2" in said
    assert html.count("<tr>") == 11
    assert "mathjax_ignore" in html
    assert text.startswith("llmwatch: Calls 31 · p50 1.30 s · p95 1.60 s · Errors 3.2 %")
    assert "no LLM calls yet" in Still(Made()).html()
    unpriced = Still(Made(*made(1, cost_usd=None))).html()
    assert "no price" in unpriced


def test_the_picture_has_the_charts_of_the_panel():
    """Drawn without a browser, from the same specifications, in the ink of the page around them."""
    evil = "<script>alert(1)</script>"
    session = full()
    still = Still(session)
    html = still.html(still.charts())
    assert html.count('role="img"') == 3
    assert html.count("<svg") == 3 + 6
    assert "Latency: 60 calls" in html
    assert 'fill="currentColor"' in html
    many = Still(Made(*made(1000, model=evil)))
    charts = many.charts()
    assert "newest 200" in charts
    assert "&lt;script&gt;" in charts
    assert "<script" not in charts
    assert len(charts) < 64_000
    assert Still(Made()).charts() == ""
    unknown = Made(*made(2, latency_s=None, cost_usd=None, input_tokens=None, output_tokens=None))
    assert Still(unknown).charts() == ""


def test_a_chart_of_a_picture_tells_long_names_apart():
    """Where they differ in what is cut, they are two models all the same."""
    home = "accounts/fireworks/models/llama-v3p1-405b-instruct"
    charts = Still(Made(*made(2, model=home), *made(2, model=f"{home}-long"))).charts()
    assert "accounts/fireworks/m\u2026-v3p1-405b-instruct</bdi>" in charts
    assert "accounts/fireworks/m\u2026-405b-instruct-long</bdi>" in charts


def test_a_small_sum_is_whole_at_the_axis_of_a_picture():
    """No figure is cut, be it a call of the cheapest model."""
    assert ">$1.5e-5<" in Still(Made(*made(2, cost_usd=0.0000075))).charts()


@pytest.mark.parametrize(
    ("later", "said", "unsaid"),
    [
        ("llmwatch.price('my-llama', input=1_000, output=1_000)", "$0.016", "no price"),
        ("llmwatch.session.feedback(llmwatch.session.calls.iloc[-1], True)", "Satisfaction", "$0."),
        ("rule.remove()", "no price", "16 tokens, over 10"),
    ],
)
def test_the_picture_is_renewed_with_what_comes_later(tmp_path, later, said, unsaid):
    """A price, a rating, and the end of an alert change it as well as a call does."""
    show = "import llmwatch\nfrom llmwatch.widgets import Panel\nllmwatch.enable()\n"
    ask = "rule = llmwatch.alert('large', 'tokens > 10')\nwith llmwatch.call(model='my-llama') as c:\n"
    cells = [
        show + "Panel(llmwatch.session)",
        ask + "    c.usage(input=11, output=5)\nllmwatch.alerts.firing[0].name",
        later,
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    picture = run(book, tmp_path).cells[0].outputs[-1].data["text/plain"]
    assert said in picture
    assert unsaid not in picture


def test_the_charts_of_a_picture_need_neither_pandas_nor_altair():
    """They are drawn at the end of a person's cell."""
    code = (
        "import sys\nimport llmwatch\nfrom llmwatch.widgets._still import Still\n"
        "with llmwatch.watch(), llmwatch.call(model='m', provider='local') as c:\n"
        "    c.usage(input=11, output=5)\n"
        "len(llmwatch.session)\n"
        "assert 'Tokens: 11 in' in Still(llmwatch.session).charts()\n"
        "print({'pandas', 'altair'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_vega_and_charts_beside_cells_are_made_by_another_process():
    """vl-convert holds Python's lock while it works: no call is to wait for it, nor is the panel.

    Where there can be no other process, they are made all the same.
    """
    code = (
        "import sys\nimport llmwatch\nfrom llmwatch.widgets._assets import _bundle\n"
        "from llmwatch.widgets._still import Still\n"
        "with llmwatch.watch(), llmwatch.call(model='m', provider='local') as c:\n"
        "    c.usage(input=11, output=5)\n"
        "len(llmwatch.session)\n"
        "def made():\n"
        "    _bundle.cache_clear()\n"
        "    charts = Still(llmwatch.session).charts(apart=True)\n"
        "    return charts.count('</svg>'), ' as embed' in _bundle()\n"
        "print(made(), 'vl_convert' in sys.modules)\n"
        "sys.executable = '/usr/bin/an-editor'\n"
        "print(made(), 'vl_convert' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["(2, True) False", "(2, True) True"]


def test_a_notebook_that_ran_without_a_browser_holds_the_last_picture(tmp_path):
    """Run headless, the cell that opened the panel ends with the calls of the cells after it.

    What a model says stays text also in the HTML that nbconvert makes of it.
    """
    from nbconvert import HTMLExporter

    cell = nbformat.v4.new_code_cell
    book = nbformat.v4.new_notebook(
        cells=[
            cell(
                "import llmwatch\nfrom llmwatch.widgets import Panel\n"
                "llmwatch.enable()\nPanel(llmwatch.session)"
            ),
            cell(
                "with llmwatch.call(model='my-llama', provider='local') as c:\n"
                "    c.usage(input=11, output=5)\n"
                "    c.answer('<' + '/script><b id=evil>')"
            ),
            cell("1 + 1"),
        ]
    )
    done = run(book, tmp_path)
    live, picture = done.cells[0].outputs
    assert "application/vnd.jupyter.widget-view+json" in live.data
    assert "my-llama" in picture.data["text/html"]
    assert 'aria-label="Latency: 1 call"' in picture.data["text/html"]
    assert 'aria-label="Tokens: 11 in, 5 out"' in picture.data["text/html"]
    assert picture.data["text/plain"].startswith("llmwatch: Calls 1 ·")
    page, _ = HTMLExporter().from_notebook_node(done)
    assert "llmwatch-still" in page
    assert "</script><b id=evil>" not in page
    state = json.dumps(done.metadata["widgets"])
    assert len(state) < 200_000  # the charts' library is given to browsers alone
