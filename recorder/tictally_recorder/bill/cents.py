"""How a bill writes an amount. Pure."""

from decimal import Decimal

from tictally_recorder.cost import to_cents


def cents(amount: Decimal) -> str:
    """Rounded to whole cents: `15.36`; a trace below nothing is `0.00`."""
    return str(to_cents(amount) + 0)  # plus zero takes the sign off a zero
