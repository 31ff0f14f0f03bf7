"""The report: one page, read without script and network, that hides nothing and runs nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import llmwatch
from llmwatch.exceptions import ExportError, UsageError
from llmwatch.magic._commands import Commands
from llmwatch.recorder import Session
from tests.alerting.scene import Scene
from tests.browser import browser
from tests.charts.plain import HOSTILE, calls
from tests.source import Source

VOID = {"meta", "br"}


class Page(HTMLParser):
    """Tags, attributes and texts of a page; fails where tags do not nest."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.texts, self.open = set(), set(), [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


def written(source, tmp_path, **options):
    """The page of a source, as text."""
    path = tmp_path / "report.html"
    source.report(path, overwrite=True, **options)
    return path.read_text("utf-8")


@pytest.fixture(scope="module")
def html(tmp_path_factory):
    """The report of 300 calls under two tags."""
    return written(llmwatch.load(calls(300)), tmp_path_factory.mktemp("report"))


def section(html, title):
    """The part of the page under a heading."""
    found = re.search(rf"<section><h2>{title}</h2>(.*?)</section>", html, re.DOTALL)
    assert found, f"no {title}"
    return found[1]


def cells(part):
    """The rows of the table in it, as text."""
    return [
        [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", part, re.DOTALL)
    ]


# -- what it tells ---------------------------------------------------------------------------------


def test_it_says_what_it_is_about(html):
    """Heading, the line of totals, when, and in which zone times are."""
    text = Page(html).text
    assert "llmwatch report" in text
    assert "300 calls · ~" in text
    assert re.search(r"2026-03-05 \d\d:\d\d:\d\d to 2026-03-05 .* times in UTC[+-]\d\d:\d\d", text)


def test_its_figures_are_those_of_the_summary(html):
    """The tiles show the same numbers as `.summary()`, with n beside percentiles."""
    figures = llmwatch.load(calls(300)).summary()
    text = Page(html).text
    assert "p50 " in text
    assert f"n {figures.latency_n}" in text
    assert f"{figures.errors['RateLimitError']} × RateLimitError" in text
    assert f"{figures.latency_p95_s:.2f}\u202fs".split("\u202f")[0] in text


def test_what_people_thought_is_told_with_how_many(tmp_path):
    """The mean score as the figure, and below it, small, of how many ratings; without any, neither."""
    rated = llmwatch.load(calls(12, score=[1.0] * 3 + [-1.0] + [None] * 8))
    html = written(rated, tmp_path)
    assert "Satisfaction</span><b>+0.50</b>" in html
    assert "4 ratings" in Page(html).text
    assert "Satisfaction" not in written(llmwatch.load(calls(12)), tmp_path)


def test_its_tables_add_up(html):
    """By model, by tag and by cell, the calls of all rows are all calls."""
    for title in ("By model", "By tag", "By cell"):
        head, *rows = cells(section(html, title))
        assert head[1] == "calls"
        assert sum(int(row[1]) for row in rows) == 300
    assert [row[0] for row in cells(section(html, "By cell"))[1:]] == [
        f"[{n}]" for n in range(1, 9)
    ]


def test_errors_are_told_by_type_with_what_was_said_last(html):
    """Type, number, models and the last message."""
    _, row = cells(section(html, "Errors"))
    assert row[0] == "RateLimitError"
    assert int(row[1]) == (calls(300)["status"] == "error").sum()
    assert row[4] == "Rate limit reached: try again in 2 s"


def test_the_slowest_come_slowest_first(html):
    """Ten calls, as `.slowest(10)` has them."""
    rows = cells(section(html, "Slowest"))[1:]
    slowest = llmwatch.load(calls(300)).slowest(10)
    assert [row[1] for row in rows] == slowest["model"].tolist()


def test_two_tags_are_compared(html):
    """The verdict stands in it sentence by sentence, with the seed of the bootstrap."""
    part = section(html, "Compared by tag")
    told = [re.sub(r"<[^>]+>", "", line) for line in re.findall(r"<li>(.*?)</li>", part)]
    verdict = llmwatch.load(calls(300)).compare().verdict
    assert told == verdict.replace("\u202f", " ").replace("'", "&#x27;").splitlines()
    assert "seed=0" in part


def test_too_many_tags_are_not_compared_and_it_says_so(tmp_path):
    """Twenty-one groups: a line in place of the comparison, with what to type."""
    html = written(llmwatch.load(calls(42, tag=[f"v{n % 21}" for n in range(42)])), tmp_path)
    told = Page(section(html, "Not compared by tag")).text
    assert "21 groups, and at most 20 are compared" in told
    assert "groups=[" in told
    assert "Compared by" not in html


def test_what_a_comparison_leaves_out_is_said(tmp_path):
    """Calls without a tag are in no group: their number stands below the comparison."""
    tags = ["a", "b", None] * 10
    html = written(llmwatch.load(calls(30, tag=tags)), tmp_path)
    assert "Left out: 10 calls without a tag." in Page(section(html, "Compared by tag")).text


def test_charts_are_in_the_page(html):
    """Six pictures as SVG, each with words for who cannot see it."""
    assert html.count("<svg") == 6
    assert len(re.findall(r'<figure role="img" aria-label="[^"]+">', html)) == 6


def test_what_the_figures_leave_out_is_said(tmp_path):
    """Unknown prices with what to type, unreported tokens, and what is estimated."""
    frame = calls(
        4, status=["ok"] * 4, model=["qwen-x", "qwen-x", "gpt-5", "gpt-5"],
        input_tokens=[10, 10, None, None], output_tokens=[5, 5, None, None],
        estimated_input_tokens=[None, None, 7, None], estimated_output_tokens=[None, None, 3, None],
        cost_usd=[None] * 4, estimated_cost_usd=[None, None, 0.5, None],
    )  # fmt: skip
    html = written(llmwatch.load(frame), tmp_path)
    text = Page(section(html, "Not in these figures")).text
    assert "3 calls of unknown price" in text
    assert 'llmwatch.price("qwen-x", input=…, output=…)' in text
    assert "1 call whose tokens nobody reported" in text
    assert "~ marks what is estimated: 10 tokens of 1 call" in text
    assert "~$0.50" in Page(html).text


def test_a_report_of_nothing(tmp_path):
    """An empty session has a page that says so, and no zeros of unknown things."""
    html = written(Source(), tmp_path)
    text = Page(html).text
    assert "no calls yet" in text
    assert "$" not in text
    assert "<svg" not in html


@pytest.mark.parametrize("n", [1, 2])
def test_a_report_of_hardly_anything(n, tmp_path):
    """One call, and two, make a page; nothing is compared."""
    html = written(llmwatch.load(calls(n, status=["error"] * n, tag=["v1"] * n)), tmp_path)
    assert f"{n} call" in Page(html).text
    assert "Compared" not in html


def test_many_calls_are_cut_with_a_line_that_says_so(tmp_path):
    """10,000 calls make a page under 2 MB; the table has the newest 500 and says of how many."""
    path = tmp_path / "big.html"
    told = llmwatch.load(calls(10_000)).report(path)
    assert (told.rows, told.path) == (10_000, path)
    assert told.bytes == path.stat().st_size < 2_000_000
    part = section(path.read_text("utf-8"), "Calls")
    assert "The newest 500 of 10,000 calls" in part
    assert len(cells(part)) == 501


def test_as_many_points_as_are_drawn_one_by_one_fit(tmp_path):
    """Also the most calls that are drawn as points each stay under 2 MB."""
    assert llmwatch.load(calls(5_000)).report(tmp_path / "points.html").bytes < 2_000_000


def test_alerts_are_told(tmp_path):
    """What fired stands at the top, with how often and how long."""

    class WithAlerts(Source):
        class alerts:  # noqa: N801  # as a session has them
            history = pd.DataFrame([{
                "name": "high_error_rate", "labels": {"model": "<b>x</b>"}, "severity": "critical",
                "condition": "error_rate > 10%", "state": "firing", "fired": 3,
                "first": pd.Timestamp("2026-03-05 12:00", tz="UTC"), "total_s": 130.0,
            }])  # fmt: skip

    html = written(WithAlerts(), tmp_path)
    _, row = cells(section(html, "Alerts"))
    assert row[:6] == [
        "high_error_rate", "error_rate &gt; 10%", "model &lt;b&gt;x&lt;/b&gt;", "critical",
        "firing", "3",
    ]  # fmt: skip
    assert row[7] == "2\u202fmin 10\u202fs"


def test_rules_that_never_fired_are_not_told(tmp_path):
    """A report says what went wrong; which thresholds are out of reach is told by the history."""
    scene = Scene()
    scene.rule("never", "tokens > 1M")

    class WithAlerts(Source):
        alerts = scene.alerts

    assert "<h2>Alerts" not in written(WithAlerts(), tmp_path)
    scene.rule("once", "requests > 0")
    scene.call()
    scene.look()
    rows = cells(section(written(WithAlerts(), tmp_path), "Alerts"))
    assert [row[0] for row in rows[1:]] == ["once"]


def test_prompts_and_answers_are_not_in_it(tmp_path):
    """A report is handed on: the previews stay at home."""
    secret = {"request_preview": ["PROMPT-7"] * 3, "response_preview": ["ANSWER-7"] * 3}
    html = written(llmwatch.load(calls(3, **secret)), tmp_path)
    assert "PROMPT-7" not in html
    assert "ANSWER-7" not in html


# -- the file --------------------------------------------------------------------------------------


def test_no_file_is_written_over_unasked(tmp_path):
    """It fails in one line, the file stays as it was, and nothing is left beside it."""
    path = tmp_path / "report.html"
    path.write_text("mine")
    with pytest.raises(ExportError, match="overwrite=True"):
        Source().report(path)
    assert path.read_text() == "mine"
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]
    assert Source().report(path, overwrite=True).rows == 0
    assert path.read_text("utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("name", ["report.csv", "report", "", "\0"])
def test_a_name_that_is_no_page_is_told(name, tmp_path):
    """One line with the name to type instead."""
    with pytest.raises(UsageError):
        Source().report(str(tmp_path / name) if name else name)


def test_the_magic_writes_it(tmp_path, capsys):
    """`%llmwatch report PATH` says how many calls are told, and takes `--overwrite`."""
    run = Commands(None, Session())
    path = tmp_path / "report.html"
    run(f"report {path}")
    assert path.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert "0 calls told in" in capsys.readouterr().out
    with pytest.raises(ExportError, match="give --overwrite"):
        run(f"report {path}")
    run(f"report --overwrite {path}")
    for line in ("report", f"report {path} {path}", f"report {path} --overwrit"):
        with pytest.raises(UsageError, match=r"%llmwatch report PATH.html \[--overwrite\]"):
            run(line)


# -- what it must not do ---------------------------------------------------------------------------


def test_its_policy_lets_nothing_run_and_nothing_load(html):
    """Nothing but our own style sheet, by its hash; no attribute of style or event anywhere."""
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)[1]
    assert policy.startswith("default-src &#x27;none&#x27;; style-src &#x27;sha256-")
    assert "unsafe" not in policy
    page = Page(html)
    assert page.tags & {"script", "iframe", "object", "embed", "img", "link", "a", "form"} == set()
    refused = {"style", "href", "src", "srcdoc", "xlink:href"}
    assert [n for n in page.attributes if n.startswith("on") or n in refused] == []


def everywhere(texts, n=12):
    """Calls with `texts`, one after the other, in every column of text."""
    columns = ("model", "tag", "user", "feature", "error_type", "error_code", "error_message",
               "notebook", "finish_reason", "cell_id", "operation", "provider")  # fmt: skip
    half = ["ok", "error"] * (n // 2)
    said = [texts[at % len(texts)] for at in range(n)]
    return calls(n, status=half, **dict.fromkeys(columns, said))


def test_text_of_calls_adds_nothing_to_the_page(tmp_path):
    """Whatever calls say, the page has the tags and attributes of a harmless one."""
    texts = [text for text in HOSTILE if "\ud800" not in text]  # which Arrow cannot hold
    n = 2 * len(texts)
    hostile = Page(written(llmwatch.load(everywhere(texts, n)), tmp_path))
    plain = [f"m{at}" for at in range(len(texts))]
    harmless = Page(written(llmwatch.load(everywhere(plain, n)), tmp_path))
    assert hostile.tags == harmless.tags
    assert hostile.attributes == harmless.attributes


_PIECES = ["<", ">", "&", '"', "'", "</style>", "</svg>", "<svg onload=x>", "<!--", "-->", "]]>",
           "&lt;", "<![CDATA[", "\u2028", "\u202e", "\0", "\ud800", "=", "javascript:", "é", "模"]  # fmt: skip


@settings(max_examples=10, deadline=None)
@given(st.lists(st.sampled_from(_PIECES) | st.text(max_size=4), max_size=8).map("".join))
def test_no_text_breaks_out(tmp_path_factory, text):
    """Pieces of markup put together by chance: the page nests, and has no tag of theirs."""
    page = Page(written(llmwatch.load(everywhere([text], 4)), tmp_path_factory.mktemp("any")))
    known = {"html", "head", "meta", "title", "style", "body", "header", "section", "figure", "svg",
             "h1", "h2", "p", "ul", "li", "b", "bdi", "div", "span", "code", "table", "thead",
             "tbody", "tr", "th", "td", "g", "path", "rect", "line", "text", "tspan", "caption",
             "figcaption"}  # fmt: skip
    assert page.tags <= known


@pytest.fixture(scope="module")
def chromium():
    with browser() as running:
        yield running


def opened(chromium, path, asked, **options):
    page = chromium.new_context(**options).new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: asked.append(message.text))
    page.goto(path.as_uri())
    return page


def test_a_real_browser_runs_and_asks_for_nothing(chromium, tmp_path):
    """With scripts allowed, none runs; no request leaves the page; its policy is not touched."""
    names = [HOSTILE[at % len(HOSTILE)] for at in range(60)]
    frame = calls(60, model=names, tag=names, error_type=names, error_message=names)
    path = tmp_path / "report.html"
    llmwatch.load(frame).report(path)
    asked: list[str] = []
    page = opened(chromium, path, asked)
    assert asked == [path.as_uri()]
    assert page.evaluate("document.scripts.length") == 0
    assert "<script>alert(1)</script>" in page.inner_text("body")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_reads_without_script_on_a_telephone(theme, chromium, html, tmp_path):
    """360 pixels wide, scripts off: nothing sticks out, charts are drawn in the colours around."""
    path = tmp_path / "report.html"
    path.write_text(html, "utf-8")
    asked: list[str] = []
    options = {"java_script_enabled": False, "color_scheme": theme}
    page = opened(chromium, path, asked, viewport={"width": 360, "height": 700}, **options)
    assert asked == [path.as_uri()]
    box = page.locator("svg").first.bounding_box()
    assert 300 < box["width"] <= 332
    assert page.locator("body").bounding_box()["width"] == 360
    wide = opened(chromium, path, asked, viewport={"width": 360, "height": 700}, color_scheme=theme)
    assert wide.evaluate("document.documentElement.scrollWidth") == 360
    colour = wide.evaluate(
        "getComputedStyle([...document.querySelectorAll('svg text')]"
        ".find(text => text.textContent === 'Latency')).fill"
    )
    assert colour == {"light": "rgb(31, 31, 31)", "dark": "rgb(232, 232, 232)"}[theme]


def test_on_paper_it_is_light(chromium, html, tmp_path):
    """Printed from a dark desktop the ground is white."""
    path = tmp_path / "report.html"
    path.write_text(html, "utf-8")
    page = opened(chromium, path, [], color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
