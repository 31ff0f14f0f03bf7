"""The kernel's hand on the page: a widget without a view, which works on what is shown already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from .. import faults

__all__ = ["hand"]

_SCRIPT = Path(__file__).parent / "static" / "alert.js"


def hand(kernel: str, hear: Callable[[Mapping[str, Any]], None]) -> Any:
    """Reach out to the pages that show this kernel's banners.

    Parameters
    ----------
    kernel : str
        The mark of the banners that are ours.
    hear : callable
        Takes what the person does with one: `do` is `hello` (a page was loaded), `mute`,
        `unmute` or `open`; `banner` is its id. Called on the kernel's main thread.

    Returns
    -------
    anywidget.AnyWidget
        With `send(content)` to all pages, and `close()`.
    """
    made = _class()(kernel=kernel)

    def on_message(_: Any, content: Any, __: Any) -> None:
        try:
            if isinstance(content, dict):
                hear(content)
        except Exception as problem:  # it would be printed into whatever cell runs
            faults.note("banner", problem)

    made.on_msg(on_message)
    return made


@cache
def _class() -> Any:
    """The widget class, made when the first is needed: importing anywidget takes its time."""
    import anywidget
    import traitlets

    class Hand(anywidget.AnyWidget):
        """Carries words between the kernel and the banners on the page."""

        _esm = _SCRIPT.read_text("utf-8")
        kernel = traitlets.Unicode().tag(sync=True)

        def close(self) -> None:
            layout = self.layout  # has a comm of its own, which would stay
            super().close()
            layout.close()

    return Hand
