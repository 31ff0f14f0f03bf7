"""The same requests through the real client: known again beyond what is kept of them."""

from __future__ import annotations

import pytest

import llmwatch
from llmwatch.compare import compare
from llmwatch.testing import OfflineServer, offline_client
from tests.bench.bench_compare import START, columns
from tests.compare.plain import row

LONG = "Sum up what follows in one line. " * 10  # longer than a preview


@pytest.mark.parametrize(
    ("content", "paired"), [("preview", True), ("full", True), ("none", False)]
)
def test_long_requests_are_paired_whatever_is_kept_of_them(content, paired):
    """They differ behind the 200th character; where no text may be kept, nothing is known."""
    before = llmwatch.session.settings.content
    llmwatch.configure(content=content)
    try:
        with OfflineServer() as server, llmwatch.watch() as w:
            client = offline_client(server)
            for tag in ("a", "b"):
                with llmwatch.watch(tag=tag):
                    for i in range(10):
                        client.chat.completions.create(
                            model="gpt-5-mini",
                            messages=[{"role": "user", "content": f"{LONG} {i} my-key"}],
                        )
            assert row(w.compare(), "output_tokens_per_call")["paired"] == paired
        assert "request_digest" not in w.calls.columns
    finally:
        llmwatch.configure(content=before)


def test_the_bench_compares_what_a_store_gives():
    """`make bench` pairs its calls by what capture and files know of them."""
    for known in ("text", "digest"):
        found = compare(columns(120, known=known), now_ns=START).differences
        assert found.set_index("figure").loc["cost_usd_per_call", "paired"].all()
