"""What is told of a span, its attributes, its error and its name, is kept plain, clean and short."""

from __future__ import annotations

import asyncio
import json
import random

import numpy as np
import pytest

import llmwatch
from llmwatch import context, faults
from tests.spans.plain import ask


def told(**attributes):
    """The attributes of a span as they are kept."""
    with llmwatch.watch() as w, llmwatch.span("x", **attributes):
        pass
    return json.loads(w.spans.attributes[0])


def test_attributes_are_plain_and_cannot_change_later():
    """Numbers, truths and texts stay; anything else becomes a short text at once."""
    names = ["a"]
    with llmwatch.watch() as w, llmwatch.span("x", names=names, n=np.int64(3), x=np.float32(0.5)):
        names.append("b")
    assert json.loads(w.spans.attributes[0]) == {"names": "['a']", "n": 3, "x": 0.5}
    assert told(on=True, off=None, big=2**70, nan=float("nan")) == {
        "on": True, "off": None, "big": str(2**70), "nan": "nan",
    }  # fmt: skip


class Mute:
    """An object that cannot be shown."""

    def __str__(self):
        raise RuntimeError("no words")


def test_attributes_that_cannot_be_shown_do_no_harm():
    """They are named by their class; the others stay."""
    assert told(bad=Mute(), nested={"a": {"b": {"c": {"d": 1}}}}, k=1) == {
        "bad": "<Mute>", "nested": "{'a': {'b': {'c': {...}}}}", "k": 1,
    }  # fmt: skip


def test_attributes_are_scrubbed_and_bounded():
    """No credential by pattern or by its name; 200 characters of a text, 64 attributes."""
    kept = told(
        key="sk-proj-abcd1234efgh5678", password="hunter2!", text="word " * 10_000, keyword="Paris",
        many=list(range(10**6)), tokens=512,
    )  # fmt: skip
    assert kept["key"] == kept["password"] == "[redacted]"
    assert len(kept["text"]) <= 200
    assert kept["text"].startswith("word word")
    assert len(kept["many"]) <= 200
    assert (kept["keyword"], kept["tokens"]) == ("Paris", 512)
    assert len(told(**{f"a{n}": n for n in range(100)})) == 64


def test_an_attribute_may_have_any_name():
    """Also those of our own parameters."""
    assert told(name="n", self=1, owner=2) == {"name": "n", "self": 1, "owner": 2}


def test_an_error_is_that_of_the_span_and_goes_through_as_itself():
    """Every span it passes has its class and its words, without credentials."""
    problem = ValueError("bad key sk-proj-abcd1234efgh5678")
    with llmwatch.watch() as w:
        with pytest.raises(ValueError) as caught, llmwatch.span("outer"), llmwatch.span("inner"):
            raise problem
        with llmwatch.span("next"):
            pass
    assert caught.value is problem
    assert w.spans.status.tolist() == ["error", "error", "ok"]
    assert w.spans.error_type[:2].tolist() == ["ValueError"] * 2
    assert w.spans.error_message[:2].tolist() == ["bad key [redacted]"] * 2


@pytest.mark.parametrize(
    ("problem", "status"),
    [(StopIteration(1), "error"), (GeneratorExit(), "partial"), (KeyboardInterrupt(), "cancelled"),
     (asyncio.CancelledError(), "cancelled"), (BaseExceptionGroup("g", [SystemExit()]), "cancelled")],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
@pytest.mark.parametrize("is_on", [True, False])
def test_any_exception_passes(problem, status, is_on):
    """On or off, what is raised inside comes out, and says how the span ended."""
    caught = None
    watch = llmwatch.watch()
    if is_on:
        watch.__enter__()
    try:
        with llmwatch.span("x"):
            raise problem
    except BaseException as found:
        caught = found
    finally:
        watch.close()
    assert caught is problem
    assert watch.spans.status.tolist() == ([status] if is_on else [])


def test_an_error_that_cannot_be_told_is_still_itself():
    """An exception whose words cannot be had is recorded by its class."""

    class Wordless(Exception):
        def __str__(self):
            raise RuntimeError("no words")

    with llmwatch.watch() as w, pytest.raises(Wordless), llmwatch.span("x"):
        raise Wordless
    assert w.spans.error_type.tolist() == ["Wordless"]
    assert w.spans.error_message.isna().all()


def test_a_name_is_cut_and_scrubbed():
    """A name is text from anywhere."""
    with llmwatch.watch() as w, llmwatch.span("sk-proj-abcd1234efgh5678 " + "long " * 1000):
        pass
    assert w.spans.name[0].startswith("[redacted] long")
    assert len(w.spans.name[0]) <= 200


@pytest.mark.parametrize("name", ["", "  ", None, 3, len])
def test_a_name_that_is_none_is_one_clear_line(name):
    """It says what to type."""
    with pytest.raises(llmwatch.UsageError, match=r"llmwatch\.span\(") as caught:
        llmwatch.span(name)
    assert "\n" not in str(caught.value)


def test_a_decorator_without_a_name_is_told_one():
    """`@llmwatch.span` alone: the function's name would do."""
    with pytest.raises(llmwatch.UsageError, match=r'write @llmwatch\.span\("retrieve"\) above it'):

        @llmwatch.span
        def retrieve():
            raise AssertionError("never called")


def test_a_span_is_begun_once():
    """Open or over, the second time is a clear line that says what to type."""
    s = llmwatch.span("once")
    with s, pytest.raises(llmwatch.UsageError, match=r"llmwatch\.span\("), s:
        raise AssertionError("entered twice")
    with pytest.raises(llmwatch.UsageError, match="begun already"), s:
        raise AssertionError("entered again")
    with pytest.raises(llmwatch.UsageError, match="decorates a function"):
        llmwatch.span("x")(3)


def test_where_nothing_is_recorded_a_span_does_nothing():
    """Off, it has no ids and leaves no row, and what is set on it is forgotten."""
    before = len(llmwatch.session.spans)
    with llmwatch.span("x", k=1) as s:
        s.set(found=1)
        assert (s.trace_id, s.span_id, context.here()) == (None, None, None)
        ask()
    assert len(llmwatch.session.spans) == before
    assert "not recorded" in repr(s)


def test_what_is_set_after_the_end_is_told_and_not_kept():
    """However quick: whether it is kept must not depend on who is first."""
    faults.clear()
    with llmwatch.watch() as w, llmwatch.span("x", k=1) as s:
        pass
    s.set(found=1)
    assert w.spans.attributes.tolist() == ['{"k": 1}']
    assert ["set() came after the end" in m for m in llmwatch.diagnostics().message] == [True]
    faults.clear()


def test_ids_do_not_come_from_the_persons_dice():
    """After `random.seed` the same numbers come with us as without, and our ids differ."""

    def work():
        random.seed(7)
        with llmwatch.watch() as w, llmwatch.span("x"):
            ask()
        assert len(w.spans) == 2
        return random.random(), w.spans.trace_id[0]

    (first, one), (second, two) = work(), work()
    random.seed(7)
    assert first == second == random.random()
    assert one != two
