"""`Retry-After`: how long a server asks to wait, in seconds or as a date (RFC 9110, 10.2.3)."""

from __future__ import annotations

import time
from math import isfinite

__all__ = ["asked_wait_s"]


def asked_wait_s(text: str | None) -> float | None:
    """How many seconds to wait from now, not less than 0; None where it cannot be read."""
    if text is None:
        return None
    try:
        wait = float(text)  # OpenAI gives fractions, too
    except ValueError:
        from email.utils import parsedate_to_datetime  # for a date alone, which is rare

        try:
            wait = parsedate_to_datetime(text).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return max(wait, 0.0) if isfinite(wait) else None
