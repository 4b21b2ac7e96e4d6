"""What a comparison assumes, and what it finds. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tictally_recorder.reason import Reason
from tictally_recorder.tariffs.hours import Hours
from tictally_shared.status_register import Colour


@dataclass(frozen=True)
class Assumed:
    """What is given instead of what each day's contract and the meter show.

    Attributes:
        off_peak_hours: of HP/HC on all days; none: the meter's registers, or each day's contract.
        colours: local day on which a Tempo day begins → its colour, if known.
        power_kva: subscribed, or None if it is not known.
        powers_kw: name → subscribed power in kW, for tariffs with prices of powers by period.
        chosen_weekday: that some tariffs let a customer choose, 0 is Monday; None: each day's contract's.
        prices_on: the day whose prices and subscriptions are taken for all days; None: each day's own.
        every_power: True asks for all powers that a tariff has, not only the subscribed one and those beside it.
    """

    off_peak_hours: tuple[Hours, ...] = ()
    colours: Mapping[date, Colour] = field(default_factory=dict)
    power_kva: int | None = None
    every_power: bool = False
    chosen_weekday: int | None = None
    prices_on: date | None = None
    powers_kw: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Offer:
    """What some days would have cost on one tariff at one power.

    Attributes:
        tariff: id of the tariff.
        power_kva: subscribed, or None if that is not known.
        currency: ISO 4217.
        energy_wh: by period; of the days in the amount.
        amount: of those days whose cost is known, with subscription, not rounded; None if there is none.
        days: those days, in order.
        is_estimated: a gap was divided by time.
        is_provisional: a revision was due.
        unknown: reason → its days; empty if all days are in the amount.
    """

    tariff: str
    power_kva: int | None
    currency: str
    energy_wh: Mapping[str, int]
    amount: Decimal | None
    days: tuple[date, ...]
    is_estimated: bool
    is_provisional: bool
    unknown: Mapping[Reason, tuple[date, ...]]

    @property
    def is_complete(self) -> bool:
        """True if the amount covers all days."""
        return not self.unknown


@dataclass(frozen=True, slots=True)
class Offers:
    """What some days would have cost.

    Attributes:
        all: in any order.
        off_peak_hours: day → the off-peak hours by which its energy was divided, where that was not by registers.
    """

    all: tuple[Offer, ...]
    off_peak_hours: Mapping[date, tuple[Hours, ...]]


@dataclass(frozen=True, slots=True)
class Actual:
    """What the contract's registers cost.

    Attributes:
        tariffs: of the contracts, in order; none without contract.
        amount: of those days whose cost is known, with subscription, not rounded; None if there is none.
        days: those days, in order.
        is_complete: True if these are all days.
    """

    tariffs: tuple[str, ...]
    amount: Decimal | None
    days: tuple[date, ...]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class TariffComparison:
    """Of one site.

    Attributes:
        site: its id.
        start: the first local day with frames.
        end: the day after the last.
        actual: what the contract's registers cost.
        off_peak_hours: hours by which HP/HC was divided → the days; none where the registers were enough.
        offers: in any order.
        prices_on: the day whose prices were taken for all days, or None: each day's own.
    """

    site: str
    start: date
    end: date
    actual: Actual
    off_peak_hours: Mapping[tuple[Hours, ...], tuple[date, ...]]
    offers: Sequence[Offer]
    prices_on: date | None = None
