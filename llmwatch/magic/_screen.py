"""Where outputs go: a kernel's front ends, or a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

__all__ = ["Screen"]


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
        Whether an output from any thread reaches the cell in whose context it is shown
        (ipykernel 7). Elsewhere it lands under whatever cell the main thread runs.
    """

    def __init__(self, shell: Any) -> None:
        # The shell's own: for the time of a `%%capture` another one stands in its place, and an
        # alert is not what that cell wants to catch.
        self._publisher = shell.display_pub
        self.is_kernel = hasattr(self._publisher, "pub_socket")
        parent = getattr(self._publisher, "_parent_header", None)
        self.finds_cells = self.is_kernel and isinstance(parent, ContextVar)

    def show(self, data: Mapping[str, Any], ident: str, *, update: bool) -> None:
        """Show `data` (by MIME type), or with `update` put it in the place of what stands there.

        `ident` is the name of the output, by which it is updated.
        """
        self._publisher.publish(
            data=dict(data), metadata={}, transient={"display_id": ident}, update=update
        )
