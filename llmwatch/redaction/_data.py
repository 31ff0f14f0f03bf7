"""Images and other data inside a text: a mark in their place, with kind, size and hash."""

from __future__ import annotations

import binascii
import hashlib
import re

__all__ = ["window", "without_long_base64"]

_LONG_RUN = 1024  # characters of base64 that nobody reads
_CHUNK = 1 << 20  # characters decoded at a time; a multiple of four

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*+={0,2}")
_BARE_BASE64 = re.compile(rf"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{{{_LONG_RUN},}}+={{0,2}}")
_MIME = re.compile(r"[\w.+-]{1,40}/[\w.+-]{1,60}")


def window(text: str, room: int) -> tuple[str, bool]:
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


def without_long_base64(text: str) -> str:
    """`text` with of each long run of base64 the first 256 characters and its size."""
    return _BARE_BASE64.sub(_shortened, text) if len(text) >= _LONG_RUN else text


def _shortened(match: re.Match[str]) -> str:
    return f"{match[0][:256]}…[base64 {_size(len(match[0]) * 3 // 4)}]"
