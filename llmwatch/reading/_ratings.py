"""What a person thought of an answer: ratings of calls."""

from __future__ import annotations

import json
import math
import time
from datetime import UTC, datetime
from numbers import Real
from typing import Any

from ..exceptions import UsageError
from ..records import Call, Feedback
from ._named import number_of
from ._source import Source

__all__ = ["Ratings"]

_COMMENT = 2000  # characters
_MOST = 100  # ratings kept of one call, the newest


class Ratings(Source):
    """Calls, rated."""

    def feedback(
        self,
        call: Any,
        score: bool | float,
        comment: str | None = None,
        scale: tuple[float, float] | None = None,
    ) -> Feedback:
        """Rate a call: thumbs, a score, a number of stars.

        Rating a call again keeps both; the last one counts. Safe from any thread.

        Parameters
        ----------
        call : str, row or response
            A `call_id`, a `response_id`, the provider's request id; a row of `.calls` (also a
            dict of it, or one of `.itertuples()`); or what the SDK returned for it.
        score : bool or float
            True for thumbs up (1), False for thumbs down (-1), or a number from -1 (bad) to 1.
        comment : str, optional
            In your words; credentials are removed, and at most 2,000 characters are kept. It is
            kept whatever the setting `content` says, since you gave it on purpose.
        scale : (float, float), optional
            The worst and the best of the scale that `score` is on, mapped linearly:
            `4, scale=(1, 5)` is 0.5.

        Returns
        -------
        Feedback
            As it is kept: `call_id`, `score` (-1 to 1), `comment`, `at` (ns since the epoch).

        Raises
        ------
        UsageError
            When no call here is meant, or more than one; for a score that is none.

        Examples
        --------
        >>> session.feedback(answer, True)  # doctest: +SKIP
        >>> session.feedback(session.calls.iloc[-1], 4, "kind", scale=(1, 5))  # doctest: +SKIP
        """
        value = _score(score, scale)
        if comment is not None and not isinstance(comment, str):
            raise UsageError(f"feedback: comment={comment!r} is not text.")
        said = self._scrubbed(comment.strip(), _COMMENT) if comment else ""
        number = self._meant(call)
        given: list[Feedback] = []

        def rate(call: Call) -> dict[str, Any]:
            given.append(
                Feedback(call_id=call.call_id, score=value, comment=said or None, at=time.time_ns())
            )
            return {"score": value, "feedback": _with(call, given[0])}

        if not self._revise(number, rate):
            raise UsageError("feedback: this call has just left memory.")
        return given[0]

    def _meant(self, call: Any) -> int:
        view = self._now()
        try:
            return number_of(view, call, 0)
        except UsageError:
            return number_of(view, call, len(self._in_flight()))  # and say so


def _score(score: Any, scale: Any) -> float:
    """The score from -1 to 1."""
    if getattr(score, "ndim", None) == 0:
        score = score.item()  # numpy's kinds of bool and number
    if isinstance(score, bool):
        if scale is not None:
            raise UsageError("feedback: True and False need no scale.")
        return 1.0 if score else -1.0
    worst, best = (-1.0, 1.0) if scale is None else _ends(scale)
    given = float(score) if isinstance(score, Real) else math.nan
    if not min(worst, best) <= given <= max(worst, best):  # which NaN is not either
        hint = "" if scale else "; on another scale: 4, scale=(1, 5), the worst and the best"
        raise UsageError(
            f"feedback: {score!r} is not a score from {worst:g} to {best:g}, True or False{hint}."
        )
    return given if scale is None else 2 * (given - worst) / (best - worst) - 1


def _ends(scale: Any) -> tuple[float, float]:
    try:
        worst, best = (float(end) for end in scale)
        if math.isfinite(best - worst) and best != worst:
            return worst, best
    except (TypeError, ValueError):
        pass
    raise UsageError(
        f"feedback: scale={scale!r} is no scale: give the worst and the best, scale=(1, 5)."
    )


def _with(call: Call, rating: Feedback) -> str:
    """The ratings of `call`, and this one, as JSON."""
    at = datetime.fromtimestamp(rating.at / 1e9, UTC)
    new = {
        "score": rating.score,
        "comment": rating.comment,
        "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    return json.dumps([*_before(call)[1 - _MOST :], new], ensure_ascii=False)


def _before(call: Call) -> list[Any]:
    """The earlier ratings; a text that somebody else wrote there is kept as a comment."""
    if not call.feedback:
        return []
    try:
        ratings = json.loads(call.feedback)
    except ValueError:
        ratings = None
    if isinstance(ratings, list):
        return ratings
    return [{"score": call.score, "comment": call.feedback, "at": None}]
