"""Times on a chart: local wall-clock words, and even steps to count in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Steps", "ends", "moment", "steps_over", "stretch"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_S, _MIN, _H, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
_SIZES = (
    100, 200, 500, _S, 2 * _S, 5 * _S, 10 * _S, 15 * _S, 30 * _S,
    _MIN, 2 * _MIN, 5 * _MIN, 10 * _MIN, 15 * _MIN, 30 * _MIN,
    _H, 2 * _H, 3 * _H, 6 * _H, 12 * _H, _DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY, 28 * _DAY,
)  # fmt: skip

_MONDAY = 4 * _DAY  # the first of the epoch, so that weeks begin on one
_AT_LEAST = 12


class Steps(NamedTuple):
    """Steps of wall-clock time, even but where clocks are set; milliseconds."""

    size: int
    cuts: tuple[int, ...]
    """Where they begin, and where the last one ends."""

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.cuts) - 1

    @property
    def start(self) -> int:
        """Where the first one begins."""
        return self.cuts[0]

    @property
    def end(self) -> int:
        """Where the last one ends."""
        return self.cuts[-1]

    @property
    def word(self) -> str:
        """The size as a person says it: `10 s`, `5 min`, `1 day`."""
        for size, unit in ((_DAY, "day"), (_H, "h"), (_MIN, "min"), (_S, "s")):
            if self.size % size == 0:
                many = self.size // size
                return f"{many} {unit}{'s' if unit == 'day' and many > 1 else ''}"
        return f"{self.size} ms"

    def edges(self, at: int) -> tuple[int, int]:
        """Where step `at` begins and ends."""
        return self.cuts[at], self.cuts[at + 1]

    def places(self, times: np.ndarray) -> np.ndarray:
        """In which step each of `times` (milliseconds) lies."""
        import numpy as np

        at = np.searchsorted(self.cuts, times, "right") - 1
        clipped: np.ndarray = np.clip(at, 0, self.number - 1)
        return clipped


def steps_over(first: float, last: float, at_most: int = 40) -> Steps:
    """Steps of a round size, aligned to local wall-clock time, over `first` to `last` (ms)."""
    span = max(last - first, 1.0)
    size = next((s for s in _SIZES if span / s <= at_most - 1), 0)
    if not size:
        size = -(-int(span) // ((at_most - 1) * _DAY)) * _DAY
    if size > _H:
        begin = int((_wall(first) - _MONDAY) // size) * size + _MONDAY
        count = int((_wall(last) - begin) // size) + 1
        edge: Callable[[int], int] = _at_wall
    else:  # setting the clocks moves the edges onto each other
        begin = int(_wall(first) // size) * size - _offset(first)
        count = int((last - begin) // size) + 1
        edge = int
    room = max(0, (_AT_LEAST - count + 1) // 2)  # a bar alone must not be as wide as the picture
    cuts = [edge(begin + at * size) for at in range(-room, count + room + 1)]
    return Steps(size, tuple(dict.fromkeys(cuts)))  # a day that a country skipped has no length


def _offset(ms: float) -> int:
    """How far the local clock is ahead of UTC then, milliseconds."""
    offset = _local(ms).utcoffset()
    return int(offset.total_seconds() * 1000) if offset else 0


def _wall(ms: float) -> float:
    """What the local clock shows, as if it were UTC."""
    return ms + _offset(ms)


def _at_wall(wall: int) -> int:
    """When the local clock shows it, for the first time; where clocks skip it, when they do."""
    return round(datetime.fromtimestamp(wall / 1000, UTC).replace(tzinfo=None).timestamp() * 1000)


def stretch(first: float, last: float) -> tuple[float, float]:
    """`first` to `last` with a little room, so that nothing stands on the edge."""
    room = (last - first) * 0.02 or 500.0
    return first - room, last + room


def moment(ms: float, *, fine: bool = True, day: bool = True) -> str:
    """A point in time as local wall-clock words: `24 Nov 12:00:03`."""
    local = _local(ms)
    clock = f"{local:%H:%M:%S}" if fine else f"{local:%H:%M}"
    return f"{local.day} {_MONTHS[local.month - 1]} {clock}" if day else clock


def ends(first: float, last: float) -> tuple[str, str]:
    """What stands under both ends of a time axis, as short as is unambiguous."""
    one_day = _local(first).date() == _local(last).date()
    if last - first > 60 * _DAY:
        return _date(first), _date(last)
    fine = last - first < 10 * _MIN
    return (
        moment(first, fine=fine, day=True),
        moment(last, fine=fine, day=not one_day),
    )


def _date(ms: float) -> str:
    local = _local(ms)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


def _local(ms: float) -> datetime:
    """The time in the zone of the kernel, whatever the zone of who looks at the chart."""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone()
