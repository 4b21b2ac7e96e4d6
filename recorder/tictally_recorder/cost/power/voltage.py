"""Ten-minute means of the voltage against the limits of EN 50160. Pure.

EN 50160:2010 §4.2.2.2, for low voltage: under normal operating conditions, interruptions left out, 95 % of the
ten-minute means of each week are within 230 V ± 10 %, and all of them within 230 V + 10 % and - 15 %. An interruption
is a voltage below 5 % (§3.20). A week is one of the calendar, from Monday to Sunday.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.ledger import TEN_MINUTES_MS, VoltageMean
from tictally_shared.calendar import midnight_ms

LOW, HIGH, LOWEST = 207, 253, 195.5
"""230 V - 10 %, + 10 % and - 15 %."""
_INTERRUPTION: Final = 11.5
_SHARE_OUTSIDE: Final = 0.05
_DAY: Final = timedelta(days=1)


@dataclass(slots=True)
class PhaseVolts:
    """A phase over some time.

    Attributes:
        n: means.
        sum: of them.
        min: the lowest, in V.
        max: the highest.
        outside: how many are below 207 V or above 253 V.
        beyond: how many are below 195.5 V or above 253 V.
    """

    n: int = 0
    sum: int = 0
    min: int = 0
    max: int = 0
    outside: int = 0
    beyond: int = 0

    def add(self, volts: int) -> None:
        """Add a mean."""
        self.min = volts if not self.n else min(self.min, volts)
        self.max = max(self.max, volts)
        self.n += 1
        self.sum += volts
        if volts > HIGH or volts < LOW:
            self.outside += 1
            self.beyond += volts > HIGH or volts < LOWEST


@dataclass(frozen=True, slots=True)
class VoltageWeek:
    """A week of the calendar.

    Attributes:
        first: its Monday.
        expected: its ten-minute periods.
        phases: phase → its means.
    """

    first: date
    expected: int
    phases: dict[int, PhaseVolts]

    @property
    def is_within(self) -> bool | None:
        """Whether 95 % of the means of each phase are within 10 %; None where too many are missing to know."""
        most = self.expected * _SHARE_OUTSIDE
        if any(each.outside > most for each in self.phases.values()):
            return False
        if all(each.outside + self.expected - each.n <= most for each in self.phases.values()):
            return True
        return None


@dataclass(frozen=True, slots=True)
class VoltageDay:
    """A local day.

    Attributes:
        day: the day.
        phases: phase → its means.
    """

    day: date
    phases: dict[int, PhaseVolts]

    @property
    def outside(self) -> int:
        """How many means of all phases are more than 10 % off."""
        return sum(each.outside for each in self.phases.values())


@dataclass(frozen=True, slots=True)
class Voltage:
    """The voltage over some days.

    Attributes:
        phases: phase → its means of all of them.
        days: those with means, in order.
        weeks: those with means, in order.
    """

    phases: dict[int, PhaseVolts] = field(default_factory=dict)
    days: list[VoltageDay] = field(default_factory=list)
    weeks: list[VoltageWeek] = field(default_factory=list)

    def add(self, mean: VoltageMean, day: date, tz: ZoneInfo) -> None:
        """Add a mean, in order of time, on its local day."""
        known = {phase: volts for phase, volts in enumerate(mean.volts, 1) if volts is not None}
        known = {phase: volts for phase, volts in known.items() if volts >= _INTERRUPTION}
        if not known:
            return
        if not self.days or self.days[-1].day != day:
            self.days.append(VoltageDay(day, {}))
            monday = day - timedelta(days=day.weekday())
            if not self.weeks or self.weeks[-1].first != monday:
                length_ms = midnight_ms(monday + 7 * _DAY, tz) - midnight_ms(monday, tz)
                self.weeks.append(VoltageWeek(monday, length_ms // TEN_MINUTES_MS, {}))
        for phase, volts in known.items():
            for phases in (self.phases, self.days[-1].phases, self.weeks[-1].phases):
                phases.setdefault(phase, PhaseVolts()).add(volts)


def voltage_of(means: Iterable[VoltageMean], first: date, tz: ZoneInfo) -> Voltage:
    """The voltage of some means.

    Args:
        means: in order of time.
        first: a local day on which none of them is earlier.
        tz: whose days and weeks.
    """
    found = Voltage()
    day, end_ms = first, midnight_ms(first + _DAY, tz)
    for mean in means:
        while mean.start_ms >= end_ms:
            day += _DAY
            end_ms = midnight_ms(day + _DAY, tz)
        found.add(mean, day, tz)
    return found
