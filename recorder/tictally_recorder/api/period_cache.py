"""What was worked out about days that are over, kept while the ledger says that they are still the same.

A period's state is when each of its days was computed. Whatever changes a day touches it, in the transaction that
changes it, and then it is computed again: so a period none of whose days is touched, with the same state, is the same.
That holds whoever wrote the ledger, and over what no cache hears of.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from tictally_recorder.ledger import LedgerReader, Site
from tictally_shared.calendar import QUARTER_MS, By, next_period, period_start

HoursOfDay = tuple[tuple[int, int], ...]
"""(local hour, Wh) of a day's hours that have frames throughout."""

Offers = tuple[dict[str, object], ...]
"""The records of a comparison."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class States:
    """What a site's days are.

    Attributes:
        whose: the site and its meters.
        computed: day → when, for those that are over and not touched.
        span: the days of its first and its last frame: outside them there is nothing.
        today: local; it and what follows has no state.
    """

    whose: Hashable
    computed: dict[date, int]
    span: tuple[date, date]
    today: date

    def of(self, first: date, until: date) -> str | None:
        """The state of days, as a text; None where one of them may change at any moment."""
        if until > self.today or first >= until:
            return None
        begin, end = max(first, self.span[0]), min(until, self.span[1] + timedelta(days=1))
        found = [self.computed.get(begin + timedelta(days=n)) for n in range((end - begin).days)]
        return None if None in found else f"{self.whose}:{','.join(map(str, found))}"


def read_states(reader: LedgerReader, site: Site, first: date, until: date, tz: ZoneInfo, today: date) -> States:  # noqa: PLR0913, PLR0917 - all that states depend on
    """The states of a site's days; to be read before what they shall stand for.

    Args:
        reader: the ledger.
        site: of it.
        first: a local day.
        until: a local day, excluded.
        tz: whose days are meant.
        today: local.
    """
    # In this order: what is stored between the two is newer than what it was touched by.
    touched = [each for meter in site.meters for each in reader.invalidated(meter.id)]
    computed = reader.cost_states(site.id, first, until)
    for low, high in touched:
        start, end = (
            datetime.fromtimestamp(each * QUARTER_MS / 1000, UTC).astimezone(tz).date() for each in (low, high)
        )
        for n in range((min(end, until) - max(start, first)).days + 1):
            computed.pop(max(start, first) + timedelta(days=n), None)
    span = days_of(site, tz)
    # Of a site that is heard the last day is today, which no state is of.
    whose = (site.id, tuple((meter.id, meter.first_ms) for meter in site.meters), min(span[1], today))
    return States(whose, computed, span, today)


def days_of(site: Site, tz: ZoneInfo) -> tuple[date, date]:
    """The local days of a site's first and last frame."""
    ends = min(meter.first_ms for meter in site.meters), max(meter.last_ms for meter in site.meters)
    first, last = (datetime.fromtimestamp(each / 1000, UTC).astimezone(tz).date() for each in ends)
    return first, last


@dataclass(frozen=True, slots=True)
class Period:
    """A whole period of the local calendar, as far as a window holds it.

    Attributes:
        first: its first day.
        until: the day after its last.
    """

    first: date
    until: date


def periods_of(first: date, until: date, by: By, tz: ZoneInfo) -> list[Period]:
    """The periods of some days, the first and the last cut."""
    found: list[Period] = []
    here = first
    noon = timedelta(hours=12)
    while here < until:
        start = period_start(datetime(here.year, here.month, here.day, tzinfo=tz) + noon, by, tz)
        after = next_period(start, by, tz).astimezone(tz).date()
        found.append(Period(here, min(after, until)))
        here = after
    return found


class PeriodCache(Generic[_T]):
    """Bounded; what was asked for longest ago goes first.

    Args:
        most: periods that are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, tuple[str, _T]] = OrderedDict()
        self._lock = threading.Lock()

    def fill(
        self,
        about: Hashable,
        periods: Sequence[Period],
        states: States,
        work: Callable[[date, date], dict[date, _T]],
        nothing: Callable[[], _T],
    ) -> list[_T]:
        """What is known of each period; what is not kept is worked out, as few stretches as there are.

        Args:
            about: what is asked, beside the period.
            periods: in order, without gaps.
            states: of their days.
            work: finds what is asked for the days from one to another, excluded: first day of a period → what it is.
            nothing: what a period is of which nothing is found.
        """
        told = [states.of(each.first, each.until) for each in periods]
        with self._lock:
            found = [self._get((about, each), state) for each, state in zip(periods, told, strict=True)]
        for low, high in _runs([each is None for each in found]):
            fresh = work(periods[low].first, periods[high - 1].until)
            for at in range(low, high):
                value = fresh.get(periods[at].first)
                found[at] = nothing() if value is None else value
        with self._lock:
            for each, state, value in zip(periods, told, found, strict=True):
                if state is not None and value is not None:
                    self._kept[about, each] = (state, value)
                    self._kept.move_to_end((about, each))
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return [value for value in found if value is not None]

    def _get(self, key: Hashable, state: str | None) -> _T | None:
        kept = self._kept.get(key)
        return kept[1] if kept is not None and state is not None and kept[0] == state else None


def _runs(lacking: Sequence[bool]) -> list[tuple[int, int]]:
    """From where to where, excluded, something lacks."""
    runs: list[tuple[int, int]] = []
    for at, lacks in enumerate(lacking):
        if lacks and runs and runs[-1][1] == at:
            runs[-1] = (runs[-1][0], at + 1)
        elif lacks:
            runs.append((at, at + 1))
    return runs
