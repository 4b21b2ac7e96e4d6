"""A tariff and its history. Pure.

A tariff is one tariff; each of its versions holds from its first day until the next one begins, or until it ended.
Amounts are what a household pays, taxes included (TTC), in the tariff's currency; Decimal throughout.
"""

import hashlib
import json
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Final

from tictally_recorder.tariffs.period_rules import PeriodRules, rules_of_option
from tictally_recorder.tariffs.provenance import Attribution, Confidence, Figure, Provenance
from tictally_recorder.tariffs.taxes import TAX_NAMES, Taxes, TaxTable

__all__ = [
    "Attribution",
    "Confidence",
    "Direction",
    "Figure",
    "ImportRecord",
    "Price",
    "Provenance",
    "Tariff",
    "TaxTable",
    "Taxes",
    "Version",
]
_HASH_DIGITS: Final = 12
_FROM_WEAKEST: Final = (Confidence.SECONDARY, Confidence.OWN, Confidence.OFFICIAL)


class Direction(StrEnum):
    """Which way the energy goes."""

    CONSUMPTION = "consumption"
    INJECTION = "injection"
    """What the tariff pays is income: amounts are counted negative."""


@dataclass(frozen=True, slots=True)
class Price:
    """Of one kWh.

    Attributes:
        ttc: with all taxes.
        ht: without taxes, or None if it is not known.
    """

    ttc: Decimal
    ht: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Formula:
    """How the price of a kWh is made from that of a series: `(price * factor + margin) * taxes`.

    Attributes:
        factor: of the series' price, for losses of the grid or a share.
        margin: of a kWh, in the currency, before taxes; may be negative.
        taxes: what all taxes together multiply the price by: 1.21 for 21 %.
    """

    factor: Decimal = Decimal(1)
    margin: Decimal = Decimal(0)
    taxes: Decimal = Decimal(1)

    def apply(self, price: Decimal) -> Decimal:
        """The price of a kWh with all taxes."""
        return (price * self.factor + self.margin) * self.taxes


@dataclass(frozen=True)
class Version:
    """One tariff of a tariff.

    Attributes:
        tariff: id of the tariff.
        start: its first day, local.
        until: its last day where it ended before the next one began, or None.
        energy: power in kVA → period → price; the key None is for every power that is not named.
        subscription: power in kVA → amount a month; the key None is for every power that is not named.
        subscription_ht: the same without taxes, if known.
        taxes: of its own, which hold on all its days instead of those of the table.
        source: where the figures are from, for people, as far as `attributions` has no other.
        confidence: how reliable they are, likewise.
        note: for people, or an empty text.
        file: where it stands, for people.
        attributions: figures with another source; of several that concern a figure, the last.
        tax_table: with the taxes of each day, or None.
        taxes_unknown: names of taxes that are not known, whatever the table has.
        formula: of the prices of a series.
        power_term: name of a power (P1, P2) → price of a kW and day, beside the subscription; empty where powers are
            in kVA.
    """

    tariff: str
    start: date
    until: date | None
    energy: Mapping[int | None, Mapping[str, Price]]
    subscription: Mapping[int | None, Decimal]
    source: str
    confidence: Confidence
    subscription_ht: Mapping[int | None, Decimal] = field(default_factory=dict)
    taxes: Taxes = field(default_factory=Taxes)
    note: str = ""
    file: str = ""
    attributions: tuple[Attribution, ...] = ()
    tax_table: TaxTable | None = None
    taxes_unknown: frozenset[str] = frozenset()
    formula: Formula = field(default_factory=Formula)
    power_term: Mapping[str, Price] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Names the version for people: `edf-bleu-hphc 2025-08-01`."""
        return f"{self.tariff} {self.start}"

    def price(self, power_kva: int | None, period: str) -> Price | None:
        """Of a kWh in a period at a subscribed power; None if this version has none."""
        prices = self.energy.get(power_kva) or self.energy.get(None) or {}
        return prices.get(period)

    def monthly(self, power_kva: int | None) -> Decimal | None:
        """The subscription of a month; None if this version has none for the power."""
        return self.subscription.get(power_kva, self.subscription.get(None))

    def monthly_for(self, day: date, power_kva: int | None, powers_kw: Mapping[str, Decimal]) -> Decimal | None:
        """The subscription of the month of a day with that of powers by period; None if it is not known.

        Args:
            day: local; a kW is paid by the day, and months have 28 to 31 of them.
            power_kva: subscribed, or None.
            powers_kw: name → subscribed power in kW.
        """
        fixed, daily = self.monthly(power_kva), self.powers_a_day(powers_kw)
        if not self.power_term or fixed is None or daily is None:
            return None if daily is None else fixed
        return (fixed + monthrange(day.year, day.month)[1] * daily).normalize() + 0

    def powers_a_day(self, powers_kw: Mapping[str, Decimal]) -> Decimal | None:
        """What powers by period cost a day, beside the subscription; None if the powers are others than those priced.

        Args:
            powers_kw: name → subscribed power in kW.
        """
        if self.power_term and powers_kw.keys() != self.power_term.keys():
            return None
        return sum((powers_kw[name] * price.ttc for name, price in self.power_term.items()), Decimal(0))

    def has_power(self, power_kva: int | None) -> bool:
        """True if this version names a subscribed power, or is for every power."""
        named = self.energy.keys() | self.subscription.keys() | self.subscription_ht.keys()
        return None in named or power_kva in named

    @property
    def powers(self) -> tuple[int, ...]:
        """The subscribed powers that it names, in kVA, ascending; none if it is for every power."""
        named = self.energy.keys() | self.subscription.keys() | self.subscription_ht.keys()
        return tuple(sorted(power for power in named if power is not None))

    def provenance(self, figure: Figure, power_kva: int | None = None, period: str | None = None) -> Provenance:
        """Where an amount is from.

        Args:
            figure: kind of the amount.
            power_kva: at which subscribed power, or None if it is the same at every power.
            period: of the tariff; None for a subscription.
        """
        found = Provenance(self.source, self.confidence, self.note)
        for each in self.attributions:
            if each.concerns(figure, power_kva, period):
                found = each.provenance
        return found

    def cells(self) -> Iterator[tuple[Figure, int | None, str | None]]:
        """Every amount that it has: what kind it is, at which power and in which period."""
        for power, prices in self.energy.items():
            for period, price in prices.items():
                yield Figure.ENERGY, power, period
                if price.ht is not None:
                    yield Figure.ENERGY_HT, power, period
        yield from ((Figure.SUBSCRIPTION, power, None) for power in self.subscription)
        yield from ((Figure.SUBSCRIPTION_HT, power, None) for power in self.subscription_ht)

    @property
    def weakest(self) -> Confidence:
        """The lowest confidence of an amount with taxes."""
        with_taxes = {Figure.ENERGY, Figure.SUBSCRIPTION}
        found = {self.provenance(*cell).confidence for cell in self.cells() if cell[0] in with_taxes}
        return next((each for each in _FROM_WEAKEST if each in found), self.confidence)

    def taxes_on(self, day: date) -> Taxes:
        """What the amounts hold on a local day: the table's rates, and its own over them."""
        table = self.tax_table.on(day) if self.tax_table else Taxes()
        found = {}
        for tax in TAX_NAMES:
            own = getattr(self.taxes, tax)
            found[tax] = None if tax in self.taxes_unknown else own if own is not None else getattr(table, tax)
        return Taxes(**found)

    @cached_property
    def hash(self) -> str:
        """Changes with anything that a cost depends on, and with nothing else: neither source nor words nor order."""
        taxes = self.taxes
        content: dict[str, object] = {
            "from": str(self.start),
            "until": None if self.until is None else str(self.until),
            "energy": {
                str(power): {period: [_plain(price.ttc), _plain(price.ht)] for period, price in sorted(prices.items())}
                for power, prices in self.energy.items()
            },
            "subscription": {str(power): _plain(amount) for power, amount in self.subscription.items()},
            "subscription_ht": {str(power): _plain(amount) for power, amount in self.subscription_ht.items()},
            "taxes": [_plain(getattr(taxes, tax)) for tax in TAX_NAMES],
        }
        if self.taxes_unknown:
            content["taxes_unknown"] = sorted(self.taxes_unknown)
        if self.formula != Formula():
            formula = self.formula
            content["formula"] = [_plain(each) for each in (formula.factor, formula.margin, formula.taxes)]
        if self.power_term:
            content["power_term"] = {
                name: [_plain(price.ttc), _plain(price.ht)] for name, price in sorted(self.power_term.items())
            }
        text = json.dumps(content, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:_HASH_DIGITS]


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """The last import into a file of imports.

    Attributes:
        provider: name of the tariff provider whose file it was.
        day: the local date.
    """

    provider: str
    day: date


@dataclass(frozen=True)
class Tariff:
    """A tariff's history.

    Attributes:
        id: `[a-z0-9-]{1,32}`.
        supplier: who sells by it.
        names: language → name.
        currency: ISO 4217.
        direction: of the energy.
        periods: that it has prices for, `HC`, `HP BLEU`; empty for a price series.
        versions: in order of their first day, none overlapping another.
        revised: (month, day) of each year's days on which a revision is due; empty for a list that is not revised.
        series: True if prices come by the hour or quarter from a series instead of from versions' periods.
        tax_table: that its versions follow, or None.
        rules: of its own, by which it divides time into its periods, or None: registers of the meter count them.
    """

    id: str
    supplier: str
    names: Mapping[str, str]
    currency: str
    periods: tuple[str, ...]
    versions: tuple[Version, ...]
    direction: Direction = Direction.CONSUMPTION
    revised: tuple[tuple[int, int], ...] = ()
    series: bool = False
    tax_table: TaxTable | None = None
    rules: PeriodRules | None = None

    @property
    def division(self) -> PeriodRules | None:
        """Its own rules, else those of the regulated option with its periods, or None."""
        return self.rules or rules_of_option(self.periods)

    def on(self, day: date) -> Version | None:
        """The version that holds on a local day, or None."""
        for version in reversed(self.versions):
            if version.start <= day:
                return version if version.until is None or day <= version.until else None
        return None

    def in_force(self, day: date, power_kva: int | None) -> Version | None:
        """The version that prices a subscribed power on a local day, or None.

        A revision that lacks a power does not end its prices: an earlier version stays in force for it, if one has it
        and nothing but revisions lies between.
        """
        found = here = self.on(day)
        if found is None or here is None or power_kva is None or found.has_power(power_kva):
            return found
        for version in reversed(self.versions):
            if version.start >= found.start:
                continue
            if version.until is not None and version.until + timedelta(days=1) < here.start:
                break
            if version.has_power(power_kva):
                return version
            here = version
        return found

    def powers_on(self, day: date) -> tuple[int, ...]:
        """The subscribed powers that have a price on a local day, in kVA, ascending; none if there is one for all."""
        named = {power for version in self.versions if version.start <= day for power in version.powers}
        in_force = {power: self.in_force(day, power) for power in named}
        return tuple(
            sorted(
                power for power, version in in_force.items() if version is not None and power in version.subscription
            )
        )

    def is_overdue(self, day: date) -> bool:
        """True if a revision was due between the newest version's first day and this one, and none is known."""
        return self.overdue_since(day) is not None

    def overdue_since(self, day: date) -> date | None:
        """The first day on which a revision was due that is not known by this one, or None."""
        if not self.versions or self.versions[-1].until is not None:
            return None
        newest = self.versions[-1].start
        dues = [
            date(year, month, of_month) for year in range(newest.year, day.year + 1) for month, of_month in self.revised
        ]
        return min((due for due in dues if newest < due <= day), default=None)


def _plain(amount: Decimal | None) -> str | None:
    """The same text for 0.10 and 0.1."""
    return None if amount is None else format(amount.normalize(), "f")
