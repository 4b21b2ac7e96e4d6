"""The energy answer: rows per period of the local calendar and register."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.energy.interpolation import Piece, Point
from tictally_recorder.energy.period_names import COUNTING, PERIOD_LABELS, PeriodNames, named_by
from tictally_recorder.energy.register_scan import Walk
from tictally_recorder.energy.window import Window
from tictally_recorder.ledger import INTEGRATED_EDGE, LedgerError, LedgerReader, Meter, Quarter, Run
from tictally_recorder.ledger.quarter_codec import MonotonicRegisters
from tictally_shared.calendar import QUARTER_MS, By
from tictally_shared.labels import LABELS, Kind

_UNITS: Final = {name: label.unit or "" for name, label in LABELS.items() if label.kind is Kind.REGISTER}
_EVER_MS: Final = 2**62
_MONTH_MS: Final = 31 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class EnergyRow:
    """The energy of one register of a site over one period.

    Attributes:
        start_ms: the period's start, cut to the window, milliseconds since 1970.
        end_ms: its end, excluded.
        site: the site's id.
        register: the label, `EAST`.
        period: short name of what the register counts, `HP BLEU`, or None.
        unit: "Wh" or "VArh".
        energy: in that unit.
        estimated: a gap was divided by time at one of its quarters, or the meter has no registers and the recorder
            integrated what it said of powers.
        fell: the register fell within it; the energy is the sum over the parts.
        first_value: the register at the start (or its first value).
        last_value: the register at the end (or its last value so far).
        covered: quarters of the period with frames.
        quarters: quarters of the period, up to the site's last frame.
        lost: the register fell in a gap that reaches into it, and what it counted in the gap is not known.
    """

    start_ms: int
    end_ms: int
    site: str
    register: str
    period: str | None
    unit: str
    energy: int
    estimated: bool
    fell: bool
    first_value: int
    last_value: int
    covered: int
    quarters: int
    lost: bool = False


@dataclass(slots=True)
class _Sum:
    """One row in the making; its ends are those of the earliest and the latest piece."""

    first: Piece
    last: Piece
    meter_id: int
    energy: int = 0
    estimated: bool = False
    fell: bool = False
    lost: bool = False

    def add(self, piece: Piece, meter_id: int) -> None:
        self.energy += piece.energy
        self.estimated |= piece.estimated
        self.fell |= piece.fell
        self.lost |= piece.lost
        if piece.quarter < self.first.quarter:
            self.first = piece
        if piece.quarter >= self.last.quarter:
            self.last = piece
            self.meter_id = meter_id


def energy(  # noqa: PLR0913, PLR0917 - a question has this many parts
    reader: LedgerReader,
    site: str,
    start: datetime,
    end: datetime,
    by: By,
    tz: ZoneInfo,
    *,
    all_registers: bool = False,
    only: Collection[str] | None = None,
) -> list[EnergyRow]:
    """The energy that a site's registers counted in [start, end), by period, then by register in the catalogue's order.

    A bound inside a quarter is moved to that quarter's own bound, outwards; the rows tell their real ends. Periods
    before the first and after the last frame have no rows.

    Args:
        reader: the ledger.
        site: a site's id.
        start: aware.
        end: aware, excluded.
        by: the period of a row.
        tz: the zone whose hours, days, months and years are meant.
        all_registers: also those that stood at zero throughout.
        only: the registers that are wanted; without it all are.

    Raises:
        LedgerError: there is no such site.
    """
    with reader.snapshot():
        found = next((each for each in reader.sites() if each.id == site), None)
        if found is None:
            raise LedgerError(f"there is no site {site[:40]!r} in the ledger")
        last_ms = max(meter.last_ms for meter in found.meters)
        window = Window.of(start, end, by, tz, (min(meter.first_ms for meter in found.meters), last_ms))
        sums: dict[tuple[int, str], _Sum] = {}
        covered: set[int] = set()
        integrated = reader.meters_of_edge(INTEGRATED_EDGE)
        for meter in found.meters:
            first_ms, end_ms = window.first * QUARTER_MS, window.end * QUARTER_MS
            walk = Walk(window, _points_before(reader, meter, first_ms))
            quarters = reader.registers(meter.id, first_ms, end_ms)
            for register, piece in walk.pieces(quarters, _points_after(reader, meter, end_ms)):
                if only is not None and register not in only:
                    continue
                key = window.period(piece.quarter), register
                if key not in sums:
                    sums[key] = _Sum(piece, piece, meter.id)
                sums[key].add(piece, meter.id)
                sums[key].estimated |= meter.id in integrated
            covered.update(walk.covered)
        if not all_registers:
            moved = {key[1] for key, each in sums.items() if each.first.first or each.last.last or each.energy}
            sums = {key: each for key, each in sums.items() if key[1] in moved}
        names = {
            meter.id: _names(reader, meter, window, {key[1] for key, each in sums.items() if each.meter_id == meter.id})
            for meter in found.meters
        }
    return _rows(found.id, window, sums, names, Counter(map(window.period, covered)), last_ms // QUARTER_MS + 1)


def _rows(  # noqa: PLR0913, PLR0917 - all that rows are made of
    site: str,
    window: Window,
    sums: dict[tuple[int, str], _Sum],
    names: dict[int, PeriodNames],
    covered: Counter[int],
    data_end: int,
) -> list[EnergyRow]:
    order = {register: at for at, register in enumerate(_UNITS)}
    rows = []
    for (period, register), each in sorted(sums.items(), key=lambda item: (item[0][0], order[item[0][1]])):
        first, end = window.bounds[period]
        rows.append(
            EnergyRow(
                start_ms=first * QUARTER_MS,
                end_ms=end * QUARTER_MS,
                site=site,
                register=register,
                # What is told at the end itself is of the next period: a window that ends here does not know of it.
                period=names[each.meter_id].name(register, end * QUARTER_MS - 1),
                unit=_UNITS[register],
                energy=each.energy,
                estimated=each.estimated,
                fell=each.fell,
                first_value=each.first.first,
                last_value=each.last.last,
                covered=covered[period],
                quarters=min(end, data_end) - first,
                lost=each.lost,
            )
        )
    return rows


def _names(reader: LedgerReader, meter: Meter, window: Window, registers: Collection[str]) -> PeriodNames:
    """What a meter's registers are called in a window, from as few of the texts before it as tell that.

    On peak and off-peak the texts change four times a day, and most often the last month tells all.
    """
    first_ms, end_ms = window.first * QUARTER_MS, window.end * QUARTER_MS
    back_ms = _MONTH_MS
    unsure = set(registers)
    while True:
        since_ms = first_ms - back_ms
        changes = reader.text_changes(meter.id, PERIOD_LABELS, since_ms, end_ms)
        names = PeriodNames(changes, min(meter.last_ms, end_ms))
        unsure = {register for register in unsure if not names.is_sure(register, first_ms)}
        if since_ms <= meter.first_ms or not unsure:
            return names
        if back_ms == _MONTH_MS:
            # A meter has ten of these, and says of most of them never that they count.
            unsure &= named_by(reader.distinct_texts(meter.id, COUNTING))
            if not unsure:
                return names
        back_ms *= 12


def _points_before(reader: LedgerReader, meter: Meter, time_ms: int) -> dict[str, Point]:
    """Each register's last observation before a quarter's bound, of those that are observed after it too."""
    quarters = reader.registers(meter.id, 0, time_ms, newest_first=True)
    return _nearest(_seen_around(reader, meter, time_ms), quarters, lambda runs: Point(runs[-1].last_ms, runs[-1].last))


def _points_after(reader: LedgerReader, meter: Meter, time_ms: int) -> dict[str, Point]:
    """Each register's first observation from a quarter's bound on, of those that are observed before it too."""
    quarters = reader.registers(meter.id, time_ms, _EVER_MS)
    return _nearest(_seen_around(reader, meter, time_ms), quarters, lambda runs: Point(runs[0].first_ms, runs[0].first))


def _seen_around(reader: LedgerReader, meter: Meter, time_ms: int) -> set[str]:
    """Labels seen both before a time and from then on: only of these can anything have been counted over it.

    One that is no more, as after a change of mode, would be looked for through years of quarters.
    """
    seen = reader.labels_seen(meter.id).items()
    return {name for name, (first_ms, last_ms) in seen if first_ms < time_ms <= last_ms}


def _nearest(
    wanted: set[str], quarters: Iterator[Quarter | MonotonicRegisters], point: Callable[[tuple[Run, ...]], Point]
) -> dict[str, Point]:
    """A point of each wanted register, from the first of the quarters that has it; the others are not read."""
    found: dict[str, Point] = {}
    missing = wanted & _UNITS.keys()
    while missing and (quarter := next(quarters, None)) is not None:
        registers = quarter.registers
        for register in missing & registers.keys():
            found[register] = point(registers[register])
        missing -= found.keys()
    return found
