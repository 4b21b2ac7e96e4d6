"""What energy is asked for, as one value."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Self
from zoneinfo import ZoneInfo

from tictally_shared.calendar import By, local_midnight


@dataclass(frozen=True, slots=True)
class EnergyQuery:
    """The energy of a site in [start, end), by period.

    A bound inside a quarter-hour is moved outwards to that quarter's own bound.

    Attributes:
        site: the site's id.
        start: aware.
        end: aware, excluded.
        by: the period of a row.
        tz: the zone of hours, days, months and years.
        firsts: first local days of periods that hold instead of `by`, over the whole window, and that of the one after
            it; empty: `by` holds.
    """

    site: str
    start: datetime
    end: datetime
    by: By
    tz: ZoneInfo
    firsts: tuple[date, ...] = ()

    @classmethod
    def of_days(cls, site: str, days: tuple[date, date], by: By, tz: ZoneInfo) -> Self:
        """The query of whole local days.

        Args:
            site: the site's id.
            days: the first one, and the one after the last.
            by: the period of a row.
            tz: the zone of the days.
        """
        first, end = days
        return cls(site, local_midnight(first, tz), local_midnight(end, tz), by, tz)
