"""A comparison of its own: quarter by quarter and day by day, without anything that makes a comparison fast."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from tictally_recorder.cost.compare import Assumed, Offer
from tictally_recorder.cost.contracts.model import Contract
from tictally_recorder.cost.local_quarter import LocalQuarter
from tictally_recorder.cost.proration import daily_share
from tictally_recorder.cost.reasons import no_price, no_subscription, provisional_reason
from tictally_recorder.energy import EnergyRow
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.hours import Hours, is_within
from tictally_recorder.tariffs.model import Direction, Tariff
from tictally_recorder.tariffs.period_rules import DayTerms, Slot

Days = Mapping[date, Contract | None]
# Period or reason, Wh, whether they are estimated, and why they are not all.
Part = tuple[str | Reason, int, bool, Reason | None]


def offers(
    rows: Iterable[EnergyRow], days: Days, tariffs: Iterable[Tariff], assumed: Assumed, tz: ZoneInfo
) -> list[Offer]:
    """At the assumed power alone."""
    by_day: dict[date, list[LocalQuarter]] = {day: [] for day in days}
    for start_ms, of_quarter in groupby(sorted(rows, key=lambda row: row.start_ms), lambda row: row.start_ms):
        local = datetime.fromtimestamp(start_ms / 1000, UTC).astimezone(tz)
        by_day[local.date()].append(LocalQuarter(local, list(of_quarter), days[local.date()]))
    return [
        offer(tariff, by_day, days, assumed)
        for tariff in tariffs
        if tariff.direction is Direction.CONSUMPTION and not tariff.series
    ]


def offer(tariff: Tariff, by_day: Mapping[date, Sequence[LocalQuarter]], days: Days, assumed: Assumed) -> Offer:
    power, amount, known, estimated, provisional = assumed.power_kva, Decimal(0), [], False, False
    energy = dict.fromkeys(tariff.periods, 0)
    unknown: dict[Reason, list[date]] = {}
    for day, contract in days.items():
        reasons: set[Reason] = set() if by_day[day] else {Reason(ReasonCode.NO_FRAMES)}
        counted, is_estimated = dict.fromkeys(tariff.periods, 0), False
        for quarter in by_day[day]:
            for period, energy_wh, is_guess, incomplete in parts(tariff, day, quarter, contract, assumed):
                is_estimated |= is_guess
                reasons |= {incomplete} if incomplete else set()
                if isinstance(period, str):
                    counted[period] += energy_wh
                elif energy_wh:
                    reasons.add(period)
        cost = priced(tariff, assumed.prices_on or day, power, counted, day)
        if isinstance(cost, Reason):
            reasons.add(cost)
        elif not reasons:
            amount += cost
            known.append(day)
            estimated |= is_estimated
            provisional |= provisional_reason(tariff, power, assumed.prices_on or day) is not None
            energy = {period: energy[period] + wh for period, wh in counted.items()}
        for reason in reasons:
            unknown.setdefault(reason, []).append(day)
    return Offer(
        *(tariff.id, power, tariff.currency, energy, amount if known else None, tuple(known), estimated, provisional),
        {reason: tuple(of_reason) for reason, of_reason in unknown.items()},
    )


def parts(
    tariff: Tariff, day: date, quarter: LocalQuarter, contract: Contract | None, assumed: Assumed
) -> Sequence[Part]:
    def whole(period: str | Reason) -> Sequence[Part]:
        return [(period, quarter.energy_wh, quarter.is_estimated, quarter.incomplete)]

    if len(tariff.periods) == 1:
        return whole(tariff.periods[0])
    given = assumed.off_peak_hours
    registers = None if given and set(tariff.periods) == {"HC", "HP"} else quarter.of_registers(tariff)
    if registers is not None:
        return [(each, found.energy_wh, found.estimated, found.incomplete) for each, found in registers.items()]
    if tariff.division is None:
        return whole(Reason(ReasonCode.NO_REGISTER_FOR_PERIODS, {"tariff": tariff.id}))
    chosen = assumed.chosen_weekday
    if chosen is None and contract is not None:
        chosen = contract.chosen_weekday
    slot = tariff.division.at(quarter.local, DayTerms(chosen, assumed.colours))
    return whole(slot.peak) if slot.off_peak == slot.peak else by_off_peak(quarter, slot, day, contract, given)


def by_off_peak(
    quarter: LocalQuarter, slot: Slot, day: date, contract: Contract | None, given: tuple[Hours, ...]
) -> Sequence[Part]:
    split = None if given else quarter.of_off_peak()
    if split is not None:
        return [
            (slot.off_peak if name == "HC" else slot.peak, found.energy_wh, found.estimated, found.incomplete)
            for name, found in split.items()
        ]
    hours = given or (contract.off_peak_on(day) if contract else ())
    period: str | Reason = slot.off_peak if is_within(quarter.local.time(), hours) else slot.peak
    period = period if hours else Reason(ReasonCode.OFF_PEAK_HOURS_UNKNOWN)
    return [(period, quarter.energy_wh, quarter.is_estimated, quarter.incomplete)]


def priced(tariff: Tariff, on: date, power: int | None, counted: Mapping[str, int], day: date) -> Decimal | Reason:
    version = tariff.in_force(on, power)
    if version is None:
        return Reason(ReasonCode.NO_VERSION, {"tariff": tariff.id})
    if (monthly := version.monthly(power)) is None:
        return no_subscription(version, power)
    amount = daily_share(monthly, day)
    for period, energy_wh in counted.items():
        if (price := version.price(power, period)) is None:
            return no_price(version, period, power)
        amount += price.ttc * energy_wh / 1000
    return amount
