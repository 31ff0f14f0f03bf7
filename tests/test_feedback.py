"""Ratings: whatever a person holds of a call finds it, and what they said of it stays."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest

import llmwatch
from llmwatch.exceptions import UsageError
from llmwatch.recorder import Session
from llmwatch.records import Call
from llmwatch.testing import OfflineServer, offline_anthropic, offline_async_client, offline_client
from tests.source import Source

ASK = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]}


def make(n: int, **values) -> Call:
    known = {"call_id": f"id-{n}", "session_id": "s", "started_at": n, "status": "ok"}
    return Call(**(known | values))


def held(*calls: Call, max_calls: int = 100) -> Session:
    """A session that holds `calls`."""
    session = Session()
    session.store.max_calls = max_calls
    session.store.append(calls)
    return session


def scores(session) -> list[float | None]:
    return [call.score for call in session.store.view().calls()]


@pytest.fixture
def server():
    with OfflineServer() as server:
        yield server


# -- which call -----------------------------------------------------------------------------------


def rows():
    """Ways to name the second of three calls, by what a person may have in their hands."""
    return {
        "call_id": lambda s: "id-1",
        "response_id": lambda s: "chatcmpl-1",
        "request id": lambda s: "req-1",
        "numpy text": lambda s: np.str_("id-1"),
        "row": lambda s: s.calls.iloc[1],
        "one-row frame": lambda s: s.calls.iloc[[1]],
        "row of itertuples": lambda s: list(s.calls.itertuples())[1],
        "dict": lambda s: s.calls.to_dict("records")[1],
        "row of another table": lambda s: s.slowest(1).iloc[0],
        "record": lambda s: s.store.view().calls()[1],
        "dumped response": lambda s: {"id": "chatcmpl-1", "object": "chat.completion"},
        "earlier feedback": lambda s: s.feedback("id-1", 0),
    }


@pytest.mark.parametrize("kind", rows())
def test_a_call_is_found(kind):
    """By its ids, by any form of its row, by the response as a dictionary."""
    session = held(*(
        make(
            n, response_id=f"chatcmpl-{n}", provider_request_id=f"req-{n}",
            latency_s=9.0 if n == 1 else 1.0,
        )
        for n in range(3)
    ), make(3))  # fmt: skip
    given = session.feedback(rows()[kind](session), True)
    assert given.call_id == "id-1"
    assert scores(session) == [None, 1.0, None, None]


async def answers(client, async_client):
    """What each surface of the SDK returns for a call, the call being over."""
    chat = client.chat.completions
    yield chat.create(**ASK)
    yield list(chat.create(**ASK, stream=True))[-1]
    stream = chat.create(**ASK, stream=True)
    for _ in stream:
        pass
    yield stream
    for helper in (chat.stream(**ASK), client.responses.stream(model="gpt-5-mini", input="hello")):
        with helper as gathering:
            gathering.until_done()
        yield gathering
    yield chat.with_raw_response.create(**ASK)
    yield client.responses.create(model="gpt-5-mini", input="hello")
    yield client.embeddings.create(model="text-embedding-3-small", input="hello")
    yield await async_client.chat.completions.create(**ASK)


def test_what_the_sdk_returns_finds_its_call(server):
    """Completions, chunks, streams, their helpers, raw answers, Responses, and embeddings, which have no id."""

    async def main():
        client, async_client = offline_client(server), offline_async_client(server)
        with llmwatch.watch() as w:
            number = 0
            async for answer in answers(client, async_client):
                w.feedback(answer, number / 10)
                number += 1
        return w

    w = llmwatch.run(main())
    assert w.calls["score"].tolist() == [n / 10 for n in range(len(w))]
    assert len(w) == 9


def test_a_message_of_anthropic_finds_its_call(server):
    """Its id is the response's, also where the stream helper gathered it."""
    pytest.importorskip("anthropic")
    client = offline_anthropic(server)
    ask = {"model": "claude-haiku-5-5", "max_tokens": 50, "messages": ASK["messages"]}
    with llmwatch.watch() as w:
        w.feedback(client.messages.create(**ask), True)
        with client.messages.stream(**ask) as stream:
            message = stream.get_final_message()
        w.feedback(message, False)
        w.feedback(stream, False, "again")
    assert w.calls["score"].tolist() == [1.0, -1.0]
    assert len(json.loads(w.calls["feedback"][1])) == 2


def test_a_call_that_just_ended_is_found(server):
    """Nothing need be read first: the rating waits for the record."""
    client = offline_client(server)
    with llmwatch.watch() as w:
        for _ in range(20):
            w.feedback(client.chat.completions.create(**ASK), True)
    assert w.summary().satisfaction_n == 20


def test_the_session_and_a_watch_rate_the_same_call(server):
    """What one is told the other shows."""
    with llmwatch.watch() as w:
        offline_client(server).chat.completions.create(**ASK)
    llmwatch.session.feedback(w.calls.iloc[0], True)
    assert w.calls["score"].tolist() == [1.0]


NOBODY = {
    "nothing": (None, "NoneType None names no call"),
    "a number": (3, "int 3 names no call"),
    "blank": (" ", "names no call"),
    "another object": (object(), "object .* names no call"),
    "a row without ids": ({"model": "x"}, "dict .* names no call"),
    "an unknown id": ("id-9", r"no call with the id 'id-9' is here: made elsewhere"),
    "an id of no answer": ({"id": "chatcmpl-9"}, "no call with the id 'chatcmpl-9'"),
    "an id twice": ("same", r"2 calls bear the id 'same': give the call_id"),
    "an array": (np.array(["id-0"]), "names no call"),
}


@pytest.mark.parametrize("case", NOBODY)
def test_a_call_that_is_not_meant_is_one_line(case):
    """It says why no call was found and what to give instead, and nothing is rated."""
    call, message = NOBODY[case]
    session = held(make(0, response_id="same"), make(1, response_id="same"))
    with pytest.raises(UsageError, match=message) as caught:
        session.feedback(call, True)
    assert "\n" not in str(caught.value)
    assert scores(session) == [None, None]


@pytest.mark.parametrize("rows", [0, 2])
def test_a_table_is_not_a_call(rows):
    """Several rows, or none, are told so."""
    session = held(make(0), make(1))
    with pytest.raises(UsageError, match=rf"{rows} rows: give one"):
        session.feedback(session.calls.iloc[:rows], True)


def test_a_call_that_left_memory_is_said_to_have():
    """The line says how many have; none that bears the same response id is rated in its place."""
    session = held(make(0, response_id="chatcmpl-1"), make(1, response_id="chatcmpl-1"))
    old = session.calls.iloc[0]
    session.store.max_calls = 1
    with pytest.raises(UsageError, match="or one of the 1 that have left memory"):
        session.feedback(old, True)
    assert scores(session) == [None]


def test_a_request_id_tells_answers_of_one_id_apart():
    """Local servers give each answer the same id: the request's own id decides."""
    session = held(*(make(n, response_id="x", provider_request_id=f"r{n}") for n in (0, 1)))
    session.feedback({"id": "x", "_request_id": "r1"}, True)
    assert scores(session) == [None, 1.0]


def test_a_stream_still_open_is_said_to_be(server):
    """Its first chunk names a call that is not over yet."""
    with llmwatch.watch() as w:
        stream = offline_client(server).chat.completions.create(**ASK, stream=True)
        first = next(iter(stream))
        with pytest.raises(UsageError, match="still in flight"):
            w.feedback(first, True)
        for _ in stream:
            pass
        assert w.feedback(first, True).score == 1.0


# -- which score ----------------------------------------------------------------------------------

GOOD = [
    (True, None, 1.0), (False, None, -1.0), (np.True_, None, 1.0), (0.25, None, 0.25), (1, None, 1),
    (-1, None, -1), (np.float32(0.5), None, 0.5), (np.int64(0), None, 0),
    (4, (1, 5), 0.5), (1, (1, 5), -1), (5, [1, 5], 1), (3, (1, 5), 0), (70, (0, 100), 0.4),
    (2, (6, 1), 0.6), (1, (0, 1), 1.0),
]  # fmt: skip


@pytest.mark.parametrize(("score", "scale", "kept"), GOOD)
def test_a_score_is_mapped_to_one_scale(score, scale, kept):
    """Thumbs are 1 and -1, other scales are mapped linearly, the worst first."""
    session = held(make(0))
    assert session.feedback("id-0", score, scale=scale).score == pytest.approx(kept)
    assert scores(session) == [pytest.approx(kept)]


BAD = [
    (4, None, r"4 is not a score from -1 to 1.*scale=\(1, 5\)"), (-1.01, None, "not a score"),
    (float("nan"), None, "not a score"), ("good", None, "'good' is not a score"),
    (None, None, "not a score"), (6, (1, 5), "6 is not a score from 1 to 5"),
    (0, (1, 5), "not a score"), (True, (1, 5), "need no scale"), (1, (1, 1), "no scale"),
    (1, 5, "no scale: give the worst and the best"), (1, (1, 2, 3), "no scale"),
    (1, ("a", "b"), "no scale"), (1, (0, float("inf")), "no scale"), (np.zeros(2), None, "score"),
]  # fmt: skip


@pytest.mark.parametrize(("score", "scale", "message"), BAD)
def test_a_score_that_is_none_is_one_line(score, scale, message):
    """It says what a score is, and nothing is rated."""
    session = held(make(0))
    with pytest.raises(UsageError, match=message) as caught:
        session.feedback("id-0", score, scale=scale)
    assert "\n" not in str(caught.value)
    assert scores(session) == [None]


# -- what is kept ---------------------------------------------------------------------------------


def test_the_last_rating_counts_and_all_are_kept():
    """`score` is the last one, `feedback` all of them in order, with their times."""
    session = held(make(0), make(1))
    first = session.feedback("id-0", True, "  great ")
    session.feedback("id-0", -0.5)
    assert scores(session) == [-0.5, None]
    kept = json.loads(session.calls["feedback"][0])
    assert [(one["score"], one["comment"]) for one in kept] == [(1.0, "great"), (-0.5, None)]
    assert kept[0]["at"] <= kept[1]["at"]
    assert kept[0]["at"].endswith("Z")
    assert (first.comment, session.summary().satisfaction) == ("great", -0.5)


def test_ratings_at_once_are_all_kept():
    """Thumbs from several threads lose none, and rating for ever does not grow without end."""
    session = held(make(0))
    threads = [
        threading.Thread(target=lambda: [session.feedback("id-0", True) for _ in range(12)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(json.loads(session.calls["feedback"][0])) == 48
    for _ in range(60):
        session.feedback("id-0", False)
    assert len(json.loads(session.calls["feedback"][0])) == 100


def test_a_comment_loses_its_credentials():
    """The rest stays in the person's words, whatever `content` says, and bounded."""
    session = held(make(0))
    session.configure(content="none", redact=["ACME-[0-9]+"])
    given = session.feedback("id-0", 1, "naïve “key” sk-proj-abcd1234efgh5678 for ACME-12\nok")
    assert given.comment == "naïve “key” [redacted] for [redacted]\nok"
    assert json.loads(session.calls["feedback"][0])[0]["comment"] == given.comment
    assert len(session.feedback("id-0", 1, "ab " * 3000).comment) <= 2000
    with pytest.raises(UsageError, match="comment=5 is not text"):
        session.feedback("id-0", 1, 5)


def test_ratings_survive_files(tmp_path):
    """CSV and JSON lines bring score and ratings back as they were, to be rated again."""
    import pandas as pd

    session = held(make(0), make(1))
    session.feedback("id-1", 4, 'said "no", =1+1', scale=(1, 5))
    session.to_csv(tmp_path / "calls.csv")
    session.to_jsonl(tmp_path / "calls.jsonl")
    again = llmwatch.load(tmp_path / "calls.csv")
    again.feedback("id-1", False)
    kept = json.loads(again.calls["feedback"][1])
    assert [one["score"] for one in kept] == [0.5, -1.0]
    for frame in (
        pd.read_csv(tmp_path / "calls.csv"),
        pd.read_json(tmp_path / "calls.jsonl", lines=True),
    ):
        assert frame["score"].isna().tolist() == [True, False]
        assert frame["score"][1] == 0.5
        assert json.loads(frame["feedback"][1])[0]["comment"] == 'said "no", =1+1'


def test_what_can_only_be_read_says_so():
    """A source that has no session behind it is not rated, in one line."""
    with pytest.raises(UsageError, match=r"rate a call in llmwatch\.session"):
        Source([make(0)]).feedback("id-0", True)


def test_a_rating_is_heard_of():
    """Who subscribed to changes of the store is told the call's number."""
    session, heard = held(make(0), make(1)), []
    session.store.subscribe_changes(heard.append)
    session.feedback("id-1", True)
    assert heard == [[1]]
