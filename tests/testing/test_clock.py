"""The fake clock moves when it is told to, and only then."""

from __future__ import annotations

import pytest

from llmwatch import UsageError
from llmwatch.testing import FakeClock


def test_both_clocks_go_on_together():
    """`advance` moves the monotonic and the wall clock by the same nanoseconds."""
    clock = FakeClock(start=1000.0)
    assert (clock.perf_counter_ns(), clock.time_ns()) == (1_000_000_000, 1_000_000_000_000)
    clock.advance(2.5)
    assert (clock.perf_counter_ns(), clock.time_ns()) == (3_500_000_000, 1_002_500_000_000)


def test_it_does_not_go_back():
    """A negative step is refused in one line, and the time stays."""
    clock = FakeClock()
    with pytest.raises(UsageError, match=r"advance\(-1\)"):
        clock.advance(-1)
    assert clock.perf_counter_ns() == 1_000_000_000
