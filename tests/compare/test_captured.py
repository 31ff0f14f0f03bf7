"""The same requests through the real client: known again beyond what is kept of them."""

from __future__ import annotations

import pytest

import llmwatch
from llmwatch.compare import compare
from llmwatch.testing import OfflineServer, offline_client
from tests.bench.bench_compare import START, columns
from tests.compare.plain import row

LONG = "Sum up what follows in one line. " * 10  # longer than a preview


@pytest.fixture(params=["preview", "full", "none"])
def content(request):
    before = llmwatch.session.settings.content
    llmwatch.configure(content=request.param)
    yield request.param
    llmwatch.configure(content=before)


def compared(messages):
    """Ten questions under each of two prompts, as `messages(tag, number)` has them."""
    with OfflineServer() as server, llmwatch.watch() as w:
        client = offline_client(server)
        for tag in ("a", "b"):
            with llmwatch.watch(tag=tag):
                for i in range(10):
                    client.chat.completions.create(model="gpt-5-mini", messages=messages(tag, i))
        assert "request_digest" not in w.calls.columns
        return row(w.compare(), "output_tokens_per_call")["paired"]


def test_the_same_questions_are_paired_whatever_is_kept_of_them(content):
    """Under two system prompts, and different behind the 200th character; without text, unknown."""
    asked = compared(
        lambda tag, i: [
            {"role": "system", "content": f"Prompt {tag}"},
            {"role": "user", "content": f"{LONG} {i}"},
        ]
    )
    assert asked == (content != "none")


@pytest.mark.parametrize(("pictures", "paired"), [("the same", True), ("others", False)])
def test_a_picture_is_part_of_a_question(pictures, paired):
    """One text over ten pictures is ten requests, and over twenty it is twenty."""

    def messages(tag, i):
        name = f"{i}" if pictures == "the same" else f"{tag}{i}"
        url = f"data:image/png;base64,{name}"
        parts = [
            {"type": "text", "text": f"What is this? {i % 2}"},
            {"type": "image_url", "image_url": {"url": url}},
        ]
        return [{"role": "user", "content": parts}]

    assert compared(messages) == paired


def test_the_bench_compares_what_a_store_gives():
    """`make bench` pairs its calls by what capture and files know of them."""
    for known in ("text", "digest"):
        found = compare(columns(120, known=known), now_ns=START).differences
        assert found.set_index("figure").loc["cost_usd_per_call", "paired"].all()
