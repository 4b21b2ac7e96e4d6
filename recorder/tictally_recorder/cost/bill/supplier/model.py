"""What a supplier's bill is: readings, charges without taxes, contributions, VAT by rate, and their sums. Pure.

Every amount is in whole cents, as a supplier rounds each line. Where the amount without taxes (HT), or one of its
taxes, is not known, a line has its amount with taxes (TTC) instead, and no other line has a part of it.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from tictally_recorder.cost import VersionUsed
from tictally_recorder.cost.bill.model import MonthPart, TaxKind
from tictally_recorder.tariffs.model import Direction


class ReadingKind(StrEnum):
    """How a register's value at a moment is known."""

    REAL = "real"
    ESTIMATED = "estimated"
    """Interpolated in a gap."""
    IMPORTED = "imported"
    """No frame is near: it follows from imports, and from 0 on where none of them has an index."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a register showed at two moments.

    Attributes:
        register: the label, `EASF01`.
        period: of the tariff that it counted, or the meter's name of it, or None.
        start_ms: of the former reading, milliseconds since 1970.
        end_ms: of the newer one.
        former_kwh: the register then, whole kWh as a display shows it.
        newer_kwh: likewise.
        former: how the former reading is known.
        newer: how the newer one is.
        kwh: between them; None if that is unknown.
    """

    register: str
    period: str | None
    start_ms: int
    end_ms: int
    former_kwh: int
    newer_kwh: int
    former: ReadingKind
    newer: ReadingKind
    kwh: int | None


@dataclass(frozen=True, slots=True)
class Charge:
    """What the lines of subscription and energy have in common.

    Attributes:
        direction: of the tariff.
        first: its first day.
        end: the day after its last.
        price_ht: of a month or a kWh without taxes, or None if it is not known.
        price: the same with taxes, or None.
        vat_rate: as a fraction, or None.
        currency: ISO 4217, or None if no tariff is known.
        ht: the amount without taxes in cents; None if it is not known.
        ttc: the amount with taxes where `ht` is None; None if that is unknown too.
    """

    direction: Direction
    first: date
    end: date
    price_ht: Decimal | None
    price: Decimal | None
    vat_rate: Decimal | None
    currency: str | None
    ht: Decimal | None
    ttc: Decimal | None

    @property
    def is_known(self) -> bool:
        """False if the line has no amount."""
        return self.ht is not None or self.ttc is not None


@dataclass(frozen=True, slots=True)
class ChargedPower:
    """What one of several powers by period is of a subscription.

    Attributes:
        name: of the power, `P1`.
        kw: subscribed.
        days: that it is paid for.
        price_ht: of a kW and day without taxes, or None.
        ht: the amount without taxes in cents, or None.
        ttc: the amount with taxes, not rounded.
    """

    name: str
    kw: Decimal
    days: Fraction
    price_ht: Decimal | None
    ht: Decimal | None
    ttc: Decimal


@dataclass(frozen=True, slots=True)
class Subscription(Charge):
    """A subscription at one price.

    Attributes:
        power_kva: subscribed, or None.
        months: what it is for.
        is_credit: an earlier bill has charged it in advance, and this one takes it back: its amounts are negative.
        cta: of it, not rounded; None where `ht` is.
        cta_share: of the grid's fixed part, as a fraction; None where it is not known.
        version: of the tariff, or None.
        powers: by period, which `ht` contains.
    """

    power_kva: int | None
    months: tuple[MonthPart, ...]
    is_credit: bool
    cta: Decimal | None
    cta_share: Decimal | None
    version: VersionUsed | None
    powers: tuple[ChargedPower, ...] = ()


@dataclass(frozen=True, slots=True)
class EnergyCharge(Charge):
    """Energy of a period at one price.

    Attributes:
        period: of the tariff.
        kwh: whole kWh, those of the readings where these show them.
        accise_rate: of a kWh; None where `ht` is.
    """

    period: str
    kwh: int
    accise_rate: Decimal | None


@dataclass(frozen=True, slots=True)
class Contribution:
    """What is levied at one rate, before value added tax.

    Attributes:
        kind: accise or CTA.
        base: kWh, or the grid's fixed part in the currency, which is in no tariff and follows from the CTA.
        rate: of a kWh, or a fraction.
        vat_rate: as a fraction.
        currency: ISO 4217.
        ht: the amount in cents.
    """

    kind: TaxKind
    base: Decimal
    rate: Decimal
    vat_rate: Decimal
    currency: str
    ht: Decimal


@dataclass(frozen=True, slots=True)
class Vat:
    """Value added tax at one rate.

    Attributes:
        rate: as a fraction.
        base: the sum of the lines at this rate.
        amount: in cents.
    """

    rate: Decimal
    base: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class SupplierTotal:
    """What is to be paid in one currency; the parts add up to it.

    Attributes:
        currency: ISO 4217.
        ht: the sum of all lines and contributions without value added tax.
        vat: by rate.
        not_split: lines of which only the amount with taxes is known.
        income: of injected energy, negative where its price is positive.
        lump_sums: what is paid once.
    """

    currency: str
    ht: Decimal
    vat: tuple[Vat, ...]
    not_split: Decimal
    income: Decimal
    lump_sums: Decimal

    @property
    def vat_amount(self) -> Decimal:
        """At all rates."""
        return sum((each.amount for each in self.vat), Decimal(0))

    @property
    def amount(self) -> Decimal:
        """What is to be paid."""
        return self.ht + self.vat_amount + self.not_split + self.income + self.lump_sums


@dataclass(frozen=True, slots=True)
class SupplierBill:
    """A site's bill as a supplier lays it out.

    Attributes:
        months_in_advance: of the subscription.
        readings: by register and time.
        subscriptions: in order of their first days; what is taken back first.
        energy: in the bill's order.
        contributions: CTA, then accise.
        totals: by currency.
        versions: of tariffs that made an amount.
    """

    months_in_advance: int
    readings: tuple[Reading, ...]
    subscriptions: tuple[Subscription, ...]
    energy: tuple[EnergyCharge, ...]
    contributions: tuple[Contribution, ...]
    totals: tuple[SupplierTotal, ...]
    versions: tuple[VersionUsed, ...]

    @property
    def is_whole(self) -> bool:
        """True if every line has an amount."""
        return all(each.is_known for each in (*self.subscriptions, *self.energy))
