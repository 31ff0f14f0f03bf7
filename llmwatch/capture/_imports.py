"""Find out when a library gets imported, without importing it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from .. import faults

__all__ = ["ImportWatch"]


class ImportWatch:
    """A finder that finds nothing itself: it calls `found(module)` after `names` are imported."""

    def __init__(self, names: Sequence[str], found: Callable[[ModuleType], None]) -> None:
        self._names = frozenset(names)
        self._found = found
        self._asking: set[str] = set()  # by name: threads may import both libraries at once

    def install(self) -> None:
        """Report what is loaded now and what gets loaded from now on."""
        for name in sorted(self._names):
            module = sys.modules.get(name)
            if module is not None:
                self._report(module)
        sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Leave `sys.meta_path` as it was."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Any = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec that the other finders find, its loader reporting to us once it is done."""
        if name not in self._names or name in self._asking:
            return None
        self._asking.add(name)
        try:
            spec = self._ask_the_others(name, path, target)
            if spec is not None and spec.loader is not None:
                self._report_after(spec.loader)
            return spec
        finally:
            self._asking.discard(name)

    def _ask_the_others(self, name: str, path: Any, target: ModuleType | None) -> ModuleSpec | None:
        for finder in sys.meta_path:
            if finder is not self and (find := getattr(finder, "find_spec", None)) is not None:
                spec: ModuleSpec | None = find(name, path, target)
                if spec is not None:
                    return spec
        return None

    def _report_after(self, loader: Any) -> None:
        original = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module  # an attribute of this one loader, which is as it was again
            original(module)
            self._report(module)

        loader.exec_module = exec_module

    def _report(self, module: ModuleType) -> None:
        try:
            self._found(module)
        except Exception as problem:
            faults.note("import", problem)
