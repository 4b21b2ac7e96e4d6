"""Contracts of sites, several in a row. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal

from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.model import Direction

Hours = tuple[time, time]
"""Hours of each local day, from and to (excluded); over midnight where the first is the later one."""


def is_off_peak(at: time, hours: Iterable[Hours]) -> bool:
    """True if a local time is in one of the hours; their end is excluded."""
    return any(begin <= at < end if begin < end else at >= begin or at < end for begin, end in hours)


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
        off_peak_hours: those that a comparison assumes, and that divide an imported total; what registers of periods
            measured never depends on them.
    """

    site: str | None
    tariff: str
    start: date
    until: date | None = None
    power_kva: int | None = None
    direction: Direction = Direction.CONSUMPTION
    aliases: Mapping[str, str] = field(default_factory=dict)
    off_peak_hours: tuple[Hours, ...] = ()

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
