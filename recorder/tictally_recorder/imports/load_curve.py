"""Means of power or energies that are stamped at the end of their interval, with steps that may change. Pure."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from tictally_recorder.imports.errors import ImportProblem
from tictally_recorder.imports.source_file import SourceFile

_MINUTE_MS: Final = 60_000
STEPS_MS: Final = tuple(minutes * _MINUTE_MS for minutes in (5, 10, 15, 20, 30, 60))
"""The steps that load curves have."""
_MOST_ROWS: Final = 5_000_000
_LARGEST_W: Final = 250_000


class Row(NamedTuple):
    """A row of a load curve.

    Attributes:
        end_ms: its stamp, milliseconds since 1970.
        value: what it has, None where the file has the row without a value.
        line: of the file.
    """

    end_ms: int
    value: int | None
    line: int


class CurveInterval(NamedTuple):
    """A time and its value."""

    start_ms: int
    end_ms: int
    value: int
    line: int


def intervals(file: SourceFile, rows: Sequence[Row], step_ms: int | None = None) -> Iterator[CurveInterval]:
    """The intervals of a file's rows that have a value, in order of time.

    Where a row is missing, the next one has the step of those around it: a step has changed where two rows in a row
    have the new one.

    Args:
        file: of the rows.
        rows: in any order; the same one twice counts once.
        step_ms: the file's step, if it names one.

    Raises:
        ImportFileError: two values for one time, or no row shows the step.
    """
    if len(rows) > _MOST_ROWS:
        raise file.error(0, ImportProblem.TOO_LARGE, size=len(rows))
    found = list(_distinct(file, sorted(rows, key=lambda row: row.end_ms)))
    lengths = [there.end_ms - here.end_ms for here, there in pairwise(found)]
    known = step_ms
    for at, row in enumerate(found):
        before = lengths[at - 1] if at else 0
        after = lengths[at] if at < len(lengths) else 0
        known = _step(known, before, after)
        if known is None:
            raise file.error(row.line, ImportProblem.STEP_UNKNOWN)
        if row.value is not None:
            yield CurveInterval(row.end_ms - known, row.end_ms, row.value, row.line)


def _step(known: int | None, before: int, after: int) -> int | None:
    if before not in STEPS_MS:
        return known or (after if after in STEPS_MS else None)
    if known is None or before < known or before == after:
        return before
    return known


def _distinct(file: SourceFile, rows: Sequence[Row]) -> Iterator[Row]:
    newest: Row | None = None
    for row in rows:
        if newest is None or row.end_ms != newest.end_ms:
            newest = row
            yield row
        elif row.value != newest.value:
            raise file.error(row.line, ImportProblem.TIME_TWICE, other=newest.line)


def check_power(file: SourceFile, line: int, watts: int) -> None:
    """Reject what no household's mean power is: a value in another unit, mostly.

    Raises:
        ImportFileError: it is negative or above 250 kW.
    """
    if watts < 0:
        raise file.error(line, ImportProblem.NEGATIVE)
    if watts > _LARGEST_W:
        raise file.error(line, ImportProblem.IMPLAUSIBLE_POWER, power_w=watts)
