"""What quarter-hours would have cost on a tariff. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from zoneinfo import ZoneInfo

from tictally_recorder.cancellation import check_abandoned
from tictally_recorder.cost.compare.model import Assumed, Offer
from tictally_recorder.cost.compare.tempo_colours import MORNING, NIGHT, is_off_peak
from tictally_recorder.cost.model import Use
from tictally_recorder.cost.proration import daily_share
from tictally_recorder.cost.reasons import no_price, no_subscription, provisional_reason
from tictally_recorder.energy import EnergyRow
from tictally_recorder.energy.register_totals import Counted, consumption_by_period, consumption_total
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.model import Direction, Tariff, Version
from tictally_shared.calendar import day_bounds_ms
from tictally_shared.tariff_options import HPHC, TEMPO

_WH_PER_KWH = Decimal(1000)


def offers(use: Use, days: Sequence[date], tariffs: Iterable[Tariff], assumed: Assumed, tz: ZoneInfo) -> list[Offer]:
    """What some days would have cost on each tariff of consumed energy, at the power and those beside it.

    Args:
        use: what the site's registers counted by quarter.
        days: local, all that are meant.
        tariffs: those of a price series and of injected energy are left out.
        assumed: by what energy is divided, and the subscribed power.
        tz: of the days.
    """
    by_day: dict[date, list[_LocalQuarter]] = {}
    for start_ms, rows in groupby(sorted(use.quarters, key=lambda row: row.start_ms), lambda row: row.start_ms):
        local = datetime.fromtimestamp(start_ms / 1000, UTC).astimezone(tz)
        quarter = _LocalQuarter(local, list(rows), use.ngtf.get(local.date()), assumed.aliases)
        by_day.setdefault(local.date(), []).append(quarter)
    unmetered = [each for each in use.unmetered if each.direction is Direction.CONSUMPTION]
    in_part = {day for day in days if any(each.concerns(*day_bounds_ms(day, tz)) for each in unmetered)}
    found = []
    for tariff in tariffs:
        check_abandoned()
        if tariff.direction is Direction.CONSUMPTION and not tariff.series:
            divided = [_day(tariff, day, by_day.get(day, []), assumed, is_metered=day not in in_part) for day in days]
            powers = _powers(tariff, days[-1], assumed.power_kva, is_every=assumed.every_power)
            found += [_offer(tariff, power, divided) for power in powers]
    return found


def _powers(tariff: Tariff, day: date, power_kva: int | None, *, is_every: bool) -> list[int | None]:
    """The power, with all that a list has on a day, or the next lower and higher one of them."""
    known = tariff.powers_on(day)
    if is_every and known:
        return [*sorted({*known, power_kva or known[0]})]
    if power_kva is None or not known:
        return [power_kva]
    lower, higher = [each for each in known if each < power_kva][-1:], [each for each in known if each > power_kva][:1]
    return [*lower, power_kva, *higher]


class _LocalQuarter:
    """A quarter's energy, computed once for all tariffs."""

    def __init__(
        self, local: datetime, rows: Sequence[EnergyRow], ngtf: str | None, aliases: Mapping[str, str]
    ) -> None:
        self.local = local
        self.total = consumption_total(rows)
        self._rows, self._ngtf, self._aliases = rows, ngtf, aliases

    @cached_property
    def by_period(self) -> Mapping[str, Counted]:
        """By the meter's own registers; one that counted nothing may belong to no period of a tariff."""
        counted = [row for row in self._rows if row.energy or row.lost]
        return consumption_by_period(counted, self._ngtf, self._aliases)


@dataclass(frozen=True, slots=True)
class _DividedDay:
    """A day's energy as a tariff divides it, and why it cannot, as far as it cannot."""

    day: date
    energy_wh: Mapping[str, int]
    reasons: frozenset[Reason]
    is_estimated: bool


def _day(
    tariff: Tariff, day: date, quarters: Sequence[_LocalQuarter], assumed: Assumed, *, is_metered: bool
) -> _DividedDay:
    energy = dict.fromkeys(tariff.periods, 0)
    reasons = set() if quarters else {Reason(ReasonCode.NO_FRAMES)}
    if not is_metered:
        reasons.add(Reason(ReasonCode.UNMETERED_IN_PART))
    estimated = False
    for quarter in quarters:
        for period, found in _divide(tariff, quarter, assumed).items():
            estimated |= found.estimated
            if found.reason:
                reasons.add(found.reason)
            elif isinstance(period, str):
                energy[period] += found.energy_wh
            elif found.energy_wh:
                reasons.add(period)
    return _DividedDay(day, energy, frozenset(reasons), estimated)


def _offer(tariff: Tariff, power: int | None, days: Sequence[_DividedDay]) -> Offer:
    amount = Decimal(0)
    unknown: dict[Reason, list[date]] = {}
    for each in days:
        cost = _priced(tariff, tariff.in_force(each.day, power), power, each.energy_wh, each.day)
        reasons = set(each.reasons)
        if isinstance(cost, Reason):
            reasons.add(cost)
        else:
            amount += cost
        for reason in sorted(reasons, key=lambda each: each.code):
            unknown.setdefault(reason, []).append(each.day)
    return Offer(
        tariff.id,
        power,
        tariff.currency,
        {period: sum(each.energy_wh[period] for each in days) for period in tariff.periods},
        None if unknown else amount,
        any(each.is_estimated for each in days),
        any(provisional_reason(tariff, power, each.day) for each in days),
        {reason: tuple(of_reason) for reason, of_reason in unknown.items()},
    )


def _divide(tariff: Tariff, quarter: _LocalQuarter, assumed: Assumed) -> Mapping[str | Reason, Counted]:
    """A quarter's energy by period of the tariff; what cannot be divided stands under the reason."""
    total, local = quarter.total, quarter.local
    if len(tariff.periods) == 1:
        return {tariff.periods[0]: total}
    if set(tariff.periods) == set(HPHC.periods):
        return {"HC" if is_off_peak(local.time(), assumed.off_peak_hours) else "HP": total}
    if set(tariff.periods) == set(TEMPO.periods):
        # Local time without offset: a day begins at 06:00 by the clock, also when the clocks have changed.
        colour = assumed.colours.get((local.replace(tzinfo=None) - MORNING).date())
        if colour is None:
            return {Reason(ReasonCode.TEMPO_COLOUR_UNKNOWN): total}
        return {f"{'HC' if is_off_peak(local.time(), [NIGHT]) else 'HP'} {colour.name}": total}
    found = quarter.by_period
    if (found or not total.energy_wh) and found.keys() <= set(tariff.periods):
        return {period: counted for period, counted in found.items()}  # noqa: C416 - keys of a wider type
    return {Reason(ReasonCode.NO_REGISTER_FOR_PERIODS, {"tariff": tariff.id}): total}


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
