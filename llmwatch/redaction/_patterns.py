"""Credentials by pattern: keys of known make, and what a name or a scheme gives away."""

from __future__ import annotations

import re
from collections.abc import Callable

from ._values import MARK, SHORTEST

__all__ = ["without_patterns"]

_KIND_OF_KEY = re.compile(
    r"(?i)(?:(?:api|access|account|secret|private|subscription|master|auth)[_-]?|[?&])$"
)

_HEADER = re.compile(r"(?i)authorization\\?[\"']?[ \t]{0,3}[:=][ \t]{0,3}\\?[\"']?$")
_LONGEST_WORD = 20  # internationalization


def _looks_random(value: str) -> bool:
    """Whether `value` is more likely made by a machine than a word or a hyphenated phrase."""
    head = value[:200]
    digits = sum(map(str.isdigit, head))
    if digits >= 3 or (digits and head.lower() != head):
        return True
    mixed = head[1:] not in (head[1:].lower(), head[1:].upper())
    return mixed and _longest(head) >= 16


def _longest(value: str) -> int:
    return max(map(len, re.split(r"[-_./]", value[:200])))


def _secret_key(match: re.Match[str]) -> str:
    run = match[0]
    known = run.startswith(("sk-ant-", "sk-proj-", "sk-svcacct-", "sk-admin-", "sk-or-", "sk-lf-"))
    long_part = max(map(len, re.split("[-_]", run[:200]))) >= 20
    return MARK if known or long_part or _looks_random(run[3:]) else run


def _after_scheme(match: re.Match[str]) -> str:
    value = match[2]
    before = match.string[max(0, match.start() - 24) : match.start()]
    secret = _HEADER.search(before) or _looks_random(value) or _longest(value) > _LONGEST_WORD
    return match[1] + MARK if secret else match[0]


def _assigned(match: re.Match[str]) -> str:
    name, value = match["name"].lower(), match["value"]
    if len(value) < SHORTEST and not (name.startswith("passw") and match["quote"]):
        return match[0]  # a word; but what stands in quotes behind "password" is one of any length
    if name in ("key", "sig"):
        before = match.string[max(0, match.start() - 16) : match.start()]
        if not _KIND_OF_KEY.search(before):
            return match[0]
    if name == "token":  # also a word of prose, and a field of many answers
        secret = _looks_random(value) and not value.isdecimal()
    else:
        secret = match["quote"] is not None or any(map(str.isdigit, value[:200]))
    return match["head"] + MARK if secret else match[0]


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
        MARK,
    ),
    (("sk-",), re.compile(r"(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{12,}+"), _secret_key),
    (
        (
            "gsk_", "aiza", "ya29.", "xai-", "hf_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_",
            "github_pat_", "glpat-", "akia", "asia", "xox", "pplx-", "r8_", "nvapi-", "csk-",
            "lsv2_", "tgp_v1_", "k_live_", "k_test_", "whsec_", "npm_", "pypi-", "gocspx-", "sg.",
        ),
        re.compile(
            r"(?<![A-Za-z0-9])(?:gsk_[A-Za-z0-9]{20,}+|AIza[A-Za-z0-9_-]{30,}+"
            r"|ya29\.[A-Za-z0-9._-]{20,}+|xai-[A-Za-z0-9]{20,}+|hf_[A-Za-z0-9]{20,}+"
            r"|gh[pousr]_[A-Za-z0-9]{20,}+|github_pat_\w{20,}+|glpat-[A-Za-z0-9_-]{16,}+"
            r"|A(?:KIA|SIA)[A-Z0-9]{16}(?![A-Za-z0-9])|xox[a-z]-[A-Za-z0-9-]{10,}+"
            r"|pplx-[A-Za-z0-9]{20,}+|r8_[A-Za-z0-9]{20,}+|nvapi-[A-Za-z0-9_-]{20,}+"
            r"|csk-[A-Za-z0-9]{20,}+|lsv2_[A-Za-z0-9_]{20,}+|tgp_v1_[A-Za-z0-9_-]{20,}+"
            r"|[rs]k_(?:live|test)_[A-Za-z0-9]{16,}+|whsec_[A-Za-z0-9+/=]{20,}+"
            r"|npm_[A-Za-z0-9]{30,}+|pypi-AgE[A-Za-z0-9_-]{20,}+|GOCSPX-[A-Za-z0-9_-]{20,}+"
            r"|SG\.[A-Za-z0-9_-]{16,}+\.[A-Za-z0-9_-]{30,}+)"
        ),
        MARK,
    ),
    (("eyj",), re.compile(r"(?<![\w-])eyJ[\w-]{8,}+\.[\w-]{8,}+(?:\.[\w-]*+)?"), MARK),
    (("hooks.slack",), re.compile(r"hooks\.slack(?:-gov)?\.com/[\w/-]{8,}+"), MARK),
    (
        ("bearer", "basic"),
        re.compile(r"(?i)\b((?:bearer|basic)[ \t]{1,4})([A-Za-z0-9._~+/=-]{8,}+)"),
        _after_scheme,
    ),
    (("://",), re.compile(r"://[^\s/\"'<>\\]{1,256}@"), f"://{MARK}@"),
    (
        ("key", "token", "secret", "passw", "sig="),
        re.compile(
            r"(?ai)(?P<head>(?P<name>key|token|secret|passw(?:or)?d|sig)(?:\\?[\"'])?"
            r"[ \t]{0,3}[:=][ \t]{0,3}(?P<quote>\\?[\"'])?)"
            r"(?P<value>[^\s\"',;&\\\[\](){}<>]{4,}+)"
        ),
        _assigned,
    ),
)  # fmt: skip


def without_patterns(text: str) -> str:
    lowered = text.lower()
    for literals, pattern, replacement in _PATTERNS:
        for literal in literals:
            if literal in lowered:
                text = pattern.sub(replacement, text)
                break
    return text
