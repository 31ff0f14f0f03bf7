"""What is kept, scrubbed: credentials by value and by pattern, images by a mark, text by length.

Everything here is linear in the text it looks at, and looks at little of a text that is cut: a
multi-megabyte prompt costs no more than its first kilobyte.
"""

from __future__ import annotations

import binascii
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Literal
from urllib.parse import parse_qsl, quote

from . import faults
from .settings import RedactRule

__all__ = ["Redactor", "preview", "secrets_of"]

_MARK = "[redacted]"
_WITHHELD = "[withheld: a redact rule failed]"
_PREVIEW = 200  # characters
_SHORTEST = 8  # characters: a shorter value is as likely an ordinary word
_MARGIN = 1024  # characters looked at beyond the limit
_EDGE = 256  # characters given up before a cut: what began there may be half a credential
_LONG_RUN = 1024  # characters of base64 that nobody reads
_CHUNK = 1 << 20  # characters decoded at a time; a multiple of four

_CREDENTIAL_NAME = re.compile(r"(?i)key|token|secret|passw|authorization|cookie|^sig$|signature")
_PLAIN = re.compile(r"[A-Za-z0-9._~-]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*+={0,2}")
_BARE_BASE64 = re.compile(rf"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{{{_LONG_RUN},}}+={{0,2}}")
_KIND_OF_KEY = re.compile(
    r"(?i)(?:(?:api|access|account|secret|private|subscription|master|auth)[_-]?|[?&])$"
)
_MIME = re.compile(r"[\w.+-]{1,40}/[\w.+-]{1,60}")


# -- credentials by value -------------------------------------------------------------------------


def secrets_of(headers: Iterable[tuple[bytes, bytes]], query: bytes = b"") -> tuple[str, ...]:
    """The credentials that a request carries, so that an echo of them can be taken out.

    Parameters
    ----------
    headers : iterable of (bytes, bytes)
        Names and values as they go over the wire.
    query : bytes
        The query of the URL, still encoded.

    Returns
    -------
    tuple of str
        Values of eight characters and more, without their scheme ("Bearer").
    """
    found: dict[str, None] = {}
    for raw_name, raw_value in headers:
        if _is_credential(raw_name):
            name = raw_name.decode("latin-1").lower()
            found |= dict.fromkeys(_header_secrets(name, raw_value.decode("latin-1")))
    if query:
        for name, value in parse_qsl(query.decode("latin-1")):
            if _CREDENTIAL_NAME.search(name):
                found[value] = None
    return tuple(value for value in found if len(value) >= _SHORTEST)


@lru_cache(maxsize=512)
def _is_credential(header: bytes) -> bool:
    return _CREDENTIAL_NAME.search(header.decode("latin-1")) is not None


def _header_secrets(name: str, value: str) -> Iterator[str]:
    if name.endswith("cookie"):
        yield from (part.partition("=")[2].strip() for part in value.split(";"))
        return
    scheme, _, rest = value.strip().partition(" ")
    yield rest.strip() or scheme
    if scheme.lower() == "basic":
        try:
            pair = binascii.a2b_base64(rest).decode("utf-8", "replace")
        except binascii.Error:
            return
        yield pair
        yield pair.partition(":")[2]


def _forms(secrets: Sequence[str]) -> list[str]:
    """Each secret as it is, as JSON writes it and as a URL does; the longest first."""
    forms: set[str] = set()
    for secret in secrets:
        forms.add(secret)
        if not _PLAIN.fullmatch(secret):
            forms |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
            forms |= {quote(secret, safe="", errors="replace"), secret.replace("/", r"\/")}
    return sorted(filter(None, forms), key=len, reverse=True)


def _without(text: str, forms: Sequence[str]) -> str:
    for form in forms:
        text = text.replace(form, _MARK)
    return text


def _without_head(text: str, forms: Sequence[str]) -> str:
    """`text` without a secret that begins before its end and would go on after it."""
    for form in forms:
        start = max(0, len(text) - len(form) + 1)
        while (start := text.find(form[0], start)) >= 0:
            if form.startswith(text[start:]):
                text = text[:start]
                break
            start += 1
    return text


# -- credentials by pattern -----------------------------------------------------------------------


def _looks_random(value: str) -> bool:
    """Whether `value` is more likely made by a machine than a word or a hyphenated phrase."""
    head = value[:200]
    digits = sum(map(str.isdigit, head))
    if digits >= 3 or (digits and head.lower() != head):
        return True
    mixed = head[1:] not in (head[1:].lower(), head[1:].upper())
    return mixed and max(map(len, re.split(r"[-_./]", head))) >= 16


def _secret_key(match: re.Match[str]) -> str:
    run = match[0]
    known = run.startswith(("sk-ant-", "sk-proj-", "sk-svcacct-", "sk-admin-", "sk-or-", "sk-lf-"))
    long_part = max(map(len, re.split("[-_]", run[:200]))) >= 20
    return _MARK if known or long_part or _looks_random(run[3:]) else run


def _after_scheme(match: re.Match[str]) -> str:
    return match[1] + _MARK if _looks_random(match[2]) else match[0]


def _assigned(match: re.Match[str]) -> str:
    name, value = match["name"].lower(), match["value"]
    if name in ("key", "sig"):
        before = match.string[max(0, match.start() - 16) : match.start()]
        if not _KIND_OF_KEY.search(before):
            return match[0]
    if name == "token":  # also a word of prose, and a field of many answers
        secret = _looks_random(value) and not value.isdecimal()
    else:
        secret = match["quote"] is not None or any(map(str.isdigit, value[:200]))
    return match["head"] + _MARK if secret else match[0]


_Replacement = str | Callable[[re.Match[str]], str]

# Each pattern runs only where one of its literals (in lower case) occurs. None can start inside
# its own run or backtrack over it, so none is worse than linear.
_PATTERNS: tuple[tuple[tuple[str, ...], re.Pattern[str], _Replacement], ...] = (
    (
        ("private key",),
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?"
            r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
            re.DOTALL,
        ),
        _MARK,
    ),
    (("sk-",), re.compile(r"(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{12,}+"), _secret_key),
    (
        (
            "gsk_", "aiza", "ya29.", "xai-", "hf_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_",
            "github_pat_", "glpat-", "akia", "asia", "xox", "pplx-", "r8_", "nvapi-", "csk-",
            "lsv2_", "tgp_v1_",
        ),
        re.compile(
            r"(?<![A-Za-z0-9])(?:gsk_[A-Za-z0-9]{20,}+|AIza[A-Za-z0-9_-]{30,}+"
            r"|ya29\.[A-Za-z0-9._-]{20,}+|xai-[A-Za-z0-9]{20,}+|hf_[A-Za-z0-9]{20,}+"
            r"|gh[pousr]_[A-Za-z0-9]{20,}+|github_pat_\w{20,}+|glpat-[A-Za-z0-9_-]{16,}+"
            r"|A(?:KIA|SIA)[A-Z0-9]{16}(?![A-Za-z0-9])|xox[a-z]-[A-Za-z0-9-]{10,}+"
            r"|pplx-[A-Za-z0-9]{20,}+|r8_[A-Za-z0-9]{20,}+|nvapi-[A-Za-z0-9_-]{20,}+"
            r"|csk-[A-Za-z0-9]{20,}+|lsv2_[A-Za-z0-9_]{20,}+|tgp_v1_[A-Za-z0-9_-]{20,}+)"
        ),
        _MARK,
    ),
    (("eyj",), re.compile(r"(?<![\w-])eyJ[\w-]{8,}+\.[\w-]{8,}+(?:\.[\w-]*+)?"), _MARK),
    (("hooks.slack",), re.compile(r"hooks\.slack(?:-gov)?\.com/[\w/-]{8,}+"), _MARK),
    (
        ("bearer", "basic"),
        re.compile(r"(?i)\b((?:bearer|basic)[ \t]{1,4})([A-Za-z0-9._~+/=-]{8,}+)"),
        _after_scheme,
    ),
    (("://",), re.compile(r"://[^\s/\"'<>\\]{1,256}@"), f"://{_MARK}@"),
    (
        ("key", "token", "secret", "passw", "sig="),
        re.compile(
            r"(?ai)(?P<head>(?P<name>key|token|secret|passw(?:or)?d|sig)(?:\\?[\"'])?"
            r"[ \t]{0,3}[:=][ \t]{0,3}(?P<quote>\\?[\"'])?)"
            r"(?P<value>[^\s\"',;&\\\[\](){}<>]{8,}+)"
        ),
        _assigned,
    ),
)  # fmt: skip


def _without_patterns(text: str) -> str:
    lowered = text.lower()
    for literals, pattern, replacement in _PATTERNS:
        for literal in literals:
            if literal in lowered:
                text = pattern.sub(replacement, text)
                break
    return text


# -- images and other data ------------------------------------------------------------------------


def _window(text: str, room: int) -> tuple[str, bool]:
    """The first `room` characters with data URIs as marks, and whether more would follow."""
    pieces: list[str] = []
    at = 0
    while room > 0:
        comma = text.find(";base64,", at, at + room)
        start = text.rfind("data:", max(at, comma - 200), comma) if comma >= 0 else -1
        if start < 0:
            break
        end = _end_of_base64(text, comma + 8)
        mark = _data_mark(text, start, comma, end)
        pieces += [text[at:start], mark]
        room -= start - at + len(mark)
        at = end
    room = max(room, 0)
    pieces.append(text[at : at + room])
    return "".join(pieces), at + room < len(text)


def _end_of_base64(text: str, start: int) -> int:
    match = _BASE64.match(text, start)
    return match.end() if match is not None else start


def _data_mark(text: str, start: int, comma: int, end: int) -> str:
    mime = _MIME.match(text, start + 5, comma)
    kind = mime[0] if mime is not None else "data"
    if end == len(text) and not text.endswith("="):
        return f"[{kind} data]"  # perhaps cut where we got it, so its size would be a lie
    size = (end - comma - 8 - text.count("=", max(comma + 8, end - 2), end)) * 3 // 4
    digest = _digest(text, comma + 8, end)
    return f"[{kind} {_size(size)}{f' sha256:{digest}' if digest else ''}]"


def _digest(text: str, start: int, end: int) -> str | None:
    """The first eight digits of the SHA-256 of the decoded bytes, as `sha256sum` gives them."""
    whole = hashlib.sha256()
    try:
        for at in range(start, end, _CHUNK):
            part = text[at : min(at + _CHUNK, end)].replace("-", "+").replace("_", "/")
            whole.update(binascii.a2b_base64(part + "=" * (-len(part) % 4)))
    except ValueError:
        return None
    return whole.hexdigest()[:8]


def _size(count: float) -> str:
    """`count` bytes as a person writes them, in powers of 1,000."""
    for unit in ("B", "kB", "MB"):
        if count < 999.5:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _shortened(match: re.Match[str]) -> str:
    return f"{match[0][:256]}…[base64 {_size(len(match[0]) * 3 // 4)}]"


# -- the two together -----------------------------------------------------------------------------


class Redactor:
    """Takes out of a text what must not be kept.

    Parameters
    ----------
    rules : sequence of (str, re.Pattern or callable)
        The person's own: what a pattern matches is replaced by ``[redacted]``; a function gets
        the text and returns it cleaned.

    Examples
    --------
    >>> Redactor([r"\\d{3}-\\d{4}"]).clean("call 555-1234, key sk-proj-abcd1234efgh5678")
    'call [redacted], key [redacted]'
    """

    def __init__(self, rules: Sequence[RedactRule] = ()) -> None:
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

    def cut(self, text: str, secrets: Sequence[str], limit: int | None) -> tuple[str, bool]:
        """As `clean`, and whether the text goes on after what is returned."""
        try:
            faults.check("redact")
            return self._cut(text, secrets, limit)
        except Exception as problem:
            faults.note("redact", problem)
            return _WITHHELD, False

    def _cut(self, text: str, secrets: Sequence[str], limit: int | None) -> tuple[str, bool]:
        forms = _forms(secrets)
        text, cut = _window(text, len(text) if limit is None else limit + _MARGIN)
        text = _without(_encodable(text), forms)
        if cut:
            text = _without_head(text, forms)
        if limit is None and len(text) >= _LONG_RUN:
            text = _BARE_BASE64.sub(_shortened, text)
        text = _without_patterns(text)
        if self._rules:
            text = _without(_encodable(self._ruled(text)), forms)
        if cut:
            text = text[: max(0, len(text) - _EDGE)]
        return text[:limit], cut or (limit is not None and len(text) > limit)

    def _ruled(self, text: str) -> str:
        for rule in self._rules:
            text = rule.sub(_MARK, text) if isinstance(rule, re.Pattern) else rule(text)
            if not isinstance(text, str):
                raise TypeError(f"a redact function returned {type(text).__name__}, not text")
        return text


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
) -> str | None:
    """As much of `text` as `content` lets us keep, cleaned.

    Returns
    -------
    str or None
        For "preview" the first 200 characters, with "…" where more followed.
    """
    if text is None or content == "none":
        return None
    if content == "full":
        return redactor.clean(text, secrets)
    kept, cut = redactor.cut(text, secrets, _PREVIEW)
    return f"{kept}…" if cut else kept
