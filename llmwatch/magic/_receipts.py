"""The receipt below a cell."""

from __future__ import annotations

from IPython.display import display

from ..recorder import Session
from ..scopes import Watch
from ..widgets import Receipt
from ._line import Options

__all__ = ["Receipts"]


class Receipts:
    """Shows what the calls of a finished cell came to, where the person wants to see it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self, watch: Watch, options: Options | None) -> None:
        """Show the receipt of `watch`; `options` are those of a `%%llmwatch` line, if any."""
        wanted = self._session.settings.receipts
        if wanted == "off" or (options is not None and options.quiet):
            return
        if options is None and wanted != "all":
            return
        receipt = self._receipt(watch)
        if options is not None or receipt.calls or receipt.running or receipt.older:
            display(receipt)

    def _receipt(self, watch: Watch) -> Receipt:
        running = len(self._session.in_flight_under(watch))  # waits for what is over
        budget = watch.budget
        told = (budget.spent, budget.limit) if budget is not None else None
        if not len(watch.rows):  # and numpy need not be loaded
            return Receipt((), running=running, budget=told)
        view = self._session.store.view(watch.rows)
        return Receipt(view.calls(), running=running, budget=told, older=view.older)
