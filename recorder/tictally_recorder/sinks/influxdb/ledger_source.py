"""Reads quarters, days, cost and nights from the ledger as InfluxDB points."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tictally_recorder.cost.compare.reported_colours import reported_colours
from tictally_recorder.energy import EnergyQuery, energy
from tictally_recorder.ledger import LedgerReader, Site
from tictally_recorder.sinks.influxdb import points
from tictally_recorder.sinks.influxdb.points import InfluxPoint, SiteNight
from tictally_recorder.sinks.influxdb.reconcile import RowSet
from tictally_shared.calendar import QUARTER_MS, By, local_midnight, midnight_ms
from tictally_shared.interval_set import IntervalSet


class LedgerSource:
    """Reads what InfluxDB shall hold.

    Args:
        reader: of the ledger.
        tz: time zone of local days.
    """

    def __init__(self, reader: LedgerReader, tz: ZoneInfo) -> None:
        self._reader = reader
        self._tz = tz

    def sites(self) -> list[Site]:
        """The ledger's sites."""
        return self._reader.sites()

    def quarter_rows(self, sites: Iterable[Site], quarters: Mapping[int, IntervalSet]) -> list[RowSet]:
        """The rows that depend on some quarters: theirs, and those of the local days that they are part of.

        Args:
            sites: all of the ledger.
            quarters: meter id → quarters by number.
        """
        found = []
        for site in sites:
            ranges = [each for meter in site.meters for each in quarters.get(meter.id, ())]
            if ranges:
                # One range instead of many: writing the quarters between them again changes nothing.
                start_ms = min(first for first, _ in ranges) * QUARTER_MS
                end_ms = (max(last for _, last in ranges) + 1) * QUARTER_MS
                found.append(self._quarters(site, start_ms, end_ms))
                found.append(self._days(site, self._day(start_ms), self._day(end_ms - 1)))
        return found

    def cost_rows(self, days: Iterable[tuple[str, int]]) -> list[RowSet]:
        """The rows of some days' cost.

        Args:
            days: site and day (proleptic ordinal) each.
        """
        by_site: dict[str, IntervalSet] = {}
        for site, day in days:
            by_site.setdefault(site, IntervalSet()).add(day, day)
        return [
            self._cost(site, date.fromordinal(first), date.fromordinal(last))
            for site, ranges in by_site.items()
            for first, last in ranges
        ]

    def _quarters(self, site: Site, start_ms: int, end_ms: int) -> RowSet:
        start, end = _moment(start_ms), _moment(end_ms)
        rows = energy(self._reader, EnergyQuery(site.id, start, end, By.QUARTER, self._tz), all_registers=True)
        found = list(points.from_energy_by_quarter(rows))
        for meter in site.meters:
            quarters = self._reader.quarters(meter.id, start_ms, end_ms)
            found += [points.from_quarter(each, site.id, meter.key) for each in quarters]
        return RowSet(site.id, ("energy_quarter",), (start_ms, end_ms), found)

    def _days(self, site: Site, first: date, last: date) -> RowSet:
        until = last + timedelta(days=1)
        start, end = local_midnight(first, self._tz), local_midnight(until, self._tz)
        rows = energy(self._reader, EnergyQuery(site.id, start, end, By.DAY, self._tz), all_registers=True)
        found = list(points.from_energy_by_day(rows, self._tz))
        colours = reported_colours(self._reader, site, start, end, self._tz)
        found += [points.from_colour(site.id, day, colour, self._tz) for day, colour in sorted(colours.items())]
        return RowSet(site.id, ("energy_day", "tempo_day"), self._window(first, until), found)

    def _cost(self, site: str, first: date, last: date) -> RowSet:
        until = last + timedelta(days=1)
        days = self._reader.cost_days(site, first, until)
        found = [each for day in days for each in points.from_cost_day(site, day, self._tz)]
        return RowSet(site, ("cost_day",), self._window(first, until), found)

    def standby(self) -> list[InfluxPoint]:
        """The base load of every night in the ledger."""
        return [points.from_night(SiteNight(*night), self._tz) for night in self._reader.all_nights()]

    def close(self) -> None:
        """Close the reader."""
        self._reader.close()

    def _window(self, first: date, until: date) -> tuple[int, int]:
        return midnight_ms(first, self._tz), midnight_ms(until, self._tz)

    def _day(self, time_ms: int) -> date:
        return _moment(time_ms).astimezone(self._tz).date()


def _moment(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms // 1000, UTC)
