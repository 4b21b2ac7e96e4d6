"""Frames, quarters, days and cost as InfluxDB points, as documented in docs/influxdb.md. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from tictally_recorder.calendars.tempo import NAMES_OF_COLOURS
from tictally_recorder.cost.model import Quality
from tictally_recorder.energy import EnergyRow
from tictally_recorder.energy.register_totals import Counted, consumption_total, injection_total
from tictally_recorder.ledger import CostDay, CostEntry, Quarter, RawFrame
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import local_day, midnight_ms
from tictally_shared.labels import LABELS
from tictally_shared.status_register import Colour

_NS: Final = 1_000_000
NONE: Final = "none"
"""The value of a tag that has none: without the tag the point would belong to another series."""
SUBSCRIPTION: Final = "subscription"
_QUALITIES: Final = tuple(each.value for each in Quality)
_NUMBERS: Final = frozenset(name for name, label in LABELS.items() if label.is_number)
_IN_KEY: Final = re.compile(r"([,= ])")
_IN_TEXT: Final = re.compile(r'(["\\])')
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")

Value = int | float | bool | str


class InfluxPoint(NamedTuple):
    """A point.

    Attributes:
        measurement: its name.
        tags: names and values, sorted by name.
        fields: name → value; a field never changes its type.
        time_ms: milliseconds since 1970.
        extra_ns: additional nanoseconds, less than a millisecond.
    """

    measurement: str
    tags: tuple[tuple[str, str], ...]
    fields: Mapping[str, Value]
    time_ms: int
    extra_ns: int = 0

    @property
    def line(self) -> str:
        """The point in line protocol, with its time in nanoseconds."""
        tags = "".join(f",{_key(name)}={_key(text) or NONE}" for name, text in self.tags)
        fields = ",".join(f"{_key(name)}={_value(value)}" for name, value in self.fields.items())
        return f"{_key(self.measurement)}{tags} {fields} {self.time_ms * _NS + self.extra_ns}"


class SiteNight(NamedTuple):
    """The base load of the night that a local day begins with, in VA, measured in so many minutes."""

    site: str
    meter: str
    day: date
    va: int
    minutes: int


def point(measurement: str, time_ms: int, tags: Mapping[str, str], fields: Mapping[str, Value | None]) -> InfluxPoint:
    """A point with sorted tags, without the fields that are None."""
    known = {name: value for name, value in fields.items() if value is not None}
    return InfluxPoint(measurement, tuple(sorted(tags.items())), known, time_ms)


def _key(text: str) -> str:
    # A backslash at the end would take the separator that follows, and line protocol has no other way to write it.
    return _IN_KEY.sub(r"\\\1", _CONTROL.sub(" ", text).replace("\\", "/"))


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value}i"
    if isinstance(value, float):
        return repr(value)
    return '"' + _IN_TEXT.sub(r"\\\1", _CONTROL.sub(" ", value)) + '"'


def from_frame(frame: RawFrame) -> InfluxPoint:
    """A raw frame. A label's type is the catalogue's; an unknown label is a string, whatever it holds."""
    fields: dict[str, Value | None] = {"seq": frame.seq}
    for name, value in frame.values.items():
        fields[name] = value if name in _NUMBERS else str(value)
    found = point("tic", frame.time_ms, {"meter": frame.meter, "edge": frame.edge}, fields)
    # Two frames may have the same millisecond, and InfluxDB would keep one of them.
    return found._replace(extra_ns=frame.seq % _NS)


def from_quarter(quarter: Quarter, site: str, meter: str) -> InfluxPoint:
    """A quarter's powers, currents and voltages, and its number of frames."""
    fields: dict[str, Value | None] = {"frames": quarter.n}
    for name, live in quarter.live.items():
        fields |= {f"{name}_mean": live.sum / live.n, f"{name}_min": live.min, f"{name}_max": live.max}
    return point("power_quarter", quarter.start_ms, {"site": site, "meter": meter}, fields)


def from_energy_by_quarter(rows: Iterable[EnergyRow]) -> Iterator[InfluxPoint]:
    """Energy of quarters, by register and in total."""
    for row in _in_use(rows):
        yield point("energy_quarter", row.start_ms, _register_tags(row), _energy_fields(row))
    for (site, start_ms), of_period in _by_period(rows):
        for direction, counted in _totals(of_period):
            tags = {"site": site, "direction": direction}
            yield point("total_quarter", start_ms, tags, _total_fields(counted))


def from_energy_by_day(rows: Iterable[EnergyRow], tz: ZoneInfo) -> Iterator[InfluxPoint]:
    """Energy of local days, by register and in total; a row may begin at the site's first quarter."""
    for row in _in_use(rows):
        day = local_day(row.start_ms, tz)
        yield _day_point("energy_day", day, tz, _register_tags(row), _energy_fields(row))
    for (site, start_ms), of_period in _by_period(rows):
        for direction, counted in _totals(of_period):
            tags = {"site": site, "direction": direction}
            yield _day_point("total_day", local_day(start_ms, tz), tz, tags, _total_fields(counted))


def from_cost_day(site: str, cost: CostDay, tz: ZoneInfo) -> Iterator[InfluxPoint]:
    """The cost of a local day; where several figures of it have the same tags, as where the contract changes, a sum."""
    for entry in _merged(cost.entries):
        tags = {
            "site": site,
            "direction": entry.line.direction,
            "period": entry.line.period or SUBSCRIPTION,
            "currency": entry.line.currency or NONE,
        }
        yield _day_point("cost_day", cost.day, tz, tags, _cost_fields(entry))


def _merged(entries: Iterable[CostEntry]) -> Iterator[CostEntry]:
    found: dict[tuple[str, str | None, str | None], CostEntry] = {}
    for entry in entries:
        key = entry.line.direction, entry.line.period, entry.line.currency
        found[key] = _sum(found[key], entry) if key in found else entry
    yield from found.values()


def _sum(one: CostEntry, other: CostEntry) -> CostEntry:
    """Both as one: its price if they have the same, the version of the later one, the worse quality with its reason."""
    worse = max(one, other, key=lambda each: _QUALITIES.index(each.line.quality)).line
    line = replace(
        other.line,
        price=one.line.price if one.line.price == other.line.price else None,
        quality=worse.quality,
        reason=worse.reason,
        reason_parameters=worse.reason_parameters,
    )
    known = [Decimal(each.amount) for each in (one, other) if each.amount is not None]
    amount = str(sum(known)) if len(known) > 1 else None
    return replace(other, line=line, energy_wh=one.energy_wh + other.energy_wh, amount=amount)


def from_night(night: SiteNight, tz: ZoneInfo) -> InfluxPoint:
    """The base load of a night."""
    tags = {"site": night.site, "meter": night.meter}
    return _day_point("standby_day", night.day, tz, tags, {"va": night.va, "minutes": night.minutes})


def from_colour(site: str, day: date, colour: Colour, tz: ZoneInfo) -> InfluxPoint:
    """The colour of a Tempo day."""
    return _day_point("tempo_day", day, tz, {"site": site}, {"colour": NAMES_OF_COLOURS[colour]})


def _day_point(
    measurement: str, day: date, tz: ZoneInfo, tags: Mapping[str, str], fields: Mapping[str, Value | None]
) -> InfluxPoint:
    local = {"month": f"{day:%Y-%m}", "year": f"{day:%Y}"}
    return point(measurement, midnight_ms(day, tz), {**tags, **local}, {**fields, "day": str(day)})


def _in_use(rows: Iterable[EnergyRow]) -> Iterator[EnergyRow]:
    """Registers that have counted: a meter has a dozen that stay at zero. Those of one name are one point."""
    used = (row for row in rows if row.first_value or row.last_value or row.energy)
    for _, of_register in groupby(used, key=lambda row: (row.site, row.start_ms, row.register)):
        found: dict[str | None, EnergyRow] = {}
        for row in of_register:
            found[row.period] = found[row.period].joined(row) if row.period in found else row
        yield from found.values()


def _by_period(rows: Iterable[EnergyRow]) -> Iterator[tuple[tuple[str, int], list[EnergyRow]]]:
    for key, of_period in groupby(_in_use(rows), key=lambda row: (row.site, row.start_ms)):
        yield key, list(of_period)


def _totals(rows: list[EnergyRow]) -> Iterator[tuple[str, Counted]]:
    for direction, counted in (
        (Direction.CONSUMPTION, consumption_total(rows)),
        (Direction.INJECTION, injection_total(rows)),
    ):
        if counted.parts:
            yield direction.value, counted


def _register_tags(row: EnergyRow) -> dict[str, str]:
    return {"site": row.site, "register": row.register, "period": row.period or NONE}


def _energy_fields(row: EnergyRow) -> dict[str, Value | None]:
    name = f"energy_{row.unit.lower()}"
    readings = {"first": row.first_value, "last": row.last_value}
    return {name: row.energy, **readings, "estimated": row.estimated, "unknown": bool(row.unknown)}


def _total_fields(counted: Counted) -> dict[str, Value | None]:
    is_unknown = counted.incomplete is not None
    return {"energy_wh": counted.energy_wh, "estimated": counted.estimated, "unknown": is_unknown}


def _cost_fields(entry: CostEntry) -> dict[str, Value | None]:
    line = entry.line
    return {
        "amount": None if entry.amount is None else float(entry.amount),
        "energy_wh": entry.energy_wh,
        "price": None if line.price is None else float(line.price),
        "quality": line.quality,
        "version": line.version,
        "reason": line.reason,
        "reason_parameters": line.reason_parameters,
        "power_kva": line.power_kva,
    }
