"""What energy is asked for, as one value."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
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
        firsts: first local days of periods that hold instead of `by`, or moments at which they begin, over the whole
            window, and that of the one after it; empty: `by` holds.
    """

    site: str
    start: datetime
    end: datetime
    by: By
    tz: ZoneInfo
    firsts: tuple[date | datetime, ...] = ()

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

    @classmethod
    def of_moments(cls, site: str, moments_ms: tuple[int, int], by: By, tz: ZoneInfo) -> Self:
        """The query of a time from one moment to another, milliseconds since 1970.

        Args:
            site: the site's id.
            moments_ms: the first one, and the end, excluded.
            by: the period of a row.
            tz: the zone of local times.
        """
        start, end = (datetime.fromtimestamp(each // 1000, UTC) for each in moments_ms)
        return cls(site, start, end, by, tz)
