"""Sums over calls that add up: exact also for the calls that have left memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from .semconv import STATUSES

if TYPE_CHECKING:
    import numpy as np

__all__ = ["ADDED", "BEGUN", "SUMMED", "Totals", "codes_of", "is_refused", "known", "refused"]

ADDED = (
    "input_tokens", "output_tokens", "estimated_input_tokens", "estimated_output_tokens",
    "cost_usd", "estimated_cost_usd", "attempts", "score",
)  # fmt: skip
"""The columns that are added up."""

BEGUN = ("http_status", "chunks")
"""The columns that say whether a failed call had begun to be answered."""

SUMMED = (*ADDED, *BEGUN)
"""What sums are made of, beside status and times."""

_REFUSALS = 400  # what a server says from here on is no answer


@dataclass(slots=True)
class Totals:
    """What a set of calls sums up to; two of them can be added.

    Attributes
    ----------
    statuses : dict of str to int
        Calls by status.
    sums, counts : dict of str to number
        Sum of the known values, and how many are known, by column of `ADDED`.
    answered, unmeasured, unpriced : int
        Calls that were not refused; those of them whose tokens, or price, are unknown.
    timed, timed_tokens, timed_s : float
        The calls whose output tokens and latency are both known; the sums of these.
    errors : Counter
        Failed calls by `error_type`.
    first_ns, last_ns : int or None
        Start of the first and of the last call, nanoseconds since the epoch.
    """

    statuses: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    unmeasured: int = 0
    unpriced: int = 0
    timed: int = 0
    timed_tokens: int = 0
    timed_s: float = 0.0
    errors: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    first_ns: int | None = None
    last_ns: int | None = None

    @classmethod
    def of(cls, columns: Mapping[str, np.ndarray]) -> Self:
        """The totals of the calls in `columns` (as `View.arrays` gives them)."""
        import numpy as np

        codes = codes_of(columns)
        total = cls(requests=len(codes))
        if not total.requests:
            return total
        failed = codes == STATUSES.index("error")
        answered = ~refused(failed, columns)
        are_known: dict[str, np.ndarray] = {}
        for name in ADDED:
            values, are_known[name] = known(columns[name])
            total.counts[name] = int(np.count_nonzero(are_known[name]))
            if total.counts[name]:
                total.sums[name] = np.sum(values, where=are_known[name]).item()
        per_status = np.bincount(codes, minlength=len(STATUSES))
        total.statuses.update(dict(zip(STATUSES, per_status.tolist(), strict=False)))
        measured = are_known["input_tokens"] | are_known["output_tokens"]
        total.answered = int(np.count_nonzero(answered))
        total.unmeasured = int(np.count_nonzero(answered & ~measured))
        total.unpriced = int(np.count_nonzero(answered & ~are_known["cost_usd"]))
        total._time(columns, are_known["output_tokens"])
        total._errors(columns["error_type"], failed)
        return total

    def _time(self, columns: Mapping[str, np.ndarray], has_output: np.ndarray) -> None:
        import numpy as np

        started = columns["started_at"]
        self.first_ns, self.last_ns = int(started.min()), int(started.max())
        latency, is_timed = known(columns["latency_s"])
        both = is_timed & has_output
        self.timed = int(np.count_nonzero(both))
        self.timed_s = float(np.sum(latency, where=both))
        self.timed_tokens = int(np.sum(known(columns["output_tokens"])[0], where=both))

    def _errors(self, types: np.ndarray, failed: np.ndarray) -> None:
        for word, n in Counter(types[failed].tolist()).items():
            self.errors[word if isinstance(word, str) else "unknown"] += n

    def __add__(self, other: Totals) -> Totals:
        starts = [t.first_ns for t in (self, other) if t.first_ns is not None]
        ends = [t.last_ns for t in (self, other) if t.last_ns is not None]
        whole: dict[str, Any] = {
            name: getattr(self, name) + getattr(other, name)
            for name in (
                "answered",
                "unmeasured",
                "unpriced",
                "timed",
                "timed_tokens",
                "timed_s",
                "requests",
            )
        }
        for name in ("statuses", "sums", "counts", "errors"):
            # Counter's own + drops what is not positive; a sum of scores may be negative.
            whole[name] = Counter(getattr(self, name))
            whole[name].update(getattr(other, name))
        return Totals(first_ns=min(starts, default=None), last_ns=max(ends, default=None), **whole)


def is_refused(status: str, http_status: int | None, chunks: int | None) -> bool:
    """Whether a call failed before any answer came, so that it cost nothing.

    A stream that breaks, or an error in the middle of one, comes after 200: that much was paid.
    """
    has_begun = (http_status is not None and http_status < _REFUSALS) or bool(chunks)
    return status == "error" and not has_begun


def refused(failed: np.ndarray, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """`is_refused` of many calls: where they `failed`, and the columns of `BEGUN`."""
    import numpy as np

    if not failed.any():
        return failed
    status, has_status = known(columns["http_status"])
    chunks, has_chunks = known(columns["chunks"])
    has_begun = (has_status & (status < _REFUSALS)) | (has_chunks & (chunks > 0))
    never_begun: np.ndarray = np.logical_and(failed, ~has_begun)
    return never_begun


def known(column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values of a masked or float column, and where they are known."""
    import numpy as np

    if isinstance(column, np.ma.MaskedArray):
        return np.asarray(column.data), ~np.ma.getmaskarray(column)
    return column, ~np.isnan(column)


def codes_of(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Each call's status as its place in `STATUSES`; `len(STATUSES)` for a word not among them."""
    import numpy as np

    if "status_code" in columns:
        return columns["status_code"]
    words = columns["status"]
    codes = np.full(len(words), len(STATUSES), np.uint8)
    for code, word in enumerate(STATUSES):
        codes[words == word] = code
    return codes
