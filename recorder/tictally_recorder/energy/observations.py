"""Where a site has observations: the nearest ones around a window, and the gaps without any."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from tictally_recorder.energy.interpolation import Point
from tictally_recorder.ledger import LedgerReader, Meter, Quarter, Run, Site
from tictally_recorder.ledger.quarter_codec import MonotonicRegisters
from tictally_recorder.ledger.rollup import REGISTERS
from tictally_shared.calendar import QUARTER_MS

_EVER_MS: Final = 2**62


class Gap(NamedTuple):
    """Consecutive quarters without frames, milliseconds since 1970, the end excluded."""

    start_ms: int
    end_ms: int

    @property
    def quarters(self) -> int:
        """How many."""
        return (self.end_ms - self.start_ms) // QUARTER_MS


def gaps(reader: LedgerReader, site: Site, start_ms: int, end_ms: int) -> list[Gap]:
    """The gaps of a site in a window of whole quarters, in order of time.

    There are none before its first and after its last frame: nothing is known to be missing there.
    """
    start_ms = max(start_ms, min(meter.first_ms for meter in site.meters) // QUARTER_MS * QUARTER_MS)
    end_ms = min(end_ms, (max(meter.last_ms for meter in site.meters) // QUARTER_MS + 1) * QUARTER_MS)
    if start_ms >= end_ms:
        return []
    starts = {each for meter in site.meters for each in reader.quarters_with_frames(meter.id, start_ms, end_ms)}
    bounds = [start_ms - QUARTER_MS, *sorted(starts), end_ms]
    return [Gap(here + QUARTER_MS, there) for here, there in pairwise(bounds) if there - here > QUARTER_MS]


def points_before(reader: LedgerReader, meter: Meter, time_ms: int) -> dict[str, Point]:
    """Each register's last observation before a quarter's bound, of those that are observed after it too."""
    quarters = reader.registers(meter.id, 0, time_ms, newest_first=True)
    return _nearest(_seen_around(reader, meter, time_ms), quarters, lambda runs: Point(runs[-1].last_ms, runs[-1].last))


def points_after(reader: LedgerReader, meter: Meter, time_ms: int) -> dict[str, Point]:
    """Each register's first observation from a quarter's bound on, of those that are observed before it too."""
    quarters = reader.registers(meter.id, time_ms, _EVER_MS)
    return _nearest(_seen_around(reader, meter, time_ms), quarters, lambda runs: Point(runs[0].first_ms, runs[0].first))


def _seen_around(reader: LedgerReader, meter: Meter, time_ms: int) -> set[str]:
    """Labels seen both before a time and from then on: only these can have counted anything over it.

    One that disappeared, as after a change of mode, would be looked for through years of quarters.
    """
    seen = reader.labels_seen(meter.id).items()
    return {name for name, (first_ms, last_ms) in seen if first_ms < time_ms <= last_ms}


def _nearest(
    wanted: set[str], quarters: Iterator[Quarter | MonotonicRegisters], point: Callable[[tuple[Run, ...]], Point]
) -> dict[str, Point]:
    """A point of each wanted register, from the first of the quarters that has it; reads no further."""
    found: dict[str, Point] = {}
    missing = wanted & REGISTERS
    while missing and (quarter := next(quarters, None)) is not None:
        registers = quarter.registers
        for register in missing & registers.keys():
            found[register] = point(registers[register])
        missing -= found.keys()
    return found
