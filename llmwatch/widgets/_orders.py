"""What a person asks of the panel that only Python can do: pause, mute, rate, export."""

from __future__ import annotations

import gzip
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import faults
from ._refresh import Refresher

__all__ = ["Orders"]

_DOWNLOAD = 2_000_000  # bytes that a Jupyter server passes on without complaint


class Orders:
    """Does what the browser asks for, and answers; a failure is told, never raised.

    Parameters
    ----------
    source : object
        The session.
    refresher : Refresher
        Through which answers go.
    send : callable
        Sends a message of its own with bytes.
    give_vega : callable
        Hands over what charts need.
    """

    def __init__(
        self,
        source: Any,
        refresher: Refresher,
        send: Callable[[dict[str, Any], list[bytes]], None],
        give_vega: Callable[[], None],
    ) -> None:
        self._source, self._refresher = source, refresher
        self._send, self._give_vega = send, give_vega
        self._known: dict[str, Callable[[dict[str, Any]], None]] = {
            "pause": lambda _: self._source.disable(),
            "resume": lambda _: self._source.enable(),
            "mute": lambda order: self._refresher.firing.mute(str(order["name"])),
            "rate": lambda order: self._source.feedback(str(order["call_id"]), bool(order["good"])),
            "csv": lambda order: self._export(order.get("id")),
        }

    def hear(self, widget: Any, order: Any, buffers: Any) -> None:
        """Take one message of the browser."""
        if not isinstance(order, dict):
            return
        word = order.get("do")
        if word == "vega":
            self._give_vega()
        elif word == "whole":
            widget.send_state("whole")
        elif word in self._known:
            self._obey(word, order)

    def _obey(self, word: str, order: dict[str, Any]) -> None:
        problem = None
        try:
            self._known[word](order)
        except Exception as trouble:
            faults.note("panel", trouble)
            problem = " ".join(str(trouble).split())[:200] or type(trouble).__name__
        self._refresher.answer(order.get("id"), problem)

    def _export(self, number: Any) -> None:
        """Send the calls as CSV; where that is too much for a browser, leave the file here."""
        name = f"llmwatch-{time.strftime('%Y%m%d-%H%M%S')}.csv"
        with tempfile.TemporaryDirectory(prefix="llmwatch-") as folder:
            path = Path(folder, name)
            written = self._source.to_csv(path)
            packed = gzip.compress(path.read_bytes(), 6)
        if len(packed) <= _DOWNLOAD:
            self._send({"do": "save", "id": number, "name": name, "rows": written.rows}, [packed])
            return
        here = Path.cwd() / name
        written = self._source.to_csv(here)
        text = f"Too much for a download: {written.rows:,} calls saved as {here}"
        self._send({"do": "say", "id": number, "text": text}, [])
