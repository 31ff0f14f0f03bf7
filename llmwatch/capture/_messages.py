"""The messages of a request, one by one: how many there are, and what each says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ._request import _LARGE, _TEXTS, _parsed, _strings

__all__ = ["Message", "read_messages"]

_SYSTEM = ("system", "instructions", "systemInstruction", "preamble")


class Message(NamedTuple):
    """One message of a request; `role` is None where the API knows none."""

    role: str | None
    text: str


def read_messages(body: bytes | None) -> list[Message] | None:
    """The messages in the order sent, instructions first; None where they cannot be told.

    Each prompt, question or text to embed is a message, too. A body of more than a megabyte is
    never parsed, a form not either.
    """
    if body is None or len(body) > _LARGE or body.startswith(b"--"):
        return None
    data = _parsed(body)
    said = [data[name] for name in _SYSTEM if data.get(name)]
    asked = [data[name] for name in _TEXTS if data.get(name)]
    return [
        *(Message("system", _joined(value)) for value in said),
        *(message for value in asked for message in _each(value)),
    ]


def _each(value: Any) -> Iterator[Message]:
    tokens = isinstance(value, list) and all(isinstance(item, int) for item in value)
    for one in [value] if tokens or not isinstance(value, list) else value:
        role = one.get("role") if isinstance(one, dict) else None
        yield Message(role if isinstance(role, str) else None, _joined(one))


def _joined(value: Any) -> str:
    return "\n".join(_strings(value, 0))
