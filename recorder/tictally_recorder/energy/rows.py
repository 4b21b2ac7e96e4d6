"""The result of an energy query: rows per period of the local calendar and register."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Final, NamedTuple

from tictally_recorder.energy.interpolation import Piece, Point, Unknown
from tictally_recorder.energy.meter_names import names_of
from tictally_recorder.energy.observations import most_counted, points_after, points_before
from tictally_recorder.energy.period_names import Meaning
from tictally_recorder.energy.query import EnergyQuery
from tictally_recorder.energy.register_scan import CountedPiece, RegisterScan, SteadyQuarter
from tictally_recorder.energy.window import QuarterWindow
from tictally_recorder.ledger import INTEGRATED_EDGE, LedgerError, LedgerReader, Site
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.interval_set import IntervalSet
from tictally_shared.labels import LABELS, Kind
from tictally_shared.tariff_options import register_set

_UNITS: Final = {name: label.unit or "" for name, label in LABELS.items() if label.kind is Kind.REGISTER}
_ORDER: Final = {register: at for at, register in enumerate(_UNITS)}


@dataclass(frozen=True, slots=True)
class EnergyRow:
    """The energy of one register of a site over one period of time.

    Where the register counted several tariff periods, or its meter was on several options, each has a row: all of one
    period of time have its bounds, and their readings show which part of it they cover.

    Attributes:
        start_ms: the period's start, cut to the window, milliseconds since 1970.
        end_ms: its end, excluded.
        site: the site's id.
        register: the label, `EAST`.
        period: short name of what the register counted, `HP BLEU`, or None.
        option: NGTF at that time, or None.
        unit: "Wh" or "VArh".
        energy: in that unit, of what is known.
        first_ms: the moment of the first reading: the start, or the first observation within it.
        last_ms: the moment of the last reading: the end, or the last observation so far.
        first_value: the register at the first reading.
        last_value: the register at the last reading.
        covered: quarters of the period of time with frames, or of which imports show the energy.
        quarters: quarters of the period of time, up to the site's last frame or import.
        first_estimated: the first reading was interpolated in a gap in which the register counted.
        last_estimated: the last reading was.
        inferred: some of the energy was counted while the register's name changed; or it was integrated from powers,
            by the recorder for a meter without registers, or before an import.
        unknown: times that reach into it, in order, in which it is unknown what the register counted.
        is_read_twice: two readings show some of its energy: one alone, or two around an unknown time, show none.
        imported: quarters of the period of time without frames of which imports show the energy.
    """

    start_ms: int
    end_ms: int
    site: str
    register: str
    period: str | None
    option: str | None
    unit: str
    energy: int
    first_ms: int
    last_ms: int
    first_value: int
    last_value: int
    covered: int
    quarters: int
    first_estimated: bool = False
    last_estimated: bool = False
    inferred: bool = False
    unknown: tuple[Unknown, ...] = ()
    is_read_twice: bool = True
    imported: int = 0

    @property
    def estimated(self) -> bool:
        """True if the energy depends on what was interpolated or inferred."""
        return self.first_estimated or self.last_estimated or self.inferred

    @property
    def is_known(self) -> bool:
        """False if all of it is unknown."""
        return self.is_read_twice or not self.unknown

    @property
    def fell(self) -> bool:
        """True if the register fell within it."""
        return any(each.fell and self.start_ms < each.end_ms <= self.end_ms for each in self.unknown)

    @property
    def is_idle(self) -> bool:
        """True if nothing was counted, for certain."""
        return not (self.energy or self.unknown)

    def joined(self, after: "EnergyRow", *, name: "EnergyRow | None" = None) -> "EnergyRow":
        """One row of this one and one after it; `name` is the one whose name it gets, by default this one."""
        unknown = (*self.unknown, *(each for each in after.unknown if each not in self.unknown))
        return replace(
            name or self,
            start_ms=self.start_ms,
            end_ms=after.end_ms,
            energy=self.energy + after.energy,
            first_ms=self.first_ms,
            last_ms=after.last_ms,
            first_value=self.first_value,
            last_value=after.last_value,
            first_estimated=self.first_estimated,
            last_estimated=after.last_estimated,
            inferred=self.inferred or after.inferred,
            unknown=unknown,
            is_read_twice=self.is_read_twice or after.is_read_twice,
        )


def without_idle(rows: Iterable[EnergyRow]) -> list[EnergyRow]:
    """Of one register's rows of a period of time those that counted; the others' times are in a row beside them.

    A register that has not counted yet has no name, and the row would only be another zero. It is joined to the one
    after it, unless the option changed between them.
    """
    found: list[EnergyRow] = []
    for row in rows:
        before = found[-1] if found else None
        if before and before.is_idle and (before.option == row.option or len(found) == 1):
            found[-1] = before.joined(row, name=row)
        elif before and before.is_idle:
            found[-2:] = [found[-2].joined(before), row]
        else:
            found.append(row)
    if len(found) > 1 and found[-1].is_idle:
        found[-2:] = [found[-2].joined(found[-1])]
    return found


class _Key(NamedTuple):
    """What the pieces of a row have in common; `period` is the number of the period of time."""

    period: int
    register: str
    meaning: Meaning


@dataclass(slots=True)
class _EnergySum:
    """The sum of one row; its ends are those of the earliest and the latest piece."""

    first: Piece
    last: Piece
    energy: int = 0
    inferred: bool = False
    is_read_twice: bool = False
    unknown: list[Unknown] = field(default_factory=list)

    def add(self, piece: Piece) -> None:
        self.energy += piece.energy
        self.inferred |= piece.inferred
        if piece.start_ms < self.first.start_ms:
            self.first = piece
        if piece.end_ms >= self.last.end_ms:
            self.last = piece
        if piece.unknown is None:
            self.is_read_twice |= piece.end_ms > piece.start_ms
        elif piece.unknown not in self.unknown:
            self.unknown.append(piece.unknown)


class _Extent(NamedTuple):
    """What the rows of one register and period of time have in common.

    Attributes:
        covered: quarters with frames or imports.
        imported: quarters with imports only.
        quarters: all of them, up to the site's last frame.
        read_to_ms: until when the last one's register is known, if later than its last piece.
        is_integrated: imported powers were integrated in it.
    """

    covered: int
    imported: int
    quarters: int
    read_to_ms: int
    is_integrated: bool


class _Sums:
    """The sums of a window, by period, register and meaning."""

    def __init__(self, window: QuarterWindow) -> None:
        self._window = window
        self._sums: dict[_Key, _EnergySum] = {}
        self._covered: set[int] = set()
        self._imported: set[int] = set()
        self._integrated: set[int] = set()
        self._continued: set[tuple[int, str]] = set()

    def add(self, pieces: Iterable[CountedPiece], *, is_integrated: bool) -> None:
        """Add a meter's pieces; `is_integrated` marks them inferred."""
        sums, window = self._sums, self._window
        for register, meaning, piece in pieces:
            period = window.period(piece.quarter)
            key = _Key(period, register, meaning)
            found = sums.get(key)
            if found is None:
                found = sums[key] = _EnergySum(piece, piece, inferred=is_integrated)
            found.add(piece)
            if piece.start_ms == window.bounds[period][0] * QUARTER_MS:
                self._continued.add((period - 1, register))

    def end_scan(self, covered: Iterable[int], continued: Iterable[str]) -> None:
        """A meter's quarters, by number, have frames; its registers continue after the window."""
        self._covered.update(covered)
        self._continued.update((len(self._window.bounds) - 1, register) for register in continued)

    def add_imports(self, imported: IntervalSet, integrated: IntervalSet) -> None:
        """Imports show the energy of a meter's quarters, by number, and have that of some from powers."""
        window = IntervalSet([(self._window.first, self._window.end - 1)])
        for first, last in imported & window:
            self._imported.update(range(first, last + 1))
        for first, last in integrated & window:
            self._integrated.update(map(self._window.period, range(first, last + 1)))

    def add_uneven(self, steady: Sequence[SteadyQuarter], only: Collection[str] | None) -> list[SteadyQuarter]:
        """Add those steady quarters in which another meter, another register or an import counted as well.

        Args:
            steady: of all meters.
            only: the registers to add; None for all.

        Returns:
            The others, in order of time.
        """
        bounds = self._window.bounds
        meters = Counter(each.start_ms for each in steady)
        uneven = {bounds[key.period][0] for key in self._sums} | {bounds[each][0] for each in self._integrated}
        kept: list[SteadyQuarter] = []
        for each in steady:
            number = each.start_ms // QUARTER_MS
            if meters[each.start_ms] > 1 or number in uneven:
                pieces = (piece for piece in each.pieces() if only is None or piece.register in only)
                self.add(pieces, is_integrated=False)
                continue
            kept.append(each)
            if number - 1 in uneven:
                period = self._window.period(number)
                self._continued.update((period - 1, register) for register, _ in each.shape)
        return sorted(kept, key=_start)

    def drop_idle(self) -> None:
        """Drop the registers that stood at zero throughout."""
        moved = {key.register for key, each in self._sums.items() if each.first.first or each.last.last or each.energy}
        self._sums = {key: each for key, each in self._sums.items() if key.register in moved}

    def rows(self, site: Site) -> Iterator[EnergyRow]:
        """The rows, by period of time, then by register in the catalogue's order, then in order of time."""
        covered = Counter(map(self._window.period, self._covered | self._imported))
        imported = Counter(map(self._window.period, self._imported))
        data_end = site.last_ms // QUARTER_MS + 1
        for (period, register), parts in groupby(sorted(self._sums.items(), key=_in_order), lambda item: item[0][:2]):
            first, end = self._window.bounds[period]
            sums = list(parts)
            extent = _Extent(
                covered[period],
                imported[period],
                min(end, data_end) - first,
                read_to_ms=end * QUARTER_MS if (period, register) in self._continued else 0,
                is_integrated=period in self._integrated,
            )
            # The one that ends last goes on to the end of the period of time; another may have begun after it.
            last = max(range(len(sums)), key=lambda at: (sums[at][1].last.end_ms, at))
            rows = [
                self._row(site, key, each, extent if at == last else extent._replace(read_to_ms=0))
                for at, (key, each) in enumerate(sums)
            ]
            yield from rows if len(rows) == 1 else without_idle(rows)

    def _row(self, site: Site, key: _Key, each: _EnergySum, extent: "_Extent") -> EnergyRow:
        first, end = self._window.bounds[key.period]
        return EnergyRow(
            start_ms=first * QUARTER_MS,
            end_ms=end * QUARTER_MS,
            site=site.id,
            register=key.register,
            period=key.meaning.period,
            option=key.meaning.option,
            unit=_UNITS[key.register],
            energy=each.energy,
            first_ms=each.first.start_ms,
            last_ms=max(each.last.end_ms, extent.read_to_ms),
            first_value=each.first.first,
            last_value=each.last.last,
            covered=extent.covered,
            quarters=extent.quarters,
            imported=extent.imported,
            first_estimated=each.first.first_estimated,
            last_estimated=each.last.last_estimated,
            inferred=each.inferred or (extent.is_integrated and bool(each.energy)),
            unknown=tuple(sorted(each.unknown)),
            is_read_twice=each.is_read_twice,
        )


def _start(steady: SteadyQuarter) -> int:
    return steady.start_ms


def _in_order(item: tuple[_Key, _EnergySum]) -> tuple[int, int, int, int]:
    key, each = item
    return key.period, _ORDER[key.register], each.first.start_ms, each.last.end_ms


def energy(
    reader: LedgerReader, query: EnergyQuery, *, all_registers: bool = False, only: Collection[str] | None = None
) -> list[EnergyRow]:
    """The energy that a site's registers counted, by period, then by register in the catalogue's order.

    The rows have their real bounds, in whole quarters. Periods before the first and after the last frame have no rows.

    Args:
        reader: the ledger.
        query: the site, the window and the period of a row.
        all_registers: also those that stood at zero throughout.
        only: the registers to return; None for all.

    Raises:
        LedgerError: there is no such site.
    """
    site, sums, _ = _summed(reader, query, only)
    if not all_registers:
        sums.drop_idle()
    return list(sums.rows(site))


def quarter_energy(
    reader: LedgerReader, query: EnergyQuery, only: Collection[str]
) -> tuple[list[EnergyRow], list[SteadyQuarter]]:
    """As `energy` of all registers, by quarter-hour: steady quarters, and the rows of all others.

    A steady quarter has no row, and there are no imports of powers in it. Years of them take a fraction of the time.

    Args:
        reader: the ledger.
        query: the site, and the window; its period is the quarter-hour.
        only: the registers of the rows; a steady quarter has others as well.

    Raises:
        LedgerError: there is no such site.
    """
    site, sums, steady = _summed(reader, query, only, is_steady_apart=True)
    return list(sums.rows(site)), steady


def rows_of_steady(steady: SteadyQuarter, site: str, only: Collection[str]) -> list[EnergyRow]:
    """The rows that `energy` has of a steady quarter, without mark of imports.

    Args:
        steady: the quarter.
        site: the site's id.
        only: the registers to return.
    """
    start_ms = steady.start_ms
    end_ms, first_ms = start_ms + QUARTER_MS, max(steady.before_ms, start_ms)
    return [
        EnergyRow(
            *(start_ms, end_ms, site, register, *meaning, _UNITS[register], last - before),
            *(first_ms, end_ms, before, last, 1, 1),
        )
        for (register, meaning), before, last in zip(steady.shape, steady.befores, steady.lasts, strict=True)
        if register in only
    ]


def _summed(
    reader: LedgerReader, query: EnergyQuery, only: Collection[str] | None, *, is_steady_apart: bool = False
) -> tuple[Site, _Sums, list[SteadyQuarter]]:
    """The sums of a window; steady quarters are not in them if they are asked for."""
    with reader.snapshot():
        site = _site(reader, query.site)
        window = QuarterWindow.of(query, (site.first_ms, site.last_ms))
        sums = _Sums(window)
        found: list[SteadyQuarter] = []
        integrated = reader.meters_of_edge(INTEGRATED_EDGE)
        for meter in site.meters:
            before, after = points_before(reader, meter, window.start_ms), points_after(reader, meter, window.end_ms)
            names = names_of(reader, site, meter, _named_ms(window, before, after))
            most = most_counted(reader, meter)
            scan = RegisterScan(window, before, names, most, reader.register_breaks(meter.id))
            # Registers are counted each by itself, unless the meter's ever had other names.
            needed = only if is_steady_apart and most is None else None
            quarters = reader.registers(meter.id, window.start_ms, window.end_ms, only=needed)
            if needed is not None:  # what is not read would be interpolated over all of the window
                after = {register: point for register, point in after.items() if register in needed}
            if is_steady_apart and meter.id not in integrated:
                pieces: Iterable[CountedPiece] = scan.pieces_by_quarter(quarters, after, found.append)
            else:
                pieces = scan.pieces(quarters, after)
            if only is not None:
                pieces = (each for each in pieces if each.register in only)
            sums.add(pieces, is_integrated=meter.id in integrated)
            sums.end_scan(scan.covered, scan.continued)
            if window.first < window.end:
                integrated_quarters = reader.imported_quarters(meter.id, only_integrated=True)
                sums.add_imports(reader.imported_quarters(meter.id), integrated_quarters)
        return site, sums, sums.add_uneven(found, only)


def _named_ms(window: QuarterWindow, before: Mapping[str, Point], after: Mapping[str, Point]) -> tuple[int, int]:
    """The time in which names matter: a gap at an end of the window begins before, or ends after it."""
    points = [point.time_ms for each in (before, after) for register, point in each.items() if register_set(register)]
    return min([window.start_ms, *points]), max([window.end_ms, *points])


def _site(reader: LedgerReader, site_id: str) -> Site:
    site = next((each for each in reader.sites() if each.id == site_id), None)
    if site is None:
        raise LedgerError(f"there is no site {site_id[:40]!r} in the ledger")
    return site
