"""An event stream is read to its figures, wherever its bytes are cut and however it is written."""

from __future__ import annotations

import random

import pytest

from llmwatch import faults
from tests.capture.reader.plain import (
    DONE,
    SSE,
    STREAM,
    USAGE,
    chunk,
    event,
    figures,
    read,
    reader,
    whole,
)


def test_a_chat_stream_is_read_to_its_figures():
    """Model, id, tokens with their parts, reason, chunks, text: all from the chunks."""
    answer = read(STREAM)
    assert (answer.model, answer.response_id, answer.finish_reason) == ("m-1", "c-1", "stop")
    assert figures(answer) == (20, 9, 4, 5, 3, 2)
    assert (answer.chunks, answer.text, answer.is_stream) == (5, "Héllo 你", True)
    assert (answer.finished, answer.error, answer.tool_calls) == (True, False, 0)
    assert answer.output_bytes == len("Héllo 你".encode())


def test_bytes_may_be_cut_anywhere():
    """Single bytes, halves of characters and whole bodies give the same answer."""
    right = read(STREAM)
    right.first_content_ns = None
    for seed in range(50):
        dice, pieces, at = random.Random(seed), [], 0
        while at < len(STREAM):
            size = dice.randint(1, dice.choice((1, 3, 40, 500)))
            pieces.append(STREAM[at : at + size])
            at += size
        answer = read(*pieces)
        answer.first_content_ns = None
        assert answer == right


@pytest.mark.parametrize("change", [
    lambda body: body.replace(b"\n", b"\r\n"),
    lambda body: body.replace(b"\n", b"\r"),
    lambda body: body.replace(b"data: ", b"data:"),
    lambda body: b"\xef\xbb\xbf" + body,
    lambda body: b": keep-alive\n\n" + body.replace(b"\n\n", b"\n\n: ping\n\n"),
    lambda body: body.replace(b"data: ", b"id: 7\nretry: 10\ndata: "),
    lambda body: body.replace(b'"model"', b'\ndata: "model"'),
    lambda body: body.replace(b"data: {", b"event: message\ndata: {"),
    lambda body: b"\n\n" + body,
    lambda body: body[:-2],
], ids=["crlf", "cr", "no-space", "bom", "comments", "id-retry", "several-data-lines", "named",
        "blank-first", "no-blank-line-at-the-end"])  # fmt: skip
@pytest.mark.parametrize("size", [1, 5, 10_000])
def test_every_way_of_writing_events_reads_alike(change, size):
    """Line ends, comments, spaces and names are the server's business."""
    body = change(STREAM)
    answer = read(*(body[at : at + size] for at in range(0, len(body), size)))
    right = read(STREAM)
    answer.first_content_ns = right.first_content_ns = None
    assert answer == right


@pytest.mark.parametrize("kind", ["application/json", "", "text/plain"])
def test_events_under_another_name_are_events(kind):
    """Servers that send SSE as JSON exist: the first bytes have the last word."""
    assert read(STREAM, kind=kind) == read(STREAM)


def test_json_under_the_name_of_events_is_json():
    """An answer to `stream=True` that is none."""
    answer = whole(chunk() | {"usage": USAGE}, kind=SSE)
    assert (answer.is_stream, answer.chunks, answer.input_tokens) == (False, None, 20)


def test_the_first_content_is_the_first_piece_that_says_something():
    """A role is no content; a word, a thought and a tool's name are."""
    role = event(chunk("", delta={"role": "assistant"}))
    assert read(role, event(chunk("x")), event(chunk("y"))).first_content_ns == 2
    assert read(role, event(chunk(delta={"reasoning": "hm"}))).first_content_ns == 2
    call = {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": ""}}]}
    assert read(role, event(chunk(delta=call))).first_content_ns == 2
    assert read(role).first_content_ns is None


def test_the_last_usage_wins_and_none_is_summed():
    """Usage repeated on every chunk grows to its last figure."""
    grown = [event(chunk("x", usage={"completion_tokens": n})) for n in (5, 9, 12)]
    assert read(*grown, event(chunk(usage=None))).output_tokens == 12


def test_a_stream_without_usage_has_none():
    """Unknown is unknown, never 0."""
    answer = read(event(chunk("x")), event(chunk(reason="stop")), DONE)
    assert figures(answer) == (None,) * 6


def test_a_stream_that_was_cut_keeps_what_came():
    """It is not finished; half an event at its end is no chunk."""
    cut = read(STREAM[: STREAM.index(b"llo") + 3])
    assert (cut.finished, cut.text, cut.chunks, cut.finish_reason) == (False, "Hé", 2, None)


def test_an_open_stream_shows_what_came_so_far():
    """In flight, between two pieces."""
    open_reader = reader()
    open_reader.feed(event(chunk("Hi")).encode(), 1)
    assert (open_reader.answer.text, open_reader.answer.chunks) == ("Hi", 1)
    assert open_reader.answer.finished is False


def test_a_finish_reason_ends_a_stream_before_done():
    """Clients stop reading there, so it counts as the end."""
    assert read(event(chunk("x")), event(chunk(reason="length"))).finished is True


def test_with_two_choices_both_must_have_ended():
    """The reason is the first one's, and so is the text."""
    pieces = [event(chunk("a")), event(chunk("b", index=1)), event(chunk(reason="stop"))]
    assert read(*pieces).finished is False
    both = read(*pieces, event(chunk(reason="length", index=1)))
    assert (both.finished, both.finish_reason, both.text, both.output_bytes) == (
        True, "stop", "a", 2,
    )  # fmt: skip


def test_the_first_choice_is_the_one_numbered_0():
    """Whatever order they come in."""
    answer = read(event(chunk(reason="length", index=1)), event(chunk(reason="stop")))
    assert answer.finish_reason == "stop"


def test_azures_first_chunk_without_choices_or_names_is_harmless():
    """An empty model and id are unknown until a chunk tells them."""
    first = {"choices": [], "id": "", "model": "", "prompt_filter_results": []}
    answer = read(event(first), event(chunk("x")))
    assert (answer.model, answer.response_id, answer.chunks) == ("m-1", "c-1", 2)


def test_an_event_that_is_no_json_does_not_hide_the_next():
    """It counts as a chunk that says nothing."""
    answer = read("data: nonsense\n\n", event(chunk("x")))
    assert (answer.text, answer.chunks, faults.table()) == ("x", 2, [])


def test_a_strange_event_does_not_hide_the_next():
    """Choices that are no objects are noted once in diagnostics, the rest is read."""
    answer = read(event({"choices": [7]}), event(chunk("x")))
    assert answer.text == "x"
    assert [fault.step for fault in faults.table()] == ["read"]


@pytest.mark.parametrize(
    "value", [-1, float("nan"), float("inf"), "12", True, None, [], 1e300, 1.5]
)
def test_a_figure_that_cannot_be_is_unknown(value):
    """One bad number must not poison a sum; the good one beside it counts."""
    answer = whole(chunk() | {"usage": {"prompt_tokens": value, "completion_tokens": 3}})
    assert (answer.input_tokens, answer.output_tokens) == (None, 3)


def test_a_whole_number_written_with_a_point_counts():
    """12.0 is 12."""
    assert whole({"choices": [], "usage": {"prompt_tokens": 12.0}}).input_tokens == 12
