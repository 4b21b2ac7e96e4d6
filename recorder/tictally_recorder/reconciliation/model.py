"""The result of a comparison with Enedis' figures: of a day, and of a year. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tictally_recorder.tariffs.model import Direction
from tictally_shared.phrase import Phrase


class Verdict(StrEnum):
    """How our energy of a day and Enedis' figure agree."""

    EQUAL = "equal"
    ROUNDED = "rounded"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DayComparison:
    """A local day.

    Attributes:
        site: the site's id.
        day: local.
        direction: consumption or injection.
        energy_wh: what our registers counted; None where a part of it is unknown.
        enedis_wh: Enedis' figure.
        verdict: whether both agree: to the Wh, or as far as both are rounded.
        cause: the likely reason of a difference, or of an unknown energy; else None.
    """

    site: str
    day: date
    direction: Direction
    energy_wh: int | None
    enedis_wh: int
    verdict: Verdict
    cause: Phrase | None = None

    @property
    def difference_wh(self) -> int | None:
        """Ours minus Enedis'; None where ours is unknown."""
        return None if self.energy_wh is None else self.energy_wh - self.enedis_wh


@dataclass(frozen=True, slots=True)
class YearSum:
    """The days of a year that have both figures.

    Attributes:
        site: the site's id.
        year: local.
        direction: consumption or injection.
        energy_wh: ours.
        enedis_wh: Enedis'.
        days: how many there are.
        verdicts: how many of each verdict, unknown ones included.
    """

    site: str
    year: int
    direction: Direction
    energy_wh: int
    enedis_wh: int
    days: int
    verdicts: dict[Verdict, int]

    @property
    def difference_wh(self) -> int:
        """Ours minus Enedis'."""
        return self.energy_wh - self.enedis_wh


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
