"""What a person sees live. Enter by this door."""

from __future__ import annotations

from ._receipt import Receipt
from ._words import UNKNOWN, clean, dollars, percent, plural, seconds, tokens

__all__ = [
    "UNKNOWN",
    "Receipt",
    "clean",
    "dollars",
    "percent",
    "plural",
    "seconds",
    "tokens",
]
