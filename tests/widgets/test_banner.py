"""The alert under a cell: what it says as HTML and as text, and that text of others stays text."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from llmwatch.context import Cell
from llmwatch.widgets import Banner
from tests.alerting.notices import HOSTILE, alert, resolved
from tests.widgets.make import call, drawn


class Read(HTMLParser):
    """The tags of a page with their attributes, and its text without the style."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self._style = [], "", False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._style = tag == "style"

    def handle_endtag(self, tag):
        self._style = False

    def handle_data(self, data):
        self.text += "" if self._style else data

    def attributes(self, name):
        return [attrs[name] for _, attrs in self.tags if name in attrs]


def test_it_says_what_the_drawing_says():
    """Mark, name and message; detail; what to type as code; the calls behind a button."""
    page = Read(Banner(alert(), drawn()).html())
    text = page.text.replace("\u202f", " ").replace("\xa0", " ")
    assert text.startswith(
        "✕ high_latency: p95 12.4 s, over 10 s"
        "41 calls in 5 min, firing since 12:04:10 · gpt-5 in cell [12] · llmwatch.session.slowest(5)"
        "Show calls"
    )
    assert ("code" in dict(page.tags)) and ("summary" in dict(page.tags))
    assert page.attributes("role") == ["alert"]


def test_the_text_is_two_lines():
    """The twin for terminals and saved notebooks."""
    assert Banner(alert(), drawn()).text().splitlines() == [
        "✕ high_latency: p95 12.4 s, over 10 s",
        "  41 calls in 5 min, firing since 12:04:10 · gpt-5 in cell [12] · llmwatch.session.slowest(5)",
    ]
    assert Banner(alert()).line().count("\n") == 0


def test_its_end_is_green_and_offers_no_mute():
    """The same place says how long it took, with a hook for a cross."""
    banner = Banner(resolved(), drawn())
    assert banner.text().startswith("✓ high_latency resolved after 2 min 10 s\n")
    page = Read(banner.html())
    assert page.attributes("data-can") == []
    assert "--jp-success-color1" in "".join(page.attributes("style"))


def test_what_is_switched_off_is_not_well():
    """Where the rule is gone, nothing is green, and nothing is red."""
    banner = Banner(resolved(message="removed after 2 min 10 s"))
    assert banner.text().startswith("■ high_latency removed after 2 min 10 s\n")
    assert "--jp-success" not in "".join(Read(banner.html()).attributes("style"))


@pytest.mark.parametrize(
    ("severity", "mark", "colour"),
    [("critical", "✕", "error"), ("warning", "▲", "warn"), ("info", "●", "info")],
)
def test_each_severity_has_its_mark(severity, mark, colour):
    """Never by colour alone."""
    banner = Banner(alert(severity=severity))
    assert banner.text().startswith(f"{mark} ")
    assert f"--jp-{colour}-color" in "".join(Read(banner.html()).attributes("style"))


def test_only_news_is_read_out():
    """Where only a figure moved, a screen reader is not interrupted again."""
    assert Read(Banner(alert()).html()).attributes("aria-live") == []
    assert Read(Banner(alert(), is_news=False).html()).attributes("aria-live") == ["off"]


def test_a_muted_one_says_until_when():
    """And can be unmuted."""
    until = datetime(2026, 11, 24, 12, 14, tzinfo=UTC)
    banner = Banner(alert(), muted_until=until)
    assert f"muted until {until.astimezone():%H:%M}" in banner.text()
    assert Read(banner.html()).attributes("data-can") == ["unmute"]


def test_markup_of_others_is_text():
    """No name, message, hint or call brings a tag of its own."""
    page = HOSTILE + "<script>alert(1)</script></details>"
    notice = alert(name=page, message=page, detail=page, hint=page, labels={"model": page})
    hostile = Banner(notice, [call(model=page, error_code=page, status="error")], is_open=True)
    plain = Banner(alert(labels={"model": "x"}), [call(model="x", status="error")], is_open=True)
    tags = [tag for tag, _ in Read(hostile.html()).tags]
    assert tags == [tag for tag, _ in Read(plain.html()).tags]
    assert "\n" not in hostile.line()


def test_it_is_bounded():
    """Twenty rows at most, and 16 KB, whatever a model writes."""
    long = "x" * 9_000
    notice = alert(name=long, message=long, detail=long, hint=long)
    html = Banner(notice, [call(model=long, error_code=long, status="error")] * 50).html()
    assert html.count("<tr>") == 21
    assert "30 older calls left out" in html
    assert len(html) < 16_000


def test_dollars_are_no_formula():
    """MathJax passes by."""
    page = Read(Banner(alert(message="$0.62, over $0.50")).html())
    assert "tex2jax_ignore mathjax_ignore" in page.attributes("class")[0]
    moved = Read(Banner(alert(name="$x$")).moved(None)["text/html"])
    assert "tex2jax_ignore mathjax_ignore" in moved.attributes("class")[0]


def test_what_is_left_where_it_stood():
    """One muted line that says where it went, and how it ended, if it had."""
    cell = Cell("c", 15, "r")
    assert Banner(alert()).moved(cell)["text/plain"] == "high_latency: see cell [15]"
    assert Banner(resolved()).moved(cell)["text/plain"] == (
        "high_latency resolved after 2 min 10 s: see cell [15]"
    )
    assert Banner(alert()).moved(None)["text/plain"] == "high_latency: see a later cell"
    assert Read(Banner(alert()).moved(cell)["text/html"]).attributes("role") == []
