"""A tariff and its history. Pure.

A tariff is one tariff; each of its versions holds from its first day until the next one begins, or until it ended.
Amounts are what a household pays, taxes included (TTC), in the tariff's currency; Decimal throughout.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Final

_HASH_DIGITS: Final = 12


class Confidence(StrEnum):
    """How reliable the source of a version is."""

    OFFICIAL = "official"
    """From whoever sets the price."""
    SECONDARY = "secondary"
    """Published by others, not verified at the source."""
    OWN = "own"
    """Written by the user: a contract or a bill of theirs."""


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
        taxes: that the amounts hold.
        source: where the figures are from, for people.
        confidence: how reliable they are.
        note: for people, or an empty text.
        file: where it stands, for people.
    """

    tariff: str
    start: date
    until: date | None
    energy: Mapping[int | None, Mapping[str, Price]]
    subscription: Mapping[int | None, Decimal]
    source: str
    confidence: Confidence
    subscription_ht: Mapping[int | None, Decimal] = field(default_factory=dict)
    taxes: Taxes = Taxes()
    note: str = ""
    file: str = ""

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

    @cached_property
    def hash(self) -> str:
        """Changes with anything that a cost depends on, and with nothing else: neither source nor words nor order."""
        taxes = self.taxes
        content = {
            "from": str(self.start),
            "until": None if self.until is None else str(self.until),
            "energy": {
                str(power): {period: [_plain(price.ttc), _plain(price.ht)] for period, price in sorted(prices.items())}
                for power, prices in self.energy.items()
            },
            "subscription": {str(power): _plain(amount) for power, amount in self.subscription.items()},
            "subscription_ht": {str(power): _plain(amount) for power, amount in self.subscription_ht.items()},
            "taxes": [
                _plain(each) for each in (taxes.accise, taxes.cta_share, taxes.vat_energy, taxes.vat_subscription)
            ],
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

    def on(self, day: date) -> Version | None:
        """The version that holds on a local day, or None."""
        for version in reversed(self.versions):
            if version.start <= day:
                return version if version.until is None or day <= version.until else None
        return None

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
