"""Credentials by value: what a request carries, and how to take an echo of it out of a text."""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from urllib.parse import parse_qsl, quote

__all__ = ["MARK", "SHORTEST", "forms_of", "is_credential", "secrets_of", "without", "without_head"]

MARK = "[redacted]"
SHORTEST = 8  # characters: a shorter value is as likely an ordinary word

_CREDENTIAL_NAME = re.compile(r"(?i)key|token|secret|passw|authorization|cookie|^sig$|signature")
_PLAIN = re.compile(r"[A-Za-z0-9._~-]+")


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
        if is_credential(raw_name):
            name = raw_name.decode("latin-1").lower()
            found |= dict.fromkeys(_header_secrets(name, raw_value.decode("latin-1")))
    if query:
        for name, value in parse_qsl(query.decode("latin-1")):
            if _CREDENTIAL_NAME.search(name):
                found[value] = None
    return tuple(value for value in found if len(value) >= SHORTEST)


@lru_cache(maxsize=512)
def is_credential(header: bytes) -> bool:
    """Whether a header of that name carries a credential."""
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


def forms_of(secrets: Sequence[str]) -> list[str]:
    """Each secret as it is, as JSON writes it and as a URL does; the longest first."""
    forms: set[str] = set()
    for secret in secrets:
        forms.add(secret)
        if not _PLAIN.fullmatch(secret):
            forms |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
            forms |= {quote(secret, safe="", errors="replace"), secret.replace("/", r"\/")}
    return sorted(filter(None, forms), key=len, reverse=True)


def without(text: str, forms: Sequence[str]) -> str:
    for form in forms:
        text = text.replace(form, MARK)
    return text


def without_head(text: str, forms: Sequence[str]) -> str:
    """`text` without a secret that begins before its end and would go on after it."""
    for form in forms:
        start = max(0, len(text) - len(form) + 1)
        while (start := text.find(form[0], start)) >= 0:
            if form.startswith(text[start:]):
                text = text[:start]
                break
            start += 1
    return text
