"""The redactor: everything that must not be kept goes, in an order that leaves no gap."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal

from .. import faults
from ..settings import RedactRule
from ._data import window, without_long_base64
from ._patterns import without_patterns
from ._values import MARK, forms_of, without, without_head

__all__ = ["LOOKED_AT", "Redactor", "preview"]

_WITHHELD = "[withheld: a redact rule failed]"
_PREVIEW = 200  # characters
_MESSAGE = 500  # characters
_MARGIN = 1024  # characters looked at beyond the limit
LOOKED_AT = _PREVIEW + _MARGIN
"""Characters of a text that its preview is made of."""

_EDGE = 256  # characters given up before a cut: what began there may be half a credential


class Redactor:
    r"""Takes out of a text what must not be kept.

    Parameters
    ----------
    rules : sequence of (str, re.Pattern or callable)
        The person's own: what a pattern matches is replaced by ``[redacted]``; a function gets
        the text and returns it cleaned.
    keeps_messages : bool
        Whether what errors say is kept: they quote questions, and answers.

    Examples
    --------
    >>> Redactor([r"\d{3}-\d{4}"]).clean("call 555-1234, key sk-proj-abcd1234efgh5678")
    'call [redacted], key [redacted]'
    """

    def __init__(self, rules: Sequence[RedactRule] = (), *, keeps_messages: bool = True) -> None:
        self._keeps_messages = keeps_messages
        self._rules = tuple(re.compile(rule) if isinstance(rule, str) else rule for rule in rules)

    def clean(self, text: str, secrets: Sequence[str] = (), limit: int | None = None) -> str:
        """`text` without credentials, without what the rules say, and valid as UTF-8.

        Parameters
        ----------
        text : str
            Any text, of any length.
        secrets : sequence of str
            Values to take out wherever they stand: see `secrets_of`.
        limit : int, optional
            The most characters to return. A credential that the cut would halve goes whole.

        Returns
        -------
        str
            A line that says so instead of the text when a rule fails: never the text uncleaned.
        """
        return self.cut(text, secrets, limit)[0]

    def message(self, text: str | None, secrets: Sequence[str] = ()) -> str | None:
        """What an error says, cleaned, its first 500 characters; None where that is not kept."""
        return self.clean(text, secrets, _MESSAGE) if text and self._keeps_messages else None

    def trouble(self, step: str, message: str) -> str:
        """What went wrong inside us, cleaned: a foreign exception says what it likes."""
        # Our own words: nothing would be left of them where the rules are what fails.
        is_ours = step == "redact" or message == faults.ASKED_FOR
        return message if is_ours else self.clean(message)

    def cut(
        self, text: str, secrets: Sequence[str], limit: int | None, *, goes_on: bool = False
    ) -> tuple[str, bool]:
        """As `clean`, and whether the text goes on after what is returned.

        `goes_on` says that `text` itself is but the beginning of one.
        """
        try:
            faults.check("redact")
            return self._cut(text, secrets, limit, goes_on)
        except Exception as problem:
            faults.note("redact", problem)
            return _WITHHELD, False

    def _cut(
        self, text: str, secrets: Sequence[str], limit: int | None, goes_on: bool
    ) -> tuple[str, bool]:
        forms = forms_of(secrets)
        text, cut = window(text, len(text) if limit is None else limit + _MARGIN)
        cut = cut or goes_on
        text = without(_encodable(text), forms)
        if cut:
            text = without_head(text, forms)
        if limit is None:
            text = without_long_base64(text)
        text = without_patterns(text)
        if self._rules:
            text = without(_encodable(self._ruled(text)), forms)
        if cut:
            text = text[: max(0, len(text) - _EDGE)]
        return text[:limit], cut or (limit is not None and len(text) > limit)

    def _ruled(self, text: str) -> str:
        for rule in self._rules:
            text = rule.sub(MARK, text) if isinstance(rule, re.Pattern) else _said(rule, text)
        return text


def _said(rule: Callable[[str], str], text: str) -> str:
    """What a person's function makes of `text`."""
    try:
        cleaned = rule(text)
    except Exception as problem:
        # The kind alone: what a function says of its trouble may well be the text itself.
        raise RuntimeError(f"a redact function raised {type(problem).__name__}") from None
    if not isinstance(cleaned, str):
        raise TypeError(f"a redact function returned {type(cleaned).__name__}, not text")
    return cleaned


def _encodable(text: str) -> str:
    """`text` with surrogate pairs joined and lone surrogates replaced by U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def preview(
    text: str | None,
    content: Literal["preview", "none", "full"],
    redactor: Redactor,
    secrets: Sequence[str],
    *,
    goes_on: bool = False,
) -> str | None:
    """As much of `text`, which may go on, as `content` lets us keep, cleaned.

    Returns
    -------
    str or None
        For "preview" the first 200 characters, with "…" where more followed.
    """
    if text is None or content == "none":
        return None
    if content == "full":
        return redactor.cut(text, secrets, None, goes_on=goes_on)[0]
    kept, cut = redactor.cut(text, secrets, _PREVIEW, goes_on=goes_on)
    return f"{kept}…" if cut else kept
