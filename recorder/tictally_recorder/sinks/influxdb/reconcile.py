"""Rows that InfluxDB has and the ledger has no more: a period that got its name later, an amount that is unknown now.

What has the same tags and time is overwritten by itself, field by field. What has other tags, or a field that is no
more, would stay and be summed for ever: it is deleted before the new is written.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from tictally_recorder.sinks.influxdb.client import row_ms
from tictally_recorder.sinks.influxdb.points import Point
from tictally_shared.frames import iso_utc

Query = Callable[[str], list[dict[str, str]]]

_TAGS: Final[Mapping[str, tuple[str, ...]]] = {
    "energy_quarter": ("site", "register", "period"),
    "energy_day": ("site", "register", "period", "month", "year"),
    "cost_day": ("site", "direction", "period", "currency", "month", "year"),
    "tempo_day": ("site", "month", "year"),
}
"""Of the measurements in which that happens."""
OF_SITES: Final = (*_TAGS, "total_quarter", "total_day", "power_quarter", "standby_day")
"""All measurements whose rows are a site's."""
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
class Stale:
    """Rows that are to go.

    Attributes:
        measurement: its name.
        tags: their tags.
        first_ms: time of the first of them.
        last_ms: time of the last; none that shall stay has these tags and a time between.
    """

    measurement: str
    tags: tuple[tuple[str, str], ...]
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class Rows:
    """All that shall stand of some measurements of a site in a window of time.

    Attributes:
        site: whose.
        measurements: of which rows may have become stale.
        window_ms: [from, to), of which the points are all that shall be there.
        points: these, and of other measurements.
    """

    site: str
    measurements: tuple[str, ...]
    window_ms: tuple[int, int]
    points: Sequence[Point]


def stale(query: Query, bucket: str, rows: Rows) -> list[Stale]:
    """The rows that are to be deleted before some others are written.

    Args:
        query: asks InfluxDB, as `Client.query` does.
        bucket: name of the bucket.
        rows: that shall be there.

    Raises:
        InfluxError: InfluxDB does not answer.
    """
    start, stop = map(iso_utc, rows.window_ms)
    about = {"bucket": bucket, "site": rows.site, "start": start, "stop": stop}
    found = []
    for measurement in rows.measurements:
        wanted = [each for each in rows.points if each.measurement == measurement]
        if measurement == "energy_quarter" and not _has_two_names(query(_SERIES.format(**about)), wanted):
            continue
        tags = ", ".join(f'"{each}"' for each in _TAGS[measurement])
        here = query(_ROWS.format(**about, measurement=measurement, tags=tags))
        found += find_stale(measurement, here, wanted)
    return found


def find_stale(measurement: str, here: Iterable[Mapping[str, str]], wanted: Iterable[Point]) -> list[Stale]:
    """Those of some rows, one a field, that shall not be there; neighbours in time together. Pure."""
    shall_be = {(each.tags, each.time_ms): each.fields.keys() for each in wanted}
    is_stale: dict[tuple[tuple[tuple[str, str], ...], int], bool] = dict.fromkeys(shall_be, False)
    for row in here:
        tags = tuple(sorted((tag, row.get(tag, "")) for tag in _TAGS[measurement]))
        key = tags, row_ms(row)
        is_stale[key] = is_stale.get(key, False) or row["_field"] not in shall_be.get(key, ())
    found = []
    for (tags, goes), keys in groupby(sorted(is_stale), key=lambda key: (key[0], is_stale[key])):
        if goes:
            times = [time_ms for _, time_ms in keys]
            found.append(Stale(measurement, tags, times[0], times[-1]))
    return found


def _has_two_names(rows: Iterable[Mapping[str, str]], wanted: Iterable[Point]) -> bool:
    """True where a register has more than one period: only then can one of its rows stand under the wrong one."""
    here = {(row.get("register", ""), row.get("period", "")) for row in rows}
    names = here | {(tags["register"], tags["period"]) for tags in (dict(each.tags) for each in wanted)}
    return bool(here) and len(names) > len({register for register, _ in names})
