"""What the kinds of notifications look at."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import IntEnum
from typing import Any
from zoneinfo import ZoneInfo

from tictally_recorder.cost.model import Terms
from tictally_recorder.ledger import LedgerReader, Site
from tictally_recorder.notifications.model import Notification
from tictally_recorder.settings import Settings
from tictally_shared.calendar import local_day

Memory = dict[str, Any]
"""What a kind knows of before, kept in the ledger; values that JSON has."""


@dataclass(frozen=True)
class View:
    """The ledger and the clock.

    Attributes:
        settings: the recorder's.
        reader: the ledger.
        sites: of it.
        terms: contracts and tariffs, or None while they cannot be used.
        now_ms: milliseconds since 1970.
        started_ms: when this process began to look.
        since_ms: when notifications began; what was before is no news.
        is_first: the kind has not looked before: what it finds now has been so for long.
        seen: meter's id → time up to which this process has looked at its frames.
    """

    settings: Settings
    reader: LedgerReader
    sites: list[Site]
    terms: Terms | None
    now_ms: int
    started_ms: int
    since_ms: int
    is_first: bool = False
    seen: dict[int, int] = field(default_factory=dict)

    @property
    def tz(self) -> ZoneInfo:
        """Whose days are meant."""
        return self.settings.zone

    @property
    def today(self) -> date:
        """The local day."""
        return local_day(self.now_ms, self.tz)

    def iso(self, time_ms: int) -> str:
        """A moment for parameters of phrases, ISO 8601 with offset."""
        return datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(self.tz).isoformat()


class Pace(IntEnum):
    """How often a kind looks. All but the first stay quiet at night, and look once at the first start in any case."""

    MINUTE = 0
    HOUR = 1
    DAY = 2


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of notification.

    Attributes:
        name: an event, or `summary`.
        pace: how often it looks.
        find: what is new, given what it knows of before; it writes there what it has found.
    """

    name: str
    pace: Pace
    find: Callable[[View, Memory], Iterator[Notification]]
