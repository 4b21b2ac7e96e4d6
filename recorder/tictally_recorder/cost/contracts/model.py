"""Contracts of sites, several in a row. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
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
        powers_kw: name of a power (P1, P2) → what is subscribed in kW, where the tariff has prices of powers by period.
        direction: of the tariff.
        aliases: what the meter calls a period (LTARF) → the tariff's period.
        off_peak: the customer's off-peak hours, which comparisons, imported totals and the rules of some tariffs need;
            what registers of periods measured never depends on them. One with a season goes before one without.
        chosen_weekday: that some tariffs let a customer choose, 0 is Monday; None if there is none.
        billing_day: of a month, on which the supplier's months begin: 24 for those from the 24th to the 23rd. None: 1.
        billed_in_advance: for how many months the supplier bills the subscription in advance; None: it is not known.
        starts_at: the local moment within the first day at which it begins; None: when that day does.
        ends_at: the local moment within the last day at which it ended; None: when that day did.
        number: its place among the contracts of the file, from 0.
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
    billed_in_advance: int | None = None
    powers_kw: Mapping[str, Decimal] = field(default_factory=dict)
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    number: int | None = field(default=None, compare=False)

    @property
    def begins(self) -> str:
        """The first day, or the moment, in ISO 8601."""
        return iso_text(self.starts_at or self.start)

    @property
    def order(self) -> tuple[date, int]:
        """By which contracts follow one another: the first day, and the moment in it."""
        return self.start, _ms(self.starts_at)

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
class ContractSpan:
    """A part of a local day in which one contract holds, or none does; mostly all of the day.

    Attributes:
        start_ms: milliseconds since 1970.
        end_ms: excluded.
        contract: or None.
    """

    start_ms: int
    end_ms: int
    contract: Contract | None


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
        self.all = tuple(sorted(contracts, key=lambda each: (each.order, each.site or "", each.direction)))
        self._has_moments = any(each.starts_at or each.ends_at for each in self.all)
        self.lump_sums = tuple(sorted(lump_sums, key=lambda each: (each.day, each.site or "", each.text)))

    def lump_sums_on(self, site: str, direction: Direction, day: date) -> tuple[LumpSum, ...]:
        """What is paid once by a site on a local day."""
        return tuple(
            each
            for each in self.lump_sums
            if each.day == day and each.direction is direction and each.site in {None, site}
        )

    def on(self, site: str, direction: Direction, day: date) -> Contract | None:
        """The contract of a site on a local day, or None; where it changes within the day the last of them."""
        for contract in reversed(self.all):
            if contract.start <= day and contract.direction is direction and contract.concerns(site):
                return contract if contract.until is None or day <= contract.until else None
        return None

    def at(self, site: str, direction: Direction, day: date, time_ms: int) -> Contract | None:
        """The contract of a site at a moment of a local day, milliseconds since 1970; or None."""
        last = self.on(site, direction, day)
        if last is None or not (last.starts_at or last.ends_at):
            return last
        return self.spans(site, direction, day, (0, time_ms + 1))[-1].contract

    def touching(self, site: str, direction: Direction, day: date) -> tuple[Contract, ...]:
        """The contracts that hold in some part of a local day, in order."""
        found: list[Contract] = []
        for contract in self.all:
            if contract.start <= day and contract.direction is direction and contract.concerns(site):
                if contract.start < day or contract.starts_at is None:
                    found.clear()
                found.append(contract)
        return tuple(each for each in found if each.until is None or day <= each.until)

    def spans(self, site: str, direction: Direction, day: date, bounds_ms: tuple[int, int]) -> tuple[ContractSpan, ...]:
        """A local day, or a part of it, by the contracts that hold in it; where none does, without one.

        Args:
            site: its id.
            direction: of the contracts.
            day: local.
            bounds_ms: its first moment and the next day's, milliseconds since 1970.
        """
        if not self._has_moments:  # mostly: days are asked for by the thousand
            return (ContractSpan(*bounds_ms, self.on(site, direction, day)),)
        found: list[ContractSpan] = []
        at_ms, end_ms = bounds_ms
        for contract in self.touching(site, direction, day):
            starts_ms = max(_ms(contract.starts_at), bounds_ms[0]) if contract.start == day else bounds_ms[0]
            ends_ms = _ms(contract.ends_at) if contract.until == day and contract.ends_at else end_ms
            if found and found[-1].end_ms > starts_ms:  # it is followed
                found[-1] = replace(found[-1], end_ms=starts_ms)
            elif at_ms < starts_ms:
                found.append(ContractSpan(at_ms, min(starts_ms, end_ms), None))
            found.append(ContractSpan(starts_ms, min(ends_ms, end_ms), contract))
            at_ms = ends_ms
        if at_ms < end_ms:
            found.append(ContractSpan(at_ms, end_ms, None))
        return tuple(each for each in found if each.start_ms < each.end_ms)

    def changes(self, site: str, day: date, bounds_ms: tuple[int, int]) -> tuple[int, ...]:
        """The moments within a local day at which a contract of a site begins or ends, milliseconds since 1970.

        Args:
            site: its id.
            day: local.
            bounds_ms: its first moment and the next day's.
        """
        if not self._has_moments:
            return ()
        found = {span.start_ms for direction in Direction for span in self.spans(site, direction, day, bounds_ms)}
        return tuple(sorted(found - {bounds_ms[0]}))

    def end_of(self, contract: Contract) -> date | datetime | None:
        """The last day of a contract, or the moment at which it ends or the next one begins; None if it goes on."""
        followers = [
            each
            for each in self.all
            if each.order > contract.order
            and each.direction is contract.direction
            and (None in {each.site, contract.site} or each.site == contract.site)
        ]
        if not followers:
            return contract.ends_at or contract.until
        follower = followers[0]
        if contract.until is not None:  # it ended before
            return contract.ends_at or contract.until
        return follower.starts_at or follower.start - timedelta(days=1)

    def of_site(self, site: str) -> tuple[Contract, ...]:
        """The contracts of a site, of both directions, in order of their first days."""
        return tuple(contract for contract in self.all if contract.concerns(site))

    def why_none(self, site: str, direction: Direction, day: date, time_ms: int | None = None) -> Reason:
        """Why no contract of a site holds on a local day, where `on` has none; or at a moment of it."""
        contracts = self.of_site(site)
        own = [contract for contract in contracts if contract.direction is direction]
        if not own and any(self.on(site, other, day) for other in Direction if other is not direction):
            return Reason(ReasonCode.NO_CONSUMPTION_CONTRACT)
        begun = [
            contract
            for contract in own or contracts
            if contract.start < day
            or (contract.start == day and (time_ms is None or _ms(contract.starts_at) <= time_ms))
        ]
        if begun and begun[-1].until is not None:
            return Reason(ReasonCode.CONTRACT_ENDED, {"until": iso_text(begun[-1].ends_at or begun[-1].until)})
        if contracts and not begun:
            return Reason(ReasonCode.CONTRACT_NOT_BEGUN, {"start": (own or contracts)[0].begins})
        return Reason(ReasonCode.NO_CONTRACT)


def iso_text(when: date | datetime) -> str:
    """A day, or a moment to the minute with its offset."""
    return when.isoformat(timespec="minutes") if isinstance(when, datetime) else when.isoformat()


def _ms(moment: datetime | None) -> int:
    """Milliseconds since 1970, or 0 for the beginning of a day."""
    return 0 if moment is None else int(moment.timestamp()) * 1000
