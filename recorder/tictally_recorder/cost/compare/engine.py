"""What quarter-hours would have cost on other tariffs, each day by its own contract. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from tictally_recorder.cancellation import check_abandoned
from tictally_recorder.cost.compare.day_quarters import DayQuarters, quarters_by_day
from tictally_recorder.cost.compare.division import DividedDay, divide, division_key
from tictally_recorder.cost.compare.model import Assumed, Offer, Offers
from tictally_recorder.cost.contracts.model import Contract
from tictally_recorder.cost.model import Use
from tictally_recorder.cost.proration import daily_share
from tictally_recorder.cost.reasons import no_price, no_subscription, provisional_reason
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.hours import Hours  # noqa: TC001 - of a local variable
from tictally_recorder.tariffs.model import Direction, Tariff, Version
from tictally_shared.calendar import day_bounds_ms

_WH_PER_KWH = Decimal(1000)


def offers(
    use: Use, days: Mapping[date, Contract | None], tariffs: Iterable[Tariff], assumed: Assumed, tz: ZoneInfo
) -> Offers:
    """What some days would have cost on each tariff of consumed energy, at the power and those beside it.

    Each day stands for itself: its off-peak hours and aliases are those of its own contract, and days that cannot be
    priced leave the others as they are.

    Args:
        use: what the site's registers counted by quarter.
        days: local, all that are meant, in order → the contract for consumption, or None.
        tariffs: those of a price series and of injected energy are left out.
        assumed: what is given instead of what contracts and meter show, and the subscribed power.
        tz: of the days.
    """
    by_day, none = quarters_by_day(use, days, tz), DayQuarters()
    unmetered = [each for each in use.unmetered if each.direction is Direction.CONSUMPTION]
    in_part = {day for day in days if any(each.concerns(*day_bounds_ms(day, tz)) for each in unmetered)}
    own = frozenset(contract.tariff for contract in days.values() if contract)
    found: list[Offer] = []
    # Many tariffs have the same periods at the same hours.
    divisions: dict[object, list[DividedDay]] = {}
    hours: dict[date, tuple[Hours, ...]] = {}
    for tariff in tariffs:
        check_abandoned()
        if tariff.direction is Direction.CONSUMPTION and not tariff.series:
            key = division_key(tariff, own)
            if key not in divisions:
                divisions[key] = [
                    divide(tariff, day, by_day.get(day, none), assumed, is_metered=day not in in_part) for day in days
                ]
            divided = divisions[key]
            hours |= {each.day: each.hours for each in divided if each.hours}
            powers = _powers(tariff, assumed.prices_on or max(days), assumed.power_kva, is_every=assumed.every_power)
            found += [_offer(tariff, power, divided, assumed.prices_on) for power in powers]
    return Offers(tuple(found), dict(sorted(hours.items())))


def _powers(tariff: Tariff, day: date, power_kva: int | None, *, is_every: bool) -> list[int | None]:
    """The power, with all that a tariff has on a day, or the next lower and higher one of them."""
    known = tariff.powers_on(day)
    if is_every and known:
        return [*sorted({*known, power_kva or known[0]})]
    if power_kva is None or not known:
        return [power_kva]
    lower, higher = [each for each in known if each < power_kva][-1:], [each for each in known if each > power_kva][:1]
    return [*lower, power_kva, *higher]


def _offer(tariff: Tariff, power: int | None, days: Sequence[DividedDay], prices_on: date | None) -> Offer:
    amount = Decimal(0)
    known: list[DividedDay] = []
    unknown: dict[Reason, list[date]] = {}
    for each in days:
        cost = _priced(tariff, tariff.in_force(prices_on or each.day, power), power, each.energy_wh, each.day)
        reasons = set(each.reasons)
        if isinstance(cost, Reason):
            reasons.add(cost)
        elif not reasons:
            amount += cost
            known.append(each)
        for reason in sorted(reasons, key=lambda each: each.code):
            unknown.setdefault(reason, []).append(each.day)
    return Offer(
        tariff.id,
        power,
        tariff.currency,
        {period: sum(each.energy_wh[period] for each in known) for period in tariff.periods},
        amount if known else None,
        tuple(each.day for each in known),
        any(each.is_estimated for each in known),
        any(provisional_reason(tariff, power, prices_on or each.day) for each in known),
        {reason: tuple(of_reason) for reason, of_reason in unknown.items()},
    )


def _priced(
    tariff: Tariff, version: Version | None, power: int | None, counted: Mapping[str, int], day: date
) -> Decimal | Reason:
    """The amount of a day, or the reason why there is none."""
    if version is None:
        return Reason(ReasonCode.NO_VERSION, {"tariff": tariff.id})
    monthly = version.monthly(power)
    if monthly is None:
        return no_subscription(version, power)
    amount = daily_share(monthly, day)
    for period, energy_wh in counted.items():
        price = version.price(power, period)
        if price is None:
            return no_price(version, period, power)
        amount += price.ttc * energy_wh / _WH_PER_KWH
    return amount
