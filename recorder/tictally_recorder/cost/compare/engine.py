"""What a site's consumption would have cost on other tariffs, each day by its own contract. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from tictally_recorder.cancellation import check_abandoned
from tictally_recorder.cost.compare.consumption import SiteConsumption
from tictally_recorder.cost.compare.division import Division, Metering, division_key
from tictally_recorder.cost.compare.model import Assumed, Offer, Offers
from tictally_recorder.cost.compare.pricing import DividedDays, offer
from tictally_recorder.cost.contracts.model import Contract
from tictally_recorder.tariffs.hours import Hours  # noqa: TC001 - of a local variable
from tictally_recorder.tariffs.model import Direction, Tariff
from tictally_shared.calendar import day_bounds_ms


def offers(
    consumption: SiteConsumption,
    days: Mapping[date, Contract | None],
    tariffs: Iterable[Tariff],
    assumed: Assumed,
    tz: ZoneInfo,
) -> Offers:
    """What some days would have cost on each tariff of consumed energy, at the power and those beside it.

    Each day stands for itself: its off-peak hours and aliases are those of its own contract, and days that cannot be
    priced leave the others as they are.

    Args:
        consumption: of the site.
        days: local, all that are meant, in order → the contract for consumption, or None.
        tariffs: those of a price series and of injected energy are left out.
        assumed: what is given instead of what contracts and meter show, and the subscribed power.
        tz: of the days.
    """
    in_part = _unmetered_days(consumption, days, tz)
    metering = Metering(assumed)
    metered = [
        metering.of(day, contract, consumption.days.get(day), is_metered=day not in in_part)
        for day, contract in days.items()
    ]
    own = frozenset(contract.tariff for contract in days.values() if contract)
    found: list[Offer] = []
    # Many tariffs have the same periods at the same hours.
    divisions: dict[object, DividedDays] = {}
    hours: dict[date, tuple[Hours, ...]] = {}
    for tariff in tariffs:
        check_abandoned()
        if tariff.direction is Direction.CONSUMPTION and not tariff.series:
            key = division_key(tariff, own)
            if key not in divisions:
                division = Division(tariff, assumed)
                divisions[key] = DividedDays.of([*days], [division.of(each) for each in metered])
                hours |= divisions[key].hours
            powers = _powers(tariff, assumed.prices_on or max(days), assumed.power_kva, is_every=assumed.every_power)
            found += [offer(tariff, power, divisions[key], assumed) for power in powers]
    return Offers(tuple(found), dict(sorted(hours.items())))


def _unmetered_days(consumption: SiteConsumption, days: Iterable[date], tz: ZoneInfo) -> set[date]:
    unmetered = [each for each in consumption.unmetered if each.direction is Direction.CONSUMPTION]
    if not unmetered:
        return set()
    return {day for day in days if any(each.concerns(*day_bounds_ms(day, tz)) for each in unmetered)}


def _powers(tariff: Tariff, day: date, power_kva: int | None, *, is_every: bool) -> Sequence[int | None]:
    """The power, with all that a tariff has on a day, or the next lower and higher one of them."""
    known = tariff.powers_on(day)
    if is_every and known:
        return [*sorted({*known, power_kva or known[0]})]
    if power_kva is None or not known:
        return [power_kva]
    lower, higher = [each for each in known if each < power_kva][-1:], [each for each in known if each > power_kva][:1]
    return [*lower, power_kva, *higher]
