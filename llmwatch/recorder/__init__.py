"""The session: one capture wired to one store, with its prices, settings and scopes."""

from __future__ import annotations

from ._one import session
from ._session import Session

__all__ = ["Session", "session"]
