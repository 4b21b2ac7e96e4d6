"""What the registers showed where a bill's lines begin and end."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal

from tictally_recorder.cost.bill.model import BillLine
from tictally_recorder.cost.bill.supplier.model import Reading, ReadingKind
from tictally_recorder.cost.contracts.model import Contracts
from tictally_recorder.cost.query import SiteDays
from tictally_recorder.energy import EnergyQuery, EnergyRow, energy
from tictally_recorder.ledger import LedgerReader, Site
from tictally_shared.calendar import QUARTER_MS, By, local_midnight
from tictally_shared.interval_set import IntervalSet

_WH_PER_KWH = 1000


def readings_of(
    reader: LedgerReader, query: SiteDays, lines: Iterable[BillLine], contracts: Contracts
) -> tuple[Reading, ...]:
    """The readings of the registers that counted some lines, by register, then in order of time.

    Each register is read at the start, at the end, and where a line or a contract begins or ends between them.

    Args:
        reader: the ledger.
        query: the site and the bill's days.
        lines: of the bill.
        contracts: of all sites.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    of_energy = [line for line in lines if line.registers]
    cuts = {
        local_midnight(day, query.tz) for line in of_energy for day in _bounds(line) if query.start < day < query.end
    }
    moments = _changes(query, contracts)
    registers = {register for line in of_energy for register in line.registers}
    if not registers:
        return ()
    days = EnergyQuery.of_days(query.site.id, (query.start, query.end), By.DAY, query.tz)
    days = replace(days, firsts=(query.start, *sorted(cuts | moments), query.end))
    rows = energy(reader, days, all_registers=True, only=registers)
    order = list(dict.fromkeys(row.register for row in rows))
    observed = _Observed(reader, query.site)
    made = [
        _reading(row, _period(row, of_energy), observed)
        for row in rows
        if (row.first_value or row.last_value or row.unknown)
        and (not moments or any(_has_counted(row, line) for line in of_energy))
    ]
    return tuple(sorted(made, key=lambda reading: (order.index(reading.register), reading.start_ms)))


def _changes(query: SiteDays, contracts: Contracts) -> set[datetime]:
    """The moments within the days at which a contract begins or ends."""
    start, end = (local_midnight(day, query.tz) for day in (query.start, query.end))
    moments = (moment for each in contracts.of_site(query.site.id) for moment in (each.starts_at, each.ends_at))
    return {moment.astimezone(UTC) for moment in moments if moment is not None and start < moment < end}


def _has_counted(row: EnergyRow, line: BillLine) -> bool:
    """True if a register counted some of a line in the time of a row."""
    counted = line.counted_ms
    is_in_time = counted is not None and row.start_ms < counted[1] and counted[0] < row.end_ms
    return row.register in line.registers and is_in_time


def kwh_of(line: BillLine, bounds_ms: tuple[int, int], readings: Collection[Reading]) -> int:
    """A line's energy in whole kWh: by the readings of its registers if these show it, else rounded.

    Args:
        line: of energy.
        bounds_ms: its first day's start and its last day's end, milliseconds since 1970.
        readings: of the bill.
    """
    start_ms, end_ms = bounds_ms
    first_ms, last_ms = line.counted_ms or bounds_ms
    own = [
        each
        for each in readings
        if each.register in line.registers
        and start_ms <= each.start_ms
        and each.end_ms <= end_ms
        and each.start_ms < last_ms
        and first_ms < each.end_ms
    ]
    read = [each.kwh for each in own if each.kwh is not None]
    is_shown = bool(own) and len(read) == len(own)
    # A register's whole kWh differ from what it counted by less than one.
    if is_shown and abs(sum(read) * _WH_PER_KWH - line.energy_wh) < _WH_PER_KWH * len(line.registers):
        return sum(read)
    return _rounded(line.energy_wh)


def _bounds(line: BillLine) -> tuple[date, date]:
    return line.first, line.end


def _period(row: EnergyRow, lines: Iterable[BillLine]) -> str | None:
    """The tariff's where it is one, else what the meter calls it."""
    periods = {line.period for line in lines if row.register in line.registers}
    return periods.pop() if len(periods) == 1 else row.period


@dataclass(frozen=True, slots=True)
class _Observed:
    """By what a site's registers are known."""

    reader: LedgerReader
    site: Site

    def kind(self, time_ms: int, *, is_interpolated: bool) -> ReadingKind:
        """Of a reading at a moment: imports show it where neither quarter beside the moment has a frame."""
        if is_interpolated:
            return ReadingKind.ESTIMATED
        first, last = (time_ms - 1) // QUARTER_MS, time_ms // QUARTER_MS
        start_ms, end_ms = first * QUARTER_MS, (last + 1) * QUARTER_MS
        meters, reader = self.site.meters, self.reader
        if any(reader.quarters_with_frames(meter.id, start_ms, end_ms) for meter in meters):
            return ReadingKind.REAL
        beside = IntervalSet([(first, last)])
        is_imported = any(reader.imported_quarters(meter.id) & beside for meter in meters)
        return ReadingKind.IMPORTED if is_imported else ReadingKind.REAL


def _reading(row: EnergyRow, period: str | None, observed: _Observed) -> Reading:
    former, newer = row.first_value // _WH_PER_KWH, row.last_value // _WH_PER_KWH
    # Else the register rolled over, another one continued it, or a part of the time is unknown.
    is_difference = row.last_value - row.first_value == row.energy
    kwh = newer - former if is_difference else _rounded(row.energy)
    return Reading(
        register=row.register,
        period=period,
        start_ms=row.first_ms,
        end_ms=row.last_ms,
        former_kwh=former,
        newer_kwh=newer,
        former=observed.kind(row.first_ms, is_interpolated=row.first_estimated),
        newer=observed.kind(row.last_ms, is_interpolated=row.last_estimated),
        kwh=kwh if row.is_known else None,
    )


def _rounded(energy_wh: int) -> int:
    return int((Decimal(energy_wh) / _WH_PER_KWH).quantize(Decimal(1), ROUND_HALF_UP))
