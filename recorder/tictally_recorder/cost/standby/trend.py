"""Whether base load rises or falls: medians of nights, which one guest or one night's heating does not move. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from statistics import median_high, median_low
from typing import Final

from tictally_recorder.cost.aggregation import first_day
from tictally_recorder.ledger import Night
from tictally_shared.calendar import By

NIGHTS: Final = 30
"""How many nights in a row are compared with others."""
ENOUGH_NIGHTS: Final = 10
"""Of them, so that a week away from home is not taken for all of them."""

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Typical:
    """Nights taken together.

    Attributes:
        start: a local day.
        end: the day after the last.
        nights: of those days, as many as are known.
        minutes: that had frames, in all of them.
        va: their median, to the whole VA; None if too few are known.
        imported: how many of them only imports show.
    """

    start: date
    end: date
    nights: int
    minutes: int
    va: int | None
    imported: int = 0


@dataclass(frozen=True, slots=True)
class Trend:
    """What the newest nights are beside others.

    Attributes:
        last: the newest night.
        recent: the 30 nights that end with it, as far as they are known.
        before: the 30 before those.
        year_ago: those of the same dates a year earlier.
    """

    last: Night
    recent: Typical
    before: Typical
    year_ago: Typical

    def change_since(self, other: Typical) -> int | None:
        """By how many VA the recent nights are above others, or None if one of both is not known."""
        return None if self.recent.va is None or other.va is None else self.recent.va - other.va


def trend(nights: Sequence[Night]) -> Trend | None:
    """What the newest of some nights, in order of day, are beside the others of its kind; None if there are none.

    What imports show of a night is another figure than what frames show: they are not compared.
    """
    if not nights:
        return None
    nights = [night for night in nights if night.is_imported == nights[-1].is_imported]
    last = nights[-1].day
    return Trend(nights[-1], *(_window(nights, end) for end in (last, last - NIGHTS * _DAY, _a_year_before(last))))


def by_period(nights: Iterable[Night], by: By) -> list[Typical]:
    """The nights of each day, month or year, in order; periods without nights are left out.

    Args:
        nights: in order of day.
        by: day, month or year.
    """
    groups = [list(group) for _, group in groupby(nights, key=lambda night: first_day(night.day, by))]
    return [_typical(group, group[0].day, group[-1].day + _DAY, enough=1) for group in groups]


def _window(nights: Iterable[Night], last: date) -> Typical:
    start, end = last - (NIGHTS - 1) * _DAY, last + _DAY
    return _typical([night for night in nights if start <= night.day < end], start, end, enough=ENOUGH_NIGHTS)


def _typical(nights: Sequence[Night], start: date, end: date, *, enough: int) -> Typical:
    powers = [night.va for night in nights]
    # Half a VA is below what a meter reports.
    va = (median_low(powers) + median_high(powers) + 1) // 2 if len(powers) >= enough else None
    imported = sum(night.is_imported for night in nights)
    return Typical(start, end, len(nights), sum(night.minutes for night in nights), va, imported)


def _a_year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)
