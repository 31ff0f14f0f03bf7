"""Tab completion of `%llmwatch` and `%%llmwatch`, in kernels and terminals, with jedi or not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..alerting import SEVERITIES
from ..semconv import FIGURES
from ..summary import GROUPS
from ._commands import CHOICES, WHAT
from ._line import FLAGS, VALUES
from ._rules import ALERT

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext

__all__ = ["completing"]

_TAKING: Mapping[str, Sequence[str]] = {
    "--what": WHAT, "--by": GROUPS, "--severity": SEVERITIES,
    "--freq": (), "--window": (), "--for": (), "--min-calls": (), "--name": (),
}  # fmt: skip
"""The options of sub-commands that take a word, and which words these are, where we know them."""

_LINE = re.compile(r"\s*(?P<magic>%%?)llmwatch\s+(?P<words>.*)$")


def completing(completer: Any) -> tuple[list[Any], Any]:
    """What completes our words, and the list of `completer` that it belongs in."""
    try:
        from IPython.core.completer import SimpleCompletion, context_matcher
    except ImportError:  # before IPython 8.6, as in Colab
        return completer.magic_arg_matchers, lambda _: _words(completer.text_until_cursor)[1]

    @context_matcher(identifier="llmwatch_matcher")  # type: ignore[untyped-decorator]  # IPython's
    def llmwatch_matcher(context: CompletionContext) -> Any:
        begun, words = _words(context.text_until_cursor)
        return {
            "completions": [SimpleCompletion(text=word, type="magic") for word in words],
            "matched_fragment": begun,
            "suppress": bool(words),
            "ordered": True,
        }

    return completer.custom_matchers, llmwatch_matcher


def _words(text: str) -> tuple[str, list[str]]:
    """The word that is begun at the end of a line of ours, and what it can become."""
    found = _LINE.match(text)
    if found is None:
        return "", []
    *before, begun = found["words"].split(" ")
    before = [word for word in before if word]
    known = _of_cell(before) if found["magic"] == "%%" else _of_line(before)
    return begun, [word for word in known if word.startswith(begun)]


def _of_cell(before: Sequence[str]) -> Sequence[str]:
    if before and before[-1] in VALUES:
        return ()
    return (*VALUES, *(flag for flag in FLAGS if flag not in before))


def _of_line(before: Sequence[str]) -> Sequence[str]:
    if not before:
        return tuple(CHOICES)
    if before[-1] in _TAKING:
        return _TAKING[before[-1]]
    if before[0] in ("export", "report"):
        return _left(CHOICES[before[0]], before)
    if before[0] == "alert":
        return (*FIGURES, *_left(ALERT, before))
    return CHOICES.get(before[0], ()) if len(before) == 1 else ()


def _left(options: Sequence[str], before: Sequence[str]) -> Sequence[str]:
    return tuple(option for option in options if option not in before)
