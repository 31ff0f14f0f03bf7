"""Recorded traffic of some thirty providers, read as a person who knows the APIs would read it."""

from __future__ import annotations

import base64
import gzip
import json
import os
import random
from collections import Counter
from pathlib import Path

import pytest

from llmwatch.capture._endpoints import match
from llmwatch.capture._errors import error_type, sdk_of
from llmwatch.capture._reader import Reader
from llmwatch.capture._request import read_request

FOLDER = os.environ.get("LLMWATCH_CASSETTES")
if not FOLDER:
    pytest.skip("LLMWATCH_CASSETTES names no folder of recorded traffic", allow_module_level=True)

CALLS = {
    "chat.completions": "chat", "completions": "text_completion", "embeddings": "embeddings",
    "responses": "chat", "responses.compact": "chat", "messages": "chat", "moderations":
    "moderation", "images.generate": "image_generation", "audio.speech": "speech",
}  # fmt: skip
SAME = {
    "response_model": "model_answered", "response_id": "response_id",
    "output_tokens": "output_tokens", "cached_input_tokens": "cached_tokens",
    "cache_write_tokens": "cache_write_tokens", "reasoning_tokens": "reasoning_tokens",
    "input_audio_tokens": "audio_input_tokens", "output_audio_tokens": "audio_output_tokens",
    "chunks": "n_chunks", "request_model": "model_asked", "stream": "stream",
    "error_code": "error_code",
}  # fmt: skip


def lines(name):
    with gzip.open(Path(FOLDER) / name, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.fixture(scope="module")
def pairs():
    truths = {truth["id"]: truth for truth in lines("truth.jsonl.gz")}
    return [(case, truths[case["id"]]) for case in lines("cases.jsonl.gz")]


def target(request):
    query = f"?{request['query']}" if request["query"] else ""
    return f"{request['path']}{query}".encode()


def body_of(message):
    if "json" in message:
        return json.dumps(message["json"]).encode()
    if "text_b64" in message:
        return base64.b64decode(message["text_b64"])
    return (message.get("text") or "").encode()


def in_pieces(body, dice):
    """The body cut at random places, sometimes into single bytes."""
    longest = dice.choice((1, 7, 60, 1000, 100_000))
    at = 0
    while at < len(body):
        size = dice.randint(1, longest)
        yield body[at : at + size]
        at += size


def headers_of(request, api):
    """The headers of the SDK that the recording was made with, where it kept them."""
    headers = {"user-agent": "OpenAI/Python 3.54.0"}
    if api == "anthropic":
        headers = {"user-agent": "Anthropic/Python 2.12.0"}
    kept = {name.lower(): value for name, value in request["headers"].items()}
    return kept if sdk_of(kept)[0] == api else headers


def row_of(case, truth, dice):
    """What we say of a recorded pair; None where we say that it is no LLM call."""
    request, response = case["request"], case["response"]
    endpoint = match(request["method"], request["host"], target(request))
    if endpoint is None:
        return None
    body = body_of(request) if request["method"] == "POST" else b""
    asked = read_request(endpoint, target(request), body, None, "preview")
    if not asked.is_call:
        return None
    kind = response["headers"].get("content-type") or ""
    reader = Reader(endpoint, response["status"], kind, "preview")
    for at_ns, piece in enumerate(in_pieces(body_of(response), dice), 1):
        reader.feed(piece, at_ns)
    answer = reader.close()
    sdk, version = sdk_of(headers_of(request, truth["api"]))
    raised = answer.error and error_type(
        sdk, version, status=response["status"], transport=None,
        mid_stream=asked.stream, body=answer,
    )  # fmt: skip
    return {
        "operation": endpoint.operation, "request_model": asked.model, "stream": asked.stream,
        "response_model": answer.model, "error_type": raised or None, "finished": answer.finished,
        **{name: getattr(answer, name) for name in (
            "response_id", "input_tokens", "output_tokens", "cached_input_tokens",
            "cache_write_tokens", "reasoning_tokens", "input_audio_tokens", "output_audio_tokens",
            "chunks", "error_code", "finish_reason", "tool_calls", "service_tier", "error",
        )},
    }  # fmt: skip


def expected(truth):
    """The truth in our columns."""
    row = {ours: truth.get(theirs) or None for ours, theirs in SAME.items()}
    for ours, theirs in SAME.items():
        if truth.get(theirs) == 0:
            row[ours] = truth[theirs]
    row["operation"] = CALLS[truth["endpoint"]]
    row["input_tokens"] = truth["input_tokens"]
    if truth["endpoint"] == "messages" and truth["input_tokens"] is not None:
        row["input_tokens"] += (truth["cached_tokens"] or 0) + (truth["cache_write_tokens"] or 0)
    reasons = [reason for reason in truth["finish_reasons"] or () if reason]
    if truth["endpoint"].startswith("responses"):
        row["finish_reason"] = ": ".join(reasons) or None
    else:
        row["finish_reason"] = (truth["finish_reasons"] or [None])[0] or None
    row["tool_calls"] = len([name for name in truth["tool_calls"] or () if name])
    row["error"] = bool(truth["error_class"] or truth["mid_stream_error"])
    row["error_type"] = "APIError" if truth["mid_stream_error"] else truth["error_class"]
    if truth["mid_stream_error"]:
        row["error_code"] = truth["mid_stream_error"]
    elif truth["error_code"] is not None:
        row["error_code"] = str(truth["error_code"])
    if truth["service_tier"]:
        row["service_tier"] = truth["service_tier"]
    return row


def is_misrecorded(truth):
    return truth["problem"] is not None


def refused_at_200(case):
    """The code of an error that came as a good answer, which no SDK raises; else None."""
    body = case["response"].get("text") or ""
    if case["response"]["status"] != 200 or not body.lstrip().startswith('{ "error"'):
        return None
    return json.loads(body)["error"]["code"]


def misses_of(pairs):
    dice = random.Random(20261124)
    misses, rows = [], 0
    for case, truth in pairs:
        if truth["endpoint"] not in CALLS or is_misrecorded(truth):
            continue
        rows += 1
        row, right = row_of(case, truth, dice), expected(truth)
        code = refused_at_200(case)
        if code is not None:
            right |= {"error": True, "error_type": "APIError", "error_code": code}
        if row is None:
            misses.append((truth["id"], truth["endpoint"], "is a call", True, False))
            continue
        row["tool_calls"] = row["tool_calls"] or 0
        for name, value in right.items():
            if row[name] != value:
                misses.append((truth["id"], truth["endpoint"], name, value, row[name]))
    return misses, rows


def test_every_recorded_answer_is_read_right(pairs, tell_misses):
    """Of all recorded calls, cut into random pieces, at least 99.5 % are right in every field."""
    misses, rows = misses_of(pairs)
    tell_misses("bytes read in random pieces", rows, misses)
    assert len({miss[0] for miss in misses}) <= 0.005 * rows


def test_what_is_no_llm_call_is_left_alone(pairs):
    """Files, models, threads, batches, polling and counting are no LLM calls."""
    dice = random.Random(1)
    taken = Counter()
    for case, truth in pairs:
        generated = ":generateContent" in truth["path"]
        if truth["endpoint"] not in CALLS and not generated and row_of(case, truth, dice):
            taken[truth["endpoint"]] += 1
    assert not taken


def test_every_whole_recorded_answer_is_finished(pairs):
    """A recorded answer that no error ended was read to its end by what it says itself."""
    dice = random.Random(2)
    unfinished = []
    for case, truth in pairs:
        if truth["endpoint"] not in CALLS or is_misrecorded(truth) or truth.get("binary"):
            continue
        row = row_of(case, truth, dice)
        if not row["finished"] and not row["error"]:
            unfinished.append(truth["id"])
    assert not unfinished
