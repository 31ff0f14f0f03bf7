"""What a magic says stands in the output of its cell."""

from __future__ import annotations

__all__ = ["say"]


def say(line: str) -> None:
    """Say one thing to the person in the cell."""
    print(line)  # noqa: T201  # the magic was asked, and this is its answer
