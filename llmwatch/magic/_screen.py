"""Where outputs go: a kernel's front ends, or a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import partial
from typing import Any

from ..widgets import named

__all__ = ["Screen"]

_request: ContextVar[Mapping[str, Any] | None] = ContextVar("llmwatch_request", default=None)


class Screen:
    """Publishes outputs of a shell.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell

    Attributes
    ----------
    is_kernel : bool
        Whether outputs are messages to front ends. In a terminal they are what is printed.
    finds_cells : bool
        Whether an output from any thread reaches the cell in whose context it is shown: by
        itself in ipykernel 7; before that the request is noted in `begin`. Elsewhere it lands
        under whatever cell the main thread runs.
    """

    def __init__(self, shell: Any) -> None:
        # The shell's own: for the time of a `%%capture` another one stands in its place, and an
        # alert is not what that cell wants to catch.
        self._publisher = shell.display_pub
        self.is_kernel = hasattr(self._publisher, "pub_socket")
        parent = getattr(self._publisher, "_parent_header", None)
        is_older = all(hasattr(self._publisher, name) for name in ("parent_header", "session"))
        self._notes = self.is_kernel and is_older and not isinstance(parent, ContextVar)
        self.finds_cells = self.is_kernel and (self._notes or isinstance(parent, ContextVar))

    def begin(self) -> None:
        """A cell begins to run: what is shown in this context, or a copy of it, is its output."""
        if self._notes:
            _request.set(self._publisher.parent_header)

    def on_clear(self, heard: Callable[[], None]) -> Callable[[], None]:
        """Call `heard` when this thread clears the outputs of a cell; returns what ends that.

        Progress is often shown so, and what stood there beside it is gone as well.
        """
        if not (self.is_kernel and hasattr(self._publisher, "register_hook")):
            return lambda: None

        def hook(message: Mapping[str, Any]) -> Mapping[str, Any]:
            if message.get("msg_type") == "clear_output" and not _goes_to_a_widget():
                heard()
            return message

        self._publisher.register_hook(hook)
        return partial(self._publisher.unregister_hook, hook)

    def show(self, data: Mapping[str, Any], ident: str, *, update: bool) -> None:
        """Show `data` (by MIME type), or with `update` put it in the place of what stands there.

        `ident` is the name of the output, by which it is updated.
        """
        transient = {"display_id": ident}
        output = {"data": dict(data), "metadata": named(ident), "transient": transient}
        request = _request.get() if self._notes else None
        if request is None:
            self._publisher.publish(**output, update=update)
            return
        out, kind = self._publisher, "update_display_data" if update else "display_data"
        sys.stdout.flush()  # what the cell wrote before stands before it
        out.session.send(out.pub_socket, kind, output, parent=request, ident=out.topic)


def _goes_to_a_widget() -> bool:
    """Whether an `ipywidgets.Output` takes what the cell shows: then it is that which is cleared."""
    widgets = getattr(sys.modules.get("ipywidgets.widgets.widget"), "_instances", {})
    return any(getattr(widget, "msg_id", "") for widget in list(widgets.values()))
