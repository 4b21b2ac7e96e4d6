"""The buckets: what they are called and how long they keep. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

_DAY_S: Final = 86_400
_HALF_A_YEAR: Final = 180


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

    @property
    def shard_s(self) -> int:
        """How much time InfluxDB puts into one group of files.

        What is kept for ever is little by the day and asked for by the year: InfluxDB's own week would make hundreds of
        files of some kilobytes each, and seven years answer twenty times as slow. The others are as InfluxDB has them
        (a day up to half a year, a week beyond).
        """
        if not self.days:
            return 365 * _DAY_S
        return _DAY_S if self.days <= _HALF_A_YEAR else 7 * _DAY_S

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


@dataclass(frozen=True, slots=True)
class Target:
    """One InfluxDB.

    Attributes:
        url: where it is.
        org: name of the organization.
        token: of every day.
        setup_token: may make buckets and tasks, or None.
        ca: certificate that its own must be signed by, or None.
        buckets: where to.
    """

    url: str
    org: str
    token: str = field(repr=False)
    setup_token: str | None = field(repr=False)
    ca: Path | None
    buckets: Buckets
