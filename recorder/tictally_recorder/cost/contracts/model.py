"""Contracts of sites, several in a row. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.hours import Hours, Season, is_in_season
from tictally_recorder.tariffs.model import Direction


@dataclass(frozen=True, slots=True)
class OffPeak:
    """A customer's off-peak hours in a part of the year.

    Attributes:
        hours: of each local day in it.
        season: the part, or None: all days that no other one has.
    """

    hours: tuple[Hours, ...]
    season: Season | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """What a site was on.

    Attributes:
        site: its id, or None for the only site of the ledger.
        tariff: id of the tariff.
        start: its first day, local.
        until: its last day where it ended before the next one of its direction began, or None.
        power_kva: what is subscribed, or None if the tariff does not ask for it.
        direction: of the tariff.
        aliases: what the meter calls a period (LTARF) → the tariff's period.
        off_peak: the customer's off-peak hours, which comparisons, imported totals and the rules of some tariffs need;
            what registers of periods measured never depends on them. One with a season goes before one without.
        chosen_weekday: that some tariffs let a customer choose, 0 is Monday; None if there is none.
        billing_day: of a month, on which the supplier's months begin: 24 for those from the 24th to the 23rd. None: 1.
    """

    site: str | None
    tariff: str
    start: date
    until: date | None = None
    power_kva: int | None = None
    direction: Direction = Direction.CONSUMPTION
    aliases: Mapping[str, str] = field(default_factory=dict)
    off_peak: tuple[OffPeak, ...] = ()
    chosen_weekday: int | None = None
    billing_day: int | None = None

    def off_peak_on(self, day: date) -> tuple[Hours, ...]:
        """The off-peak hours of a local day; none if they are not known."""
        return next(
            (each.hours for each in self.off_peak if each.season and is_in_season(day, each.season)),
            next((each.hours for each in self.off_peak if each.season is None), ()),
        )

    def concerns(self, site: str) -> bool:
        """True if it is a contract of that site."""
        return self.site is None or self.site == site


@dataclass(frozen=True, slots=True)
class LumpSum:
    """An amount that is paid or received once, beside every tariff: a chèque énergie, a bonus, a prime.

    Attributes:
        site: its id, or None for the only site of the ledger.
        day: local, on whose cost it counts.
        amount: taxes included; negative where the household receives it.
        text: what it is, for people.
        currency: ISO 4217.
        direction: whether it belongs to what is consumed or to what is injected.
    """

    site: str | None
    day: date
    amount: Decimal
    text: str
    currency: str = "EUR"
    direction: Direction = Direction.CONSUMPTION


class Contracts:
    """All contracts, in any order, and amounts that are paid once.

    A contract holds until the next one of its site and direction begins, or until it ended.
    """

    def __init__(self, contracts: Iterable[Contract] = (), lump_sums: Iterable[LumpSum] = ()) -> None:
        self.all = tuple(sorted(contracts, key=lambda each: (each.start, each.site or "", each.direction)))
        self.lump_sums = tuple(sorted(lump_sums, key=lambda each: (each.day, each.site or "", each.text)))

    def lump_sums_on(self, site: str, direction: Direction, day: date) -> tuple[LumpSum, ...]:
        """What is paid once by a site on a local day."""
        return tuple(
            each
            for each in self.lump_sums
            if each.day == day and each.direction is direction and each.site in {None, site}
        )

    def on(self, site: str, direction: Direction, day: date) -> Contract | None:
        """The contract of a site on a local day, or None."""
        for contract in reversed(self.all):
            if contract.start <= day and contract.direction is direction and contract.concerns(site):
                return contract if contract.until is None or day <= contract.until else None
        return None

    def of_site(self, site: str) -> tuple[Contract, ...]:
        """The contracts of a site, of both directions, in order of their first days."""
        return tuple(contract for contract in self.all if contract.concerns(site))

    def why_none(self, site: str, direction: Direction, day: date) -> Reason:
        """Why no contract of a site holds on a local day, where `on` has none."""
        contracts = self.of_site(site)
        own = [contract for contract in contracts if contract.direction is direction]
        if not own and any(self.on(site, other, day) for other in Direction if other is not direction):
            return Reason(ReasonCode.NO_CONSUMPTION_CONTRACT)
        begun = [contract for contract in own or contracts if contract.start <= day]
        if begun and begun[-1].until is not None:
            return Reason(ReasonCode.CONTRACT_ENDED, {"until": str(begun[-1].until)})
        if contracts and not begun:
            return Reason(ReasonCode.CONTRACT_NOT_BEGUN, {"start": str((own or contracts)[0].start)})
        return Reason(ReasonCode.NO_CONTRACT)
