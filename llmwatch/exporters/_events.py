"""Events as JSON, one physical line each, and where such lines go."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ._lines import LineFile
from ._tables import _writable

__all__ = ["Event", "ToFile", "ToLogger"]

_BREAKS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})
_LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR)  # that events have


class Event(NamedTuple):
    """One line: when (nanoseconds since the epoch), how grave, what, and the rest of it."""

    at: int
    level: int
    name: str
    fields: dict[str, Any]


class ToFile:
    """Events as lines of a file."""

    def __init__(self, file: LineFile) -> None:
        self.file, self.ascii = file, True

    def write(self, events: Sequence[Event]) -> None:
        """One line each."""
        lines = [f"{_json(_object(event), ascii=self.ascii)}\n".encode() for event in events]
        self.file.write(lines)

    def silence(self, level: int) -> str:
        """A file takes all."""
        return ""

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def __str__(self) -> str:
        return str(self.file.path)


class ToLogger:
    """Events as records of a logger: the line as message, its fields as those of the record."""

    def __init__(self, logger: logging.Logger) -> None:
        self.logger, self.ascii = logger, True

    def write(self, events: Sequence[Event]) -> None:
        """One record each, dated when it happened."""
        for event in events:
            if self.logger.isEnabledFor(event.level):
                self.logger.handle(self._record(event))

    def _record(self, event: Event) -> logging.LogRecord:
        fields = _object(event)
        message = _json(fields, ascii=self.ascii)
        record = self.logger.makeRecord(
            self.logger.name, event.level, "llmwatch", 0, message, (), None, event.name, fields
        )
        record.created, record.msecs = event.at / 1e9, event.at // 1_000_000 % 1000
        return record

    def silence(self, level: int) -> str:
        """What the logger keeps back of events from `level` on, and what to type; or nothing."""
        lowest = next((each for each in _LEVELS if each >= level), None)
        if lowest is None or self.logger.isEnabledFor(lowest):
            return ""
        if self.logger.disabled:
            return "is disabled: logger.disabled = False"
        if self.logger.manager.disable >= lowest:
            return "is held back by logging.disable(): logging.disable(logging.NOTSET)"
        held = logging.getLevelName(self.logger.getEffectiveLevel())
        name = logging.getLevelName(lowest)
        return f"lets nothing below {held} through: logger.setLevel({name!r})"

    def close(self) -> None:
        """The logger is not ours to close."""

    def __str__(self) -> str:
        return f"logger {self.logger.name!r}"


def _object(event: Event) -> dict[str, Any]:
    moment = datetime.fromtimestamp(event.at // 1_000_000_000, UTC)
    stamp = f"{moment:%Y-%m-%dT%H:%M:%S}.{event.at // 1000 % 1_000_000:06d}Z"
    level = logging.getLevelName(event.level)
    return {"timestamp": stamp, "level": level, "event": event.name, **event.fields}


def _json(fields: dict[str, Any], *, ascii: bool) -> str:
    """One physical line that every strict parser reads, and `str.splitlines` leaves whole."""
    text = json.dumps(_plain(fields), ensure_ascii=ascii, allow_nan=False, default=str)
    return text if ascii else text.translate(_BREAKS)


def _plain(value: Any) -> Any:
    """What JSON has: no NaN, no infinity, no half of a surrogate pair."""
    if isinstance(value, str):
        return _writable(value)
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, Mapping):
        return {_writable(str(name)): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
