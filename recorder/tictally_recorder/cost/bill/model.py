"""What a bill is: its lines, what is in them, and their sums. Pure.

No amount is rounded. Amounts are what a household pays, taxes included (TTC), unless stated otherwise; HT is without
any tax.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import groupby
from typing import Final

from tictally_recorder.cost import VersionUsed
from tictally_recorder.cost.coverage import WHOLE, Coverage
from tictally_recorder.cost.model import LUMP_SUM
from tictally_recorder.cost.proration import days_of_month
from tictally_recorder.reason import Reason
from tictally_recorder.tariffs.model import Direction

_DAY: Final = timedelta(days=1)


class TaxKind(StrEnum):
    """What is levied."""

    ACCISE = "accise"
    CTA = "cta"
    VAT = "vat"


@dataclass(frozen=True, slots=True)
class Split:
    """What the amount of a line is made of, as far as the tariff states it.

    Attributes:
        ht: without any tax, or None if it is not known.
        accise: what is levied by the kWh, before value added tax; zero in a subscription; None if it is not known.
        cta: in a subscription what its amounts with and without taxes leave for it: the grid's fixed part, which it
            is a share of, is in no tariff. Zero in energy; None if it is not known.
        vat: value added tax that is in the amount; None if its rate is not known.
        accise_rate: of a kWh, or None.
        cta_share: as a fraction, or None.
        vat_rate: as a fraction, or None.
        difference: the amount less its parts, or None if one of them is not known.
        fits: False if the difference is more than the tariff's rounding can make, or the CTA less than nothing.
    """

    ht: Decimal | None
    accise: Decimal | None
    cta: Decimal | None
    vat: Decimal | None
    accise_rate: Decimal | None
    cta_share: Decimal | None
    vat_rate: Decimal | None
    difference: Decimal | None
    fits: bool

    @property
    def unknown(self) -> tuple[str, ...]:
        """Which parts are not known: `ht`, `accise`, `cta`, `vat`."""
        return tuple(name for name in ("ht", "accise", "cta", "vat") if getattr(self, name) is None)


@dataclass(frozen=True, slots=True)
class MonthPart:
    """How much of a month's subscription is in a line.

    Attributes:
        month: its first day.
        days: of it; of one on which the contract changed the share in which it held.
        of: how many days the month has.
    """

    month: date
    days: Fraction
    of: int

    @property
    def days_number(self) -> int | float:
        """The days as programs read them, to a thousandth."""
        return int(self.days) if self.days.denominator == 1 else round(float(self.days), 3)


def month_parts(shares: Mapping[date, Fraction]) -> tuple[MonthPart, ...]:
    """The months of some days.

    Args:
        shares: day → how much of it is meant, in order.
    """
    return tuple(
        MonthPart(month, sum((shares[day] for day in of_month), Fraction()), days_of_month(month))
        for month, of_month in groupby(shares, key=lambda day: day.replace(day=1))
    )


@dataclass(frozen=True, slots=True)
class PowerPart:
    """What a power by period is of a subscription.

    Attributes:
        name: of the power, `P1`.
        kw: subscribed.
        price: of a kW and day, taxes included.
        days: that it is paid for.
        amount: not rounded.
    """

    name: str
    kw: Decimal
    price: Decimal
    days: Fraction
    amount: Decimal


@dataclass(frozen=True, slots=True)
class BillLine:
    """Energy of one period, or the subscription, at one price.

    Attributes:
        direction: consumption or injection, whose amounts are negative where it is income.
        period: of the tariff; None for the subscription.
        first: first of its days.
        last: last of its days.
        days: how many of the days between them are in the line.
        energy_wh: 0 for the subscription.
        months: of the subscription; none for energy.
        power_kva: of the subscription, or None.
        version: of the tariff, or None if none holds.
        price: of a kWh or of a month, or None if there is none, or one for each quarter-hour.
        price_ht: the same without taxes, or None if it is not known.
        currency: ISO 4217, or None if no tariff is known.
        amount: None if it is unknown.
        split: what the amount is made of; None for income and where the amount is unknown.
        estimated: its energy depends on what was interpolated or inferred.
        reasons: why the amount is unknown or provisional, each once.
        taxes_since: since when its taxes are others than on the version's first day; None if they are the same.
        by_hours: hours or the tariff's rules divided some of its energy, not registers.
        registers: that counted its energy; none for the subscription.
        powers: by period in kW, what the subscription is paid for; none where it is by one power.
        counted_ms: from when to when they did, milliseconds since 1970; None for the subscription.
    """

    direction: Direction
    period: str | None
    first: date
    last: date
    days: int
    energy_wh: int
    months: tuple[MonthPart, ...]
    power_kva: int | None
    version: VersionUsed | None
    price: Decimal | None
    price_ht: Decimal | None
    currency: str | None
    amount: Decimal | None
    split: Split | None
    estimated: bool
    reasons: tuple[Reason, ...]
    taxes_since: date | None = None
    by_hours: bool = False
    registers: tuple[str, ...] = ()
    counted_ms: tuple[int, int] | None = None
    powers: tuple[PowerPart, ...] = ()

    @property
    def end(self) -> date:
        """The day after its last."""
        return self.last + _DAY

    @property
    def is_income(self) -> bool:
        """True for energy that earns."""
        return self.direction is Direction.INJECTION and self.period is not None and not self.is_lump_sum

    @property
    def is_lump_sum(self) -> bool:
        """True for an amount that is paid once, beside every tariff."""
        return self.period == LUMP_SUM


@dataclass(frozen=True, slots=True)
class Tax:
    """What a bill holds of one tax at one rate, in the lines in which it is known.

    Attributes:
        kind: which.
        rate: of a kWh for the accise, else a fraction.
        energy_wh: what the accise is levied on, else 0.
        included_in: the sum of the amounts, taxes included, that it is a part of.
        amount: of the tax.
    """

    kind: TaxKind
    rate: Decimal
    energy_wh: int
    included_in: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Balance:
    """Amounts without taxes and taxes against the amounts with taxes, over the lines all of whose parts are known.

    What no such line can hold is None, and not zero: without a subscription that can be taken apart there is no CTA.

    Attributes:
        ht_energy: of energy, without taxes.
        ht_subscription: of subscriptions, without taxes.
        accise: before value added tax.
        cta: before value added tax.
        vat: at all rates.
        rounding: what the tariff's rounding of prices to four digits makes.
        unexplained: what is more than rounding: amounts of the tariff that do not fit together.
        ttc: what they add up to.
    """

    ht_energy: Decimal | None
    ht_subscription: Decimal | None
    accise: Decimal | None
    cta: Decimal | None
    vat: Decimal
    rounding: Decimal
    unexplained: Decimal
    ttc: Decimal


@dataclass(frozen=True, slots=True)
class Total:
    """What is to be paid in one currency, if known.

    Attributes:
        currency: ISO 4217.
        taxes: by kind and rate.
        balance: of what can be taken apart, or None if nothing can.
        not_split: what is paid and cannot be taken apart.
        income: of injected energy, zero or negative where its price is positive.
        lump_sums: what is paid once, negative where the household receives it.
        amount: all of it, taxes included.
    """

    currency: str
    taxes: tuple[Tax, ...]
    balance: Balance | None
    not_split: Decimal
    income: Decimal
    lump_sums: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Bill:
    """What a site's days cost.

    Attributes:
        site: its id.
        start: first day that was asked for.
        end: the day after the last one.
        days: first and last day that the ledger covers, or None if there is none.
        lines: energy, then subscriptions, then the same of what is injected, each in order of its first day.
        totals: by currency; none where no amount is known.
        versions: that made an amount, or lack it, once for each source of their figures.
        is_integrated: the site has no register, and its energy is integrated from powers.
        covered: what is missing of its first and its last day.
    """

    site: str
    start: date
    end: date
    days: tuple[date, date] | None
    lines: tuple[BillLine, ...]
    totals: tuple[Total, ...]
    versions: tuple[VersionUsed, ...]
    is_integrated: bool = False
    covered: Coverage = WHOLE

    @property
    def is_whole(self) -> bool:
        """True if every day that was asked for is in it, from its start to its end, and every amount is known."""
        is_covered = self.days == (self.start, self.end - _DAY) and self.covered == WHOLE
        return is_covered and all(line.amount is not None for line in self.lines)
