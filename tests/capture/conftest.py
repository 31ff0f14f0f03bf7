"""What the tests of capture share: tables of misses, printed whether or not a test passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

Miss = tuple[str, str, str, Any, Any]
"""The case, its kind, the column, what should stand there, and what does."""

_TOLD = pytest.StashKey[list[str]]()
_MOST = 40  # lines of a table: where all is wrong, the first ones say it


@pytest.fixture
def tell_misses(request: pytest.FixtureRequest) -> Callable[[str, int, Sequence[Miss]], None]:
    """For a test with an allowance: what it lets pass shows in every run, `-s` or not."""

    def tell(what: str, rows: int, misses: Sequence[Miss]) -> None:
        lines = request.config.stash.setdefault(_TOLD, [])
        if not misses:
            lines.append(f"{what}: no misses of {rows} rows")
            return
        lines.append(f"{what}: {len({case for case, *_ in misses})} of {rows} rows with a miss")
        lines += [
            f"  {case}  {kind:18} {column:20} {right!r:24} ours {ours!r}"
            for case, kind, column, right, ours in misses[:_MOST]
        ]
        if len(misses) > _MOST:
            lines.append(f"  and {len(misses) - _MOST} more")

    return tell


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the tables below the results."""
    if lines := config.stash.get(_TOLD, []):
        terminalreporter.section("recorded traffic")
        for line in lines:
            terminalreporter.line(line)
