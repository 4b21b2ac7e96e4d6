"""The sums of years. Pure."""

from collections import Counter
from collections.abc import Iterable

from tictally_recorder.reconciliation.model import DayComparison, YearSum
from tictally_recorder.tariffs.model import Direction


def by_year(days: Iterable[DayComparison]) -> list[YearSum]:
    """The days of each site, year and direction together, in order; an unknown energy is in no sum.

    Args:
        days: of any sites.
    """
    grouped: dict[tuple[str, int, Direction], list[DayComparison]] = {}
    for each in days:
        grouped.setdefault((each.site, each.day.year, each.direction), []).append(each)
    return [_sum(key, of_year) for key, of_year in sorted(grouped.items())]


def _sum(key: tuple[str, int, Direction], days: Iterable[DayComparison]) -> YearSum:
    days = list(days)
    known = [(each.energy_wh, each.enedis_wh) for each in days if each.energy_wh is not None]
    ours, theirs = (sum(figures) for figures in zip(*known, strict=True)) if known else (0, 0)
    return YearSum(*key, ours, theirs, len(known), dict(Counter(each.verdict for each in days)))
