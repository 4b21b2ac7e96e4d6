"""Cron expressions in local time, moved by some seconds so that many recorders do not run at once. Pure."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

_MINUTE_S: Final = 60


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a job is due.

    Where the clocks go forward over it, it is due right after the change; where they go back, once.

    Attributes:
        expression: of cron, with five fields.
        tz: whose time is meant.
        offset_s: seconds after the minute that the expression names, 0 to 59.
    """

    expression: str
    tz: ZoneInfo
    offset_s: int = 0

    def __post_init__(self) -> None:
        try:
            CronSim(self.expression, datetime.fromtimestamp(0, self.tz))
        except CronSimError as error:
            raise ValueError(f"{self.expression!r} is no cron expression: {error}") from None

    @classmethod
    def spread(cls, expression: str, tz: ZoneInfo, key: str) -> Self:
        """A schedule whose offset depends on a key, such as the names of recorder and job."""
        return cls(expression, tz, int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) % _MINUTE_S)

    def last_ms(self, now_ms: int) -> int:
        """When it was last due, this moment included, milliseconds since 1970."""
        # The library excludes the moment that it is given, and knows whole seconds.
        moment = self._local(now_ms // 1000 - self.offset_s + 1)
        return self._ms(next(CronSim(self.expression, moment, reverse=True)))

    def next_ms(self, now_ms: int) -> int:
        """When it is due next, milliseconds since 1970."""
        return self._ms(next(CronSim(self.expression, self._local(now_ms // 1000 - self.offset_s))))

    def _local(self, time_s: int) -> datetime:
        return datetime.fromtimestamp(time_s, UTC).astimezone(self.tz)

    def _ms(self, due: datetime) -> int:
        return int((due.astimezone(UTC) + timedelta(seconds=self.offset_s)).timestamp() * 1000)
