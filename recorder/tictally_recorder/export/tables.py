"""The tables of an export, and their rows from a ledger. `docs/export.md` describes each column."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost.model import CostRow, Terms
from tictally_recorder.cost.query import SiteDays, cost_of
from tictally_recorder.energy import EnergyQuery, energy
from tictally_recorder.ledger import WATT_MINUTES, IntervalEnergy, LedgerReader, Site
from tictally_recorder.problem import ProblemError
from tictally_recorder.reports.energy import quality_of
from tictally_shared.calendar import QUARTER_MS, By, local_midnight, periods
from tictally_shared.labels import LABELS

Value = str | int | bool | Decimal | date | datetime | None
Row = tuple[Value, ...]


class ExportError(ProblemError):
    """A table cannot be written; the message states why."""


class ColumnKind(StrEnum):
    """The type of a column's values; any value may be missing."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    TRUTH = "true or false"
    DAY = "day"
    MOMENT = "moment"
    """Aware; local time with offset in CSV, UTC in Parquet."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        name: in the header.
        kind: of its values.
    """

    name: str
    kind: ColumnKind


@dataclass(frozen=True, slots=True)
class ExportQuery:
    """What to export.

    Attributes:
        reader: of the ledger.
        sites: to export.
        start: aware.
        end: aware, excluded.
        terms: contracts and tariffs.
        tz: the zone of days and times.
    """

    reader: LedgerReader
    sites: tuple[Site, ...]
    start: datetime
    end: datetime
    terms: Terms
    tz: ZoneInfo


@dataclass(frozen=True, slots=True)
class ExportTable:
    """A table.

    Attributes:
        columns: in order.
        sort_columns: sorted by these, consecutive rows differ least; time comes after them.
        rows: yields the rows of a query, by site and time.
    """

    columns: tuple[Column, ...]
    sort_columns: tuple[str, ...]
    rows: Callable[[ExportQuery], Iterator[Row]]


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SITE: Final = Column("site", ColumnKind.TEXT)
_SPAN: Final = (Column("from", ColumnKind.MOMENT), Column("to", ColumnKind.MOMENT))
_ENERGY: Final = (
    _SITE,
    *_SPAN,
    Column("register", ColumnKind.TEXT),
    Column("period", ColumnKind.TEXT),
    Column("energy", ColumnKind.INTEGER),
    Column("unit", ColumnKind.TEXT),
    Column("estimated", ColumnKind.TRUTH),
    Column("quality", ColumnKind.TEXT),
    Column("fell", ColumnKind.TRUTH),
    Column("first", ColumnKind.INTEGER),
    Column("last", ColumnKind.INTEGER),
    Column("covered", ColumnKind.INTEGER),
    Column("quarters", ColumnKind.INTEGER),
    Column("imported", ColumnKind.INTEGER),
)
_COST: Final = (
    _SITE,
    Column("day", ColumnKind.DAY),
    Column("direction", ColumnKind.TEXT),
    Column("period", ColumnKind.TEXT),
    Column("energy_wh", ColumnKind.INTEGER),
    Column("price", ColumnKind.DECIMAL),
    Column("amount", ColumnKind.DECIMAL),
    Column("currency", ColumnKind.TEXT),
    Column("version", ColumnKind.TEXT),
    Column("power_kva", ColumnKind.INTEGER),
    Column("quality", ColumnKind.TEXT),
    Column("reason", ColumnKind.TEXT),
    Column("reason_parameters", ColumnKind.TEXT),
)
_OBSERVATIONS: Final = (
    _SITE,
    *_SPAN,
    Column("register", ColumnKind.TEXT),
    Column("value", ColumnKind.INTEGER),
    Column("energy", ColumnKind.DECIMAL),
    Column("integrated", ColumnKind.TRUTH),
    Column("importer", ColumnKind.TEXT),
    Column("file", ColumnKind.TEXT),
    Column("run", ColumnKind.INTEGER),
)
_POWERS: Final = (
    _SITE,
    Column("meter", ColumnKind.TEXT),
    *_SPAN,
    Column("label", ColumnKind.TEXT),
    Column("unit", ColumnKind.TEXT),
    Column("frames", ColumnKind.INTEGER),
    Column("min", ColumnKind.INTEGER),
    Column("sum", ColumnKind.INTEGER),
    Column("max", ColumnKind.INTEGER),
    Column("first", ColumnKind.INTEGER),
    Column("last", ColumnKind.INTEGER),
)
_TEXTS: Final = (
    _SITE,
    Column("meter", ColumnKind.TEXT),
    Column("time", ColumnKind.MOMENT),
    Column("label", ColumnKind.TEXT),
    Column("value", ColumnKind.TEXT),
)
_NOTES: Final = (
    _SITE,
    Column("day", ColumnKind.DAY),
    Column("note", ColumnKind.INTEGER),
    Column("text", ColumnKind.TEXT),
)


def _energy_by(by: By) -> Callable[[ExportQuery], Iterator[Row]]:
    def rows(query: ExportQuery) -> Iterator[Row]:
        for site in query.sites:
            for start, end in _months(query, site):
                for row in energy(query.reader, EnergyQuery(site.id, start, end, by, query.tz)):
                    yield (
                        row.site,
                        _moment(row.start_ms, query.tz),
                        _moment(row.end_ms, query.tz),
                        row.register,
                        row.period,
                        row.energy,
                        row.unit,
                        row.estimated,
                        str(quality_of(row)),
                        row.fell,
                        row.first_value,
                        row.last_value,
                        row.covered,
                        row.quarters,
                        row.imported,
                    )

    return rows


def _cost(query: ExportQuery) -> Iterator[Row]:
    for site in query.sites:
        for start, end in _months(query, site):
            first, until = _day(start, query.tz), _day(end - timedelta(milliseconds=1), query.tz) + timedelta(days=1)
            for row in cost_of(query.reader, SiteDays(site, first, until, query.tz), query.terms):
                if _is_inside(row, query):
                    yield (
                        row.site,
                        row.day,
                        row.direction.value,
                        row.period,
                        row.energy_wh,
                        row.price,
                        row.amount,
                        row.currency,
                        None if row.version is None else row.version.id,
                        row.power_kva,
                        row.quality.value,
                        row.reason.code.value if row.reason else None,
                        json.dumps(dict(row.reason.parameters)) if row.reason else None,
                    )


def _powers(query: ExportQuery) -> Iterator[Row]:
    start_ms, end_ms = _ms(query.start), _ms(query.end)
    for site in query.sites:
        for meter in site.meters:
            for quarter in query.reader.quarters(meter.id, start_ms, end_ms):
                span = _moment(quarter.start_ms, query.tz), _moment(quarter.start_ms + QUARTER_MS, query.tz)
                for name, live in quarter.live.items():
                    about = (site.id, meter.key, *span, name, LABELS[name].unit)
                    yield (*about, live.n, live.min, live.sum, live.max, live.first, live.last)


def _observations(query: ExportQuery) -> Iterator[Row]:
    start_ms, end_ms = _ms(query.start), _ms(query.end)
    for site in query.sites:
        for run, importer, file, each in query.reader.observations(site.id, start_ms, end_ms):
            source = (importer, file, run)
            if isinstance(each, IntervalEnergy):
                span = _moment(each.start_ms, query.tz), _moment(each.end_ms, query.tz)
                energy_wh = Decimal(each.watt_minutes) / WATT_MINUTES
                yield (site.id, *span, each.register, None, energy_wh, each.is_integrated, *source)
            else:
                yield (site.id, None, _moment(each.time_ms, query.tz), each.register, each.wh, None, False, *source)


def _texts(query: ExportQuery) -> Iterator[Row]:
    start_ms, end_ms = _ms(query.start), _ms(query.end)
    for site in query.sites:
        for meter in site.meters:
            labels = query.reader.labels_seen(meter.id)
            for change in query.reader.text_changes(meter.id, labels, start_ms, end_ms):
                yield site.id, meter.key, _moment(change.time_ms, query.tz), change.label, change.value


def _notes(query: ExportQuery) -> Iterator[Row]:
    for site in query.sites:
        for note in query.reader.notes(site.id):
            if query.start <= local_midnight(note.day, query.tz) < query.end:
                yield site.id, note.day, note.id, note.text


TABLES: Final[Mapping[str, ExportTable]] = {
    "quarters": ExportTable(_ENERGY, ("site", "register"), _energy_by(By.QUARTER)),
    "hours": ExportTable(_ENERGY, ("site", "register"), _energy_by(By.HOUR)),
    "days": ExportTable(_ENERGY, ("site", "register"), _energy_by(By.DAY)),
    "cost": ExportTable(_COST, ("site", "direction", "period"), _cost),
    "powers": ExportTable(_POWERS, ("site", "meter", "label"), _powers),
    "observations": ExportTable(_OBSERVATIONS, ("site", "register"), _observations),
    "texts": ExportTable(_TEXTS, ("site", "meter", "label"), _texts),
    "notes": ExportTable(_NOTES, ("site",), _notes),
}


def _months(query: ExportQuery, site: Site) -> Iterator[tuple[datetime, datetime]]:
    """The months of the window in which a site has frames: read one by one, decades need no more memory."""
    first, last = _moment(site.first_ms, query.tz), _moment(site.last_ms, query.tz)
    start = max(query.start, local_midnight(first.date(), query.tz))
    end = min(query.end, local_midnight(last.date() + timedelta(days=1), query.tz))
    return periods(start, end, By.MONTH, query.tz)


def _is_inside(row: CostRow, query: ExportQuery) -> bool:
    """True for a day that is completely inside the window: cost is of whole days."""
    begin, end = local_midnight(row.day, query.tz), local_midnight(row.day + timedelta(days=1), query.tz)
    return query.start <= begin and end <= query.end


def _moment(time_ms: int, tz: ZoneInfo) -> datetime:
    # Computed in UTC: local arithmetic loses which of two equal hours it means.
    return (_EPOCH + timedelta(milliseconds=time_ms)).astimezone(tz)


def _day(moment: datetime, tz: ZoneInfo) -> date:
    return moment.astimezone(tz).date()


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def quantize(value: Decimal, places: int) -> Decimal:
    """A decimal with a number of decimal places."""
    return value.quantize(Decimal(1).scaleb(-places))
