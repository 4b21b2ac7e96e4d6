"""Finds rows that InfluxDB has and the ledger no longer has, such as those of a period that got its name later.

A point with the same tags and time overwrites itself, field by field. One with other tags, or a field that is gone,
would stay and be counted forever: it is deleted before the new points are written.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from tictally_recorder.sinks.influxdb.client import row_ms
from tictally_recorder.sinks.influxdb.points import InfluxPoint
from tictally_shared.frames import iso_utc

Query = Callable[[str], list[dict[str, str]]]

_TAGS: Final[Mapping[str, tuple[str, ...]]] = {
    "energy_quarter": ("site", "register", "period"),
    "energy_day": ("site", "register", "period", "month", "year"),
    "cost_day": ("site", "direction", "period", "currency", "month", "year"),
    "tempo_day": ("site", "month", "year"),
}
"""Measurements whose rows can become stale."""
SITE_MEASUREMENTS: Final = (*_TAGS, "total_quarter", "total_day", "power_quarter", "standby_day")
"""All measurements whose rows belong to a site."""
_SERIES: Final = """
from(bucket: "{bucket}")
    |> range(start: {start}, stop: {stop})
    |> filter(fn: (r) => r._measurement == "energy_quarter" and r.site == "{site}" and r._field == "last")
    |> last()
    |> keep(columns: ["register", "period"])
    |> group()
"""
_ROWS: Final = """
from(bucket: "{bucket}")
    |> range(start: {start}, stop: {stop})
    |> filter(fn: (r) => r._measurement == "{measurement}" and r.site == "{site}")
    |> map(fn: (r) => ({{r with _value: ""}}))
    |> keep(columns: ["_time", "_field", {tags}])
    |> group()
"""


@dataclass(frozen=True, slots=True)
class StaleRows:
    """Rows to delete.

    Attributes:
        measurement: its name.
        tags: that they all have.
        first_ms: time of the first of them.
        last_ms: time of the last; no valid row has these tags and a time between.
    """

    measurement: str
    tags: tuple[tuple[str, str], ...]
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class RowSet:
    """All valid rows of some measurements of a site in a time range.

    Attributes:
        site: id of the site.
        measurements: whose rows may have become stale.
        range_ms: [from, to) in which `points` are all valid rows of `measurements`.
        points: these, and those of other measurements.
    """

    site: str
    measurements: tuple[str, ...]
    range_ms: tuple[int, int]
    points: Sequence[InfluxPoint]


def find_stale_rows(query: Query, bucket: str, valid: RowSet) -> list[StaleRows]:
    """The rows to delete before the valid ones are written.

    Args:
        query: as `Client.query`.
        bucket: name of the bucket.
        valid: the rows of the ledger.

    Raises:
        InfluxError: InfluxDB does not answer.
    """
    start, stop = map(iso_utc, valid.range_ms)
    span = {"bucket": bucket, "site": valid.site, "start": start, "stop": stop}
    stale = []
    for measurement in valid.measurements:
        points = [each for each in valid.points if each.measurement == measurement]
        if measurement == "energy_quarter" and not _has_several_periods(query(_SERIES.format(**span)), points):
            continue
        tags = ", ".join(f'"{each}"' for each in _TAGS[measurement])
        stored = query(_ROWS.format(**span, measurement=measurement, tags=tags))
        stale += stale_rows(measurement, stored, points)
    return stale


def stale_rows(measurement: str, stored: Iterable[Mapping[str, str]], valid: Iterable[InfluxPoint]) -> list[StaleRows]:
    """Which stored rows, one per field, are not valid; neighbours in time together. Pure."""
    valid_fields = {(each.tags, each.time_ms): each.fields.keys() for each in valid}
    is_stale: dict[tuple[tuple[tuple[str, str], ...], int], bool] = dict.fromkeys(valid_fields, False)
    for row in stored:
        tags = tuple(sorted((tag, row.get(tag, "")) for tag in _TAGS[measurement]))
        key = tags, row_ms(row)
        is_stale[key] = is_stale.get(key, False) or row["_field"] not in valid_fields.get(key, ())
    found = []
    for (tags, stale), keys in groupby(sorted(is_stale), key=lambda key: (key[0], is_stale[key])):
        if stale:
            times = [time_ms for _, time_ms in keys]
            found.append(StaleRows(measurement, tags, times[0], times[-1]))
    return found


def _has_several_periods(stored: Iterable[Mapping[str, str]], valid: Iterable[InfluxPoint]) -> bool:
    """True if a register has more than one period: only then can one of its rows have the wrong one."""
    here = {(row.get("register", ""), row.get("period", "")) for row in stored}
    series = here | {(tags["register"], tags["period"]) for tags in (dict(each.tags) for each in valid)}
    return bool(here) and len(series) > len({register for register, _ in series})
