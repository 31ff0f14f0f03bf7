"""Identifiers: of calls, and those of the W3C trace context. Made without the person's dice.

The module `random` has one generator that everybody shares: drawing from it would change what
comes out of a notebook that begins with `random.seed(0)`, and would give such notebooks the same
identifiers each time.
"""

from __future__ import annotations

import os
from random import Random

__all__ = ["new_id", "new_span_id", "new_trace_id", "span_text", "trace_text"]

_dice = Random()
_draw = _dice.getrandbits


def new_id() -> str:
    """A new id of 16 hexadecimal digits, the first a letter: a spreadsheet takes it as text.

    It is a valid W3C span id.
    """
    return f"c{_draw(60):015x}"


def new_trace_id() -> int:
    """128 bits, not all zero: the W3C trace context calls zero invalid."""
    return _draw(128) or 1


def new_span_id() -> int:
    """64 bits, not all zero."""
    return _draw(64) or 1


def trace_text(trace_id: int) -> str:
    """As it is written: 32 lower-case hexadecimal digits."""
    return f"{trace_id:032x}"


def span_text(span_id: int) -> str:
    """As it is written: 16 lower-case hexadecimal digits."""
    return f"{span_id:016x}"


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_dice.seed)  # else parent and child would draw the same
