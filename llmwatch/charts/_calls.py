"""The calls of a chart: columns of any DataFrame that has ours, checked and in order of time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..exceptions import UsageError
from ..semconv import NAMES
from ..totals import BEGUN, refused
from ..words import apart
from ._foreign import readable

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["OTHER", "Calls", "named"]

OTHER = "other"
_RESERVED = (OTHER, "error")
_LONGEST = 32  # characters of a name in a key


class Calls:
    """The rows of `frame` that say when they started, oldest first.

    A column that is not there is unknown throughout.

    Attributes
    ----------
    started, ended : numpy.ndarray
        Milliseconds since the epoch; a call of unknown latency ends when it starts.
    untimed : int
        Rows left out because they do not say when they started.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        import numpy as np

        started = _milliseconds(frame)
        timed = ~np.isnan(started)
        self.untimed = int((~timed).sum())
        order = np.argsort(started, kind="stable")[: int(timed.sum())]
        self._frame = frame.iloc[order]
        self._numbers: dict[str, np.ndarray] = {}
        self._texts: dict[str, list[str | None]] = {}
        self.started = started[order]
        latency = self.numbers("latency_s")
        self.ended = self.started + np.nan_to_num(np.maximum(latency, 0)) * 1000

    def __len__(self) -> int:
        return len(self.started)

    def numbers(self, name: str) -> np.ndarray:
        """A column as float64, NaN where unknown or infinite."""
        if name not in self._numbers:
            self._numbers[name] = self._as_numbers(name)
        return self._numbers[name]

    def texts(self, name: str) -> list[str | None]:
        """A column as text, None where unknown."""
        if name not in self._texts:
            self._texts[name] = self._as_texts(name)
        return self._texts[name]

    def _as_numbers(self, name: str) -> np.ndarray:
        import numpy as np
        import pandas as pd

        if name not in self._frame.columns:
            return np.full(len(self._frame), np.nan)
        values = pd.to_numeric(self._frame[name], errors="coerce")
        array = values.to_numpy(dtype="float64", na_value=np.nan)
        return np.where(np.isfinite(array), array, np.nan)

    def _as_texts(self, name: str) -> list[str | None]:
        if name not in self._frame.columns:
            return [None] * len(self._frame)
        values = self._frame[name].tolist()
        return [value if isinstance(value, str) else _text(value) for value in values]

    def is_status(self, *words: str) -> np.ndarray:
        """Where the status is one of `words`."""
        import numpy as np

        return np.array([status in words for status in self.texts("status")], dtype=bool)

    def refused(self) -> np.ndarray:
        """Where a call failed before any answer came."""
        return refused(self.is_status("error"), {name: self.numbers(name) for name in BEGUN})

    def group(self, by: str) -> list[str | None]:
        """What each call is grouped by: a column, `cell` (its number), or a label.

        Raises
        ------
        UsageError
            When there is no such column, and no call has such a label.
        """
        if by == "cell":
            return [f"[{number}]" if number else None for number in self.texts("execution_count")]
        if by in NAMES or by in self._frame.columns:
            return self.texts(by)
        labels = [_label(text, by) for text in self.texts("labels")]
        if labels and not any(label is not None for label in labels):
            raise UsageError(f'by={by!r} is no column and no label of the calls: try by="model".')
        return labels


def named(values: Sequence[str | None], at_most: int, unknown: str) -> tuple[list[str], list[str]]:
    """What each value is called on the chart, and the names there are, the most frequent first.

    Foreign names come out clean, short and still different from each other and from our own
    words; beyond `at_most` the rare ones are one: `other`.
    """
    counts = Counter(values)
    ranked = [value for value, _ in sorted(counts.items(), key=lambda kv: -kv[1])]
    kept = ranked if len(ranked) <= at_most else ranked[: at_most - 1]
    short = apart((value for value in kept if value is not None), _LONGEST)
    words: dict[str | None, str] = {}
    for value in kept:
        word = readable(short[value], _LONGEST) if value is not None else ""
        words[value] = _free(word or unknown, set(words.values()))
    shown = [*words.values(), *([OTHER] if len(kept) < len(ranked) else [])]
    return [words.get(value, OTHER) for value in values], shown


def _free(word: str, taken: set[str]) -> str:
    candidate = word if word not in _RESERVED else f"{word} (name)"
    number = 2
    while candidate in taken:
        candidate = f"{word} ({number})"
        number += 1
    return candidate


def _label(labels: str | None, name: str) -> str | None:
    """The value of one label, of a JSON object of them."""
    try:
        value = json.loads(labels or "{}").get(name)
    except (AttributeError, TypeError, ValueError):  # a frame of other people's making
        return None
    return None if value is None else str(value)


def _text(value: Any) -> str | None:
    import pandas as pd

    return None if pd.api.types.is_scalar(value) and pd.isna(value) else str(value)


def _milliseconds(frame: pd.DataFrame) -> np.ndarray:
    """When each call started, NaN where that is unknown."""
    import numpy as np
    import pandas as pd

    missing = [name for name in ("started_at", "status") if name not in frame.columns]
    if missing:
        raise UsageError(
            f"a chart of calls needs the columns started_at and status: no {missing[0]} here."
        )
    try:
        times = pd.to_datetime(frame["started_at"], utc=True, errors="coerce")
    except (TypeError, ValueError, OverflowError):
        raise UsageError("started_at of these rows cannot be read as times.") from None
    moments = times.dt.tz_localize(None).to_numpy(dtype="datetime64[ns]")
    return np.where(np.isnat(moments), np.nan, moments.astype(np.int64) / 1e6)
