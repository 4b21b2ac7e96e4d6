"""A cache of results by period of past days, valid for as long as the ledger reports the same state for those days.

The state of a period is when the cost of each of its days was computed. Whatever changes a day marks it dirty in the
same transaction, and its cost is computed again afterwards: a period without dirty days and with the same state has the
same results. That holds for every writer of the ledger, also for those that the cache does not know of.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from tictally_recorder.api.params import DayRange
from tictally_recorder.ledger import LedgerReader, Site
from tictally_shared.calendar import QUARTER_MS, By, local_day, next_period, period_start

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class PeriodQuery:
    """What is looked up in a cache.

    Attributes:
        site: of the ledger.
        topic: what is computed, and from what beside the ledger.
        days: the range; its first and last period may be cut.
        by: length of the periods; None: the range is one period.
        tz: time zone of the days.
        today: the current local day; it and later days have no state.
    """

    site: Site
    topic: Hashable
    days: DayRange
    by: By | None
    tz: ZoneInfo
    today: date

    def periods(self) -> list[DayRange]:
        """The periods of the range, in order."""
        return [self.days] if self.by is None else periods_of(self.days, self.by, self.tz)


@dataclass(frozen=True, slots=True)
class DayStates:
    """The states of a site's days.

    Attributes:
        site_key: the site and its meters.
        computed: day → when its cost was computed; without dirty days.
        span: the days of its first and its last frame; outside of them there is nothing.
        today: the current local day; it and later days have no state.
    """

    site_key: Hashable
    computed: dict[date, int]
    span: tuple[date, date]
    today: date

    def of(self, days: DayRange) -> str | None:
        """The state of some days; None if one of them can change at any moment."""
        if days.until > self.today or days.first >= days.until:
            return None
        begin, end = max(days.first, self.span[0]), min(days.until, self.span[1] + timedelta(days=1))
        times = [self.computed.get(begin + timedelta(days=n)) for n in range((end - begin).days)]
        return None if None in times else f"{self.site_key}:{','.join(map(str, times))}"


class PeriodCache(Generic[_T]):
    """A bounded cache that drops the least recently used period first.

    Args:
        max_periods: capacity.
        empty: makes the result of a period for which nothing was computed.
    """

    def __init__(self, max_periods: int, empty: Callable[[], _T]) -> None:
        self._max_periods = max_periods
        self._empty = empty
        self._entries: OrderedDict[Hashable, tuple[str, _T]] = OrderedDict()
        self._lock = threading.Lock()

    def fill(
        self,
        reader: LedgerReader,
        query: PeriodQuery,
        compute: Callable[[DayRange], dict[date, _T]],
        states: DayStates | None = None,
    ) -> tuple[list[_T], str | None]:
        """The results of a range, by period, and the state that they rest on.

        Results that are not in the cache are computed, in as few runs of consecutive periods as possible.

        Args:
            reader: the ledger.
            query: what is looked up.
            compute: the results of some days: first day of a period → result.
            states: of the days of the range, read before `compute` reads the ledger; None: they are read here.
        """
        states = states or read_states(reader, query)
        periods = query.periods()
        period_states = [states.of(each) for each in periods]
        keys = [(query.site.id, query.topic, query.by, each) for each in periods]
        with self._lock:
            results = [self._get(key, state) for key, state in zip(keys, period_states, strict=True)]
        for low, high in _runs([each is None for each in results]):
            computed = compute(DayRange(periods[low].first, periods[high - 1].until))
            for at in range(low, high):
                result = computed.get(periods[at].first)
                results[at] = self._empty() if result is None else result
        with self._lock:
            for key, state, result in zip(keys, period_states, results, strict=True):
                if state is not None and result is not None:
                    self._entries[key] = (state, result)
                    self._entries.move_to_end(key)
            while len(self._entries) > self._max_periods:
                self._entries.popitem(last=False)
        return [each for each in results if each is not None], states.of(query.days)

    def _get(self, key: Hashable, state: str | None) -> _T | None:
        entry = self._entries.get(key)
        return entry[1] if entry is not None and state is not None and entry[0] == state else None


def read_states(reader: LedgerReader, query: PeriodQuery) -> DayStates:
    """The states of the days of a query. They must be read before the data that they stand for."""
    first, until = query.days.first, query.days.until
    # Dirty days first: a day that is computed between the two reads must not pass for clean with an old state.
    dirty = [each for meter in query.site.meters for each in reader.invalidated(meter.id)]
    computed = reader.cost_states(query.site.id, first, until)
    for low, high in dirty:
        start, end = (local_day(each * QUARTER_MS, query.tz) for each in (low, high))
        for n in range((min(end, until) - max(start, first)).days + 1):
            computed.pop(max(start, first) + timedelta(days=n), None)
    span = days_of(query.site, query.tz)
    # Of a site that receives frames the last day is today, which has no state anyway.
    meters = tuple((meter.id, meter.first_ms) for meter in query.site.meters)
    return DayStates((query.site.id, meters, min(span[1], query.today)), computed, span, query.today)


def days_of(site: Site, tz: ZoneInfo) -> tuple[date, date]:
    """The local days of a site's first and last frame."""
    first, last = (local_day(each, tz) for each in (site.first_ms, site.last_ms))
    return first, last


def periods_of(days: DayRange, by: By, tz: ZoneInfo) -> list[DayRange]:
    """The periods of a range, in order; the first and the last may be cut."""
    periods: list[DayRange] = []
    first = days.first
    noon = timedelta(hours=12)
    while first < days.until:
        start = period_start(datetime(first.year, first.month, first.day, tzinfo=tz) + noon, by, tz)
        until = next_period(start, by, tz).astimezone(tz).date()
        periods.append(DayRange(first, min(until, days.until)))
        first = until
    return periods


def _runs(is_missing: Sequence[bool]) -> list[tuple[int, int]]:
    """Start and end (excluded) of each run of missing results."""
    runs: list[tuple[int, int]] = []
    for at, missing in enumerate(is_missing):
        if missing and runs and runs[-1][1] == at:
            runs[-1] = (runs[-1][0], at + 1)
        elif missing:
            runs.append((at, at + 1))
    return runs
