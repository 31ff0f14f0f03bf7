"""The process-wide functions of the face: switch, settings, prices, diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from . import faults
from .recorder import session
from .settings import AS_IT_IS, AsItIs, RedactRule

if TYPE_CHECKING:
    import pandas as pd

    from .alerting import Handler, Rule

__all__ = ["alert", "configure", "diagnostics", "disable", "enable", "price"]


def enable() -> None:
    """Record every LLM call of this process from now on; twice is once.

    ``%load_ext llmwatch`` does this. `watch` needs it not: it records by itself.
    """
    session().enable()


def disable() -> None:
    """Stop recording, and leave the process as it was found. What was recorded stays."""
    session().disable()


def configure(
    *,
    content: Literal["preview", "none", "full"] | AsItIs = AS_IT_IS,
    redact: RedactRule | Iterable[RedactRule] | AsItIs = AS_IT_IS,
    receipts: Literal["tagged", "all", "off"] | AsItIs = AS_IT_IS,
    max_calls: int | AsItIs = AS_IT_IS,
    **unknown: Any,
) -> None:
    """Set how llmwatch works in this process; also by environment variable and ``%config``.

    What is not given stays as it is.

    Parameters
    ----------
    content : {"preview", "none", "full"}
        How much text of a call is kept: its first 200 characters, nothing, or all of it. With
        "none" nothing of what errors say is kept, either: it may quote the question. Credentials
        are removed always. (`LLMWATCH_CONTENT`)
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
    session().configure(
        content=content, redact=redact, receipts=receipts, max_calls=max_calls, **unknown
    )


def alert(
    name: str | Callable[..., Any],
    condition: str | Callable[..., Any] | None = None,
    *,
    window: str | timedelta | float = "5min",
    severity: str = "warning",
    for_: str | timedelta | float = "0s",
    min_calls: int = 5,
    by: str | Iterable[str] | None = None,
    notify: Handler | Iterable[Handler] | None = None,
) -> Rule:
    """Tell me when a figure of the recent calls is over a threshold, and when it no longer is.

    It fires once the condition holds for sure: a rate when the near end of its 95 % Wilson
    interval is over, so one failure of one call is no alert and five of five are. It is over once
    the figure is clearly on the good side (a tenth of the threshold) for up to 30 s, or no call is
    left in the window. Where the figure is unknown, nothing changes. You are told when
    it fires and when it is over, and while it fires again after 1 hour, 8 hours, then every two
    days. What comes and goes about its threshold is told twice; from then on only where it fires
    when the next of these waits is over, and then its end. What is over its threshold by half of
    it is told at once after an hour of calm, and when it has been so for an hour.

    Parameters
    ----------
    name : str
        What it is called. The same name again replaces the rule, also a built-in one. A condition
        alone is its own name.
    condition : str or callable
        A figure of `.summary()`, a comparison (`>`, `>=`, `<`, `<=`) and a number with its unit
        (`%`, `ms`, `s`, `min`, `h`, `$`, `k`, `M`): "error_rate > 10%". Or a function of the
        figures (`f.tokens`, `f["tokens"]`) that gives True, False or a number, which fires above
        0; it runs on the recording thread, so let it be quick.
    window : str, timedelta or float
        Look at the calls that ended so long ago at most: "5min", "1h", seconds.
    severity : {"info", "warning", "critical"}
        How urgent it is, by which handlers choose.
    for_ : str, timedelta or float
        How long the condition must hold first.
    min_calls : int
        With fewer calls behind it a rate, a mean, a percentile or a function does not fire. Counts
        and sums (`tokens`, `cost_usd`, `active`, ...) are as certain with one call as with many.
    by : str or list of str
        One alert for each "model", "user", "tag", "cell", ..., or value of a label.
    notify : callable or list of callable
        Handlers of this rule, besides those of `llmwatch.alerts.add_handler`.

    Returns
    -------
    Rule
        `rule.remove()` takes it out again; `llmwatch.alerts` lists them all.

    Raises
    ------
    UsageError
        For anything that cannot be meant, in one line that says what can.

    Examples
    --------
    >>> rule = alert("slow answers", "latency_p95_s > 10s", by="model")
    >>> rule.remove()
    """
    from .alerting import rule_of

    return session().alerts.add(
        rule_of(
            name, condition, window=window, severity=severity, for_=for_, min_calls=min_calls,
            by=by, notify=notify,
        )
    )  # fmt: skip


def price(model: str, *, input: float, output: float, cached_input: float | None = None) -> None:
    """Price a model that no list knows, and re-price its calls of this session at once.

    The budgets around these calls are charged with what they cost.

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

    clean = session().redactor.trouble
    rows = [(f.step, clean(f.step, f.message), f.count, f.first, f.last) for f in faults.table()]
    frame = pd.DataFrame(rows, columns=["step", "message", "count", "first", "last"])
    for name in ("first", "last"):
        frame[name] = pd.to_datetime(frame[name].astype("float64"), unit="s", utc=True)
    return frame
