"""A notice that did not arrive: why, and whether to try again."""

from __future__ import annotations

from ..exceptions import LLMWatchError

__all__ = ["Undelivered"]


class Undelivered(LLMWatchError):
    """A handler of ours could not deliver; the message names no secret.

    Attributes
    ----------
    again : bool
        Whether the same notice may arrive at another try.
    after_s : float or None
        How long the other side asks to wait first, in seconds.
    """

    def __init__(self, message: str, *, again: bool = False, after_s: float | None = None) -> None:
        super().__init__(message)
        self.again = again
        self.after_s = after_s
