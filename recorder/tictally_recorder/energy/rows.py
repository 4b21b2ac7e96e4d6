"""The result of an energy query: rows per period of the local calendar and register."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tictally_recorder.energy.interpolation import Piece
from tictally_recorder.energy.observations import points_after, points_before
from tictally_recorder.energy.period_names import COUNTING, PERIOD_LABELS, PeriodNames, named_by
from tictally_recorder.energy.query import EnergyQuery
from tictally_recorder.energy.register_scan import RegisterScan
from tictally_recorder.energy.window import QuarterWindow
from tictally_recorder.ledger import INTEGRATED_EDGE, LedgerError, LedgerReader, Meter, Site
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.labels import LABELS, Kind

_UNITS: Final = {name: label.unit or "" for name, label in LABELS.items() if label.kind is Kind.REGISTER}
_ORDER: Final = {register: at for at, register in enumerate(_UNITS)}
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
            integrated its powers.
        fell: the register fell within it; the energy is the sum of the parts.
        first_value: the register at the start (or its first value).
        last_value: the register at the end (or its last value so far).
        covered: quarters of the period with frames.
        quarters: quarters of the period, up to the site's last frame.
        lost: the register fell in a gap that reaches into it, and what it counted in the gap is unknown.
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
class _EnergySum:
    """The sum of one row; its ends are those of the earliest and the latest piece."""

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


class _Sums:
    """The sums of a window, by period and register."""

    def __init__(self, window: QuarterWindow) -> None:
        self._window = window
        self._sums: dict[tuple[int, str], _EnergySum] = {}
        self._covered: set[int] = set()

    def add(self, meter_id: int, pieces: Iterable[tuple[str, Piece]], *, is_integrated: bool) -> None:
        """Add a meter's pieces by register; `is_integrated` marks them estimated."""
        sums, window = self._sums, self._window
        for register, piece in pieces:
            key = window.period(piece.quarter), register
            if key not in sums:
                sums[key] = _EnergySum(piece, piece, meter_id)
            sums[key].add(piece, meter_id)
            sums[key].estimated |= is_integrated

    def cover(self, quarters: Iterable[int]) -> None:
        """Quarters, by number, have frames."""
        self._covered.update(quarters)

    def drop_idle(self) -> None:
        """Drop the registers that stood at zero throughout."""
        moved = {key[1] for key, each in self._sums.items() if each.first.first or each.last.last or each.energy}
        self._sums = {key: each for key, each in self._sums.items() if key[1] in moved}

    def registers_of(self, meter_id: int) -> set[str]:
        """The registers whose rows end with a meter."""
        return {register for (_, register), each in self._sums.items() if each.meter_id == meter_id}

    def rows(self, site: Site, names: Mapping[int, PeriodNames]) -> Iterator[EnergyRow]:
        """The rows, by period, then by register in the catalogue's order.

        Args:
            site: of the rows.
            names: meter id → the names of its registers.
        """
        covered = Counter(map(self._window.period, self._covered))
        data_end = max(meter.last_ms for meter in site.meters) // QUARTER_MS + 1
        for (period, register), each in sorted(self._sums.items(), key=lambda item: (item[0][0], _ORDER[item[0][1]])):
            first, end = self._window.bounds[period]
            yield EnergyRow(
                start_ms=first * QUARTER_MS,
                end_ms=end * QUARTER_MS,
                site=site.id,
                register=register,
                # A name that begins at the end itself is of the next period: a window that ends here does not know it.
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
    with reader.snapshot():
        site = _site(reader, query.site)
        first_ms, last_ms = min(meter.first_ms for meter in site.meters), max(meter.last_ms for meter in site.meters)
        window = QuarterWindow.of(query, (first_ms, last_ms))
        sums = _Sums(window)
        integrated = reader.meters_of_edge(INTEGRATED_EDGE)
        for meter in site.meters:
            scan = RegisterScan(window, points_before(reader, meter, window.start_ms))
            quarters = reader.registers(meter.id, window.start_ms, window.end_ms)
            pieces = scan.pieces(quarters, points_after(reader, meter, window.end_ms))
            if only is not None:
                pieces = (each for each in pieces if each[0] in only)
            sums.add(meter.id, pieces, is_integrated=meter.id in integrated)
            sums.cover(scan.covered)
        if not all_registers:
            sums.drop_idle()
        names = {meter.id: _names(reader, meter, window, sums.registers_of(meter.id)) for meter in site.meters}
    return list(sums.rows(site, names))


def _site(reader: LedgerReader, site_id: str) -> Site:
    site = next((each for each in reader.sites() if each.id == site_id), None)
    if site is None:
        raise LedgerError(f"there is no site {site_id[:40]!r} in the ledger")
    return site


def _names(reader: LedgerReader, meter: Meter, window: QuarterWindow, registers: Collection[str]) -> PeriodNames:
    """The names of a meter's registers in a window, from as few of the strings before it as define them.

    With on-peak and off-peak hours the strings change four times a day, and the last month usually defines all names.
    """
    first_ms, end_ms = window.start_ms, window.end_ms
    back_ms = _MONTH_MS
    unsure = set(registers)
    while True:
        since_ms = first_ms - back_ms
        changes = reader.text_changes(meter.id, PERIOD_LABELS, since_ms, end_ms)
        names = PeriodNames(changes, min(meter.last_ms, end_ms))
        unsure = {register for register in unsure if not names.is_certain(register, first_ms)}
        if since_ms <= meter.first_ms or not unsure:
            return names
        if back_ms == _MONTH_MS:
            # A meter has ten of these, and most of them are never announced as counting.
            unsure &= named_by(reader.distinct_texts(meter.id, COUNTING))
            if not unsure:
                return names
        back_ms *= 12
