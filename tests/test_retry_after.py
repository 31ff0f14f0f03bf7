"""`Retry-After`: both forms that servers write, and what is neither."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from llmwatch.retry_after import asked_wait_s


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("20", 20.0), ("0.5", 0.5), (" 7 ", 7.0), ("-3", 0.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        (None, None), ("", None), ("soon", None), ("inf", None), ("nan", None),
    ],
)  # fmt: skip
def test_what_is_written(text, wait):
    """Seconds, fractions of them too, or a date; never less than 0; else it is not known."""
    assert asked_wait_s(text) == wait


def test_a_date_to_come():
    """Seconds from now."""
    assert 3500 < asked_wait_s(formatdate(time.time() + 3600, usegmt=True)) <= 3600
