"""A request as the offline server saw it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_bytes
from typing import Any

__all__ = ["Received"]


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it arrived: `path` without the query, names of headers in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body read as JSON (`ValueError` if it is none)."""
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, Any]:
        """The text fields of a multipart form; empty for any other body."""
        kind = self.headers.get("content-type", "")
        if not kind.startswith("multipart/form-data"):
            return {}
        message = message_from_bytes(f"content-type: {kind}\r\n\r\n".encode() + self.body)
        fields = {}
        for part in message.walk():
            name = part.get_param("name", header="content-disposition")
            if name and part.get_filename() is None:
                payload = part.get_payload(decode=True)
                fields[str(name)] = payload.decode() if isinstance(payload, bytes) else ""
        return fields

    @property
    def key(self) -> str:
        """The API key that came with it."""
        bearer = self.headers.get("authorization", "").removeprefix("Bearer ")
        return bearer or self.headers.get("x-api-key", "") or self.headers.get("api-key", "")
