"""Recorded traffic of real providers, issued again: the rows are true, no caller sees a change."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pytest

import llmwatch

from .cassettes import Case, Sent, load
from .reissue import FORMS, Outcome, Studio

FIELDS = (
    "status", "http_status", "stream", "model", "request_model", "response_model", "response_id",
    "input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens",
    "reasoning_tokens", "input_audio_tokens", "output_audio_tokens", "service_tier",
    "finish_reason", "tool_calls", "chunks", "error_type", "error_code", "provider_request_id",
    "attempts",
)  # fmt: skip

_CALLS_TOOLS = frozenset(
    {"chat.completions", "completions", "responses", "responses.compact", "messages"}
)


@dataclass(frozen=True, slots=True)
class Replay:
    """One case issued twice: what the caller got and what was sent, bare and watched."""

    case: Case
    form: str
    bare: tuple[Outcome, list[Sent]]
    watched: tuple[Outcome, list[Sent]]
    rows: list[dict[str, Any]]


@pytest.fixture(scope="module")
def replays() -> Iterator[list[Replay]]:
    """All cases, rotating over the forms, sync and async in turn; each one bare, then watched."""
    cases, studio = load(), Studio()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        played = [_play(studio, number, case) for number, case in enumerate(cases)]
    studio.close()
    rows: dict[str, list[dict[str, Any]]] = {case.id: [] for case in cases}
    calls = llmwatch.session.calls[[*FIELDS, "tag"]]
    for row in calls[calls.tag.isin(rows)].to_dict("records"):
        rows[row["tag"]].append({name: _plain(row[name]) for name in FIELDS})
    yield [Replay(*parts, rows[parts[0].id]) for parts in played]


Played = tuple[Case, str, tuple[Outcome, list[Sent]], tuple[Outcome, list[Sent]]]


def _play(studio: Studio, number: int, case: Case) -> Played:
    asynchronous, wanted = bool(number % 2), FORMS[number // 2 % len(FORMS)]
    for form in dict.fromkeys((wanted, "plain", "low")):
        bare = studio.play(case, form, asynchronous=asynchronous)
        if bare[1] and (bare[0][0] == "returned" or _is_failure(case)):
            break  # the SDK can ask this, and read the answer, in that form
    with llmwatch.watch(tag=case.id):
        watched = studio.play(case, form, asynchronous=asynchronous)
    return case, form, bare, watched


def _plain(value: Any) -> Any:
    return None if pd.isna(value) else value


def _is_failure(case: Case) -> bool:
    return bool(case.truth["error_class"] or case.truth["mid_stream_error"])


def expected(case: Case) -> dict[str, Any]:
    """The row that the bytes of a case ask for."""
    truth, failed = case.truth, _is_failure(case)
    asked = _deployment(case) or truth["model_asked"]
    code = truth["error_code"] or truth["mid_stream_error"]
    return {
        "status": "error" if failed else "ok",
        "http_status": truth["status"],
        "stream": truth["stream"],
        "model": asked or truth["model_answered"],
        "request_model": asked,
        "response_model": truth["model_answered"],
        "response_id": truth["response_id"] or None,
        "input_tokens": _input_tokens(truth),
        "output_tokens": truth["output_tokens"],
        "cached_input_tokens": truth["cached_tokens"],
        "cache_write_tokens": truth["cache_write_tokens"],
        "reasoning_tokens": truth["reasoning_tokens"],
        "input_audio_tokens": truth["audio_input_tokens"],
        "output_audio_tokens": truth["audio_output_tokens"],
        "service_tier": _service_tier(truth),
        "finish_reason": _finish_reason(truth),
        "tool_calls": _tool_calls(truth),
        "chunks": truth["n_chunks"],
        "error_type": (truth["error_class"] or "APIError") if failed else None,
        "error_code": None if code is None else str(code),
        "provider_request_id": truth["request_id"] or _azure_request_id(case),
        "attempts": 1,
    }


def _deployment(case: Case) -> str | None:
    """On Azure the path names what answers; a model in the body is ignored there."""
    _, _, rest = case.request["path"].partition("/openai/deployments/")
    return rest.partition("/")[0] or None


def _input_tokens(truth: dict[str, Any]) -> int | None:
    raw: int | None = truth["input_tokens"]
    if raw is None or truth["api"] != "anthropic":
        return raw
    return raw + (truth["cached_tokens"] or 0) + (truth["cache_write_tokens"] or 0)


def _finish_reason(truth: dict[str, Any]) -> str | None:
    reasons = truth["finish_reasons"] or [None]
    if reasons[0] == "incomplete":  # Responses: the status, and why
        return ": ".join(reasons)
    return reasons[0] or None


def _service_tier(truth: dict[str, Any]) -> str | None:
    # Anthropic says it inside its usage, where the truth did not look.
    usage = truth.get("usage_raw") or {}
    tier: str | None = truth["service_tier"] or usage.get("service_tier")
    return tier


def _tool_calls(truth: dict[str, Any]) -> int | None:
    is_answer = truth["model_answered"] or truth["response_id"]
    if not is_answer or truth["endpoint"] not in _CALLS_TOOLS:
        return None
    return sum(bool(name) for name in truth["tool_calls"] or [])


def _azure_request_id(case: Case) -> str | None:
    return case.headers().get("apim-request-id")


def misses(replay: Replay) -> list[tuple[str, Any, Any]]:
    """Where the row of a replay differs from the truth: field, expected, got."""
    if len(replay.rows) != 1:
        return [("rows", 1, len(replay.rows))]
    wanted, got = expected(replay.case), replay.rows[0]
    return [(name, wanted[name], got[name]) for name in FIELDS if wanted[name] != got[name]]


def test_rows_are_right_in_every_field(
    replays: list[Replay], tell_misses: Callable[[str, int, list[Any]], None]
) -> None:
    """At least 99.5 % of the rows equal what the recorded bytes say, in every field."""
    known = [
        replay for replay in replays
        if replay.case.is_call and not replay.case.truth["problem"] and not replay.case.asks_gemini
    ]  # fmt: skip
    found = [(r.case.id, r.form, *miss) for r in known for miss in misses(r)]
    tell_misses("calls issued again", len(known), found)
    assert len(known) > 1800
    assert len({case for case, *_ in found}) <= 0.005 * len(known)


def test_what_is_no_call_has_no_row(replays: list[Replay]) -> None:
    """Files, listings, counts, threads and polling leave no row."""
    others = [replay for replay in replays if not replay.case.is_call]
    assert len(others) > 80
    assert [(r.case.id, r.case.request["path"]) for r in others if r.rows] == []


def test_a_flawed_answer_and_a_dialect_without_truth_have_one_row(replays: list[Replay]) -> None:
    """Every LLM call has one row, also where nobody can say what should stand in it."""
    odd = [r for r in replays if r.case.truth["problem"] or r.case.asks_gemini]
    assert [len(replay.rows) for replay in odd] == [1] * 4


def test_the_caller_gets_what_the_bare_client_gives(replays: list[Replay]) -> None:
    """Same type and content, or same exception with the same arguments, for every case."""
    assert [r.case.id for r in replays if r.bare[0] != r.watched[0]] == []


def test_the_bytes_sent_are_those_of_the_bare_client(replays: list[Replay]) -> None:
    """Same method, URL, headers and body, and as many requests, for every case."""
    assert [r.case.id for r in replays if not r.bare[1]] == []
    assert [r.case.id for r in replays if r.bare[1] != r.watched[1]] == []
