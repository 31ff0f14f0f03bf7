"""Notices as JSON, to any address that takes them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..exceptions import UsageError
from ._alert import Alert
from ._secret import Secret
from ._web import Address, post

__all__ = ["Webhook", "webhook"]

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.1: a token
_OURS = ("content-length", "host", "transfer-encoding")


class Webhook:
    """Posts each notice as one JSON object; made by `llmwatch.webhook`."""

    def __init__(self, address: Address, headers: Mapping[str, Secret]) -> None:
        self._address = address
        self._headers = {"Content-Type": Secret("application/json"), **headers}

    def __call__(self, alert: Alert) -> None:
        """Post `alert` once."""
        body = json.dumps(_object(alert), allow_nan=False).encode("ascii")
        post(self._address, body, self._headers)

    def __eq__(self, other: object) -> bool:
        """The headers count: they may say who is to be told."""
        return isinstance(other, Webhook) and other._way == self._way

    def __hash__(self) -> int:
        return hash(self._address)

    @property
    def _way(self) -> tuple[object, ...]:
        return self._address, self._headers

    def __repr__(self) -> str:
        return f"webhook('{self._address}')"


def webhook(url: str, headers: Mapping[str, str] | None = None) -> Webhook:
    """A handler that posts each notice to `url` as a JSON object.

    The object has the fields of `llmwatch.Alert` with `source: "llmwatch"` before them; times
    are ISO 8601, what is unknown is null. Redirects are not followed; a notice that meets 5xx
    or no answer within 3 s is tried again twice, one that is refused with 4xx (429, too) never.

    Parameters
    ----------
    url : str
        https, or http to this machine. Only its host is ever shown.
    headers : dict, optional
        Sent with each notice, e.g. ``{"Authorization": "Bearer ..."}``. Never shown.

    Raises
    ------
    UsageError
        For an address or a header that cannot be meant.

    Examples
    --------
    >>> llmwatch.alerts.add_handler(llmwatch.webhook("https://example.com/hook"))
    """
    return Webhook(Address.of(url, "webhook"), _checked(headers or {}))


def _checked(headers: Mapping[str, str]) -> dict[str, Secret]:
    for name, value in headers.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name.lower() in _OURS:
            raise UsageError(
                f"llmwatch.webhook: {str(name)[:40]!r} cannot be the name of a header."
            )
        if not isinstance(value, str) or not (value.isascii() and value.isprintable()):
            line = f"the value of the header {name} must be a line of ASCII text."
            raise UsageError(f"llmwatch.webhook: {line}")
    return {name: Secret(value) for name, value in headers.items()}


def _object(alert: Alert) -> dict[str, Any]:
    names = (name for name in Alert.__slots__ if name != "cell")
    fields = {name: _json(getattr(alert, name)) for name in names}
    cell = alert.cell
    place = None
    if cell is not None:
        place = {
            "cell_id": cell.cell_id,
            "execution_count": cell.execution_count,
            "notebook": cell.notebook,
        }
    return {"source": "llmwatch", **fields, "cell": place}


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value
