"""`call`: record by hand what no wire shows (transformers, llama.cpp, boto3, gRPC)."""

from __future__ import annotations

import os
from time import perf_counter_ns, time_ns
from typing import Any, Self

from . import faults
from .assemble import new_ids, where
from .context import Scope, here, resolve
from .exceptions import UsageError
from .otel import Around, around
from .recorder import Session, session
from .records import Call
from .redaction import preview
from .wrapping import Block

__all__ = ["ManualCall", "call"]


class ManualCall(Block):
    """A call that the person describes; made by `call`, recorded when its block ends."""

    def __init__(self, owner: Session, model: str, provider: str, operation: str) -> None:
        self._session = owner
        self._values: dict[str, Any] = {
            "model": model, "request_model": model, "provider": provider, "operation": operation,
        }  # fmt: skip
        self._texts: dict[str, str] = {}
        self._scope: Scope | None = None
        self._around: Around | None = None
        self._started_ns = self._wall_ns = 0
        self._first_ns: int | None = None
        self._is_over = False

    def _must_be_open(self, name: str) -> None:
        if self._is_over:  # it is recorded without what is said now, and nobody would know
            raise UsageError(f"this call is over and recorded: use .{name}(...) inside its block.")

    def usage(
        self, input: int | None = None, output: int | None = None, *,
        cached_input: int | None = None, reasoning: int | None = None,
    ) -> None:  # fmt: skip
        """Say how many tokens went in and came out; the last word counts.

        Parameters
        ----------
        input, output : int, optional
            All tokens sent and received.
        cached_input, reasoning : int, optional
            The part of the input read from a cache, the part of the output spent on reasoning.
        """
        self._must_be_open("usage")
        figures = {
            "input_tokens": input,
            "output_tokens": output,
            "cached_input_tokens": cached_input,
            "reasoning_tokens": reasoning,
        }
        for name, value in figures.items():
            if value is not None and (isinstance(value, bool) or not _is_count(value)):
                raise UsageError(f"usage: {name}={value!r} is not a number of tokens (0 or more).")
        self._values |= {name: int(v) for name, v in figures.items() if v is not None}
        self._values["usage_source"] = "counted"

    def first_token(self) -> None:
        """Say that the first piece of a streamed answer is here."""
        self._must_be_open("first_token")
        if self._first_ns is None:
            self._first_ns = perf_counter_ns()

    def answer(
        self, text: str | None = None, *, request: str | None = None,
        finish_reason: str | None = None, response_id: str | None = None,
        response_model: str | None = None,
    ) -> None:  # fmt: skip
        """Say what was answered (and asked), as far as `content` keeps it."""
        self._must_be_open("answer")
        said = {
            "finish_reason": finish_reason,
            "response_id": response_id,
            "response_model": response_model,
        }
        self._values |= {name: value for name, value in said.items() if value is not None}
        previews = {"response_preview": text, "request_preview": request}
        self._texts |= {name: value for name, value in previews.items() if value is not None}

    def __enter__(self) -> Self:
        if self._started_ns:
            raise UsageError("this call was recorded already: open a new one: llmwatch.call(...).")
        self._scope = here()
        self._session.gate(self._scope)
        self._around = around()
        self._wall_ns, self._started_ns = time_ns(), perf_counter_ns()
        return self

    def _end(self, problem: BaseException | None) -> None:
        ended_ns = perf_counter_ns()
        self._is_over = True
        scope, owner = self._scope, self._session
        if not (owner.enabled or (scope is not None and scope.recording)):
            return
        values = self._values | _ending(problem)
        values["latency_s"] = (ended_ns - self._started_ns) / 1e9
        if self._first_ns is not None:
            values["ttft_s"] = (self._first_ns - self._started_ns) / 1e9
            values["stream"] = True
        owner.record(lambda: [(self._made(values), scope)])

    def _made(self, values: dict[str, Any]) -> Call:
        owner = self._session
        content, redactor = owner.settings.content, owner.redactor
        for name, text in self._texts.items():
            values[name] = preview(str(text), content, redactor, ())
        if "error_message" in values:
            values["error_message"] = redactor.message(values["error_message"])
        whole: dict[str, Any] = dict.fromkeys(Call.__dataclass_fields__)
        whole |= {
            "session_id": owner.session_id, "process": str(os.getpid()),
            "started_at": self._wall_ns, "stream": False, "attempts": 1,
        }  # fmt: skip
        whole |= where(resolve(self._scope)) | new_ids(self._scope, self._around) | values
        whole |= owner.price_of(whole)
        return Call(**whole)


_MOST = 2**53  # beyond it a figure is no count of tokens, and no column holds it


def _is_count(value: Any) -> bool:
    try:
        return bool(int(value) == value and 0 <= value < _MOST)
    except (TypeError, ValueError, OverflowError):
        return False


def _ending(problem: BaseException | None) -> dict[str, Any]:
    if problem is None:
        return {"status": "ok"}
    if not isinstance(problem, Exception):  # interrupts and cancellations, of trio too
        return {"status": "cancelled"}
    values: dict[str, Any] = {"status": "error", "error_type": type(problem).__name__}
    try:
        values["error_message"] = str(problem)[:2000]
    except Exception as trouble:  # what it says is lost; the exception goes through
        faults.note("record", trouble)
    return values


def call(*, model: str, provider: str = "local", operation: str = "chat") -> ManualCall:
    """Record a call by hand: `with llmwatch.call(model="my-llama") as c: ...; c.usage(...)`.

    For what no wire shows: transformers, llama.cpp, boto3, gRPC. Also `async with`. An exception
    goes through and is recorded as the call's error.

    Parameters
    ----------
    model, provider : str
        Who answers.
    operation : str
        An operation of the OpenTelemetry GenAI conventions, such as "chat" or "embeddings".

    Returns
    -------
    ManualCall
        With `.usage(input=, output=)`, `.first_token()` and `.answer(text)`.

    Raises
    ------
    UsageError
        When a name is not text.
    """
    for name, value in (("model", model), ("provider", provider), ("operation", operation)):
        if not isinstance(value, str) or not value:
            raise UsageError(f'call: {name}={value!r} is not a name: give e.g. model="my-llama".')
    return ManualCall(session(), model, provider, operation)
