"""A text that shows itself nowhere."""

from __future__ import annotations

__all__ = ["Secret", "Uncopied"]


class Uncopied:
    """Refuses to be pickled or copied: the secret in it would go along."""

    __slots__ = ()

    def __reduce__(self) -> str:
        raise TypeError("a secret is not copied: make the handler anew where it is needed")


class Secret(Uncopied):
    """Holds a password, a token or the path of an address; its repr is `"…"`.

    Whoever prints an object, asks for its `vars` or shows the variables of a traceback sees
    three dots. A pickle or a copy of it is refused. Two are equal where their texts are.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "'…'"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def reveal(self) -> str:
        """The text itself."""
        return self._text
