"""What a local day's quarter-hours show of powers, currents and voltages: sums that days can be joined from."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.energy import EnergyQuery, energy
from tictally_recorder.energy.register_totals import consumption_total
from tictally_recorder.ledger import LedgerReader, Live, LiveQuarter, Site
from tictally_shared.calendar import By, days_between, local_day, midnight_ms, runs_of_days
from tictally_shared.status_register import OVERLOAD_ALARMS

CLASS: Final = 100
"""Width of a day's classes of power, in VA or W."""
POWERS: Final = ("SINSTS", "PAPP")
"""Labels of the apparent power that is consumed, in VA."""
LOADS_OF_PHASES: Final = (
    ("VA", ("SINSTS1", "SINSTS2", "SINSTS3")),
    ("A", ("IRMS1", "IRMS2", "IRMS3")),
    ("A", ("IINST1", "IINST2", "IINST3")),
)
"""What a meter of three phases may show of each: its power, or else its current."""
VOLTS_OF_PHASES: Final = ("URMS1", "URMS2", "URMS3")
_OF_PHASES: Final = frozenset({*(label for _, labels in LOADS_OF_PHASES for label in labels), *VOLTS_OF_PHASES})
_QUARTERS_OF_HOUR: Final = 4
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LabelSum:
    """One label over some frames.

    Attributes:
        n: how many frames.
        sum: of their values.
        min: the lowest.
        max: the highest.
        max_ms: start of the quarter-hour that has it, milliseconds since 1970.
    """

    n: int
    sum: int
    min: int
    max: int
    max_ms: int

    def __add__(self, other: "LabelSum") -> "LabelSum":
        high = max(self, other, key=lambda each: (each.max, -each.max_ms))
        return LabelSum(self.n + other.n, self.sum + other.sum, min(self.min, other.min), high.max, high.max_ms)


@dataclass(frozen=True, slots=True)
class DayLoad:
    """A local day.

    Attributes:
        maxima: class of the highest apparent power, in hundreds of VA → its quarter-hours.
        highest: that of the day in VA, and the start of its quarter-hour; None where no frame has a power.
        means: class of the mean power by registers or imports, in hundreds of W → its quarter-hours; only of a day on
            which no frame has a power.
        phases: label of a phase → its frames.
        uneven: unit → sums over quarter-hours of what the most loaded phase is above the mean of three, and of that
            mean.
        alarmed: starts of quarter-hours with an overload alarm of the historique mode.
    """

    maxima: Mapping[int, int] = field(default_factory=dict)
    highest: tuple[int, int] | None = None
    means: Mapping[int, int] = field(default_factory=dict)
    phases: Mapping[str, LabelSum] = field(default_factory=dict)
    uneven: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    alarmed: tuple[int, ...] = ()


def day_loads(reader: LedgerReader, site: Site, first: date, until: date, tz: ZoneInfo) -> dict[date, DayLoad]:
    """The days of [first, until) of which something is known.

    Args:
        reader: the ledger.
        site: of it.
        first: local day.
        until: local day, excluded.
        tz: whose days.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    bounds = midnight_ms(first, tz), midnight_ms(until, tz)
    days: dict[date, list[LiveQuarter]] = {}
    for meter in site.meters:
        has_alarms = not reader.labels_seen(meter.id).keys().isdisjoint(OVERLOAD_ALARMS)
        quarters = reader.live_quarters(meter.id, *bounds, with_others=has_alarms)
        for day, of_day in groupby(quarters, key=_DayOf(first, until, tz)):
            days.setdefault(day, []).extend(of_day)
    found = {day: load_of(quarters) for day, quarters in days.items()}
    powerless = [day for day in days_between(first, until - _DAY) if day not in found or found[day].highest is None]
    for day, means in _means(reader, site, powerless, tz).items():
        known = found.get(day, DayLoad())
        found[day] = DayLoad(means=means, phases=known.phases, uneven=known.uneven, alarmed=known.alarmed)
    return found


def load_of(quarters: Iterable[LiveQuarter]) -> DayLoad:
    """The sums of some quarter-hours with frames. Pure."""
    maxima: Counter[int] = Counter()
    highest: tuple[int, int] | None = None
    phases: dict[str, list[tuple[Live, int]]] = {}
    uneven: dict[str, tuple[float, float]] = {}
    alarmed = []
    for start_ms, live, others in quarters:
        powers = [live[label].max for label in POWERS if label in live]
        if powers:
            va = max(powers)
            maxima[va // CLASS] += 1
            if highest is None or va > highest[0]:
                highest = va, start_ms
        for label in _OF_PHASES & live.keys():
            phases.setdefault(label, []).append((live[label], start_ms))
        for unit, labels in LOADS_OF_PHASES:
            if labels[-1] in live and all(label in live for label in labels):
                each = [live[label].sum / live[label].n for label in labels]
                mean, known = sum(each) / len(each), uneven.get(unit, (0.0, 0.0))
                uneven[unit] = known[0] + max(each) - mean, known[1] + mean
        if any(alarm in others or alarm in live for alarm in OVERLOAD_ALARMS):
            alarmed.append(start_ms)
    return DayLoad(
        dict(maxima), highest, {}, {label: _sum_of(each) for label, each in phases.items()}, uneven, tuple(alarmed)
    )


def _sum_of(quarters: Sequence[tuple[Live, int]]) -> LabelSum:
    high, high_ms = max(quarters, key=lambda each: (each[0].max, -each[1]))
    n, total = sum(live.n for live, _ in quarters), sum(live.sum for live, _ in quarters)
    return LabelSum(n, total, min(live.min for live, _ in quarters), high.max, high_ms)


def _means(reader: LedgerReader, site: Site, days: Sequence[date], tz: ZoneInfo) -> dict[date, dict[int, int]]:
    """The mean power of quarter-hours by what registers counted and imports have, without those within gaps."""
    found: dict[date, Counter[int]] = {}
    for first, last in runs_of_days(days):
        query = EnergyQuery.of_days(site.id, (first, last + _DAY), By.QUARTER, tz)
        for start_ms, group in groupby(energy(reader, query), key=lambda row: row.start_ms):
            rows = list(group)
            counted = consumption_total(rows)
            if counted.parts and rows[0].covered and not counted.incomplete:
                watts = counted.energy_wh * _QUARTERS_OF_HOUR
                found.setdefault(local_day(start_ms, tz), Counter())[watts // CLASS] += 1
    return {day: dict(counts) for day, counts in found.items()}


class _DayOf:
    """The local day of a quarter-hour, of quarter-hours in the order of time: without a conversion for each.

    Args:
        first: local day.
        until: local day, excluded.
        tz: whose days.
    """

    def __init__(self, first: date, until: date, tz: ZoneInfo) -> None:
        self._days = iter(days_between(first, until - _DAY))
        self._day = first
        self._end_ms = midnight_ms(first, tz)
        self._tz = tz

    def __call__(self, quarter: LiveQuarter) -> date:
        while quarter.start_ms >= self._end_ms:
            self._day = next(self._days)
            self._end_ms = midnight_ms(self._day + _DAY, self._tz)
        return self._day
