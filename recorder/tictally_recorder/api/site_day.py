"""A local day of a site: totals, hours, the highest power, temperature, what happened, and other days beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import groupby
from typing import Final

from tictally_recorder.api.context import CurrentTerms, ReadSession
from tictally_recorder.api.day_figures import DayFigures, amounts, cents
from tictally_recorder.api.period_cache import days_of
from tictally_recorder.api.responses import Record, local_iso
from tictally_recorder.cost.day_course import DayCourse, QuarterCourse
from tictally_recorder.cost.power.overloads import overloads
from tictally_recorder.energy import gaps
from tictally_recorder.ledger import Quarter, Site
from tictally_shared.calendar import QUARTER_MS, day_bounds_ms, local_midnight, local_time
from tictally_shared.status_register import OVERLOAD_ALARMS

_DAY: Final = timedelta(days=1)
_HOUR_MS: Final = 3_600_000
_CENTI: Final = 100
_CONSUMPTION: Final = ("SINSTS", "PAPP")
_MINUTE_MS: Final = 60_000
# A source that sends every ten minutes has points without a line between them.
_DENSE: Final = 0.5
_LABELS: Final = (*_CONSUMPTION, "SINSTI")


@dataclass(frozen=True)
class SiteDay:
    """A local day of a site.

    Attributes:
        session: of the request.
        site: of the ledger.
        current: contracts and tariffs.
        day: local.
    """

    session: ReadSession
    site: Site
    current: CurrentTerms
    day: date

    def record(self) -> dict[str, object]:
        """The record. Raises as the ledger's methods do."""
        session, (start_ms, end_ms) = self.session, self._bounds_ms
        first, last = days_of(self.site, session.tz)
        course = self._course
        until = local_midnight(self.day + _DAY, session.tz)
        energy = self._figures.energy(local_midnight(self.day, session.tz), min(until, session.now))
        return {
            "site": self.site.id,
            "day": str(self.day),
            "from": local_iso(start_ms, session.tz),
            "to": local_iso(end_ms, session.tz),
            "first": str(first),
            "last": str(max(last, session.today)),
            "currency": None if course is None else course.total.currency,
            **energy,
            **(amounts(course.total) if course is not None else dict.fromkeys(("cost", "quality"))),
            "hours": self._hours(course),
            "maximum": self._maximum(),
            "temperature": self._temperature(),
            "events": sorted([*self._gaps(), *self._overloads()], key=lambda each: str(each["from"])),
            "beside": [each for each in self._beside() if each is not None],
        }

    @cached_property
    def _figures(self) -> DayFigures:
        return DayFigures(self.session, self.site, self.current)

    @cached_property
    def _bounds_ms(self) -> tuple[int, int]:
        return day_bounds_ms(self.day, self.session.tz)

    @cached_property
    def _quarters(self) -> Sequence[Quarter]:
        """With frames, of all meters, in order of time."""
        meters = self.site.meters
        found = [each for meter in meters for each in self.session.reader.quarters(meter.id, *self._bounds_ms)]
        return sorted(found, key=lambda each: each.start_ms)

    @cached_property
    def _course(self) -> DayCourse | None:
        return self._figures.course(self.day)

    def _hours(self, course: DayCourse | None) -> list[Record]:
        """By local hour, also those of an hour that occurs twice."""
        temperatures = self._temperatures
        quarters: Sequence[QuarterCourse] = course.quarters if course is not None else ()
        return [
            {
                "from": local_iso(hour_ms, self.session.tz),
                **_sums(list(of_hour)),
                "temperature": temperatures.get(hour_ms),
            }
            for hour_ms, of_hour in groupby(quarters, key=lambda each: each.start_ms // _HOUR_MS * _HOUR_MS)
        ]

    def _maximum(self) -> Record | None:
        """The highest power: of a past day as the meter reports it, with its second, else of the quarter-hours."""
        reported = self.session.reader.daily_maxima(self.site, self.day, self.day + _DAY)
        if reported:
            highest = max(reported, key=lambda each: (each.va, -each.time_ms))
            return {"va": highest.va, "at": local_iso(highest.time_ms, self.session.tz), "is_exact": True}
        found = [
            (quarter.live[label].max, -quarter.start_ms)
            for quarter in self._quarters
            for label in _CONSUMPTION
            if label in quarter.live
        ]
        if not found:
            return None
        va, start_ms = max(found)
        return {"va": va, "at": local_iso(-start_ms, self.session.tz), "is_exact": False}

    @cached_property
    def _temperatures(self) -> dict[int, float]:
        found = self.session.reader.temperatures(self.site.id, *self._bounds_ms)
        return {time_ms: value / _CENTI for time_ms, value in found.items()}

    def _temperature(self) -> Record | None:
        values = [*self._temperatures.values()]
        if not values:
            return None
        mean = round(sum(values) / len(values), 1)
        return {"mean": mean, "min": round(min(values), 1), "max": round(max(values), 1)}

    def _gaps(self) -> Iterator[Record]:
        for gap in gaps(self.session.reader, self.site, *self._bounds_ms):
            yield self._event("gap", gap.start_ms, gap.end_ms)

    def _overloads(self) -> Iterator[Record]:
        alarmed = [
            quarter.start_ms
            for quarter in self._quarters
            if any(alarm in quarter.ends or alarm in quarter.live for alarm in OVERLOAD_ALARMS)
        ]
        for each in overloads(self.session.reader, self.site, self._bounds_ms, alarmed):
            yield self._event("overload", each.start_ms, each.end_ms)

    def _event(self, kind: str, start_ms: int, end_ms: int) -> Record:
        return {"kind": kind, "from": local_iso(start_ms, self.session.tz), "to": local_iso(end_ms, self.session.tz)}

    def _beside(self) -> Iterator[Record | None]:
        """The day before, a week before and a year before; of a day that is running as much of them as has passed."""
        yield self._other("day", self.day - _DAY)
        yield self._other("week", self.day - 7 * _DAY)
        yield self._other("year", _year_before(self.day))

    def _other(self, which: str, other: date) -> Record | None:
        course, mine = self._figures.course(other), self._course
        if course is None or mine is None or not course.is_complete:
            return None
        there, here = course.whole, mine.whole
        if self.day == self.session.today:
            there, here = course.until(self._now_ms(other)), mine.until(self._now_ms(self.day))
        if there.energy_wh is None or here.energy_wh is None:
            return None
        return {
            "which": which,
            "day": str(other),
            "energy_wh": there.energy_wh,
            "cost": cents(there.amount),
            "here_energy_wh": here.energy_wh,
            "here_cost": cents(here.amount),
        }

    def _now_ms(self, day: date) -> int:
        """The start of the present quarter-hour of the clock, on another day."""
        now = self.session.now.astimezone(self.session.tz)
        clock = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0).time()
        return int(local_time(day, clock, self.session.tz).timestamp()) * 1000


@dataclass(frozen=True, slots=True)
class PowerCurve:
    """The power of a day in steps.

    Attributes:
        step_s: a minute where all raw frames are there, else a quarter-hour.
        mean_va: of each step; negative where it is injected, None without a frame.
        max_va: the highest that was consumed.
    """

    step_s: int
    mean_va: list[int | None]
    max_va: list[int | None]


def power_curve(session: ReadSession, site: Site, day: date) -> PowerCurve:
    """The power of a local day of a site. Raises as the ledger's methods do."""
    start_ms, end_ms = day_bounds_ms(day, session.tz)
    sums: dict[int, tuple[int, int, int]] = {}
    for meter in site.meters:
        for time_ms, values in session.reader.complete_raw_numbers(meter.id, _LABELS, start_ms, end_ms):
            consumed = values.get("SINSTS", values.get("PAPP"))
            if consumed is not None:
                step = (time_ms - start_ms) // _MINUTE_MS
                n, total, most = sums.get(step, (0, 0, 0))
                sums[step] = n + 1, total + consumed - values.get("SINSTI", 0), max(most, consumed)
    if sums and len(sums) >= _DENSE * (max(sums) - min(sums)):
        return _curve(_MINUTE_MS, end_ms - start_ms, sums)
    sums = {}
    for meter in site.meters:
        for quarter in session.reader.quarters(meter.id, start_ms, end_ms):
            label = next((each for each in _CONSUMPTION if each in quarter.live), None)
            if label is not None:
                live, injected = quarter.live[label], quarter.live.get("SINSTI")
                net = live.sum - (injected.sum * live.n // injected.n if injected else 0)
                sums[(quarter.start_ms - start_ms) // QUARTER_MS] = live.n, net, live.max
    return _curve(QUARTER_MS, end_ms - start_ms, sums)


def _curve(step_ms: int, length_ms: int, sums: dict[int, tuple[int, int, int]]) -> PowerCurve:
    steps = [sums.get(step) for step in range(length_ms // step_ms)]
    return PowerCurve(
        step_ms // 1000,
        [None if each is None else round(each[1] / each[0]) for each in steps],
        [None if each is None else each[2] for each in steps],
    )


def _sums(quarters: Sequence[QuarterCourse]) -> Record:
    """What some quarter-hours add up to; unknown where one of them is."""
    consumed = [each.consumption_wh for each in quarters if each.consumption_wh is not None]
    injected = [each.injection_wh for each in quarters if each.injection_wh is not None]
    paid = [each.amount for each in quarters if each.amount is not None]
    earned = [each.income for each in quarters if each.income is not None]
    count = len(quarters)
    return {
        "energy_wh": sum(consumed) if len(consumed) == count else None,
        "injection_wh": sum(injected) if injected else None,
        "cost": f"{sum(paid):.4f}" if len(paid) == count else None,
        "income": f"{sum(earned):.4f}" if len(earned) == count else None,
    }


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)
