"""The process-wide functions of the face: switch, settings, prices, diagnostics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import faults
from .recorder import session

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["configure", "diagnostics", "disable", "enable", "price"]


def enable() -> None:
    """Record every LLM call of this process from now on; twice is once.

    ``%load_ext llmwatch`` does this. `watch` needs it not: it records by itself.
    """
    session().enable()


def disable() -> None:
    """Stop recording, and leave the process as it was found. What was recorded stays."""
    session().disable()


def configure(**changes: Any) -> None:
    """Set how llmwatch works in this process; also by environment variable and ``%config``.

    Parameters
    ----------
    content : {"preview", "none", "full"}
        How much text of a call is kept: its first 200 characters, nothing, or all of it.
        Credentials are removed always. (`LLMWATCH_CONTENT`)
    redact : list of (str, re.Pattern or callable)
        What else is taken out: regular expressions, or functions of the text that return it
        cleaned. (`LLMWATCH_REDACT`: one regular expression)
    receipts : {"tagged", "all", "off"}
        Which cells get a receipt. (`LLMWATCH_RECEIPTS`)
    max_calls : int
        Rows kept in memory; the oldest leave first, totals stay exact. (`LLMWATCH_MAX_CALLS`)

    Raises
    ------
    UsageError
        For an unknown setting or value, in one line that names the known ones.
    """
    session().configure(**changes)


def price(model: str, *, input: float, output: float, cached_input: float | None = None) -> None:
    """Price a model that no list knows, and re-price its calls of this session at once.

    Parameters
    ----------
    model : str
        The model's name, as in the column `model`.
    input, output, cached_input : float
        USD per million tokens. Without `cached_input`, a call with cached tokens has no price.

    Raises
    ------
    UsageError
        For a price that is none.
    """
    session().price(model, input=input, output=output, cached_input=cached_input)


def diagnostics() -> pd.DataFrame:
    """What went wrong inside llmwatch and was kept from your calls.

    Returns
    -------
    pandas.DataFrame
        One row a kind: `step`, `message` (credentials removed), `count`, `first` and `last` (UTC).
    """
    import pandas as pd

    clean = session().redactor.clean  # a foreign exception says what it likes
    rows = [(f.step, clean(f.message), f.count, f.first, f.last) for f in faults.table()]
    frame = pd.DataFrame(rows, columns=["step", "message", "count", "first", "last"])
    for name in ("first", "last"):
        frame[name] = pd.to_datetime(frame[name].astype("float64"), unit="s", utc=True)
    return frame
