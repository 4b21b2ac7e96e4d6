"""Reads what a site's registers counted, and what it cost, by the hour."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from tictally_recorder.cost.by_hour import HOUR_MS, DayOfHours, Slice, amounts_by_hour
from tictally_recorder.cost.model import CostRow
from tictally_recorder.cost.query import SiteDays, cost_of
from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.energy import EnergyQuery, EnergyRow, energy
from tictally_recorder.energy.register_totals import Counted, consumption_by_period, consumption_total, injection_total
from tictally_recorder.ledger import LedgerReader, Site
from tictally_recorder.sinks.home_assistant.settings import By as Division
from tictally_recorder.sinks.home_assistant.statistic import CONSUMPTION, COST, INCOME, INJECTION, StatisticSeries
from tictally_recorder.sinks.protocol import SinkError
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import By, day_bounds_ms, days_between, local_day, midnight_ms

Increments = dict[StatisticSeries, dict[int, Decimal]]
"""Series → start of an hour, milliseconds since 1970 → what was counted in it. An hour that is unknown is missing."""


class HourSource:
    """Reads what Home Assistant shall hold.

    Args:
        reader: of the ledger.
        terms: by what energy is paid.
        tz: whose days have a cost.
        by: whether energy is divided by tariff period or by register.
    """

    def __init__(self, reader: LedgerReader, terms: WatchedTerms, tz: ZoneInfo, by: Division) -> None:
        self._reader, self._terms, self._tz, self._by = reader, terms, tz, by

    def sites(self) -> list[Site]:
        """The ledger's sites that have data; contracts and tariffs are read again where they have changed.

        Raises:
            SinkError: a file of contracts or tariffs cannot be used; without it days would lose their cost.
        """
        sites = self._reader.sites()
        self._terms.look(sites)
        if self._terms.problem is not None:
            raise SinkError(str(self._terms.problem))
        return [site for site in sites if any(meter.first_ms <= meter.last_ms for meter in site.meters)]

    def increments(self, site: Site, start_ms: int, end_ms: int) -> Increments:
        """What every series of a site counted in the hours of [start_ms, end_ms), which both are whole hours."""
        first, last = local_day(start_ms, self._tz), local_day(end_ms - 1, self._tz)
        bounds_ms = midnight_ms(first, self._tz), midnight_ms(last + timedelta(days=1), self._tz)
        with self._reader.snapshot():
            rows = self._rows(site, bounds_ms, By.HOUR)
            found = self._energies(rows) | self._amounts(site, days_between(first, last), rows)
        return {
            series: {hour_ms: counted for hour_ms, counted in hours.items() if start_ms <= hour_ms < end_ms}
            for series, hours in found.items()
        }

    def midnight_ms(self, day: int) -> int:
        """The hour in which a local day (proleptic ordinal) begins, milliseconds since 1970."""
        return day_bounds_ms(date.fromordinal(day), self._tz)[0] // HOUR_MS * HOUR_MS

    def close(self) -> None:
        """Close the reader."""
        self._reader.close()

    def _energies(self, rows: Iterable[EnergyRow]) -> Increments:
        found: Increments = {}
        for hour_ms, of_hour in groupby(rows, key=lambda row: row.start_ms // HOUR_MS * HOUR_MS):
            for series, wh in _of_hour(list(of_hour), self._by):
                found.setdefault(series, {})[hour_ms] = Decimal(wh)
        return found

    def _amounts(self, site: Site, days: Sequence[date], rows: Iterable[EnergyRow]) -> Increments:
        terms = self._terms.terms
        if terms is None:  # not looked at yet
            return {}
        costs = cost_of(self._reader, SiteDays(site, days[0], days[-1] + timedelta(days=1), self._tz), terms)
        slices = self._slices(rows)
        found: Increments = {}
        for day, of_day in groupby(costs, key=lambda row: row.day):
            paid = list(of_day)
            for direction, amounts in amounts_by_hour(paid, self._hours(site, day, paid, slices.get(day, {}))).items():
                if amounts is not None:
                    of_series = found.setdefault(_money(direction, paid), {})
                    for hour_ms, amount in amounts.items():
                        sign = -1 if direction is Direction.INJECTION else 1
                        of_series[hour_ms] = of_series.get(hour_ms, Decimal(0)) + sign * amount
        return found

    def _hours(
        self, site: Site, day: date, paid: Iterable[CostRow], slices: Mapping[str, Sequence[Slice]]
    ) -> DayOfHours:
        """A day with the energy of its hours; of its quarter-hours where a rule divides it between periods."""
        bounds_ms = day_bounds_ms(day, self._tz)
        if _is_divided(paid):
            slices = self._slices(self._rows(site, bounds_ms, By.QUARTER)).get(day, {})
        return DayOfHours(*bounds_ms, slices)

    def _slices(self, rows: Iterable[EnergyRow]) -> dict[date, dict[str, list[Slice]]]:
        found: dict[date, dict[str, list[Slice]]] = {}
        for row in rows:
            of_day = found.setdefault(local_day(row.start_ms, self._tz), {})
            of_day.setdefault(row.register, []).append(Slice(row.start_ms, row.end_ms, row.energy))
        return found

    def _rows(self, site: Site, bounds_ms: tuple[int, int], by: By) -> list[EnergyRow]:
        start, end = (datetime.fromtimestamp(each // 1000, UTC) for each in bounds_ms)
        # Home Assistant's hours are those of UTC, which differ from local ones in some zones.
        return energy(self._reader, EnergyQuery(site.id, start, end, by, ZoneInfo("UTC")))


def _of_hour(rows: Sequence[EnergyRow], by: Division) -> Iterator[tuple[StatisticSeries, int]]:
    totals = {StatisticSeries(CONSUMPTION): consumption_total(rows), StatisticSeries(INJECTION): injection_total(rows)}
    if by == "period":
        totals |= {StatisticSeries(CONSUMPTION, name): each for name, each in consumption_by_period(rows, {}).items()}
    else:
        for register, of_register in groupby(rows, key=lambda row: row.register):
            each = list(of_register)
            if each[0].unit == "Wh" and any(row.is_known for row in each):
                yield StatisticSeries(register), sum(row.energy for row in each)
    for series, counted in totals.items():
        if _is_shown(counted):
            yield series, counted.energy_wh


def _is_shown(counted: Counted) -> bool:
    """True if registers counted it, as far as is known; of an hour of which a part is unknown, the rest."""
    return bool(counted.parts) and counted.reason is None and counted.is_known


def _is_divided(rows: Iterable[CostRow]) -> bool:
    """True if what one register counted is in several periods, which may begin within an hour."""
    registers = [register for row in rows for register in {part.register for part in row.parts}]
    return len(registers) > len(set(registers))


def _money(direction: Direction, rows: Iterable[CostRow]) -> StatisticSeries:
    currency = next(row.currency for row in rows if row.direction is direction and row.currency)
    return StatisticSeries(COST if direction is Direction.CONSUMPTION else INCOME, currency, is_money=True)
