"""The receipt: its line word for word, its table, its hints, its size, and what it escapes."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from llmwatch.widgets import Receipt
from tests.widgets.make import QUOTA, call, drawn

DASH = "\N{EN DASH}"
PRICED = {"input_tokens": 620, "output_tokens": 156, "cost_usd": 0.0041, "latency_s": 1.82}


def first_line(calls, **more):
    return Receipt(calls, **more).text().splitlines()[0]


def hints(calls):
    return re.findall(r'<div style="[^"]*">(.*?)</div>', Receipt(calls).html())


class Shown(HTMLParser):
    """What a browser would show of it: the text, the cells by row, and every tag met."""

    def __init__(self, html):
        super().__init__()
        self.text, self.rows, self.tags = "", [], []
        self._in_style = self._in_cell = False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._in_style = tag == "style"
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._in_cell = True
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        if tag == "style":
            self._in_style = False
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data):
        if self._in_style:
            return
        self.text += data
        if self._in_cell:
            self.rows[-1][-1] += data


def shown(calls, **more):
    return Shown(Receipt(calls, **more).html().replace("\u202f", " "))


# -- the line -------------------------------------------------------------------------------------


def test_the_line_of_the_drawing():
    """Calls, tokens with the cached share, money of the budget, times, errors, retries."""
    calls = [
        call(stream=True, latency_s=1.82, ttft_s=0.31, input_tokens=620, output_tokens=156,
             cached_input_tokens=500, cost_usd=0.0021, attempts=2),
        call(latency_s=0.64, input_tokens=310, output_tokens=78, cached_input_tokens=306,
             cost_usd=0.001),
        call(latency_s=0.9, input_tokens=310, output_tokens=78, cost_usd=0.001),
    ]  # fmt: skip
    assert first_line(calls, budget=(0.0041, 0.5)) == (
        "3 calls · 1,240 → 312 tokens (65 % cached) · $0.0041 of $0.50 · max 1.8 s"
        " · first token 0.31 s · 0 errors · 1 retry"
    )


def test_the_line_says_what_its_sums_leave_out():
    """An estimate carries ~, a call without a price is counted, a failed one is not missed."""
    assert first_line(drawn()) == (
        "3 calls · 1,240 → ~312 tokens · $0.0041 + 1 call of unknown price (qwen-x) · max 1.8 s"
        " · first token 0.27 s · 1 error · 1 partial · 1 retry"
    )


@pytest.mark.parametrize(
    ("calls", "more", "words"),
    [
        ([], {}, "no LLM calls"),
        ([], {"running": 2}, "no finished call · 2 still running"),
        ([], {"unread": 1}, "no finished call · 1 not read yet"),
        ([], {"running": 1, "budget": (0.0, 0.5)},
         "no finished call · $0.00 of $0.50 · 1 still running"),
        ([call(**PRICED)], {}, "1 call · 620 → 156 tokens · $0.0041 · max 1.8 s · 0 errors"),
        ([call(**PRICED)], {"running": 1, "unread": 2},
         ("1 call · 620 → 156 tokens · $0.0041 · max 1.8 s · 0 errors · 1 still running"
         " · 2 not read yet")),
        ([call(**PRICED)], {"older": 1200, "budget": (4.0, 5.0)},
         ("1,201 calls (1 of them in memory) · 620 → 156 tokens · $4.00 of $5.00 · max 1.8 s"
         " · 0 errors")),
        ([call(**PRICED)], {"budget": (0.5, 0.5)},
         "1 call · 620 → 156 tokens · $0.50 of $0.50 (spent) · max 1.8 s · 0 errors"),
        ([call(input_tokens=5, output_tokens=7)], {},
         "1 call · 5 → 7 tokens · cost unknown (gpt-5-mini) · 0 errors"),
        ([call(input_tokens=5, output_tokens=7)], {"budget": (0.0, 0.5)},
         "1 call · 5 → 7 tokens · cost unknown (gpt-5-mini; budget $0.50) · 0 errors"),
        ([call()], {"budget": (0.0, 0.5)},
         "1 call · tokens unknown · cost unknown (budget $0.50) · 0 errors"),
        ([call(input_tokens=5, output_tokens=7, model=f"m{n}") for n in range(5)], {},
         "5 calls · 25 → 35 tokens · cost unknown (m0, m1, m2 and 2 more) · 0 errors"),
        ([call()], {}, "1 call · tokens unknown · cost unknown · 0 errors"),
        ([call(**PRICED), call(), call()], {},
         ("3 calls · 620 → 156 tokens (2 calls unmeasured) · $0.0041 + 2 calls of unknown price"
         " · max 1.8 s · 0 errors")),
        ([call(estimated_input_tokens=11, estimated_output_tokens=5, estimated_cost_usd=0.00001)],
         {}, "1 call · ~11 → ~5 tokens · ~$0.00001 · 0 errors"),
        ([call(input_tokens=0, output_tokens=0, cost_usd=0.0, latency_s=0.0)], {},
         "1 call · 0 → 0 tokens · $0.00 · max 0 ms · 0 errors"),
        ([call(**QUOTA), call(**QUOTA)], {}, "2 calls · max 0.12 s · 2 errors"),
        ([call(**QUOTA)], {"budget": (0.0, 0.5)}, "1 call · $0.00 of $0.50 · max 0.12 s · 1 error"),
        ([call(status="cancelled", latency_s=3.0), call(status="lost")], {},
         "2 calls · tokens unknown · cost unknown · max 3.0 s · 0 errors · 1 cancelled · 1 lost"),
        ([call(operation="embeddings", input_tokens=900, cost_usd=0.00002)], {},
         "1 call · 900 tokens · $0.00002 · 0 errors"),
        ([call(operation="speech", latency_s=2)], {},
         "1 call · cost unknown · max 2.0 s · 0 errors"),
        ([call(attempts=3, input_tokens=1, output_tokens=1, cost_usd=1e-6)], {},
         "1 call · 1 → 1 tokens · $0.000001 · 0 errors · 2 retries"),
        ([call(status="error", error_type="APIError", input_tokens=9, output_tokens=4)], {},
         "1 call · 9 → 4 tokens · cost unknown (gpt-5-mini) · 1 error"),
        ([call(status="error", http_status=200, chunks=3)], {},
         "1 call · tokens unknown · cost unknown · 1 error"),
    ],
)  # fmt: skip
def test_the_line(calls, more, words):
    """The line, word for word; unknown is never 0 and never $0."""
    assert first_line(calls, **more) == words


def test_the_html_line_is_the_text_line():
    """Both twins say the same."""
    for calls in (drawn(), [call(**PRICED)], []):
        html = Receipt(calls).html()
        summary = html.partition("</summary>")[0] if calls else html
        text = Shown(summary).text.replace("\u202f", " ")
        assert text == first_line(calls)


def test_p95_from_twenty_ok_calls_on():
    """Below 20 the longest call is named; from 20 on the interpolated p95 of the ok ones."""
    calls = [call(latency_s=float(i + 1)) for i in range(19)]
    failed = call(**{**QUOTA, "latency_s": 90.0})
    assert " · max 90 s · " in first_line([*calls, failed])
    assert " · p95 19 s · " in first_line([*calls, call(latency_s=20.0), failed])
    fine = [call(latency_s=i / 100) for i in range(100, 121)]  # 1.00 ... 1.20: p95 = 1.19
    assert " · p95 1.2 s · " in first_line(fine)
    uneven = [call(latency_s=1.0)] * 18 + [call(latency_s=2.0)] * 2  # p95 lies on rank 18.05
    assert " · p95 2.0 s · " in first_line(uneven)
    between = [call(latency_s=1.0)] * 19 + [call(latency_s=5.0)]  # rank 18.05: 1 + 0.05 * 4
    assert " · p95 1.2 s · " in first_line(between)


def test_first_token_is_the_median():
    """One slow stream among three does not speak for them."""
    calls = [call(stream=True, ttft_s=seconds) for seconds in (0.2, 0.3, 9.0)]
    assert "first token 0.30 s" in first_line(calls)


def test_errors_and_a_spent_budget_stand_out():
    """They are coloured, and said in words too."""
    html = Receipt(drawn(), budget=(0.6, 0.5)).html().partition("</summary>")[0]
    coloured = re.findall(
        r'<b style="color:color-mix\(in srgb,var\(--jp-error[^>]*>(.*?)</b>', html
    )
    assert coloured == ["$0.60", "1 error"]
    calm = Receipt([call(**PRICED)]).html().partition("</summary>")[0]
    assert "jp-error" not in calm


# -- the table ------------------------------------------------------------------------------------


def test_the_table_of_the_drawing():
    """A row a call: how it ended, how long, how much; estimates with ~, unknown as a dash."""
    assert shown(drawn()).rows == [
        ["", "model", "status", "latency", "first token", "in", "out", "cost"],
        ["✓", "gpt-5-mini", "ok · 2 attempts", "1.82 s", "0.31 s", "620", "156", "$0.0041"],
        ["◐", "qwen-x", "partial", "0.64 s", "0.22 s", "620", "~156", "no price"],
        ["✕", "gpt-5", "RateLimitError · insufficient_quota", "0.12 s", DASH, DASH, DASH, DASH],
    ]


def test_a_row_of_every_other_kind():
    """Estimated cost, cancelled, lost, unnamed and cut calls are told apart."""
    calls = [
        call(estimated_input_tokens=3, estimated_output_tokens=4, estimated_cost_usd=0.002),
        call(status="cancelled"),
        call(status="lost", model=None),
        call(finish_reason="length", input_tokens=1, output_tokens=2, cost_usd=0.1),
        call(status="error", error_type=None),
        call(operation="embeddings", input_tokens=3),
    ]
    assert [row[:3] + row[5:8] for row in shown(calls).rows[1:]] == [
        ["✓", "gpt-5-mini", "ok", "~3", "~4", "~$0.002"],
        ["■", "gpt-5-mini", "cancelled", DASH, DASH, DASH],
        ["?", DASH, "lost", DASH, DASH, DASH],
        ["✓", "gpt-5-mini", "ok · cut at the token limit", "1", "2", "$0.10"],
        ["✕", "gpt-5-mini", "error", DASH, DASH, DASH],
        ["✓", "gpt-5-mini", "ok", "3", DASH, "no price"],
    ]


def test_a_long_table_cuts_itself_and_says_so():
    """Of 1,000 calls 50 rows stay, in order: failed, slowest, first and last ones."""
    calls = [call(call_id=str(i), model=f"m{i}", latency_s=1.0) for i in range(1000)]
    calls[500] = call(model="failed", **QUOTA)
    calls[600] = call(model="slow", latency_s=50.0)
    page = shown(calls)
    models = [row[1] for row in page.rows[1:]]
    assert len(models) == 50
    assert models[:3] == ["m0", "m1", "m2"]
    assert models[-1] == "m999"
    assert models.index("failed") < models.index("slow")
    assert "950 of 1,000 calls are not shown: llmwatch.session.calls" in page.text


def test_fifty_rows_are_all_shown():
    """Nothing is cut, and nothing says so, up to 50 calls."""
    page = shown([call()] * 50)
    assert len(page.rows) == 51
    assert "not shown" not in page.text


# -- what to do -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("calls", "words"),
    [
        ([call(stream=True, usage_source=None)],
         [("1 stream reports no tokens: pass"
          " <code>stream_options={&quot;include_usage&quot;: True}</code>")]),
        ([call(stream=True, usage_source=None, operation="text_completion")] * 2,
         [("2 streams report no tokens: pass"
          " <code>stream_options={&quot;include_usage&quot;: True}</code>")]),
        ([call(stream=True, usage_source=None, operation="generate_content")], []),
        ([call(stream=True, usage_source=None, provider="anthropic")], []),
        ([call(stream=True, usage_source=None, status="partial")], []),
        ([call(usage_source=None)], []),
        ([call(model="qwen-x", input_tokens=1, output_tokens=2)],
         [("qwen-x has no price:"
          " <code>llmwatch.price(&quot;qwen-x&quot;, input=…, output=…)</code>")]),
        ([call(model=f"m{i % 5}", input_tokens=1, output_tokens=2) for i in range(9)],
         [("m0, m1, m2 and 2 more have no price:"
          " <code>llmwatch.price(&quot;m0&quot;, input=…, output=…)</code>")]),
        ([call(input_tokens=1)], []),
        ([call(input_tokens=1, output_tokens=2), call(**PRICED)], []),
        ([call(model=None, input_tokens=1, output_tokens=2)], []),
        ([call(**QUOTA)],
         ["1 call was refused, the quota is used up: check plan and billing of this key"]),
        ([call(status="error", http_status=429, error_type="RateLimitError")] * 2,
         ["2 calls were rate-limited: send fewer at once, or raise <code>max_retries=…</code>"]),
        ([call(status="error", http_status=401, error_type="AuthenticationError")],
         ["1 call was refused, the provider does not know this key: check it"]),
        ([call(status="error", http_status=400, error_code="context_length_exceeded")],
         ["1 call was longer than the model reads: shorten the messages"]),
        ([call(status="error", error_type="APITimeoutError")],
         ["1 call timed out: raise <code>timeout=…</code>"]),
        ([call(finish_reason="length"), call(finish_reason="length"), call(finish_reason="stop")],
         ["2 answers were cut at the token limit: raise <code>max_completion_tokens=…</code>"]),
        ([call(finish_reason="incomplete: max_output_tokens")],
         ["1 answer was cut at the token limit: raise <code>max_output_tokens=…</code>"]),
        ([call(finish_reason="max_tokens", provider="anthropic")],
         ["1 answer was cut at the token limit: raise <code>max_tokens=…</code>"]),
        ([call(finish_reason="MAX_TOKENS", provider="gcp.gemini", operation="generate_content")],
         ["1 answer was cut at the token limit: raise <code>max_output_tokens=…</code>"]),
        ([call(finish_reason="length", operation="text_completion"),
          call(finish_reason="length", provider="mistral_ai"), call(finish_reason="length")],
         [("3 answers were cut at the token limit: raise"
           " <code>max_tokens=…, max_completion_tokens=…</code>")]),
        ([call(**PRICED, finish_reason="stop")], []),
    ],
)  # fmt: skip
def test_hints(calls, words):
    """Each says what is missing and what to type, and only where typing it helps."""
    assert hints(calls) == words


def test_four_hints_at_most_failures_first():
    """However much is wrong, four hints stand there, and what failed comes first."""
    wrong = [
        call(model="m", input_tokens=1, output_tokens=1),
        call(stream=True, usage_source=None),
        call(finish_reason="length"),
        call(**QUOTA),
        call(status="error", error_type="APITimeoutError"),
    ]
    found = hints(wrong)
    assert [words.split()[2] for words in found] == ["was", "timed", "was", "reports"]


# -- the text twin --------------------------------------------------------------------------------


def test_text_is_one_line_when_nothing_is_wrong():
    """In a terminal a good cell costs one line."""
    assert "\n" not in Receipt([call(**PRICED)] * 30).text()


def test_text_names_errors_and_what_to_do():
    """Below the line stand the errors and the hints, six lines at most."""
    assert Receipt(drawn()).text().splitlines()[1:] == [
        "  gpt-5  RateLimitError · insufficient_quota  0.12 s",
        "  1 call was refused, the quota is used up: check plan and billing of this key",
        '  qwen-x has no price: llmwatch.price("qwen-x", input=…, output=…)',
    ]
    many = [call(**QUOTA)] * 9 + [call(finish_reason="length"), *drawn()]
    lines = Receipt(many).text().splitlines()
    assert len(lines) == 7
    assert lines[3] == "  8 more errors: llmwatch.session.errors()"


def test_it_shows_twice():
    """A front end gets HTML and text; `repr` is the text."""
    receipt = Receipt(drawn())
    assert receipt._repr_mimebundle_() == {
        "text/html": receipt.html(), "text/plain": receipt.text(),
    }  # fmt: skip
    assert repr(receipt) == receipt.text()


# -- size and safety ------------------------------------------------------------------------------

HOSTILE = '<script>alert("&")</script>\u202e\n' + "\U0001f600&\"'<" * 80


def hostile(count):
    return [
        call(
            model=f"{i}{HOSTILE}", status="error", error_type=HOSTILE, error_code=HOSTILE,
            finish_reason=HOSTILE, input_tokens=10**12, output_tokens=10**12, attempts=10**6,
            latency_s=1e6, ttft_s=1e6, cost_usd=123456.789, error_message=HOSTILE,
        )
        for i in range(count)
    ]  # fmt: skip


def test_sizes():
    """The line takes 2 KB at most, a receipt of 1,000 calls 64 KB, whatever the names hold."""
    for calls in (drawn(), hostile(1000), [call(**PRICED)] * 1000):
        html = Receipt(
            calls, running=1000, budget=(1e6, 1e6), older=10**6, unread=1000
        ).html().encode()  # fmt: skip
        before_the_table = html.partition(b"<div>")[0].partition(b"<style>.llmwatch-receipt>")[0]
        assert html.startswith(before_the_table)
        assert b"</summary>" in before_the_table
        assert len(before_the_table) <= 2048
        assert len(html) <= 64 * 1024


def test_foreign_text_is_text():
    """Names with markup, newlines, bidi controls or 300 characters stay short, plain text."""
    html = Receipt(hostile(3)).html()
    page = Shown(html)
    assert {tag for tag, _ in page.tags} <= {
        "style", "details", "summary", "nobr", "span", "b", "div", "table", "thead", "tbody",
        "tr", "th", "td", "code",
    }  # fmt: skip
    assert "\n" not in html
    assert "\u202e" not in html
    assert all(len(row[1]) <= 40 for row in page.rows[1:])
    assert page.rows[1][1].startswith('0<script>alert("&")')
    assert Receipt(hostile(1)).text().count("\n") == 1


def test_a_broken_name_still_encodes():
    """A lone surrogate or a NUL in a name does not break the message to the front end."""
    receipt = Receipt([call(model="a\ud800\x00b", input_tokens=1, output_tokens=1)])
    receipt.html().encode()
    receipt.text().encode()


def test_nothing_runs_and_nothing_is_fetched():
    """No script, no handler, no address: it is only markup."""
    for calls in (drawn(), []):
        page = shown(calls)
        for tag, attributes in page.tags:
            assert tag not in ("script", "link", "img", "iframe")
            assert set(attributes) <= {"class", "style", "aria-hidden"}
        assert "url(" not in Receipt(calls).html()
        assert "http" not in Receipt(calls).html()


def test_style_touches_only_receipts():
    """Every rule of its style begins with its own class."""
    for style in re.findall(r"<style>(.*?)</style>", Receipt(drawn()).html()):
        selectors = re.findall(r"(?:^|})([^{}]+){", style)
        assert selectors
        assert all(selector.startswith(".llmwatch-receipt") for selector in selectors)


def test_dollars_are_no_formula():
    """MathJax, which JupyterLab runs over HTML outputs, is told to leave the money alone."""
    for calls in (drawn(), []):
        outer = next(dict(attrs) for tag, attrs in shown(calls).tags if tag in ("details", "div"))
        assert {"tex2jax_ignore", "mathjax_ignore"} <= set(outer["class"].split())
