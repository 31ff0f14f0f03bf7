"""Which call is meant: by a row, an id, or whatever the SDK returned for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..exceptions import UsageError
from ..words import clean, plural

if TYPE_CHECKING:
    from ..store import View

__all__ = ["number_of"]

# What rows, dictionaries and the SDKs' objects call the ids of ours. A request id is asked before
# a response id: some local servers give all their answers the same one.
_IDS = {
    "call_id": ("call_id",),
    "provider_request_id": ("provider_request_id", "_request_id", "request_id"),
    "response_id": ("response_id", "id"),
}
_HEADERS = ("x-request-id", "request-id", "apim-request-id", "x-amzn-requestid")
_LONGEST = 200  # characters of an id that the columns keep


def number_of(view: View, call: Any, in_flight: int) -> int:
    """The number of the one call in `view` that `call` names.

    Raises
    ------
    UsageError
        When it names none, none that is here, or more than one.
    """
    import numpy as np

    ids = list(_ids(call))
    if not ids:
        raise UsageError(
            f"feedback: {type(call).__name__} {_said(call)} names no call: give a row of .calls, "
            "a call_id, or what the SDK returned."
        )
    columns, most = view.arrays(*_IDS), 0
    for column, text in ids:
        rows = np.flatnonzero(columns[column] == text[:_LONGEST])
        if len(rows) == 1:
            return int(view.numbers()[rows[0]])
        most = max(most, len(rows))
    raise UsageError(_why_none(ids[0][1], most, view.older, in_flight))


def _ids(call: Any) -> Iterator[tuple[str, str]]:
    """The columns to look into, and the id to look for, the surest first."""
    if isinstance(call, str):
        if call.strip():
            yield from ((column, call) for column in _IDS)
        return
    if getattr(call, "ndim", None) == 2:
        call = _only_row(call)
    look = _looked(call)
    for column, names in _IDS.items():
        text = next((text for name in names if _is_id(text := look(name))), None)
        if text is None and column == "provider_request_id":
            text = _from_headers(look)
        if text is not None:
            yield column, text
            if column == "call_id":
                return  # it is the call's own name: none other can be meant


def _only_row(frame: Any) -> Any:
    if len(frame) != 1:
        raise UsageError(f"feedback: {plural(len(frame), 'row')}: give one, e.g. .calls.iloc[-1].")
    return frame.iloc[0]


def _looked(call: Any) -> Callable[[str], Any]:
    """How to ask `call` for a name: as a row, or as an object that may do anything when asked."""
    if isinstance(call, Mapping) or getattr(call, "ndim", None) == 1:
        return lambda name: call.get(name) if hasattr(call, "get") else None

    def attribute(name: str) -> Any:
        try:
            return getattr(call, name, None)
        except Exception:  # a property of foreign making: it says nothing, then
            return None

    return attribute


def _from_headers(look: Callable[[str], Any]) -> str | None:
    """The request's id where the answer itself bears none: raw answers, audio, streams."""
    answers = (look(name) for name in ("response", "_response"))  # openai's helpers hide theirs
    for holder in (look("headers"), *(getattr(answer, "headers", None) for answer in answers)):
        if isinstance(holder, Mapping):
            found = (holder.get(name) for name in _HEADERS)
            return next((text for text in found if _is_id(text)), None)
    return None


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _said(call: Any) -> str:
    try:
        return clean(repr(call))
    except Exception:
        return ""


def _why_none(ident: str, found: int, older: int, in_flight: int) -> str:
    if found:
        return (
            f"feedback: {found:,} calls bear the id {ident[:60]!r}: "
            "give the call_id of one, or its row."
        )
    reasons = "made elsewhere, or not recorded"
    if older:
        reasons += f", or one of the {older:,} that have left memory"
    if in_flight:
        reasons += ", or still in flight (a stream is over once it is read to its end)"
    return f"feedback: no call with the id {ident[:60]!r} is here: {reasons}."
