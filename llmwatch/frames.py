"""DataFrames over buffers that go on growing: one master frame, handed out in slices.

pandas tracks which frames share memory and copies before it writes, but only among frames that
come from one another. So everything handed out is a slice of one master frame, which outlives it;
and the buffers under it are lent read-only, since `.array` and `.values` of nullable columns would
write straight through. pandas 2 does not track: there each frame is a copy.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from .semconv import COLUMNS, DTYPES, Column

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["Frames", "series", "shares_memory", "text_dtype"]

_MASTER = "_llmwatch_master"


def text_dtype() -> Any:
    """The type of text, for whatever a call may bear.

    Named in full: where pyarrow is installed, "str" alone would copy into Arrow memory, which
    cannot hold half a character (a lone surrogate). Before pandas 3 text is `object`.
    """
    import numpy as np
    import pandas as pd

    return pd.StringDtype("python", na_value=np.nan) if shares_memory() else np.dtype(object)


def series(values: Sequence[Any], dtype: str) -> pd.Series[Any]:
    """`values` as a Series of `dtype`; None is missing. Moments are ns since the epoch."""
    import pandas as pd

    if dtype == DTYPES["time"]:
        return pd.Series(pd.to_datetime(pd.array(values, dtype="Int64"), unit="ns", utc=True))
    is_text = dtype == DTYPES["text"]
    if is_text and not shares_memory():
        values = [math.nan if value is None else value for value in values]
    found: pd.Series[Any] = pd.Series(values, dtype=text_dtype() if is_text else cast("Any", dtype))
    return found


def shares_memory() -> bool:
    """Whether a slice of a frame may share its memory until it is written to (pandas 3)."""
    import pandas as pd

    return not pd.__version__.startswith("2.")


class Frames:
    """The frames over one set of buffers, which may be exchanged one by one."""

    def __init__(self) -> None:
        self._master: pd.DataFrame | None = None
        self._under: dict[str, np.ndarray] = {}
        self.renew_lock()

    def renew_lock(self) -> None:
        """Make a new lock: in a forked child the old one may be held by nobody."""
        self._lock = threading.RLock()

    def drop(self) -> None:
        """Let go of the buffers."""
        with self._lock:
            self._master, self._under = None, {}

    def rows(
        self,
        data: Mapping[str, np.ndarray],
        mask: Mapping[str, np.ndarray],
        start: int,
        stop: int,
    ) -> pd.DataFrame:
        """Rows `start` to `stop` as a frame the caller may do anything with."""
        import pandas as pd

        if not shares_memory():
            return _copied(data, mask, slice(start, stop))
        master = self._fresh(data, mask)
        frame = master.iloc[start:stop]
        frame.index = pd.RangeIndex(stop - start)
        # The master must live as long as what came from it, or pandas takes the frame for the
        # only owner of the (read-only) memory and writes there instead of into a copy.
        object.__setattr__(frame, _MASTER, master)
        return frame

    def _fresh(
        self, data: Mapping[str, np.ndarray], mask: Mapping[str, np.ndarray]
    ) -> pd.DataFrame:
        import pandas as pd

        with self._lock:
            master, under = self._master, self._under
            changed = [
                column for column in COLUMNS if under.get(column.name) is not data[column.name]
            ]
            if master is None or len(master) != len(data["started_at"]):
                arrays = {column.name: _array(column, data, mask) for column in COLUMNS}
                master = pd.DataFrame(arrays, copy=False)
            elif changed:
                master = master.copy(deep=False)  # the untouched columns stay known as shared
                for column in changed:
                    array = _array(column, data, mask)
                    master[column.name] = pd.Series(array, index=master.index, copy=False)
            if changed:
                self._master = master
                self._under = {column.name: data[column.name] for column in COLUMNS}
            return master


def _copied(
    data: Mapping[str, np.ndarray], mask: Mapping[str, np.ndarray], where: slice
) -> pd.DataFrame:
    """Rows in memory of their own."""
    import pandas as pd

    data = {name: buffer[where] for name, buffer in data.items()}
    mask = {name: buffer[where] for name, buffer in mask.items()}
    return pd.DataFrame({c.name: _array(c, data, mask) for c in COLUMNS}, copy=True)


def _array(column: Column, data: Mapping[str, np.ndarray], mask: Mapping[str, np.ndarray]) -> Any:
    """A pandas array over the buffer of `column`, without a copy."""
    import pandas as pd

    values = _locked(data[column.name])
    if column.kind == "text" and shares_memory():
        return pd.arrays.StringArray(values, dtype=text_dtype())  # type: ignore[call-arg]  # stubs lack it
    if column.kind == "count":
        return pd.arrays.IntegerArray(values, _locked(mask[column.name]))
    if column.kind == "time":
        return pd.array(values, dtype=pd.DatetimeTZDtype("ns", "UTC"), copy=False)
    return values


def _locked(buffer: np.ndarray) -> np.ndarray:
    """The buffer as an array that nobody can make writeable again.

    Over a writeable array numpy lets whoever holds a read-only view set its flag back; over
    memory that is lent read-only it refuses.
    """
    import numpy as np

    return np.asarray(buffer.data.toreadonly())
