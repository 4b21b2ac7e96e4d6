"""The buckets: what they are called and how long they keep. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket.

    Attributes:
        name: in InfluxDB.
        days: how long it keeps; 0: for ever.
    """

    name: str
    days: int

    @property
    def keeps_s(self) -> int:
        """How long it keeps, 0 for ever."""
        return self.days * _DAY_S

    def oldest_ms(self, now_ms: int) -> int:
        """What is older than this it does not take."""
        return now_ms - self.keeps_s * 1000 if self.days else -(2**62)


@dataclass(frozen=True, slots=True)
class Buckets:
    """All four.

    Attributes:
        raw: every frame.
        minute: a row a minute.
        hour: a row an hour.
        ledger: quarters, days and cost.
    """

    raw: Bucket
    minute: Bucket
    hour: Bucket
    ledger: Bucket

    @classmethod
    def of(cls, prefix: str, raw_days: int, minute_days: int, hour_days: int, ledger_days: int) -> Self:
        """The buckets that begin with a prefix."""
        return cls(
            Bucket(f"{prefix}_raw", raw_days),
            Bucket(f"{prefix}_minute", minute_days),
            Bucket(f"{prefix}_hour", hour_days),
            Bucket(prefix, ledger_days),
        )

    @property
    def aggregated(self) -> tuple[Bucket, ...]:
        """Those that InfluxDB's tasks fill."""
        return self.minute, self.hour

    def __iter__(self) -> Iterator[Bucket]:
        return iter((self.raw, self.minute, self.hour, self.ledger))
