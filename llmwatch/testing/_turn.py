"""One exchange, as every API needs it: what was asked, what is said, how many tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle, islice, pairwise
from typing import Any, Generic, TypeVar

from ._received import Received
from ._reply import Reply
from ._schema import sample_text

__all__ = ["Turn", "count_tokens"]

_LAST_WORDS = 6
T = TypeVar("T")


class _once(Generic[T]):  # noqa: N801 - it stands where `cached_property` would
    """Computed when first asked for, without a lock.

    Python 3.11's `cached_property` has one for all instances: a child forked while another thread
    is in it would wait for ever.
    """

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type) -> T:
        value = self._compute(instance)
        instance.__dict__[self._name] = value  # found before this, which has no `__set__`
        return value


def count_tokens(text: str) -> int:
    """Tokens by the rule of this server: UTF-8 bytes / 4, rounded up."""
    return -(-len(text.encode()) // 4)


@dataclass(frozen=True)
class Turn:
    """A request, the reply scripted for it, and its number on this server (from 1)."""

    request: Received
    reply: Reply
    number: int

    @_once
    def ask(self) -> dict[str, Any]:
        """The fields of the request, JSON or form (`ValueError`, `TypeError`: neither)."""
        if form := self.request.form:
            return form
        ask = self.request.json if self.request.body else {}
        if not isinstance(ask, dict):
            raise TypeError("not a JSON object")
        return ask

    @property
    def model(self) -> str:
        """The model that answers."""
        return self.reply.model or str(self.ask.get("model") or "offline-model")

    @property
    def created(self) -> int:
        """When it was answered, in seconds since 1970: the same in every run."""
        return 1_767_225_600 + self.number

    @property
    def finish_reason(self) -> str:
        """In the words of chat completions."""
        called = self.reply.tool_calls and self.reply.finish_reason == "stop"
        return "tool_calls" if called else self.reply.finish_reason

    def id(self, prefix: str) -> str:
        """An id that counts up: ``chatcmpl-offline-1``."""
        return f"{prefix}offline-{self.number}"

    @_once
    def prompt(self) -> list[str]:
        """Every text that the model is given, the latest last."""
        sources = ("system", "instructions", "messages", "input", "prompt")
        return [text for name in sources for text in _texts(self.ask.get(name))]

    @_once
    def text(self) -> str:
        """What the model says; empty when it calls functions instead."""
        reply = self.reply
        if reply.text is not None:
            return reply.text
        if reply.chunks is not None and not isinstance(reply.chunks, int):
            return "".join(reply.chunks)
        if reply.tool_calls:
            return ""
        if (sample := sample_text(self.ask)) is not None:
            return sample
        asked = self.prompt[-1].split() if self.prompt else []
        about = " ".join(asked[-_LAST_WORDS:]).strip(" .,:;?!")
        sentence = f'A short answer to "{about}".' if about else "A short answer."
        if reply.chunks is None:
            return sentence
        return " ".join(islice(cycle(sentence.split()), reply.chunks))

    @_once
    def parts(self) -> list[str]:
        """The text in the pieces in which a stream brings it (at most one a character)."""
        chunks = self.reply.chunks
        if chunks is None:
            return _words(self.text)
        if not isinstance(chunks, int):
            return list(chunks)
        if self.reply.text is None and len(words := _words(self.text)) == chunks:
            return words
        count = min(chunks, len(self.text))
        cuts = [len(self.text) * n // count for n in range(count + 1)] if count else [0]
        return [self.text[a:b] for a, b in pairwise(cuts)]

    @property
    def input_tokens(self) -> int:
        """Tokens of the prompt."""
        return count_tokens("\n".join(self.prompt))

    @property
    def output_tokens(self) -> int:
        """Tokens of the text and of the arguments of functions called."""
        said = [self.text, *(f"{name}{dict(given)}" for name, given in self.reply.tool_calls)]
        return sum(count_tokens(text) for text in said)

    def usage(self, counted: dict[str, Any]) -> dict[str, Any] | None:
        """The usage block: scripted, left out (None), or else as `counted`."""
        scripted = self.reply.usage
        if isinstance(scripted, Mapping):
            return dict(scripted)
        return None if scripted is False else counted


def _words(text: str) -> list[str]:
    """Split into words that keep their space: ``"a b"`` is ``["a", " b"]``."""
    words = text.split(" ")
    return [word for word in words[:1] if word] + [f" {word}" for word in words[1:]]


def _texts(value: Any) -> Iterator[str]:
    """Every text within messages, content parts or plain lists."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        yield from _texts(value.get("content") or value.get("text"))
