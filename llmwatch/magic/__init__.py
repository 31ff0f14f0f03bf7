"""`%%llmwatch` and `%llmwatch`: what a person types in IPython. Enter by this door.

The line is read here and the session asked; nothing is recorded or reckoned here.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from ._extension import Extension
from ._say import say

__all__ = ["load", "unload"]

_loaded: WeakKeyDictionary[Any, Extension] = WeakKeyDictionary()


def load(shell: Any) -> None:
    """Record every LLM call from now on and teach `shell` the magics; twice is once."""
    if shell not in _loaded:
        _loaded[shell] = Extension(shell)
        say("llmwatch records every LLM call from here on; %llmwatch off stops it")


def unload(shell: Any) -> None:
    """Stop, and leave `shell` as it was found."""
    extension = _loaded.pop(shell, None)
    if extension is not None:
        extension.remove()
