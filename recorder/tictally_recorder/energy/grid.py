"""What a site consumed from the grid and injected into it, by quarter-hour of local days."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from tictally_recorder.energy.query import EnergyQuery
from tictally_recorder.energy.register_scan import SteadyQuarter
from tictally_recorder.energy.register_totals import INJECTION_TOTAL, consumption_total, injection_total
from tictally_recorder.energy.rows import quarter_energy
from tictally_recorder.ledger import LedgerReader, Site
from tictally_shared.calendar import QUARTER_MS, By, midnight_ms
from tictally_shared.tariff_options import CONSUMPTION_TOTAL, OPTION_OF_REGISTER, SUPPLIER

UNKNOWN: Final = -1
_DAY: Final = timedelta(days=1)
_SUPPLIER_REGISTERS: Final = tuple(f"{SUPPLIER}{n:02d}" for n in range(1, 11))
_REGISTERS: Final = frozenset({CONSUMPTION_TOTAL, INJECTION_TOTAL, *_SUPPLIER_REGISTERS, *OPTION_OF_REGISTER})


class GridQuarter(NamedTuple):
    """A quarter-hour.

    Attributes:
        start_ms: milliseconds since 1970.
        consumption_wh: None where it is unknown.
        injection_wh: None where it is unknown, or the meter does not count it.
        is_covered: True if frames or an import show it, False within a gap, over which energy is spread evenly.
    """

    start_ms: int
    consumption_wh: int | None
    injection_wh: int | None
    is_covered: bool


def _unknown() -> "array[int]":
    return array("q")


@dataclass(frozen=True, slots=True)
class DayGrid:
    """A local day by quarter-hour, compactly: years of them are kept in memory.

    Attributes:
        start_ms: its midnight, milliseconds since 1970.
        consumption: Wh by quarter-hour; UNKNOWN where it is.
        injection: the same.
        covered: 1 or 0 by quarter-hour, as of GridQuarter.
    """

    start_ms: int = 0
    consumption: "array[int]" = field(default_factory=_unknown)
    injection: "array[int]" = field(default_factory=_unknown)
    covered: bytearray = field(default_factory=bytearray)

    def quarters(self) -> Iterator[GridQuarter]:
        """The quarter-hours, in order."""
        for n, (consumed, injected, covered) in enumerate(
            zip(self.consumption, self.injection, self.covered, strict=True)
        ):
            yield GridQuarter(
                self.start_ms + n * QUARTER_MS,
                None if consumed == UNKNOWN else consumed,
                None if injected == UNKNOWN else injected,
                bool(covered),
            )


def day_grids(reader: LedgerReader, site: Site, first: date, until: date, tz: ZoneInfo) -> dict[date, DayGrid]:
    """The local days of [first, until), each with all of its quarter-hours.

    Args:
        reader: the ledger.
        site: of it.
        first: local day.
        until: local day, excluded.
        tz: whose days.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    found: dict[date, DayGrid] = {}
    bounds: list[int] = []
    grids: list[DayGrid] = []
    day = first
    while day < until:
        start_ms, end_ms = midnight_ms(day, tz), midnight_ms(day + _DAY, tz)
        count = (end_ms - start_ms) // QUARTER_MS
        grid = DayGrid(start_ms, array("q", [UNKNOWN]) * count, array("q", [UNKNOWN]) * count, bytearray(count))
        found[day] = grid
        grids.append(grid)
        bounds.append(end_ms)
        day += _DAY
    at = 0
    for quarter in grid_quarters(reader, EnergyQuery.of_days(site.id, (first, until), By.QUARTER, tz)):
        while quarter.start_ms >= bounds[at]:
            at += 1
        n = (quarter.start_ms - grids[at].start_ms) // QUARTER_MS
        grids[at].consumption[n] = UNKNOWN if quarter.consumption_wh is None else quarter.consumption_wh
        grids[at].injection[n] = UNKNOWN if quarter.injection_wh is None else quarter.injection_wh
        grids[at].covered[n] = quarter.is_covered
    return found


def grid_quarters(reader: LedgerReader, query: EnergyQuery) -> list[GridQuarter]:
    """The quarter-hours of a window of which something is known, in order of time.

    Args:
        reader: the ledger.
        query: the site and the window, by quarter-hour.

    Raises:
        LedgerError: there is no such site.
    """
    rows, steady = quarter_energy(reader, query, _REGISTERS)
    found = [*_of_steady(steady)]
    for start_ms, group in groupby(rows, key=lambda row: row.start_ms):
        of_quarter = list(group)
        consumed, injected = consumption_total(of_quarter), injection_total(of_quarter)
        found.append(
            GridQuarter(
                start_ms,
                consumed.energy_wh if consumed.parts and not consumed.incomplete else None,
                injected.energy_wh if injected.parts and not injected.incomplete else None,
                bool(of_quarter[0].covered),
            )
        )
    return sorted(found)


def _of_steady(steady: Sequence[SteadyQuarter]) -> Iterator[GridQuarter]:
    """Steady quarters, of which the scan keeps one shape as long as it is the same."""
    shape: object = None
    consuming: list[int] = []
    injecting: int | None = None
    for each in steady:
        if each.shape is not shape:
            shape, names = each.shape, [register for register, _ in each.shape]
            consuming, injecting = _places(names), _place(names, INJECTION_TOTAL)
        befores, lasts = each.befores, each.lasts
        yield GridQuarter(
            each.start_ms,
            sum(lasts[n] - befores[n] for n in consuming) if consuming else None,
            None if injecting is None else lasts[injecting] - befores[injecting],
            is_covered=True,
        )


def _places(names: Sequence[str]) -> list[int]:
    """The places of the registers that add up to the consumption, as `consumption_total` has it."""
    standard = [CONSUMPTION_TOTAL] if CONSUMPTION_TOTAL in names else [*_SUPPLIER_REGISTERS]
    return [n for n, name in enumerate(names) if name in standard or name in OPTION_OF_REGISTER]


def _place(names: Sequence[str], name: str) -> int | None:
    return names.index(name) if name in names else None
