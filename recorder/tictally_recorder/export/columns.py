"""What stands in a column of a table. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

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
