"""Recorded calls that come from elsewhere: a file that was exported, or a DataFrame."""

from __future__ import annotations

from ._load import load
from ._loaded import Loaded

__all__ = ["Loaded", "load"]
