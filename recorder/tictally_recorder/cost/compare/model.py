"""What a comparison assumes, and what it finds. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tictally_recorder.cost.contracts.model import Hours
from tictally_recorder.reason import Reason
from tictally_shared.status_register import Colour


@dataclass(frozen=True)
class Assumed:
    """What the registers of another tariff would have gone by.

    Attributes:
        off_peak_hours: of HP/HC.
        colours: local day on which a Tempo day begins → its colour, if known.
        aliases: what the meter calls a period → the tariff's period.
        power_kva: subscribed, or None if it is not known.
        every_power: True asks for all powers that a list has, not only the subscribed one and those beside it.
    """

    off_peak_hours: tuple[Hours, ...]
    colours: Mapping[date, Colour]
    aliases: Mapping[str, str]
    power_kva: int | None = None
    every_power: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """What some days would have cost on one tariff at one power.

    Attributes:
        tariff: id of the tariff.
        power_kva: subscribed, or None if that is not known.
        currency: ISO 4217.
        energy_wh: by period; of what could be divided.
        amount: with subscription, not rounded; None if anything of it is unknown.
        is_estimated: a gap was divided by time.
        is_provisional: a revision was due.
        unknown: reason → its days; empty if there is an amount.
    """

    tariff: str
    power_kva: int | None
    currency: str
    energy_wh: Mapping[str, int]
    amount: Decimal | None
    is_estimated: bool
    is_provisional: bool
    unknown: Mapping[Reason, tuple[date, ...]]


@dataclass(frozen=True, slots=True)
class TariffComparison:
    """Of one site.

    Attributes:
        site: its id.
        start: the first local day with frames.
        end: the day after the last.
        tariff: of the contract on the last day, or None.
        actual: what the contract's registers cost with subscription, not rounded; None if that is unknown.
        off_peak_hours: those that were assumed.
        offers: in any order.
    """

    site: str
    start: date
    end: date
    tariff: str | None
    actual: Decimal | None
    off_peak_hours: Sequence[Hours]
    offers: Sequence[Offer]
