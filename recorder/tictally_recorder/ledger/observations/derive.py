"""The register values with which observations fill a gap without frames. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple, Protocol, Self

from tictally_recorder.ledger.observations.course import Course, Point, course, without_errors
from tictally_recorder.ledger.observations.model import CONSUMPTION, WATT_MINUTES, IntervalEnergy, Observation
from tictally_recorder.ledger.observations.segments import RankedEnergy, Segment, disjoint
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.tariff_options import BASE, TARIFF_OPTIONS

Rank = tuple[int, str]
"""Run and file's hash: of two sources of the same rank the higher one counts."""
_STANDARD: Final = {
    historique: standard
    for option in TARIFF_OPTIONS.values()
    for historique, standard in zip(option.registers, option.standard_registers, strict=True)
}
# Two readings further apart leave the time between them a gap.
_MOST_OBSERVED_MS: Final = 31 * 24 * 3600 * 1000
_BASE: Final = BASE.registers[0]


class QuarterGap(NamedTuple):
    """Consecutive quarters without frames, by number.

    Attributes:
        first: the first of them.
        end: the one after the last.
        has_before: True if there are frames before it.
        has_after: True if there are frames after it.
    """

    first: int
    end: int
    has_before: bool
    has_after: bool


class ObservedTime(NamedTuple):
    """A time of which observations show the energy; `is_integrated` as of `IntervalEnergy`."""

    start_ms: int
    end_ms: int
    is_integrated: bool = False


class Frames(Protocol):
    """The registers of a meter as its frames have them."""

    def before(self, register: str, quarter: int) -> Point | None:
        """The last observation before a quarter, by number; None if there is none."""

    def after(self, register: str, quarter: int) -> Point | None:
        """The first observation from a quarter on."""

    def at(self, register: str, time_ms: int) -> int | None:
        """The value at a moment; None where no frames are around it."""

    def registers(self, quarter: int) -> set[str]:
        """The registers of the frames in a quarter."""


@dataclass(frozen=True, slots=True)
class _OfRegister:
    """The observations of one register: readings by moment, energies by length and start."""

    readings: dict[int, tuple[Rank, int]] = field(default_factory=dict)
    energies: dict[int, list[RankedEnergy]] = field(default_factory=dict)


class Observations:
    """All observations of a site, to be asked by register and time."""

    def __init__(self, observations: Iterable[tuple[Rank, Observation]]) -> None:
        self._of: dict[str, _OfRegister] = {}
        for rank, each in observations:
            of = self._of.setdefault(each.register, _OfRegister())
            if isinstance(each, IntervalEnergy):
                ranked = RankedEnergy(each.start_ms, each.end_ms, each.watt_minutes, each.is_integrated, rank)
                of.energies.setdefault(each.resolution_ms, []).append(ranked)
            elif each.time_ms not in of.readings or rank > of.readings[each.time_ms][0]:
                of.readings[each.time_ms] = rank, each.wh
        self._moments = {register: sorted(of.readings) for register, of in self._of.items()}
        for of in self._of.values():
            for energies in of.energies.values():
                energies.sort()

    @property
    def registers(self) -> list[str]:
        """The registers observed, sorted."""
        return sorted(self._of)

    def readings(self, register: str, start_ms: int, end_ms: int) -> list[Point]:
        """A register's readings within a time, the end included, in order."""
        moments = self._moments.get(register, [])
        found = moments[bisect_left(moments, start_ms) : bisect_right(moments, end_ms)]
        return [Point(each, self._of[register].readings[each][1]) for each in found]

    def energies(self, register: str, start_ms: int, end_ms: int) -> list[RankedEnergy]:
        """A register's energies that share time with [start_ms, end_ms)."""
        found: list[RankedEnergy] = []
        for length, energies in self._of[register].energies.items() if register in self._of else ():
            first = bisect_right(energies, start_ms - length, key=lambda each: each.start_ms)
            end = bisect_left(energies, end_ms, key=lambda each: each.start_ms)
            found += energies[first:end]
        return found


@dataclass(frozen=True, slots=True)
class Filled:
    """What fills a gap for one register.

    Attributes:
        points: within the gap's quarters, in order of time.
        breaks: times of points, or of the last frame before, after which what was counted up to the next is unknown.
        before: the last frame before the gap that has the register, or None.
        after: the first frame after it that has the register, or None.
        observed: the times of the observations; frames' and other gaps' time may be in them.
    """

    points: list[Point]
    breaks: frozenset[int]
    before: Point | None
    after: Point | None
    observed: list[ObservedTime]

    def spans(self) -> Iterator[tuple[int, int]]:
        """The times over which the register is known without a break, frames around the gap included."""
        moments = [each.time_ms for each in (self.before, *self.points, self.after) if each is not None]
        start_ms = moments[0]
        for here, there in pairwise(moments):
            if here in self.breaks:
                yield start_ms, here
                start_ms = there
        yield start_ms, moments[-1]


def fill(gap: QuarterGap, frames: Frames, observed: Observations) -> dict[str, Filled]:
    """What fills a gap for each register, as far as observations show it.

    After frames of the standard mode, historique registers become those of that mode. Before the first frame they keep
    their names, which show the period; where they count, no other register counts the total.
    """
    found = {}
    for register, each in _sources(gap, frames, observed).items():
        around = _Around.of(gap, frames, register)
        energies = disjoint(whole for one in each.energies if (whole := _within(one, register, around, frames)))
        made = _kept_inside(gap, course(around.before, around.after, each.readings, energies))
        if made.points:
            breaks = {*made.breaks, *around.breaks}
            if around.is_cut_after:
                breaks.add(made.points[-1].time_ms)
            found[register] = Filled(
                made.points, frozenset(breaks), around.before, around.after, _times(each, energies)
            )
    return found


def _times(source: "_Source", energies: Iterable[Segment]) -> list[ObservedTime]:
    found = [ObservedTime(each.start_ms, each.end_ms, each.is_integrated) for each in energies]
    found += [ObservedTime(one.time_ms, other.time_ms) for one, other in pairwise(source.readings)]
    return [each for each in found if each.end_ms - each.start_ms <= _MOST_OBSERVED_MS]


@dataclass(frozen=True, slots=True)
class _Around:
    """What frames have of a register beside a gap.

    Attributes:
        before: in the quarter before it.
        after: in the quarter after it.
        breaks: times of frames after which what was counted is unknown.
        is_cut_after: True if the next frame with the register is not beside the gap.
    """

    before: Point | None
    after: Point | None
    breaks: tuple[int, ...]
    is_cut_after: bool

    @classmethod
    def of(cls, gap: QuarterGap, frames: Frames, register: str) -> Self:
        before = frames.before(register, gap.first) if gap.has_before else None
        after = frames.after(register, gap.end) if gap.has_after else None
        breaks: tuple[int, ...] = ()
        if before is not None and before.time_ms // QUARTER_MS < gap.first - 1:
            breaks, before = (before.time_ms,), None
        if after is not None and after.time_ms // QUARTER_MS > gap.end:
            return cls(before, None, breaks, is_cut_after=True)
        return cls(before, after, breaks, is_cut_after=False)


@dataclass(slots=True)
class _Source:
    readings: list[Point]
    energies: list[RankedEnergy]

    @property
    def first_ms(self) -> int:
        return min([each.time_ms for each in self.readings] + [each.start_ms for each in self.energies])

    @property
    def last_ms(self) -> int:
        return max([each.time_ms for each in self.readings] + [each.end_ms for each in self.energies])

    def add(self, other: "_Source") -> None:
        self.readings = [Point(*each) for each in sorted(dict([*other.readings, *self.readings]).items())]
        self.energies += other.energies


def _sources(gap: QuarterGap, frames: Frames, observed: Observations) -> dict[str, _Source]:
    """The observations of a gap by the register that they count in."""
    # An energy that begins or ends in the quarter of the frames beside the gap shows the time up to them, too.
    start_ms, end_ms = (gap.first - gap.has_before) * QUARTER_MS, (gap.end + gap.has_after) * QUARTER_MS
    found: dict[str, _Source] = {}
    for register in observed.registers:
        readings = without_errors(observed.readings(register, start_ms, end_ms))
        source = _Source(readings, observed.energies(register, start_ms, end_ms))
        if source.readings or source.energies:
            found[register] = source
    around = frames.registers(gap.first - 1) | frames.registers(gap.end) if found else set()
    if CONSUMPTION in found and _BASE in around and CONSUMPTION not in around:
        found.setdefault(_BASE, _Source([], [])).add(found.pop(CONSUMPTION))
    if gap.has_before and CONSUMPTION in around:
        found = _standard(found)
    if gap.has_before and gap.has_after and CONSUMPTION not in around and around & _STANDARD.keys():
        found.pop(CONSUMPTION, None)  # the frames' own registers of the periods count the total
    historique = [each for register, each in found.items() if register in _STANDARD]
    if historique and CONSUMPTION in found:
        first_ms = min(each.first_ms for each in historique)
        last_ms = max(each.last_ms for each in historique)
        total = found[CONSUMPTION]
        total.readings = [each for each in total.readings if not first_ms <= each.time_ms <= last_ms]
        total.energies = [part for each in total.energies for part in _outside(each, first_ms, last_ms)]
    return found


def _outside(energy: RankedEnergy, first_ms: int, last_ms: int) -> Iterator[RankedEnergy]:
    """The parts of an energy before and after a time, in proportion to time."""
    length = energy.end_ms - energy.start_ms
    before = energy.start_ms, min(energy.end_ms, first_ms)
    after = max(energy.start_ms, last_ms), energy.end_ms
    for start_ms, end_ms in (before, after):
        if start_ms < end_ms:
            share = energy.watt_minutes * (end_ms - start_ms) // length
            yield energy._replace(start_ms=start_ms, end_ms=end_ms, watt_minutes=share)


def _standard(found: Mapping[str, _Source]) -> dict[str, _Source]:
    """What was observed, under the names of the standard mode, with the total as far as its parts show it."""
    own: dict[str, _Source] = {}
    for register, each in found.items():
        own.setdefault(_STANDARD.get(register, register), _Source([], [])).add(each)
    if CONSUMPTION not in own and (total := _sum(own)):
        own[CONSUMPTION] = _Source([], total)
    return own


def _sum(own: Mapping[str, _Source]) -> list[RankedEnergy]:
    """What the registers of the periods counted together between the moments at which all of them were read."""
    series = [dict(each.readings) for register, each in own.items() if register.startswith("EASF") and each.readings]
    moments = sorted(set[int]().union(*series).intersection(*series)) if series else []
    return [
        RankedEnergy(
            start,
            end,
            sum(each[end] - each[start] for each in series) * WATT_MINUTES,
            is_integrated=False,
            rank=(0, ""),
        )
        for start, end in pairwise(moments)
        if all(each[end] >= each[start] for each in series)
    ]


def _within(energy: RankedEnergy, register: str, around: _Around, frames: Frames) -> RankedEnergy | None:
    """The part of an energy in a gap: without what frames counted of it, or None where they do not show that."""
    before, after = around.before, around.after
    start_ms, end_ms, rest = energy.start_ms, energy.end_ms, energy.watt_minutes
    if before is not None and start_ms < before.time_ms:
        value = frames.at(register, start_ms)
        if value is None or value > before.value:
            return None
        start_ms, rest = before.time_ms, rest - (before.value - value) * WATT_MINUTES
    if after is not None and end_ms > after.time_ms:
        value = frames.at(register, end_ms)
        if value is None or value < after.value:
            return None
        end_ms, rest = after.time_ms, rest - (value - after.value) * WATT_MINUTES
    if start_ms >= end_ms:
        return None
    return energy._replace(start_ms=start_ms, end_ms=end_ms, watt_minutes=max(rest, 0))


def _kept_inside(gap: QuarterGap, made: Course) -> Course:
    """The points within the gap's quarters; one at the end belongs to the quarter before it."""
    end_ms = gap.end * QUARTER_MS
    moved = {end_ms: end_ms - 1}
    points = [Point(moved.get(each.time_ms, each.time_ms), each.value) for each in made.points]
    inside = [each for each in points if gap.first * QUARTER_MS <= each.time_ms < end_ms]
    return Course(inside, [moved.get(each, each) for each in made.breaks])
