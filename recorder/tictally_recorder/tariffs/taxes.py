"""Taxes by date: what is levied, at which rate, from which day on. Pure.

Rates change on days of their own, not with the prices of a supplier: a tariff refers to such a table, and each day has
the rates that were in force on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Final

from tictally_recorder.tariffs.provenance import Provenance


@dataclass(frozen=True, slots=True)
class Taxes:
    """What is in the amounts, if known.

    Attributes:
        accise: of a kWh, before value added tax; with what else was levied by the kWh at that time.
        cta_share: of the grid's fixed part, as a fraction, before value added tax.
        vat_energy: as a fraction, 0.20.
        vat_subscription: as a fraction, 0.055 or 0.20.
    """

    accise: Decimal | None = None
    cta_share: Decimal | None = None
    vat_energy: Decimal | None = None
    vat_subscription: Decimal | None = None


TAX_NAMES: Final = tuple(each.name for each in fields(Taxes))


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A rate and since when it has been in force.

    Attributes:
        start: its first day, local.
        rate: as `Taxes` has it, or None if it is not known from this day on.
        provenance: where it is from.
    """

    start: date
    rate: Decimal | None
    provenance: Provenance


@dataclass(frozen=True)
class TaxTable:
    """The taxes of a country.

    Attributes:
        id: `[a-z0-9-]{1,32}`; a tariff refers to it.
        names: language → name.
        rates: name of a tax (`TAX_NAMES`) → its rates in order of their first days.
        file: where it stands, for people.
    """

    id: str
    names: Mapping[str, str]
    rates: Mapping[str, tuple[TaxRate, ...]]
    file: str = ""

    def rate(self, tax: str, day: date) -> TaxRate | None:
        """The rate of a tax on a local day, or None if the table has none yet."""
        return max((each for each in self.rates.get(tax, ()) if each.start <= day), key=_start, default=None)

    def on(self, day: date) -> Taxes:
        """The rates of a local day."""
        found = {tax: self.rate(tax, day) for tax in TAX_NAMES}
        return Taxes(**{tax: None if rate is None else rate.rate for tax, rate in found.items()})

    def changes(self, after: date, until: date | None) -> dict[date, tuple[str, ...]]:
        """Days on which rates change, in order, with the taxes concerned.

        Args:
            after: the day before the first that counts.
            until: the last day that counts, or None.
        """
        found: dict[date, list[str]] = {}
        for tax, rates in self.rates.items():
            for rate in rates:
                if after < rate.start and (until is None or rate.start <= until):
                    found.setdefault(rate.start, []).append(tax)
        return {day: tuple(taxes) for day, taxes in sorted(found.items())}

    def overlaid(self, other: "TaxTable") -> "TaxTable":
        """This table with the rates of another in it; one with the same first day is replaced."""
        rates = {tax: {each.start: each for each in found} for tax, found in self.rates.items()}
        for tax, found in other.rates.items():
            rates.setdefault(tax, {}).update({each.start: each for each in found})
        merged = {tax: tuple(sorted(by_start.values(), key=_start)) for tax, by_start in rates.items()}
        return replace(self, rates=merged)


def _start(rate: TaxRate) -> date:
    return rate.start
