"""What only one family of APIs says in its own way, one file each.

A dialect is given the documents and events of an answer, already parsed, and writes what they
say into an `Answer`. Framing, errors at the top level and `[DONE]` are the reader's.
"""

from __future__ import annotations

from .._answer import Answer, Kept
from ._anthropic import Anthropic
from ._base import Dialect
from ._chat import Chat
from ._cohere import Cohere
from ._gemini import Gemini
from ._ollama import Ollama
from ._plain import Plain
from ._responses import Responses

__all__ = ["Dialect", "dialect_of"]

_DIALECTS: dict[str, type[Dialect]] = {
    "anthropic": Anthropic,
    "chat": Chat,
    "cohere": Cohere,
    "gemini": Gemini,
    "ollama": Ollama,
    "plain": Plain,
    "responses": Responses,
}


def dialect_of(name: str, answer: Answer, kept: Kept) -> Dialect:
    """The dialect called `name`, writing into `answer` and `kept`."""
    return _DIALECTS[name](answer, kept)
