"""The tables that there are, and their rows out of a ledger. `docs/export.md` says what each column is."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost.model import CostRow, Terms
from tictally_recorder.cost.query import cost_of
from tictally_recorder.energy import EnergyQuery, energy
from tictally_recorder.ledger import LedgerReader, Site
from tictally_shared.calendar import QUARTER_MS, By, local_midnight, periods
from tictally_shared.labels import LABELS

Value = str | int | bool | Decimal | date | datetime | None
Row = tuple[Value, ...]


class Kind(StrEnum):
    """Of a column's values; any may be missing."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    TRUTH = "true or false"
    DAY = "day"
    MOMENT = "moment"
    """Aware; told as local time with offset where there is text, in UTC where there is a type for it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        name: its heading.
        kind: of its values.
    """

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be told.

    Attributes:
        reader: of the ledger.
        sites: of which sites.
        start: aware.
        end: aware, excluded.
        terms: contracts and price lists.
        tz: whose days, and by whose clock.
    """

    reader: LedgerReader
    sites: tuple[Site, ...]
    start: datetime
    end: datetime
    terms: Terms
    tz: ZoneInfo


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        columns: in order.
        alike: columns by which rows that follow one another differ least when they are sorted; time comes after them.
        rows: gives them, by site and time.
    """

    columns: tuple[Column, ...]
    alike: tuple[str, ...]
    rows: Callable[[Asked], Iterator[Row]]


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SITE: Final = Column("site", Kind.TEXT)
_SPAN: Final = (Column("from", Kind.MOMENT), Column("to", Kind.MOMENT))
_ENERGY: Final = (
    _SITE,
    *_SPAN,
    Column("register", Kind.TEXT),
    Column("period", Kind.TEXT),
    Column("energy", Kind.INTEGER),
    Column("unit", Kind.TEXT),
    Column("estimated", Kind.TRUTH),
    Column("fell", Kind.TRUTH),
    Column("first", Kind.INTEGER),
    Column("last", Kind.INTEGER),
    Column("covered", Kind.INTEGER),
    Column("quarters", Kind.INTEGER),
)
_COST: Final = (
    _SITE,
    Column("day", Kind.DAY),
    Column("direction", Kind.TEXT),
    Column("period", Kind.TEXT),
    Column("energy_wh", Kind.INTEGER),
    Column("price", Kind.DECIMAL),
    Column("amount", Kind.DECIMAL),
    Column("currency", Kind.TEXT),
    Column("version", Kind.TEXT),
    Column("power_kva", Kind.INTEGER),
    Column("quality", Kind.TEXT),
    Column("reason", Kind.TEXT),
)
_POWERS: Final = (
    _SITE,
    Column("meter", Kind.TEXT),
    *_SPAN,
    Column("label", Kind.TEXT),
    Column("unit", Kind.TEXT),
    Column("frames", Kind.INTEGER),
    Column("min", Kind.INTEGER),
    Column("sum", Kind.INTEGER),
    Column("max", Kind.INTEGER),
    Column("first", Kind.INTEGER),
    Column("last", Kind.INTEGER),
)
_TEXTS: Final = (
    _SITE,
    Column("meter", Kind.TEXT),
    Column("time", Kind.MOMENT),
    Column("label", Kind.TEXT),
    Column("value", Kind.TEXT),
)


def _energy_by(by: By) -> Callable[[Asked], Iterator[Row]]:
    def rows(asked: Asked) -> Iterator[Row]:
        for site in asked.sites:
            for start, end in _months(asked, site):
                for row in energy(asked.reader, EnergyQuery(site.id, start, end, by, asked.tz)):
                    yield (
                        row.site,
                        _moment(row.start_ms, asked.tz),
                        _moment(row.end_ms, asked.tz),
                        row.register,
                        row.period,
                        row.energy,
                        row.unit,
                        row.estimated,
                        row.fell,
                        row.first_value,
                        row.last_value,
                        row.covered,
                        row.quarters,
                    )

    return rows


def _cost(asked: Asked) -> Iterator[Row]:
    for site in asked.sites:
        for start, end in _months(asked, site):
            first, until = _day(start, asked.tz), _day(end - timedelta(milliseconds=1), asked.tz) + timedelta(days=1)
            for row in cost_of(asked.reader, site, first, until, asked.terms, asked.tz):
                if _is_inside(row, asked):
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
                        row.reason,
                    )


def _powers(asked: Asked) -> Iterator[Row]:
    start_ms, end_ms = _ms(asked.start), _ms(asked.end)
    for site in asked.sites:
        for meter in site.meters:
            for quarter in asked.reader.quarters(meter.id, start_ms, end_ms):
                span = _moment(quarter.start_ms, asked.tz), _moment(quarter.start_ms + QUARTER_MS, asked.tz)
                for name, live in quarter.live.items():
                    about = (site.id, meter.key, *span, name, LABELS[name].unit)
                    yield (*about, live.n, live.min, live.sum, live.max, live.first, live.last)


def _texts(asked: Asked) -> Iterator[Row]:
    start_ms, end_ms = _ms(asked.start), _ms(asked.end)
    for site in asked.sites:
        for meter in site.meters:
            labels = asked.reader.labels_seen(meter.id)
            for change in asked.reader.text_changes(meter.id, labels, start_ms, end_ms):
                yield site.id, meter.key, _moment(change.time_ms, asked.tz), change.label, change.value


TABLES: Final[Mapping[str, Table]] = {
    "quarters": Table(_ENERGY, ("site", "register"), _energy_by(By.QUARTER)),
    "hours": Table(_ENERGY, ("site", "register"), _energy_by(By.HOUR)),
    "days": Table(_ENERGY, ("site", "register"), _energy_by(By.DAY)),
    "cost": Table(_COST, ("site", "direction", "period"), _cost),
    "powers": Table(_POWERS, ("site", "meter", "label"), _powers),
    "texts": Table(_TEXTS, ("site", "meter", "label"), _texts),
}


def _months(asked: Asked, site: Site) -> Iterator[tuple[datetime, datetime]]:
    """The months of the window in which a site has frames: one at a time, so that decades need no more memory."""
    first = _moment(min(meter.first_ms for meter in site.meters), asked.tz)
    last = _moment(max(meter.last_ms for meter in site.meters), asked.tz)
    start = max(asked.start, local_midnight(first.date(), asked.tz))
    end = min(asked.end, local_midnight(last.date() + timedelta(days=1), asked.tz))
    return periods(start, end, By.MONTH, asked.tz)


def _is_inside(row: CostRow, asked: Asked) -> bool:
    """True for a day that the window has wholly: cost is of whole days."""
    begin, end = local_midnight(row.day, asked.tz), local_midnight(row.day + timedelta(days=1), asked.tz)
    return asked.start <= begin and end <= asked.end


def _moment(time_ms: int, tz: ZoneInfo) -> datetime:
    # Added up in UTC: a sum of local time forgets which of two equal hours it is of.
    return (_EPOCH + timedelta(milliseconds=time_ms)).astimezone(tz)


def _day(moment: datetime, tz: ZoneInfo) -> date:
    return moment.astimezone(tz).date()


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def amount_of(value: Decimal, places: int) -> Decimal:
    """A decimal with so many places."""
    return value.quantize(Decimal(1).scaleb(-places))
