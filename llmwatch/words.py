"""How figures read, once for all that is shown: three significant digits, small units, no guess.

Units follow a narrow no-break space (U+202F), so that a figure never parts from its unit.
Unknown (`None`, NaN) is an en dash.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence

__all__ = [
    "UNKNOWN",
    "apart",
    "clean",
    "dollars",
    "few_tokens",
    "listed",
    "money",
    "percent",
    "plural",
    "price_hint",
    "rate",
    "seconds",
    "tokens",
]

UNKNOWN = "\u2013"  # an en dash
_LONGEST = 200  # characters of a model's name that are kept
_NAMED = 3  # models that are called by name; the rest is counted
_THIN = "\u202f"


def seconds(value: float | None, *, digits: int = 3, ms_below: float = 1.0) -> str:
    r"""A duration in seconds as a person reads it.

    Parameters
    ----------
    value : float or None
        Seconds.
    digits : int
        Significant digits, never more than two of them behind the point.
    ms_below : float
        Where milliseconds begin; lower it where figures stand in one column.

    Examples
    --------
    >>> [seconds(s).replace("\u202f", " ") for s in (0.906, 1.52, 12.4, 130)]
    ['906 ms', '1.52 s', '12.4 s', '2 min 10 s']
    """
    if value is None or not math.isfinite(value) or value < 0:
        return UNKNOWN
    ms = value * 1000
    if round(ms) < ms_below * 1000:
        if 0 < ms < 0.05:
            return f"<{_THIN}0.1{_THIN}ms"
        return f"{_shortest(ms, 1 if ms < 9.95 else 0)}{_THIN}ms"
    if value < 99.5:
        return f"{_significant(value, digits)}{_THIN}s"
    whole = round(value)
    if whole < 3600:
        return f"{whole // 60}{_THIN}min {whole % 60}{_THIN}s"
    minutes = round(value / 60)
    return f"{minutes // 60:,}{_THIN}h {minutes % 60}{_THIN}min"


def tokens(value: float | None) -> str:
    """A count: whole with thousands separators below 10,000, then in k, M, G."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if abs(value) < 9_999.5:
        return f"{value:,.0f}"
    for size, decimals, unit in ((1e3, 1, "k"), (1e6, 2, "M")):
        if round(abs(value) / size, decimals) < 1000:
            return f"{value / size:.{decimals}f}{_THIN}{unit}"
    return f"{value / 1e9:,.2f}{_THIN}G"


def few_tokens(value: float | None) -> str:
    """A count where there is little room, as in a line of context: no decimals, no space."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if abs(value) < 9_999.5:
        return f"{value:,.0f}"
    steps = ((1e3, 999_500.0, "k"), (1e6, 999.5e6, "M"), (1e9, math.inf, "G"))
    size, unit = next((size, unit) for size, end, unit in steps if abs(value) < end)
    few = value / size
    # A half goes up, as in the browser: 12,500 is no rare count.
    return f"{_shortest(few, 1) if few < 9.95 else f'{math.floor(few + 0.5):,}'}{unit}"


def dollars(value: float | None) -> str:
    """US dollars: three significant digits below one dollar, whole cents, then whole dollars."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    sign, size = ("-", -value) if value < 0 else ("", value)
    if size >= 999.995:
        return f"{sign}${size:,.0f}"
    if size >= 0.9995 or size == 0:
        return f"{sign}${size:.2f}"
    if size < 1e-9:
        return f"{sign}<$0.000000001"
    decimals = 2 - math.floor(math.log10(size))
    return f"{sign}${_shortest(size, decimals, least=2)}"


def money(
    cost: float | None, estimate: float | None, unpriced: int, models: Sequence[str] = ()
) -> str:
    """A total that says what it does not contain: `~$0.42 + 3 calls of unknown price (qwen-x)`.

    Parameters
    ----------
    cost, estimate : float or None
        USD of the priced calls, and of those whose tokens are only estimated; None without any.
    unpriced : int
        Calls of unknown price.
    models : sequence of str
        What they asked for, as far as a price is all they lack.
    """
    if cost is None and estimate is None:
        words = "cost unknown" if unpriced else dollars(0)
    else:
        words = ("" if estimate is None else "~") + dollars((cost or 0.0) + (estimate or 0.0))
        words += f" + {plural(unpriced, 'call')} of unknown price" if unpriced else ""
    return words + (f" ({listed(models)})" if models else "")


def price_hint(models: Sequence[str]) -> tuple[str, str]:
    """What models without a price lack, in words, and what to type."""
    verb = "has" if len(models) == 1 else "have"
    first = json.dumps(clean(models[0], _LONGEST), ensure_ascii=False)  # whole: it is to be typed
    return f"{listed(models)} {verb} no price:", f"llmwatch.price({first}, input=…, output=…)"


def listed(names: Sequence[str]) -> str:
    """Foreign names in a line: the first three, and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(map(clean, names[:_NAMED])) + (f" and {more} more" if more > 0 else "")


def percent(share: float | None) -> str:
    """A share of one in per cent; only none is 0 % and only all is 100 %."""
    if share is None or not math.isfinite(share):
        return UNKNOWN
    value = share * 100
    if 0 < value < 0.1:
        return f"<0.1{_THIN}%"
    if 99.9 < value < 100:
        return f">99.9{_THIN}%"
    if value >= 1000:
        return f"{value:,.0f}{_THIN}%"
    fine = 0 < value < 10 or 99 < value < 100
    return f"{_shortest(value, 1 if fine else 0)}{_THIN}%"


def rate(per_second: float | None) -> str:
    """How often, in the unit that leaves a figure: a second, a minute or an hour."""
    if per_second is None or not math.isfinite(per_second):
        return UNKNOWN
    if per_second >= 0.1:
        return f"{_significant(per_second, 2)}{_THIN}/s"
    if per_second * 60 >= 0.1:
        return f"{_significant(per_second * 60, 2)}{_THIN}/min"
    return f"{_significant(max(per_second * 3600, 0.01), 2)}{_THIN}/h"


def plural(count: int, one: str, many: str | None = None) -> str:
    """The count and its noun: `1 call`, `3 calls`, `2 retries`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def clean(text: str | None, limit: int = 40) -> str:
    """Foreign text as one short line: no control, bidi or invisible characters, cut with `…`.

    A name is data that anybody may have chosen: it must not break the line, reverse it, or
    fail to encode.
    """
    if not text:
        return ""
    head = text[: limit * 4]  # enough to fill the limit, and bounded whatever comes
    line = " ".join("".join(c if c.isprintable() else " " for c in head).split())
    whole = len(line) <= limit and len(head) == len(text)
    return line if whole else line[: limit - 1].rstrip() + "…"


def apart(names: Iterable[str], limit: int = 40) -> dict[str, str]:
    """Foreign names, each as `clean` makes it; those that begin alike are not cut to the same.

    Of these the end is kept, too, and all of them where that is the same as well.
    """
    found = {name: clean(name, limit) for name in names}
    for longer in (_with_end, clean):
        alike = Counter(found.values())
        size = limit if longer is _with_end else _LONGEST
        found = {n: longer(n, size) if alike[short] > 1 else short for n, short in found.items()}
    return found


def _with_end(text: str, limit: int) -> str:
    """`text` cut in its middle."""
    line, half = clean(text, _LONGEST), limit // 2
    if len(line) <= limit:
        return line
    return f"{line[:half].rstrip()}…{line[half + 1 - limit :].lstrip()}"


def _significant(value: float, digits: int) -> str:
    """`value` to `digits` significant digits, at most two of them behind the point."""
    for _ in range(2):  # again, since 9.996 becomes 10.00 and then has a digit too many
        magnitude = math.floor(math.log10(value)) if value else 0
        text = f"{value:.{max(0, min(2, digits - 1 - magnitude))}f}"
        value = float(text)
    return text


def _shortest(value: float, decimals: int, least: int = 0) -> str:
    """`value` to `decimals`, without trailing zeros beyond the `least` decimals."""
    text = f"{value:.{decimals}f}"
    if decimals <= least:
        return text
    whole, _, fraction = text.partition(".")
    fraction = fraction[:least] + fraction[least:].rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole
