"""Which part of some days a site's frames cover. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

from tictally_recorder.cost.query import SiteDays
from tictally_recorder.remark import RemarkCode
from tictally_shared.calendar import QUARTER_MS, midnight_ms
from tictally_shared.phrase import Phrase

_CLOCK: Final = len("2026-11-21T")
_IN_THE_DAY: Final = "00:15"
_LATE_IN_THE_DAY: Final = "23:45"


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is missing at the ends of some days.

    Attributes:
        first: the site's first frame where the days begin before it, local to the minute, else None.
        last: the site's last frame where the days end after it, as far as they are past, else None.
    """

    first: str | None = None
    last: str | None = None

    @classmethod
    def of(cls, query: SiteDays, now: datetime) -> Self:
        """Of a site's days; less than a quarter-hour is not missing.

        Args:
            query: the site and its days.
            now: aware; what is after it is not missing.
        """
        first_ms = min(meter.first_ms for meter in query.site.meters)
        last_ms = max(meter.last_ms for meter in query.site.meters)
        start_ms = midnight_ms(query.start, query.tz)
        end_ms = min(midnight_ms(query.end, query.tz), int(now.timestamp() * 1000))

        def local(time_ms: int) -> str:
            return f"{datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(query.tz):%Y-%m-%dT%H:%M}"

        is_late, is_early = first_ms - start_ms >= QUARTER_MS, end_ms - last_ms >= QUARTER_MS
        return cls(local(first_ms) if is_late else None, local(last_ms) if is_early else None)

    def remarks(self) -> list[Phrase]:
        """What a person must know of it."""
        return [*_before(self.first), *_after(self.last)]

    def remarks_within_days(self) -> list[Phrase]:
        """The same without the days that are missing from start to end."""
        is_first = self.first is not None and self.first[_CLOCK:] >= _IN_THE_DAY
        is_last = self.last is not None and self.last[_CLOCK:] < _LATE_IN_THE_DAY
        return [*_before(self.first if is_first else None), *_after(self.last if is_last else None)]


def _before(first: str | None) -> Iterator[Phrase]:
    if first:
        yield Phrase(RemarkCode.COST_BEFORE_LEDGER, {"time": first})


def _after(last: str | None) -> Iterator[Phrase]:
    if last:
        yield Phrase(RemarkCode.COST_AFTER_LEDGER, {"time": last})


WHOLE: Final = Coverage()
"""Nothing is missing."""
