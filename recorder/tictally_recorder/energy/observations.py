"""Where a site has observations: the nearest ones around a window, and the gaps without any."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from tictally_recorder.energy.continuation import Most, in_turn, replaced
from tictally_recorder.energy.interpolation import Point, most_wh
from tictally_recorder.ledger import LedgerReader, Meter, Quarter, Run, Site
from tictally_recorder.ledger.quarter_codec import MonotonicRegisters
from tictally_recorder.ledger.rollup import REGISTERS
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.tariff_options import register_set, register_sets

_EVER_MS: Final = 2**62
# What is subscribed: PREF in kVA, ISOUSC in A of a phase.
_POWERS: Final = {"PREF": 1000, "ISOUSC": 230}


class Gap(NamedTuple):
    """Consecutive quarters without frames and imports, milliseconds since 1970, the end excluded."""

    start_ms: int
    end_ms: int

    @property
    def quarters(self) -> int:
        """How many."""
        return (self.end_ms - self.start_ms) // QUARTER_MS


def gaps(reader: LedgerReader, site: Site, start_ms: int, end_ms: int) -> list[Gap]:
    """The gaps of a site in a window of whole quarters, in order of time.

    There are none before its first and after its last frame or import: nothing is known to be missing there.
    """
    start_ms = max(start_ms, site.first_ms // QUARTER_MS * QUARTER_MS)
    end_ms = min(end_ms, (site.last_ms // QUARTER_MS + 1) * QUARTER_MS)
    if start_ms >= end_ms:
        return []
    starts = {each for meter in site.meters for each in reader.quarters_with_frames(meter.id, start_ms, end_ms)}
    for first, last in (span for meter in site.meters for span in reader.imported_quarters(meter.id)):
        starts.update(range(max(first * QUARTER_MS, start_ms), min((last + 1) * QUARTER_MS, end_ms), QUARTER_MS))
    bounds = [start_ms - QUARTER_MS, *sorted(starts), end_ms]
    return [Gap(here + QUARTER_MS, there) for here, there in pairwise(bounds) if there - here > QUARTER_MS]


def points_before(reader: LedgerReader, meter: Meter, time_ms: int) -> dict[str, Point]:
    """Each register's last observation before a quarter's bound, of those that may have counted anything over it.

    Of consumption those that the meter showed last: others it had shown before, under other names.
    """
    quarters = reader.registers(meter.id, 0, time_ms, newest_first=True)
    wanted = _wanted(reader, meter, time_ms)
    return _nearest(wanted, quarters, lambda runs: Point(runs[-1].last_ms, runs[-1].last), newest_first=True)


def points_after(reader: LedgerReader, meter: Meter, time_ms: int) -> dict[str, Point]:
    """Each register's first observation from a quarter's bound on, of those that may have counted anything over it.

    Of consumption those that the meter showed first from then on.
    """
    quarters = reader.registers(meter.id, time_ms, _EVER_MS)
    wanted = _wanted(reader, meter, time_ms)
    return _nearest(wanted, quarters, lambda runs: Point(runs[0].first_ms, runs[0].first), newest_first=False)


def most_counted(reader: LedgerReader, meter: Meter) -> Most | None:
    """What a meter may have counted between two moments, by the subscribed power that it reported around them.

    None for a meter that never showed its registers in more than one set, whose registers continue under their names.
    """
    if len(register_sets(reader.labels_seen(meter.id))) <= 1:
        return None

    def most(before_ms: int, after_ms: int) -> float:
        powers = [_reported_va(reader, meter, time_ms) for time_ms in (before_ms, after_ms)]
        known = [each for each in powers if each]
        return most_wh(after_ms - before_ms, max(known)) if known else most_wh(after_ms - before_ms)

    return most


def _reported_va(reader: LedgerReader, meter: Meter, time_ms: int) -> int | None:
    """The subscribed power by a quarter's frames, or None. A phase's share is in A, and there may be three phases."""
    start_ms = time_ms // QUARTER_MS * QUARTER_MS
    for quarter in reader.quarters(meter.id, start_ms, start_ms + QUARTER_MS):
        for label, va in _POWERS.items():
            if (found := quarter.ends.get(label) or quarter.live.get(label)) and found.last:
                return found.last * va * (3 if "IINST3" in quarter.live else 1)
    return None


class _Wanted(NamedTuple):
    """Registers to look for around a time.

    Attributes:
        around: seen both before the time and from then on: only these can have counted anything over it. One that
            disappeared would be looked for through years of quarters.
        replaced: the other ones of consumption, where the meter's mode or option changed: they may continue under
            another name, if they are what the meter showed nearest to the time.
    """

    around: set[str]
    replaced: set[str]


def _wanted(reader: LedgerReader, meter: Meter, time_ms: int) -> _Wanted:
    seen = {name: times for name, times in reader.labels_seen(meter.id).items() if name in REGISTERS}
    around = {name for name, (first_ms, last_ms) in seen.items() if first_ms < time_ms <= last_ms}
    consumption = {name for name in seen if register_set(name)}
    is_before = any(seen[name][0] < time_ms for name in consumption)
    is_after = any(time_ms <= seen[name][1] for name in consumption)
    is_replaced = len(register_sets(consumption)) > 1 and is_before and is_after
    return _Wanted(around, consumption - around if is_replaced else set())


def _nearest(
    wanted: _Wanted,
    quarters: Iterator[Quarter | MonotonicRegisters],
    point: Callable[[tuple[Run, ...]], Point],
    *,
    newest_first: bool,
) -> dict[str, Point]:
    """A point of each wanted register, from the first of the quarters that has it; reads no further."""
    found: dict[str, Point] = {}
    missing = wanted.around | wanted.replaced
    shown: str | None = None
    while missing and (quarter := next(quarters, None)) is not None:
        turns = in_turn(quarter.registers)
        sets = [found_set for each in turns if (found_set := register_set(next(iter(each))))]
        if shown is None and sets:
            shown = sets[-1] if newest_first else sets[0]
            missing -= {name for name in missing if _is_hidden(name, shown, wanted)}
        for registers in reversed(turns) if newest_first else turns:
            own = register_set(next(iter(registers)))
            if own not in {None, shown}:
                # Beyond a time in which the meter showed another set, its registers are those of another time.
                missing -= replaced(shown or "", own or "")
            for register in missing & registers.keys():
                found[register] = point(registers[register])
            missing -= found.keys()
    return found


def _is_hidden(register: str, shown: str | None, wanted: _Wanted) -> bool:
    """True if a register is not needed while the meter shows a set."""
    own = register_set(register)
    if own is None or shown is None or own == shown:
        return False
    return register in wanted.replaced or register in replaced(own, shown)
