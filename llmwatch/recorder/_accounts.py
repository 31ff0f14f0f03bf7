"""What calls cost the budgets around them, and what becomes of calls that are priced late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakSet

from ..assemble import Assembler
from ..context import Budget, Scope
from ..exceptions import BudgetExceeded
from ..records import Call
from ..store import Rows, Store
from ..totals import is_refused
from ..words import dollars

__all__ = ["Accounts", "refusal", "repriced"]

Owed = Mapping[int, tuple[float, str | None]]
"""Cost and model by the number of the call."""


class Accounts:
    """The budgets that were ever charged. Touched on the worker alone."""

    def __init__(self) -> None:
        self._budgets: WeakSet[Budget] = WeakSet()
        self.last: Budget | None = None
        """The one that was charged last, for whoever shows it."""

    def book(self, call: Call, number: int, scope: Scope) -> None:
        """Charge the budgets around a call; a refusal of the provider costs nothing."""
        is_free = call.cost_usd is None and is_refused(call.status, call.http_status, call.chunks)
        if not scope.budgets or is_free:
            return
        for budget in set(scope.budgets):
            budget.charge(call.cost_usd, call.model, number)
            self._budgets.add(budget)
        self.last = scope.budgets[-1]

    def settle(self, owed: Owed) -> None:
        """Charge what became priced."""
        for budget in list(self._budgets):
            budget.settle(owed)


def repriced(
    store: Store, assembler: Assembler, model: str
) -> tuple[dict[int, dict[str, Any]], dict[int, tuple[float, str | None]]]:
    """The cost columns of the calls of `model` that had no price, and what budgets are owed."""
    changes: dict[int, dict[str, Any]] = {}
    owed: dict[int, tuple[float, str | None]] = {}
    view = store.view(_unpriced(store, model))
    for number, call in zip(view.numbers().tolist(), view.calls(), strict=True):
        values = {name: getattr(call, name) for name in Call.__dataclass_fields__}
        cost = assembler.price(values, "")
        if cost["cost_usd"] is not None or cost["estimated_cost_usd"] is not None:
            changes[number] = cost
        if cost["cost_usd"] is not None:
            owed[number] = cost["cost_usd"], call.model
    return changes, owed


def _unpriced(store: Store, model: str) -> Rows:
    """The calls of `model` without a price, found by column."""
    view, rows = store.view(), store.rows()
    columns = view.arrays("cost_usd", "request_model", "response_model")
    known = (columns["request_model"] == model) | (columns["response_model"] == model)
    unpriced = known & (columns["cost_usd"] != columns["cost_usd"])  # NaN is not itself
    for number in view.numbers()[unpriced].tolist():
        rows.add(number)
    return rows


def refusal(budget: Budget) -> BudgetExceeded:
    """What is raised where `budget` is spent: how much, and what is not in it."""
    message = f"the budget of {dollars(budget.limit)} is spent ({dollars(budget.spent)})"
    if budget.unpriced:
        models = ", ".join(sorted(budget.unpriced_models)) or "unknown models"
        noun = "call" if budget.unpriced == 1 else "calls"
        message += f", not counting {budget.unpriced} {noun} of unknown price ({models})"
    message += ": nothing was sent. Raise the budget, or leave it out, to go on."
    return BudgetExceeded(message, limit=budget.limit, spent=budget.spent, unpriced=budget.unpriced)
