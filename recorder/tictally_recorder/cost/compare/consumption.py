"""A site's consumption by local day and quarter-hour, as a comparison needs it. Pure.

Which period of a tariff a quarter-hour's energy belongs to depends on what its registers count and on which of them
counted, not on how much. Quarters that have this in common are of one kind, and years have few kinds: a day is the
energy of its quarters by kind.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from itertools import accumulate, groupby
from operator import add
from typing import Final, NamedTuple, Self
from zoneinfo import ZoneInfo

from tictally_recorder.cost.model import Unmetered, Use
from tictally_recorder.energy import EnergyRow, SteadyQuarter
from tictally_recorder.energy.register_totals import direction_of
from tictally_recorder.tariffs.model import Direction
from tictally_recorder.tariffs.period_rules import QUARTER_TIMES, number_of
from tictally_shared.status_register import Colour

# Beyond it, whether a sum is plausible must be looked at.
_LARGE_WH: Final = 2**53
_QUARTERS: Final = len(QUARTER_TIMES)


class RegisterKind(NamedTuple):
    """A register of consumption in quarters of one kind.

    Attributes:
        register: the label, `EASF01`.
        period: short name of what it counted, or None.
        option: NGTF at that time, or None.
        energy: 1 if it counted something and 0 if it did not; its Wh where these are implausibly many.
        is_estimated: the energy depends on what was interpolated or inferred.
        is_incomplete: what it counted is unknown in part.
    """

    register: str
    period: str | None
    option: str | None
    energy: int
    is_estimated: bool
    is_incomplete: bool

    @property
    def counts(self) -> bool:
        """True if its energy is kept."""
        return self.energy > 0


QuarterKind = tuple[RegisterKind, ...]
"""What quarters of one kind have in common: their registers of consumption, in order."""


@dataclass(frozen=True)
class KindEnergy:
    """The energy of a day's quarters of one kind.

    Attributes:
        quarters: bit n is set if the quarter that begins at n times 15 minutes by the clock is one of them.
        energies: of each register that counts, in their order: the Wh of each quarter of the day by the clock.
    """

    quarters: int
    energies: tuple[tuple[int, ...], ...]

    @cached_property
    def sums(self) -> tuple[int, ...]:
        """What each register that counts counted on the day."""
        return tuple(map(sum, self.energies))

    def until(self, registers: Sequence[int]) -> list[int]:
        """What some registers, by their places, counted together before each quarter; and, last, on the day."""
        columns = [self.energies[at] for at in registers]
        if not columns:
            return [0] * (_QUARTERS + 1)
        together: Iterable[int] = columns[0] if len(columns) == 1 else map(sum, zip(*columns, strict=True))
        return list(accumulate(together, initial=0))


@dataclass(frozen=True, slots=True)
class DayConsumption:
    """The consumption of a local day, as far as there are frames.

    Attributes:
        kinds: the kinds of its quarters → their energy.
        colour: of the Tempo day that begins on it, if the meters reported one, else `NONE`.
    """

    kinds: Mapping[QuarterKind, KindEnergy]
    colour: Colour = Colour.NONE


@dataclass(frozen=True, slots=True)
class SiteConsumption:
    """The consumption of a site.

    Attributes:
        days: local day → its consumption; days without frames are missing.
        unmetered: times between the site's meters.
        colours: day on which a Tempo day begins → the colour that the meters reported.
    """

    days: Mapping[date, DayConsumption]
    unmetered: Sequence[Unmetered] = ()
    colours: Mapping[date, Colour] = field(default_factory=dict)

    @classmethod
    def of(cls, use: Use, tz: ZoneInfo) -> Self:
        """Of what registers counted; see `consumption_of`."""
        return cls(consumption_of(use, tz), use.unmetered)


def consumption_of(use: Use, tz: ZoneInfo) -> dict[date, DayConsumption]:
    """The consumption of each local day that has quarters with frames.

    Args:
        use: rows by quarter-hour in any order, and steady quarters in order of time.
        tz: of the days.
    """
    days: dict[date, _Day] = {}
    for start_ms, rows in groupby(sorted(use.quarters, key=lambda row: row.start_ms), lambda row: row.start_ms):
        local = _local(start_ms, tz)
        consumed = [row for row in rows if direction_of(row.register) is Direction.CONSUMPTION]
        kind = tuple(map(_of_row, consumed))
        _of_day(days, local).add(kind, number_of(local), [row.energy for row in consumed if row.energy > 0])
    kinds = _SteadyKinds()
    for each in use.steady:
        if found := kinds.of(each):
            local = _local(each.start_ms, tz)
            _of_day(days, local).add(found.kind, number_of(local), found.energies)
    return {day: DayConsumption(found.kinds()) for day, found in days.items()}


@dataclass(slots=True)
class _Day:
    """A day that is added up."""

    _quarters: dict[QuarterKind, int] = field(default_factory=dict)
    _energies: dict[QuarterKind, list[list[int]]] = field(default_factory=dict)

    def add(self, kind: QuarterKind, number: int, energies: Sequence[int]) -> None:
        """Add a quarter; that of the hour which the clock repeats is added to that of the same time."""
        columns = self._energies.get(kind)
        if columns is None:
            columns = self._energies[kind] = [[0] * _QUARTERS for _ in energies]
            self._quarters[kind] = 0
        self._quarters[kind] |= 1 << number
        for column, energy_wh in zip(columns, energies, strict=True):
            column[number] += energy_wh

    def kinds(self) -> dict[QuarterKind, KindEnergy]:
        return {
            kind: KindEnergy(self._quarters[kind], tuple(map(tuple, columns)))
            for kind, columns in self._energies.items()
        }


def _of_day(days: dict[date, _Day], local: datetime) -> _Day:
    day = local.date()
    if (found := days.get(day)) is None:
        found = days[day] = _Day()
    return found


def _of_row(row: EnergyRow) -> RegisterKind:
    energy = _magnitude(row.energy)
    return RegisterKind(row.register, row.period, row.option, energy, row.estimated, bool(row.unknown))


def _magnitude(energy_wh: int) -> int:
    return energy_wh if energy_wh >= _LARGE_WH else int(energy_wh > 0)


class _Steady(NamedTuple):
    """A steady quarter.

    Attributes:
        kind: its kind.
        energies: of the registers that count.
    """

    kind: QuarterKind
    energies: Sequence[int]


class _SteadyKinds:
    """The kinds of the steady quarters that were met: making one takes longer than finding it again."""

    def __init__(self) -> None:
        # By the identity of the shape, which its quarters hold.
        self._registers: dict[int, list[int]] = {}
        self._kinds: dict[tuple[int, tuple[bool, ...]], QuarterKind] = {}

    def of(self, steady: SteadyQuarter) -> _Steady | None:
        """A quarter's kind and energies; None if it has no register of consumption."""
        shape = id(steady.shape)
        if (registers := self._registers.get(shape)) is None:
            registers = self._registers[shape] = [
                at for at, (register, _) in enumerate(steady.shape) if direction_of(register) is Direction.CONSUMPTION
            ]
        if not registers:
            return None
        counted = steady.energies
        energies = [counted[at] for at in registers]
        key = shape, tuple(map(bool, energies))
        kind = self._kinds.get(key)
        if kind is None or sum(energies) >= _LARGE_WH:
            kind = tuple(
                RegisterKind(register, *meaning, _magnitude(counted[at]), is_estimated=False, is_incomplete=False)
                for at, (register, meaning) in ((at, steady.shape[at]) for at in registers)
            )
            if sum(energies) < _LARGE_WH:
                self._kinds[key] = kind
        return _Steady(kind, [each for each in energies if each])


def together(groups: Iterable[Sequence[int]]) -> list[int]:
    """The sums of some lists of the same length, place by place."""
    found: list[int] = []
    for each in groups:
        found = list(map(add, found, each)) if found else [*each]
    return found or [0] * (_QUARTERS + 1)


def _local(start_ms: int, tz: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(start_ms // 1000, UTC).astimezone(tz)
