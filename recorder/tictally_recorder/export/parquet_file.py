"""A table as Parquet, by pyarrow: 40 MB that a recorder does not need, and which no 32-bit ARM has."""

import importlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from tictally_recorder.export.errors import ExportError
from tictally_recorder.export.tables import Column, Kind, Row, Table, Value, amount_of

_MISSING: Final = (
    "Parquet is written by pyarrow, which is not installed: `pipx inject tictally-recorder pyarrow` (not on 32-bit "
    "ARM), or take --format csv"
)
# The longer a group, the less each of them takes. Some 50 MB of memory.
_ROWS_IN_A_GROUP: Final = 1 << 17
_ROWS_AT_ONCE: Final = 1 << 13
_DIGITS, _PLACES = 38, 18
_LEVEL: Final = 19


def write_parquet(path: Path, table: Table, rows: Iterable[Row]) -> int:
    """Write it; how many rows there were.

    Raises:
        ExportError: pyarrow is missing.
        OSError: it cannot be written.
    """
    arrow, parquet = _pyarrow()
    schema = arrow.schema([(column.name, _type(arrow, column.kind)) for column in table.columns])
    steps = {each.name: "DELTA_BINARY_PACKED" for each in table.columns if each.kind in {Kind.INTEGER, Kind.MOMENT}}
    words = [each.name for each in table.columns if each.kind in {Kind.TEXT, Kind.DECIMAL, Kind.DAY}]
    n = 0
    waiting = iter(rows)
    with parquet.ParquetWriter(
        path, schema, compression="zstd", compression_level=_LEVEL, use_dictionary=words, column_encoding=steps
    ) as writer:
        while batches := list(_batches(arrow, schema, table.columns, islice(waiting, _ROWS_IN_A_GROUP))):
            group = arrow.Table.from_batches(batches, schema)
            n += len(group)
            # A register's values below one another take a third of what they take among others'.
            writer.write_table(group.sort_by([(name, "ascending") for name in table.alike]), _ROWS_IN_A_GROUP)
    return n


def _batches(arrow: Any, schema: Any, columns: Sequence[Column], rows: Iterator[Row]) -> Iterator[Any]:  # noqa: ANN401
    while chunk := list(islice(rows, _ROWS_AT_ONCE)):
        yield _batch(arrow, schema, columns, chunk)


def require() -> None:
    """Raise ExportError where pyarrow is missing."""
    _pyarrow()


def _pyarrow() -> tuple[Any, Any]:
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise ExportError(_MISSING) from None


def _type(arrow: Any, kind: Kind) -> Any:  # noqa: ANN401 - pyarrow has no types
    types = {
        Kind.TEXT: arrow.string(),
        Kind.INTEGER: arrow.int64(),
        Kind.DECIMAL: arrow.decimal128(_DIGITS, _PLACES),
        Kind.TRUTH: arrow.bool_(),
        Kind.DAY: arrow.date32(),
        Kind.MOMENT: arrow.timestamp("ms", "UTC"),
    }
    return types[kind]


def _batch(arrow: Any, schema: Any, columns: Sequence[Column], rows: Sequence[Row]) -> Any:  # noqa: ANN401
    told: list[Sequence[Value]] = []
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        is_decimal = column.kind is Kind.DECIMAL
        told.append([None if each is None else amount_of(each, _PLACES) for each in values] if is_decimal else values)
    arrays = [arrow.array(values, each.type) for values, each in zip(told, schema, strict=True)]
    return arrow.record_batch(arrays, schema=schema)
