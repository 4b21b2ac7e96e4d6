"""Writes a table as Parquet, by pyarrow: 40 MB that a recorder does not need, not available for 32-bit ARM."""

import importlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from tictally_recorder.export.tables import Column, ColumnKind, ExportError, ExportTable, Row, Value, quantize

_MISSING: Final = (
    "Parquet is written by pyarrow, which is not installed: `pipx inject tictally-recorder pyarrow` (not on 32-bit "
    "ARM), or take --format csv"
)
# Longer groups compress better. Some 50 MB of memory.
_ROWS_IN_A_GROUP: Final = 1 << 17
_ROWS_AT_ONCE: Final = 1 << 13
_DIGITS, _PLACES = 38, 18
_LEVEL: Final = 19
_DELTA_ENCODED: Final = frozenset({ColumnKind.INTEGER, ColumnKind.MOMENT})
_DICTIONARY_ENCODED: Final = frozenset({ColumnKind.TEXT, ColumnKind.DECIMAL, ColumnKind.DAY})


def write_parquet(path: Path, table: ExportTable, rows: Iterable[Row]) -> int:
    """Write a table; returns its number of rows.

    Raises:
        ExportError: pyarrow is missing.
        OSError: it cannot be written.
    """
    arrow, parquet = _pyarrow()
    schema = arrow.schema([(column.name, _type(arrow, column.kind)) for column in table.columns])
    encodings = {each.name: "DELTA_BINARY_PACKED" for each in table.columns if each.kind in _DELTA_ENCODED}
    dictionary = [each.name for each in table.columns if each.kind in _DICTIONARY_ENCODED]
    n = 0
    waiting = iter(rows)
    with parquet.ParquetWriter(
        path, schema, compression="zstd", compression_level=_LEVEL, use_dictionary=dictionary, column_encoding=encodings
    ) as writer:
        while batches := list(_batches(arrow, schema, table.columns, islice(waiting, _ROWS_IN_A_GROUP))):
            group = arrow.Table.from_batches(batches, schema)
            n += len(group)
            # Sorted by register, its values take a third of the space.
            writer.write_table(group.sort_by([(name, "ascending") for name in table.sort_columns]), _ROWS_IN_A_GROUP)
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


def _type(arrow: Any, kind: ColumnKind) -> Any:  # noqa: ANN401 - pyarrow has no types
    types = {
        ColumnKind.TEXT: arrow.string(),
        ColumnKind.INTEGER: arrow.int64(),
        ColumnKind.DECIMAL: arrow.decimal128(_DIGITS, _PLACES),
        ColumnKind.TRUTH: arrow.bool_(),
        ColumnKind.DAY: arrow.date32(),
        ColumnKind.MOMENT: arrow.timestamp("ms", "UTC"),
    }
    return types[kind]


def _batch(arrow: Any, schema: Any, columns: Sequence[Column], rows: Sequence[Row]) -> Any:  # noqa: ANN401
    converted: list[Sequence[Value]] = []
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        is_decimal = column.kind is ColumnKind.DECIMAL
        converted.append(
            [None if each is None else quantize(each, _PLACES) for each in values] if is_decimal else values
        )
    arrays = [arrow.array(values, each.type) for values, each in zip(converted, schema, strict=True)]
    return arrow.record_batch(arrays, schema=schema)
