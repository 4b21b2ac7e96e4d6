"""The powers of a site over some days: their distribution, the highest, phases, voltage and overloads."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost.power.loads import CLASS, LOADS_OF_PHASES, VOLTS_OF_PHASES, DayLoad, LabelSum
from tictally_recorder.cost.power.overloads import Overload, overloads
from tictally_recorder.cost.power.voltage import Voltage, voltage_of
from tictally_recorder.ledger import DailyMaximum, LedgerReader, Site
from tictally_shared.calendar import midnight_ms

SHOWN: Final = 10
_MOST_CLASSES: Final = 25
_WIDTHS: Final = (100, 200, 500, 1000, 2000, 5000, 10_000)
_DAY: Final = timedelta(days=1)
# The meter's own setting, ISOUSC, is 30 A for 6 kVA. Source: Enedis-NOI-CPT_54E §6.1.
_PER_KVA: Final = {"VA": 1000, "A": 5}


@dataclass(frozen=True, slots=True)
class Distribution:
    """How many quarter-hours had which power.

    Attributes:
        is_maximum: True for the highest apparent power of each, in VA; False for its mean power by registers, in W.
        step: width of a class.
        counts: quarter-hours of each class, from zero on.
        without: quarter-hours with energy alone, which are not among them.
        reached: of those counted, how many reached the subscribed power; None where that or their maximum is not known.
    """

    is_maximum: bool
    step: int
    counts: tuple[int, ...]
    without: int
    reached: int | None

    @property
    def unit(self) -> str:
        """Of the powers."""
        return "VA" if self.is_maximum else "W"


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest power of a day.

    Attributes:
        day: local.
        va: in VA.
        time_ms: when, milliseconds since 1970: the second, or the start of its quarter-hour.
        is_exact: True for the second.
    """

    day: date
    va: int
    time_ms: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class PhaseLoad:
    """A phase.

    Attributes:
        phase: 1, 2 or 3.
        load: its frames.
        share: of the sum of the phases' means.
        days_over: days on which it had more than a third of the subscribed power; None without that.
    """

    phase: int
    load: LabelSum
    share: float
    days_over: int | None


@dataclass(frozen=True, slots=True)
class PhaseBalance:
    """Three phases.

    Attributes:
        unit: VA, or A where the meter shows only currents.
        limit: a third of the subscribed power in that unit; None if it is not known.
        phases: each.
        imbalance: what the most loaded phase of a quarter-hour is above the mean of the three, as a share of it; over
            all quarter-hours, those with more load counting more. None without load.
    """

    unit: str
    limit: int | None
    phases: tuple[PhaseLoad, ...]
    imbalance: float | None


@dataclass(frozen=True, slots=True)
class PowerHistory:
    """The powers of some days.

    Attributes:
        site: its id.
        first: local day.
        until: local day, excluded.
        power_kva: subscribed, or None.
        distribution: of the quarter-hours; None if none is known.
        highest: the days with the highest powers, the highest first.
        balance: of three phases; None for another meter.
        volts: phase → its voltage by frames; empty where the meter shows none.
        voltage: by ten-minute means; without phases where there are none.
        overloads: in order of time.
    """

    site: str
    first: date
    until: date
    power_kva: int | None
    distribution: Distribution | None
    highest: tuple[Peak, ...]
    balance: PhaseBalance | None
    volts: Mapping[int, LabelSum]
    voltage: Voltage
    overloads: tuple[Overload, ...]


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Of which days.

    Attributes:
        site: of the ledger.
        first: local day.
        until: local day, excluded.
        tz: whose days.
        power_kva: subscribed, or None.
    """

    site: Site
    first: date
    until: date
    tz: ZoneInfo
    power_kva: int | None


def power_history(reader: LedgerReader, query: HistoryQuery, loads: Mapping[date, DayLoad]) -> PowerHistory:
    """The powers of some days.

    Args:
        reader: the ledger.
        query: which days.
        loads: what `day_loads` finds for them.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    site, bounds = query.site, (midnight_ms(query.first, query.tz), midnight_ms(query.until, query.tz))
    labels = _joined(each.phases for each in loads.values())
    alarmed = [start_ms for each in loads.values() for start_ms in each.alarmed]
    return PowerHistory(
        site.id,
        query.first,
        query.until,
        query.power_kva,
        distribution_of(loads.values(), query.power_kva),
        highest_of(loads, reader.daily_maxima(site, query.first, query.until)),
        balance_of(loads, labels, query.power_kva),
        {phase: labels[label] for phase, label in enumerate(VOLTS_OF_PHASES, 1) if label in labels},
        voltage_of(reader.voltage_means(site, *bounds), query.first, query.tz),
        tuple(overloads(reader, site, bounds, alarmed)),
    )


def distribution_of(loads: Iterable[DayLoad], power_kva: int | None) -> Distribution | None:
    """The distribution of some days, in at most twenty-five classes; of the means only where no frame has a power."""
    maxima: Counter[int] = Counter()
    means: Counter[int] = Counter()
    for each in loads:
        maxima.update(each.maxima)
        means.update(each.means)
    counts = maxima or means
    if not counts:
        return None
    most = (max(counts) + 1) * CLASS
    step = next((width for width in _WIDTHS if most <= width * _MOST_CLASSES), _WIDTHS[-1])
    classes = [0] * -(-most // step)
    for of_class, count in counts.items():
        classes[of_class * CLASS // step] += count
    reached = None
    if maxima and power_kva is not None:
        reached = sum(count for of_class, count in maxima.items() if of_class * CLASS >= power_kva * 1000)
    return Distribution(bool(maxima), step, tuple(classes), means.total() if maxima else 0, reached)


def highest_of(loads: Mapping[date, DayLoad], reported: Iterable[DailyMaximum]) -> tuple[Peak, ...]:
    """The ten days with the highest powers: as the meter reports it, with its second, else of frames."""
    found: dict[date, Peak] = {}
    for each in reported:
        known = found.get(each.day)
        if known is None or each.va > known.va:
            found[each.day] = Peak(each.day, each.va, each.time_ms, is_exact=True)
    for day, load in loads.items():
        if load.highest is not None and (day not in found or load.highest[0] > found[day].va):
            found[day] = Peak(day, *load.highest, is_exact=False)
    return tuple(sorted(found.values(), key=lambda each: (-each.va, each.day))[:SHOWN])


def balance_of(
    loads: Mapping[date, DayLoad], labels: Mapping[str, LabelSum], power_kva: int | None
) -> PhaseBalance | None:
    """The balance of three phases, by their powers where the meter shows them, else by their currents."""
    for unit, names in LOADS_OF_PHASES:
        if all(name in labels for name in names):
            means = [labels[name].sum / labels[name].n for name in names]
            limit = None if power_kva is None else round(power_kva * _PER_KVA[unit] / len(names))
            above, mean = (sum(parts) for parts in zip(*_uneven(loads.values(), unit), strict=True))
            phases = [
                PhaseLoad(
                    phase,
                    labels[name],
                    means[phase - 1] / sum(means) if sum(means) else 0.0,
                    None if limit is None else _days_over(loads.values(), name, limit),
                )
                for phase, name in enumerate(names, 1)
            ]
            return PhaseBalance(unit, limit, tuple(phases), above / mean if mean else None)
    return None


def _uneven(loads: Iterable[DayLoad], unit: str) -> Sequence[tuple[float, float]]:
    return [(0.0, 0.0), *(each.uneven[unit] for each in loads if unit in each.uneven)]


def _days_over(loads: Iterable[DayLoad], name: str, limit: int) -> int:
    return sum(name in each.phases and each.phases[name].max > limit for each in loads)


def _joined(days: Iterable[Mapping[str, LabelSum]]) -> dict[str, LabelSum]:
    found: dict[str, LabelSum] = {}
    for of_day in days:
        for label, each in of_day.items():
            found[label] = found[label] + each if label in found else each
    return found
