"""The budget of a month that a household has set for a site; the ledger keeps it, and every backup of it."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Final

MOST: Final = Decimal(100_000)
_CENT: Final = Decimal("0.01")


class BudgetError(ValueError):
    """A text that is no budget."""


def budget_key(site: str) -> str:
    """Under which the ledger keeps the budget of a site."""
    return f"budget:{site}"


def budget_of(get_value: Callable[[str], str | None], site: str) -> Decimal | None:
    """The budget of a site in the currency of its contract, or None.

    Args:
        get_value: reads the ledger's key-value store.
        site: its id.
    """
    stored = get_value(budget_key(site))
    return Decimal(stored) if stored else None


def parse_budget(text: str) -> Decimal:
    """An amount in the currency of the contract, with a comma or a point.

    Raises:
        BudgetError: it is no amount above zero, or has more than two decimals.
    """
    try:
        found = Decimal(text.strip().replace(",", "."))
        is_amount = found.is_finite() and 0 < found <= MOST and found == found.quantize(_CENT)
    except InvalidOperation:
        is_amount = False
    if not is_amount:
        raise BudgetError(f"{text[:40]!r} is no amount from 0.01 to {MOST}")
    return found
