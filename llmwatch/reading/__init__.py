"""The interface of everything that can be read, over any source of rows."""

from __future__ import annotations

from ._line import line
from ._reading import Reading

__all__ = ["Reading", "line"]
