"""XLSX of Enedis' customer space, since 2025: a load curve or daily energies, consumption and injection.

A preamble names the delivery point. The load curve has start, end and mean power of each interval as local times
without offset: on the day of a clock change the repeated hour stands twice. Daily energies are kWh although their
column is headed kW. Cells are text with a decimal comma, `NA` where there is no value; dates may be Excel's.
"""

import io
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from importlib.util import find_spec
from typing import Any, Final
from zoneinfo import ZoneInfo

from tictally_recorder.imports.errors import ImportProblem
from tictally_recorder.imports.fields import LocalClock, number
from tictally_recorder.imports.load_curve import STEPS_MS, check_power
from tictally_recorder.imports.protocol import Head, Reading
from tictally_recorder.imports.source_file import SourceFile
from tictally_recorder.ledger import CONSUMPTION, INJECTION, WATT_MINUTES, IntervalEnergy, Observation
from tictally_shared.calendar import day_bounds_ms

_START, _END, _DATE, _VALUE = "début", "fin", "date", "valeur"
_MOST_BYTES: Final = 64 << 20
_MOST_UNPACKED: Final = 512 << 20
_MINUTE_MS: Final = 60_000
_LONGEST_MS: Final = 60 * _MINUTE_MS
_PRM_DIGITS: Final = 14
_NONE: Final = {"", "NA", "N/A", "-"}
_INJECTION_WORDS: Final = ("production", "injection")
_EXCEL_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - local, as the file's times


class EnedisXlsx:
    """See the module."""

    name = "enedis_xlsx"
    title = "Enedis customer space, XLSX"
    settings = None
    form = "XLSX of a load curve, or of daily consumption and injection"

    @property
    def requires(self) -> str | None:
        """openpyxl, which the extra `xlsx` of the distribution installs."""
        return None if find_spec("openpyxl") else "openpyxl"

    def recognizes(self, head: Head, /) -> bool:
        """A spreadsheet: no other importer reads one."""
        parts = (b"docProps/", b"[Content_Types].xml", b"xl/")
        return head.content.startswith(b"PK\x03\x04") and any(part in head.content for part in parts)

    def read(self, reading: Reading, /) -> Iterator[Observation]:
        """See `Importer.read`."""
        file = reading.file
        content = _content(file)
        import openpyxl  # noqa: PLC0415 - an extra

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and the like that openpyxl leaves out
            try:
                book = openpyxl.load_workbook(content, read_only=True, data_only=True)
                sheets = [(sheet.title, [list(row) for row in sheet.iter_rows(values_only=True)]) for sheet in book]
            except (KeyError, ValueError, TypeError, zipfile.BadZipFile, SyntaxError):
                raise file.error(0, ImportProblem.TRUNCATED) from None
        is_found = False
        for title, rows in sheets:
            for at, row in enumerate(rows):
                _name_delivery_point(reading, row, at + 1)
                heads = [str(cell or "").strip().lower() for cell in row]
                if {_START, _END} <= set(heads) and _column(heads, _VALUE) is not None:
                    is_found = True
                    yield from _load_curve(reading, _register(title, rows[:at]), heads, rows[at + 1 :], at + 2)
                    break
                if _DATE in heads and _column(heads, _VALUE) is not None:
                    is_found = True
                    yield from _days(reading, _register(title, rows[:at]), heads, rows[at + 1 :], at + 2)
                    break
        if not is_found:
            raise file.error(0, ImportProblem.SHEET_MISSING, sheets=tuple(title for title, _ in sheets))


def _content(file: SourceFile) -> io.BytesIO:
    with file.open() as content:
        data = content.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise file.error(0, ImportProblem.TOO_LARGE, size=_MOST_BYTES)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile:
        raise file.error(0, ImportProblem.TRUNCATED) from None
    if any(member.filename.lower().endswith("vbaproject.bin") for member in members):
        raise file.error(0, ImportProblem.HAS_MACROS)
    if sum(member.file_size for member in members) > _MOST_UNPACKED:
        raise file.error(0, ImportProblem.TOO_LARGE, size=_MOST_UNPACKED)
    return io.BytesIO(data)


def _name_delivery_point(reading: Reading, row: Sequence[Any], line: int) -> None:
    """A cell of fourteen digits is the delivery point."""
    for cell in row:
        text = "" if cell is None else str(cell).strip()
        if len(text) == _PRM_DIGITS and text.isdecimal():
            reading.name_delivery_point(text, line)


def _register(title: str, preamble: Sequence[Sequence[Any]]) -> str:
    words = " ".join([title, *(str(cell) for row in preamble[-3:] for cell in row if cell is not None)]).lower()
    is_injection = any(word in words for word in _INJECTION_WORDS) and "consommation" not in title.lower()
    return INJECTION if is_injection else CONSUMPTION


def _column(heads: Sequence[str], word: str) -> int | None:
    return next((at for at, head in enumerate(heads) if head.startswith(word)), None)


def _load_curve(
    reading: Reading, register: str, heads: Sequence[str], rows: Sequence[Sequence[Any]], first_line: int
) -> Iterator[Observation]:
    file = reading.file
    begins, ends, value_at = heads.index(_START), heads.index(_END), _column(heads, _VALUE)
    clock = LocalClock(reading.tz)
    for line, row in enumerate(rows, first_line):
        if all(cell is None for cell in row):
            continue
        start, end = (_time(file, line, row[at]) for at in (begins, ends))
        end_ms = clock.end(end)
        if end_ms is None:
            raise file.error(line, ImportProblem.TIME_SKIPPED, text=str(end))
        length_ms = _length_ms(start, end, reading.tz)
        if length_ms is None:
            raise file.error(line, ImportProblem.STEP_UNKNOWN)
        watts = _thousandths(file, line, row[value_at or 0])
        if watts is None:
            continue
        check_power(file, line, watts)
        yield IntervalEnergy(register, end_ms - length_ms, end_ms, watts * (length_ms // _MINUTE_MS))


def _length_ms(start: datetime, end: datetime, tz: ZoneInfo) -> int | None:
    """The length of an interval between two local times, or None; the clocks may change within or between."""
    length_ms = (end - start) // timedelta(milliseconds=1)
    begin_ms, end_ms = day_bounds_ms(start.date(), tz)
    changes_ms = end_ms - begin_ms - 24 * _LONGEST_MS
    return next((each for each in (length_ms, length_ms + changes_ms) if each in STEPS_MS), None)


def _days(
    reading: Reading, register: str, heads: Sequence[str], rows: Sequence[Sequence[Any]], first_line: int
) -> Iterator[Observation]:
    file = reading.file
    day_at, value_at = heads.index(_DATE), _column(heads, _VALUE)
    known: dict[date, int] = {}
    for line, row in enumerate(rows, first_line):
        if all(cell is None for cell in row):
            continue
        day = _time(file, line, row[day_at]).date()
        energy_wh = _thousandths(file, line, row[value_at or 0])
        if energy_wh is None:
            continue
        start_ms, end_ms = day_bounds_ms(day, reading.tz)
        check_power(file, line, energy_wh * _LONGEST_MS // (end_ms - start_ms))
        if known.setdefault(day, energy_wh) != energy_wh:
            raise file.error(line, ImportProblem.TIME_TWICE, other=first_line)
        yield IntervalEnergy(register, start_ms, end_ms, energy_wh * WATT_MINUTES)


def _time(file: SourceFile, line: int, cell: Any) -> datetime:  # noqa: ANN401 - a cell has any type
    if isinstance(cell, datetime):
        return cell
    if isinstance(cell, int | float):
        return _EXCEL_EPOCH + timedelta(seconds=round(cell * 86_400))
    text = str(cell or "").strip()
    for form in ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - local, as the file's times
        except ValueError:
            continue
    raise file.error(line, ImportProblem.NOT_A_TIME, text=text[:40])


def _thousandths(file: SourceFile, line: int, cell: Any) -> int | None:  # noqa: ANN401
    """W of kW, Wh of kWh; None where there is no value."""
    text = "" if cell is None else str(cell).strip()
    if text.upper() in _NONE:
        return None
    found = number(text)
    if found is None:
        raise file.error(line, ImportProblem.NOT_A_NUMBER, text=text[:40])
    if found < 0:
        raise file.error(line, ImportProblem.NEGATIVE)
    return round(found * 1000)
