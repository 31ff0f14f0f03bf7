"""`%config LLMWatch.content = "none"`: the settings, as IPython's configuration knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from traitlets import TraitType, Undefined
from traitlets.config import Configurable

from ..recorder import session
from ..settings import Settings

__all__ = ["LLMWatch"]

if TYPE_CHECKING:
    _Trait = TraitType[Any, Any]
else:
    _Trait = TraitType  # takes no parameters in older traitlets


class _Setting(_Trait):
    """A setting of the session; it has no value of its own, so that there are never two."""

    info_text = "a setting of llmwatch"

    def get(self, obj: Any, cls: Any = None) -> Any:
        return getattr(session().settings, str(self.name))

    def set(self, obj: Any, value: Any) -> None:
        session().configure(**{str(self.name): value})

    def default(self, obj: Any = None) -> Any:
        return getattr(Settings(), str(self.name)) if self.name else Undefined


class LLMWatch(Configurable):
    """How llmwatch works in this process; the same as `llmwatch.configure`."""

    content = _Setting(
        help='Text kept of a call: "preview" (200 characters), "none" or "full".'
    ).tag(config=True)
    receipts = _Setting(
        help='Which cells get a receipt: "tagged" (under %%llmwatch), "all" with calls, or "off".'
    ).tag(config=True)
    max_calls = _Setting(help="Rows kept in memory; totals stay exact.").tag(config=True)
    redact = _Setting(help="What else is taken out: patterns and functions.").tag(config=True)
