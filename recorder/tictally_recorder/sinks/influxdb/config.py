"""Where the InfluxDB sink writes: server, buckets and their retention. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

NAME: Final = "influxdb"
"""Of the sink: in the ledger, in health and on the command line."""

_DAY_S: Final = 86_400
_HALF_A_YEAR: Final = 180


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket.

    Attributes:
        name: in InfluxDB.
        days: its retention; 0: for ever.
    """

    name: str
    days: int

    @property
    def retention_s(self) -> int:
        """Its retention in seconds, 0: for ever."""
        return self.days * _DAY_S

    @property
    def shard_s(self) -> int:
        """The duration of a shard group: how much time InfluxDB puts into one group of files.

        Data without an end are few a day and queried by the year: InfluxDB's own week would make hundreds of files of
        some kilobytes each, and make seven years twenty times as slow. The others are InfluxDB's defaults (a day up to
        half a year of retention, a week beyond).
        """
        if not self.days:
            return 365 * _DAY_S
        return _DAY_S if self.days <= _HALF_A_YEAR else 7 * _DAY_S

    def oldest_ms(self, now_ms: int) -> int:
        """The oldest time that it accepts."""
        return now_ms - self.retention_s * 1000 if self.days else -(2**62)


@dataclass(frozen=True, slots=True)
class Buckets:
    """The four buckets.

    Attributes:
        raw: every frame.
        minute: a row per minute.
        hour: a row per hour.
        ledger: quarters, days and cost.
    """

    raw: Bucket
    minute: Bucket
    hour: Bucket
    ledger: Bucket

    @classmethod
    def of(cls, prefix: str, raw_days: int, minute_days: int, hour_days: int, ledger_days: int) -> Self:
        """The buckets whose names begin with a prefix."""
        return cls(
            Bucket(f"{prefix}_raw", raw_days),
            Bucket(f"{prefix}_minute", minute_days),
            Bucket(f"{prefix}_hour", hour_days),
            Bucket(prefix, ledger_days),
        )

    @property
    def aggregated(self) -> tuple[Bucket, ...]:
        """The buckets that InfluxDB's tasks fill."""
        return self.minute, self.hour

    def __iter__(self) -> Iterator[Bucket]:
        return iter((self.raw, self.minute, self.hour, self.ledger))


@dataclass(frozen=True, slots=True)
class Target:
    """An InfluxDB and the buckets in it.

    Attributes:
        url: base address of the server.
        org: name of the organization.
        token: for everyday use: reads and writes the buckets, runs the tasks.
        setup_token: may create buckets and tasks, or None.
        ca: certificate that must have signed the server's, or None for the system's authorities.
        buckets: that the sink fills.
    """

    url: str
    org: str
    token: str = field(repr=False)
    setup_token: str | None = field(repr=False)
    ca: Path | None
    buckets: Buckets
