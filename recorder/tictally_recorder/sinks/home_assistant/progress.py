"""How far a site's statistics are: sums at some hours, from which they can be continued. Pure.

A changed hour changes all later sums. The sums are kept at every hour of the last two days, every midnight (UTC) of the
last month and every month's first one before, so that a correction is sent on from shortly before it.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Self

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
_HOURS_MS: Final = 2 * DAY_MS
_DAYS_MS: Final = 31 * DAY_MS

Sums = dict[str, Decimal]
"""Key of a series → its sum, in Wh or a currency."""


@dataclass(slots=True)
class SiteProgress:
    """The sums of one site.

    Attributes:
        first_ms: the start of the first hour that was ever sent, milliseconds since 1970; None before the first.
        sums: time → the sums at that time, in order of time; what is before the newest one is in Home Assistant.
    """

    first_ms: int | None = None
    sums: dict[int, Sums] = field(default_factory=dict)

    @classmethod
    def from_json(cls, found: Mapping[str, Any] | None) -> Self:
        """As `as_json` gave it; a new one from None."""
        if not found:
            return cls()
        sums = {int(at_ms): {key: Decimal(value) for key, value in sums.items()} for at_ms, sums in found["sums"]}
        return cls(found["first"], sums)

    def as_json(self) -> dict[str, Any]:
        """In values that JSON has."""
        sums = [[at_ms, {key: str(value) for key, value in each.items()}] for at_ms, each in self.sums.items()]
        return {"first": self.first_ms, "sums": sums}

    @property
    def end_ms(self) -> int | None:
        """Until when Home Assistant has it, excluded; None: nothing."""
        return max(self.sums, default=None)

    def begin(self, first_ms: int, sums: Sums) -> None:
        """Begin at an hour, with what Home Assistant has summed up before it."""
        self.first_ms, self.sums = first_ms, {first_ms: sums}

    def lower(self, at_ms: int) -> None:
        """An hour has changed: go back to the newest sums at or before it; to the first ones at most."""
        times = sorted(self.sums)
        kept = max(bisect_right(times, at_ms), 1)
        self.sums = {each: self.sums[each] for each in times[:kept]}

    def advance(self, new: Mapping[int, Sums]) -> None:
        """Add sums at later times; those that are not needed go."""
        known = self.sums | dict(new)
        end_ms, first_ms = max(known), min(known)
        self.sums = {
            at_ms: known[at_ms] for at_ms in sorted(known) if at_ms in {first_ms, end_ms} or _is_kept(at_ms, end_ms)
        }


def _is_kept(at_ms: int, end_ms: int) -> bool:
    if at_ms >= end_ms - _HOURS_MS:
        return True
    at = datetime.fromtimestamp(at_ms // 1000, UTC)
    return at.hour == 0 and (at.day == 1 or at_ms >= end_ms - _DAYS_MS)
