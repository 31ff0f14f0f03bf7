"""Who listens is told of each span once it is over, and harms nobody; what is kept is bounded."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest

import llmwatch
from llmwatch import context
from llmwatch.testing import Reply, offline_client
from llmwatch.traces import Spans
from tests.spans.plain import ASK, parents


@pytest.fixture
def heard():
    """The spans that a listener is told of, in order."""
    found = []
    leave = llmwatch.session.subscribe_spans(found.extend)
    yield found
    leave()


def test_a_trace_is_complete_when_its_root_ends(heard):
    """Children come before the root; it knows how many calls were in it, also those that failed."""
    client = offline_client(script=[Reply("Hi"), Reply.unauthorized()], max_retries=0)
    with llmwatch.watch(tag="t"), pytest.raises(Exception, match="401"), llmwatch.span("root"):
        with llmwatch.span("child"):
            client.chat.completions.create(**ASK)
        client.chat.completions.create(**ASK)
    llmwatch.session._settle()
    child, root = heard
    assert (child.name, child.is_root, child.calls, child.status) == ("child", False, 1, "ok")
    assert (root.name, root.is_root, root.calls, root.status) == ("root", True, 2, "error")
    assert (root.parent_span_id, child.parent_span_id) == (None, root.span_id)
    assert root.trace_id == child.trace_id
    assert root.duration_s > child.duration_s > 0
    assert (root.tag, root.session_id) == ("t", llmwatch.session.session_id)


def test_a_call_that_was_tried_again_in_vain_counts(heard):
    """Whether the SDK gives up is known by the time that the span ends."""
    client = offline_client(script=[Reply.server_error(), Reply.server_error()], max_retries=1)
    told = threading.Event()
    leave = llmwatch.session.subscribe_spans(lambda _: told.set())
    with llmwatch.watch() as w, pytest.raises(Exception, match="500"), llmwatch.span("root"):
        client.chat.completions.create(**ASK)
    assert told.wait(60)  # nothing is read meanwhile: reading would decide it, too
    leave()
    assert [span.calls for span in heard] == [1]
    assert w.calls.attempts.tolist() == [2]
    assert parents(w) == ["root"]


def test_a_listener_that_breaks_harms_nobody(heard):
    """The others are told, the span is there, and diagnostics say what happened."""

    def broken(spans):
        raise RuntimeError("a broken listener of spans")

    leave = llmwatch.session.subscribe_spans(broken)
    try:
        with llmwatch.watch() as w, llmwatch.span("x"):
            pass
        assert w.spans.name.tolist() == ["x"]
    finally:
        leave()
    assert [span.name for span in heard] == ["x"]
    told = llmwatch.diagnostics().message
    assert told.str.contains("a broken listener of spans").any()


def test_a_span_leaves_no_circle_behind():
    """Once it is over it goes without the garbage collector, whose turns people would pay for."""
    gc.collect()
    gc.disable()
    try:
        with llmwatch.watch() as w:
            with llmwatch.span("x"):
                scope = weakref.ref(context.here())
            assert len(w.spans) == 1
        assert scope() is None
    finally:
        gc.enable()


def test_what_is_kept_is_bounded():
    """Of a hundred thousand spans the newest are there, in order."""
    kept = Spans(100)
    for number in range(100_000):
        kept.add(number)
    assert kept.newest() == list(range(99_900, 100_000))
    assert len(kept) == 100
    assert len(kept._kept) <= 200
