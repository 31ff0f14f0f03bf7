"""Names that a package loads when they are first used: who only records, pays for recording alone.

A door lists under ``TYPE_CHECKING`` what it offers, and where that lives::

    __getattr__ = late(__name__, {"draw": "_draw"})
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["late"]


def late(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The ``__getattr__`` (PEP 562) of a package.

    Parameters
    ----------
    package : str
        Its name.
    homes : mapping
        By name that it offers: the module in it that has it.
    """

    def load(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f".{homes[name]}", package), name)
        setattr(sys.modules[package], name, value)
        return value

    return load
