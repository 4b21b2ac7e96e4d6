"""What energy cost, by local day and period. Pure: registers' energy, contracts and tariffs in, rows out."""

import hashlib
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost.by_rules import Division, joined, undivided
from tictally_recorder.cost.contracts.model import Contract, ContractSpan, LumpSum
from tictally_recorder.cost.dynamic_price import WH_PER_KWH, price_quarters
from tictally_recorder.cost.local_quarter import LocalQuarter
from tictally_recorder.cost.model import (
    LUMP_SUM,
    TOTAL,
    UNMETERED,
    CostRow,
    Quality,
    Terms,
    Unmetered,
    Use,
    VersionUsed,
)
from tictally_recorder.cost.proration import daily_share, share_of_day
from tictally_recorder.cost.reasons import no_price, no_subscription, not_in_tariff, not_shown, provisional_reason
from tictally_recorder.energy import EnergyRow
from tictally_recorder.energy.register_totals import (
    Counted,
    consumption_by_period,
    consumption_total,
    direction_of,
    injection_total,
    is_supplier_register,
)
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.model import Confidence, Direction, Tariff, Version
from tictally_recorder.tariffs.period_rules import PeriodRules
from tictally_shared.calendar import day_bounds_ms, local_midnight, midnight_ms
from tictally_shared.tariff_options import CONSUMPTION_TOTAL, PRODUCER, option_of_ngtf

_HASH_DIGITS: Final = 12
_TOTALS: Final = {Direction.CONSUMPTION: consumption_total, Direction.INJECTION: injection_total}


def cost(use: Use, days: Collection[date], terms: Terms, tz: ZoneInfo) -> list[CostRow]:
    """What a site's energy and subscription cost on some local days, in order of day.

    Each day stands for itself: its rows depend on nothing but its own energy, contract, version and day. Where the
    contract changes within it each part has rows of its own, and a share of the day's subscription. A day without
    contract has rows too, with that reason; injected energy without a contract of its own earns nothing and has none,
    and neither has consumption at a site that only injects.

    Args:
        use: what the site's registers counted.
        days: those that are asked for; none in the future.
        terms: contracts and tariffs.
        tz: whose days are meant.
    """
    wanted = sorted(set(days))
    by_day, by_quarter = (_by_day(rows, use.site, wanted, tz) for rows in (use.days, use.quarters))
    found: list[CostRow] = []
    for day in wanted:
        unmetered = [each for each in use.unmetered if each.concerns(*day_bounds_ms(day, tz))]
        bounds = day_bounds_ms(day, tz)
        here = _Day(use.site, day, by_day.get(day, ()), by_quarter.get(day, ()), unmetered, terms, tz, bounds)
        found.extend(here.rows())
    return found


def days_by_quarter(site: str, days: Iterable[date], terms: Terms) -> set[date]:
    """The days for which `cost` needs energy by quarter."""
    return {
        day
        for day in days
        for direction in Direction
        for contract in terms.contracts.touching(site, direction, day)
        if (tariff := terms.tariffs.get(contract.tariff)) and (tariff.series or tariff.rules)
    }


def _by_day(rows: Iterable[EnergyRow], site: str, wanted: Sequence[date], tz: ZoneInfo) -> dict[date, list[EnergyRow]]:
    starts = [midnight_ms(day, tz) for day in wanted]
    ends = [midnight_ms(day + timedelta(days=1), tz) for day in wanted]
    found: dict[date, list[EnergyRow]] = {}
    for row in rows:
        at = bisect_right(starts, row.start_ms) - 1
        if row.site == site and at >= 0 and row.start_ms < ends[at]:
            found.setdefault(wanted[at], []).append(row)
    return found


def _whole(rows: Sequence[EnergyRow]) -> Sequence[EnergyRow]:
    """The rows of a day that only a contract of the other direction cuts, as without the cut.

    A reading that was interpolated at that moment changes nothing of their sum.
    """
    if len({row.start_ms for row in rows}) <= 1:
        return rows
    found: list[EnergyRow] = []
    for row in rows:
        at = next((at for at, each in enumerate(found) if _goes_on(each, row)), None)
        if at is None:
            found.append(row)
        else:
            found[at] = found[at].joined(row)
    return found


def _goes_on(before: EnergyRow, after: EnergyRow) -> bool:
    """True if a row begins where another one of the same register and name ends."""
    return (before.register, before.period, before.option, before.end_ms, before.last_ms, before.last_value) == (
        *(after.register, after.period, after.option, after.start_ms, after.first_ms, after.first_value),
    )


@dataclass(frozen=True, slots=True)
class _Figure:
    """A price, and the amount by it, as far as they are known."""

    price: Decimal | None = None
    amount: Decimal | None = None


_NO_FIGURE: Final = _Figure()


@dataclass(frozen=True, slots=True)
class _Line:
    """What the rows of one day and contract have in common."""

    site: str
    day: date
    contract: Contract
    tariff: Tariff
    version: Version
    provisional: Reason | None

    def row(
        self,
        period: str | None,
        counted: Counted,
        figure: _Figure = _NO_FIGURE,
        unknown: Reason | None = None,
        *,
        hash_of_day: str | None = None,
    ) -> CostRow:
        quality, reason = self._quality(counted, unknown)
        version = VersionUsed.of(self.version, period, self.contract.power_kva)
        if hash_of_day is not None:
            version = replace(version, hash=hash_of_day)
        return CostRow(
            self.site,
            self.day,
            self.tariff.direction,
            period,
            counted.energy_wh,
            figure.price,
            None if unknown else figure.amount,
            self.tariff.currency,
            version,
            self.contract.power_kva,
            quality,
            reason,
            counted.parts,
        )

    def _quality(self, counted: Counted, unknown: Reason | None) -> tuple[Quality, Reason | None]:
        if unknown:
            return Quality.UNKNOWN, unknown
        if self.provisional:
            return Quality.PROVISIONAL, self.provisional
        return (Quality.ESTIMATED if counted.estimated else Quality.MEASURED), None


@dataclass(frozen=True, slots=True)
class _Day:
    """A site's day, or the part of it in which one contract holds."""

    site: str
    day: date
    energy: Sequence[EnergyRow]
    quarters: Sequence[EnergyRow]
    unmetered: Sequence[Unmetered]
    terms: Terms
    tz: ZoneInfo
    bounds_ms: tuple[int, int]

    def rows(self) -> Iterator[CostRow]:
        """All of the day: consumed, then injected; energy in the tariff's order, subscription, what is paid once."""
        for direction in Direction:
            spans = self.terms.contracts.spans(self.site, direction, self.day, self.bounds_ms)
            for span in spans:
                part = replace(self, energy=_whole(self.energy)) if len(spans) == 1 else self._within(span)
                yield from part.of_contract(direction, span.contract)
            for lump_sum in self.terms.contracts.lump_sums_on(self.site, direction, self.day):
                yield _once(self.site, lump_sum)

    def _within(self, span: ContractSpan) -> "_Day":
        start_ms, end_ms = span.start_ms, span.end_ms
        return replace(
            self,
            energy=[row for row in self.energy if start_ms <= row.start_ms < end_ms],
            quarters=[row for row in self.quarters if start_ms <= row.start_ms < end_ms],
            unmetered=[each for each in self.unmetered if each.concerns(start_ms, end_ms)],
            bounds_ms=(start_ms, end_ms),
        )

    def of_contract(self, direction: Direction, contract: Contract | None) -> Iterator[CostRow]:
        """The rows of a contract, or of none, that holds in all of it."""
        tariff = self.terms.tariffs.get(contract.tariff) if contract else None
        version = tariff.in_force(self.day, contract.power_kva) if contract and tariff else None
        if contract and tariff and version:
            provisional = provisional_reason(tariff, contract.power_kva, self.day)
            line = _Line(self.site, self.day, contract, tariff, version, provisional)
            yield from self._series(line) if tariff.series else self._periods(line)
            yield from self._unmetered(line)
            yield from self._subscription(line)
        elif contract or self._lacks_contract(direction):
            yield from self._nothing_holds(direction, contract, tariff)

    def _lacks_contract(self, direction: Direction) -> bool:
        """True if a day without a contract of a direction has an unknown cost for want of it.

        Injection needs none. Neither does consumption at a site that only injects: its income is complete.
        """
        if direction is Direction.INJECTION:
            return False
        if self.terms.contracts.on(self.site, Direction.INJECTION, self.day) is None:
            return True
        consumed = consumption_total(self.energy)
        is_producer = any(row.option == PRODUCER for row in self.energy)
        return not is_producer and bool(consumed.energy_wh or consumed.incomplete)

    def _nothing_holds(
        self, direction: Direction, contract: Contract | None, tariff: Tariff | None
    ) -> Iterator[CostRow]:
        if contract is None:
            reason = self.terms.contracts.why_none(self.site, direction, self.day, self.bounds_ms[0])
        elif tariff is None:
            reason = self.terms.why_no_tariff(contract)
        else:
            reason = Reason(ReasonCode.NO_VERSION, {"tariff": tariff.id})
        periods = self._counted(direction, tariff, contract)
        shown = {period: counted for period, counted in periods.items() if counted.energy_wh}
        for period, counted in [*sorted(shown.items()), (None, Counted())]:
            yield CostRow(
                self.site,
                self.day,
                direction,
                period,
                counted.energy_wh,
                None,
                None,
                tariff.currency if tariff else None,
                None,
                contract.power_kva if contract else None,
                Quality.UNKNOWN,
                reason,
                counted.parts,
            )

    def _periods(self, line: _Line) -> Iterator[CostRow]:
        tariff, version, power = line.tariff, line.version, line.contract.power_kva
        if (rules := self._rules(line)) is not None:
            divided = self._division(line, rules).of_quarters(self.quarters)
            found, rest = dict(divided.periods), divided.reason
            rest_stood = bool(found) and rest is None
        else:
            found = self._counted(tariff.direction, tariff, line.contract)
            rest_stood = self._rest_stood(found, tariff)
            rest = self._divide_rest(found, line)
        is_divided_in_part = any(counted.parts for counted in found.values())
        for period in tariff.periods:
            counted, price = found.pop(period, Counted()), version.price(power, period)
            unknown = self._nothing_known(counted)
            if not (counted.parts or rest_stood):
                unknown = unknown or rest or self._nothing_counted(period, tariff.direction)
            elif price is None:
                unknown = no_price(version, period, power)
            sign = -1 if tariff.direction is Direction.INJECTION else 1
            amount = sign * counted.energy_wh / WH_PER_KWH * price.ttc if price else None
            yield line.row(period, counted, _Figure(price.ttc if price else None, amount), unknown)
        for period, counted in sorted(found.items()):
            if counted.energy_wh:
                yield line.row(period, counted, unknown=not_in_tariff(period, counted, tariff))
            elif reason := self._nothing_known(counted):
                yield line.row(period, counted, unknown=reason)
        if rest and is_divided_in_part:
            yield line.row(UNMETERED, Counted(), unknown=rest)

    def _divide_rest(self, found: dict[str, Counted], line: _Line) -> Reason | None:
        """Divide by rules what only the total counted, as imports have it; the reason where that cannot be."""
        is_consumption = line.tariff.direction is Direction.CONSUMPTION and len(line.tariff.periods) > 1
        rest = list(undivided(self.quarters)) if is_consumption else []
        if not rest:
            return None
        rules = line.tariff.division
        if rules is None:
            return next(not_shown((), [(part.start_ms, part.end_ms) for part in joined(rest)], self.tz))
        divided = self._division(line, rules).of_parts(rest)
        for period, counted in divided.periods.items():
            found[period] = found.get(period, Counted()).with_parts(counted.parts)
        return divided.reason

    def _rules(self, line: _Line) -> PeriodRules | None:
        """The tariff's own rules where they divide the day, because the meter's registers do not count its periods."""
        if line.tariff.rules is None:
            return None
        whole = LocalQuarter(local_midnight(self.day, self.tz), self.energy, line.contract)
        return line.tariff.rules if whole.of_registers(line.tariff) is None else None

    def _division(self, line: _Line, rules: PeriodRules) -> Division:
        return Division(rules, line.contract, self.terms.colours, self.tz)

    def _rest_stood(self, found: Mapping[str, Counted], tariff: Tariff) -> bool:
        """True if nothing was counted outside of a list's periods: one without register counted nothing either.

        A meter names a register when it first counts in it. Until then one of those that stood counts the period, on a
        supplier's own calendar; a regulated option has no other periods than its own.
        """
        rest = [period for period in found if period not in tariff.periods]
        options = {row.option for row in self.energy if is_supplier_register(row.register)}
        own_calendar = bool(options) and all(option and option_of_ngtf(option) is None for option in options)
        return (
            own_calendar
            and any(map(is_supplier_register, rest))
            and len(rest) < len(found)
            and not any(found[period].energy_wh or found[period].incomplete for period in rest)
        )

    def _series(self, line: _Line) -> Iterator[CostRow]:
        tariff = line.tariff
        series = self.terms.series.get(tariff.id)
        total = _TOTALS[tariff.direction]
        if series is None:
            missing = Reason(ReasonCode.NO_SERIES, {"tariff": tariff.id})
            yield line.row(TOTAL, total(self.energy), unknown=missing)
            return
        sign = -1 if tariff.direction is Direction.INJECTION else 1
        priced = price_quarters(self.quarters, total, series, sign, self.tz)
        counted = Counted.of(priced.parts)
        unknown = priced.reason or (None if priced.parts else self._nothing_counted(TOTAL, tariff.direction))
        figure = _Figure(amount=priced.amount)
        yield line.row(TOTAL, counted, figure, unknown, hash_of_day=series.hash(*self.bounds_ms))

    def _unmetered(self, line: _Line) -> Iterator[CostRow]:
        """What is missing of a day that is metered in part; where nothing is metered, each period has the reason."""
        direction = line.tariff.direction
        is_by_rules = self._rules(line) is not None
        periods = [] if is_by_rules else list(self._counted(direction, line.tariff, line.contract).values())
        if is_by_rules or (direction is Direction.CONSUMPTION and any(undivided(self.quarters))):
            periods.append(consumption_total(self.energy))
        unknown = [time for counted in periods if counted.is_known for time in counted.unknown]
        spans = [(each.start_ms, each.end_ms) for each in self.unmetered if each.direction is direction]
        if any(counted.parts and counted.is_known for counted in periods):
            for reason in not_shown(unknown, spans, self.tz):
                yield line.row(UNMETERED, Counted(), unknown=reason)

    def _nothing_known(self, counted: Counted) -> Reason | None:
        """Why nothing of some energy is known, or None if something is."""
        if counted.reason or counted.is_known:
            return counted.reason
        return next(not_shown(counted.unknown, (), self.tz), None)

    def _counted(self, direction: Direction, tariff: Tariff | None, contract: Contract | None) -> dict[str, Counted]:
        """Period → what was counted, as a tariff divides it, or as the meter does if there is none."""
        total = _TOTALS[direction](self.energy)
        if tariff and len(tariff.periods) == 1:
            return {tariff.periods[0]: total}
        if tariff and tariff.series:
            return {TOTAL: total}
        if direction is Direction.INJECTION:
            # A meter has one register of injection, whatever the period.
            return {part.register: total for part in total.parts}
        periods = consumption_by_period(self.energy, contract.aliases if contract else {})
        return periods or ({} if tariff else {CONSUMPTION_TOTAL: total})

    def _nothing_counted(self, period: str, direction: Direction) -> Reason:
        if not self.energy and not self.quarters:
            return Reason(ReasonCode.NO_FRAMES)
        total = _TOTALS[direction](self.energy)
        if reason := self._nothing_known(total):
            return reason
        counting = {row.register for row in self.energy if direction_of(row.register) is direction}
        if counting == {CONSUMPTION_TOTAL} and period != TOTAL:
            return Reason(ReasonCode.TOTAL_WITHOUT_PERIODS, {"registers": tuple(counting), "period": period})
        return Reason(ReasonCode.PERIOD_NOT_COUNTED, {"period": period})

    def _subscription(self, line: _Line) -> Iterator[CostRow]:
        power = line.contract.power_kva
        monthly = line.version.monthly_for(self.day, power, line.contract.powers_kw)
        if line.tariff.direction is Direction.INJECTION and not monthly:
            return
        if monthly is None:
            yield line.row(None, Counted(), unknown=no_subscription(line.version, power))
        else:
            share = share_of_day(self.bounds_ms, day_bounds_ms(self.day, self.tz))
            yield line.row(None, Counted(), _Figure(monthly, daily_share(monthly, line.day, share)))


def _once(site: str, lump_sum: LumpSum) -> CostRow:
    """The amount as it is written, which is its own source."""
    digest = hashlib.sha256(f"{lump_sum.amount.normalize():f} {lump_sum.currency}".encode()).hexdigest()
    used = VersionUsed(f"{lump_sum.text} {lump_sum.day}", digest[:_HASH_DIGITS], lump_sum.text, Confidence.OWN)
    return CostRow(
        site,
        lump_sum.day,
        lump_sum.direction,
        LUMP_SUM,
        0,
        None,
        lump_sum.amount,
        lump_sum.currency,
        used,
        None,
        Quality.MEASURED,
    )
