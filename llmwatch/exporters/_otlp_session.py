"""One request to an OTLP endpoint: tried once, with what came of it remembered.

The exporters of OpenTelemetry send through a session of the library requests; this is ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

__all__ = ["Trouble", "session_kind"]

_UNKNOWN_THERE = (404, 405, 501)  # an endpoint need not take both spans and metrics
_NOT_AS_IT_IS = (400, 413, 415, 422)  # the same again would be refused again
_TOO_LARGE = 413


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why something was not taken.

    Attributes
    ----------
    said : str
        In a few words.
    status : int or None
        What the endpoint answered; None where it did not.
    """

    said: str
    status: int | None = None

    @property
    def is_for_good(self) -> bool:
        """Whether sending the same again is of no use."""
        return self.status in _NOT_AS_IT_IS

    @property
    def is_too_large(self) -> bool:
        """Whether a part of it might be taken."""
        return self.status == _TOO_LARGE

    @property
    def is_unknown_there(self) -> bool:
        """Whether the endpoint does not take this kind at all."""
        return self.status in _UNKNOWN_THERE


class _UnsentError(Exception):
    """What an exporter takes for a failure that is not to be tried again."""


def session_kind() -> Any:
    """The class of our sessions, once requests is loaded."""
    requests = import_module("requests")

    class Session(requests.Session):  # type: ignore[misc,name-defined]  # a base that is loaded late
        """Tries once (an idle connection that broke, twice), and remembers what came of it."""

        trouble: Trouble | None = None
        answer: Any = None

        def forget(self) -> None:
            """Begin anew."""
            self.trouble = self.answer = None

        def request(self, *args: Any, **options: Any) -> Any:
            """Send, and remember."""
            try:
                self.answer = self._sent(*args, **options)
            except Exception as problem:
                self.trouble = Trouble(_why(problem))
                raise _UnsentError(self.trouble.said) from None
            if not 200 <= self.answer.status_code < 300:
                self.trouble = _refusal(self.answer)
                raise _UnsentError(self.trouble.said)
            return self.answer

        def _sent(self, *args: Any, **options: Any) -> Any:
            try:
                return super().request(*args, **options)
            except requests.Timeout:
                raise
            except requests.ConnectionError:
                return super().request(*args, **options)

    return Session


def _refusal(answer: Any) -> Trouble:
    said = f"it answered {answer.status_code} {answer.reason or ''}".strip()
    if 300 <= answer.status_code < 400:
        where = urlsplit(answer.headers.get("location", ""))
        said += f" (moved to {where.scheme}://{where.netloc})" if where.netloc else ""
    return Trouble(said, answer.status_code)


def _why(problem: BaseException) -> str:
    """The innermost reason that the operating system gave, else what the library calls it."""
    if "Timeout" in type(problem).__name__:
        return "no answer in time"
    found, seen, said = problem, 0, ""
    while found is not None and seen < 10:
        if isinstance(found, OSError) and found.strerror:
            said = found.strerror
        following = found.__cause__ or found.__context__
        if following is None:
            break
        found, seen = following, seen + 1
    kind = type(problem).__name__
    return said or ("no answer in HTTP" if kind == "ConnectionError" else kind)
