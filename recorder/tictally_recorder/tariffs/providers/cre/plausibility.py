"""Whether amounts with and without taxes fit together: what is levied by the kWh (the accise) gives it away. Pure."""

from datetime import date
from decimal import Decimal
from typing import Final

from tictally_recorder.tariffs.providers.protocol import PublishedRevision

_VAT: Final = Decimal("0.20")
_STEP: Final = Decimal("0.0001")
_ROUNDING: Final = _STEP / 2
_ONE_FOR_ALL_SINCE: Final = date(2022, 2, 1)
_COMMUNES: Final = Decimal("0.0003")
"""Before, a part of what is levied by the kWh was each commune's: the prices hold a mean, the tables the highest."""


def doubt_of(revision: PublishedRevision, accise: Decimal | None) -> str | None:
    """Why a revision's amounts do not fit together.

    What is levied by the kWh is the same for every period and power: so a price with taxes, less value added tax, less
    the price without taxes, is one constant within rounding.

    Args:
        revision: its amounts as the file has them.
        accise: euros a kWh before value added tax, or None if it is not known: then only the constant is looked at.

    Returns:
        A sentence, or None if they fit.
    """
    least: tuple[Decimal, str] | None = None
    most: tuple[Decimal, str] | None = None
    for power, row in sorted(revision.powers.items()):
        for period, price in row.prices.items():
            if price.ht is None:
                continue
            low = (price.ttc - _ROUNDING) / (1 + _VAT) - price.ht - _ROUNDING
            high = (price.ttc + _ROUNDING) / (1 + _VAT) - price.ht + _ROUNDING
            where = f"{period} at {power} kVA (line {row.line})"
            least = min(least or (high, where), (high, where))
            most = max(most or (low, where), (low, where))
    if least is None or most is None:
        return None
    start = revision.start
    if most[0] > least[0]:
        return f"{start}: TTC/1.2 less HT should be one constant, and it is more for {most[1]} than for {least[1]}"
    tolerance = Decimal(0) if start >= _ONE_FOR_ALL_SINCE else _COMMUNES
    if accise is None or most[0] - tolerance <= accise <= least[0] + tolerance:
        return None
    implied = ((most[0] + least[0]) / 2).quantize(_STEP)
    return f"{start}: TTC/1.2 less HT is {implied} a kWh, and what is levied by the kWh was {accise}"
