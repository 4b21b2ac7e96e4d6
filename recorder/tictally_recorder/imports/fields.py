"""Numbers and times as files have them: with a decimal comma or point, with an offset or local without one. Pure."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

_PLAIN = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:[ \u00a0\u202f']\d{3})+(?:[.,]\d+)?")


def number(text: str) -> Decimal | None:
    """A decimal number, or None. Groups of thousands are separated by spaces or apostrophes only."""
    text = text.strip()
    if _GROUPED.fullmatch(text):
        text = re.sub(r"[ \u00a0\u202f']", "", text)
    if not _PLAIN.fullmatch(text):
        return None
    return Decimal(text.replace(",", "."))


def to_ms(moment: datetime) -> int:
    """An aware time in milliseconds since 1970."""
    return round(moment.timestamp()) * 1000


class LocalClock:
    """Turns local times without offset, in the order of time, into moments.

    The hour that a clock change repeats stands twice: what does not follow the time before it is of the second one.

    Args:
        tz: whose times.
    """

    def __init__(self, tz: ZoneInfo) -> None:
        self._tz = tz
        self._newest_ms: int | None = None

    def moment(self, naive: datetime) -> int | None:
        """Milliseconds since 1970, or None for a time that a clock change skips."""
        local = naive.replace(tzinfo=self._tz)
        if local.astimezone(UTC).astimezone(self._tz).replace(tzinfo=None) != naive:
            return None
        found = to_ms(local)
        if self._newest_ms is not None and found <= self._newest_ms:
            found = to_ms(local.replace(fold=1))
        self._newest_ms = found
        return found

    def end(self, naive: datetime) -> int | None:
        """The same for the end of an interval: the end at which clocks go forward has a time that is skipped."""
        found = self.moment(naive)
        if found is not None:
            return found
        local = naive.replace(tzinfo=self._tz)
        skipped = to_ms(local)
        after = local.astimezone(UTC).astimezone(self._tz)
        is_change = (after.replace(tzinfo=None) - naive).seconds // 3600 == 1 and naive.minute == 0
        if not is_change:
            return None
        self._newest_ms = skipped
        return skipped
