"""Embeddings, images, sound and moderations: an id, a model, perhaps usage."""

from __future__ import annotations

from ._base import Dialect, Json

__all__ = ["Plain"]


class Plain(Dialect):
    """What they have in common is all that we ask of them."""

    __slots__ = ()

    def document(self, data: Json) -> None:
        super().event(data, 0)
        self.wrote(data.get("text"))

    def event(self, data: Json, at_ns: int) -> None:
        super().event(data, at_ns)
        kind = data.get("type")
        if not isinstance(kind, str):
            return
        if kind.endswith(".text.delta"):
            self.wrote(data.get("delta"), at_ns)
        elif kind.endswith((".delta", ".partial_image")) and self.answer.first_content_ns is None:
            self.answer.first_content_ns = at_ns
        elif kind.endswith((".done", ".completed")):
            self.answer.finished = True
