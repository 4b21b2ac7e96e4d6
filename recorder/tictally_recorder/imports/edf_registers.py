"""EDF's CSV of registers (`mes-index-elec-….csv`): one reading a day of each tariff period's register, in kWh.

`Date de relevé de l'index;Type d'index;Index Heures pleines (kWh);Index Heures creuses (kWh)`, newest first, in
Latin-1; a row may stand twice. A date is taken as the beginning of its day, as Enedis stamps the readings that it
passes on; a setting makes it the end. Readings that EDF estimated are no readings, and left out.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import dropwhile
from typing import Final

from pydantic import Field

from tictally_recorder.imports.errors import ImportProblem
from tictally_recorder.imports.fields import number, rows
from tictally_recorder.imports.protocol import Head, Reading
from tictally_recorder.imports.source_file import Line
from tictally_recorder.ledger import Observation, RegisterReading
from tictally_shared.calendar import day_bounds_ms
from tictally_shared.settings.sections import SectionModel
from tictally_shared.tariff_options import BASE, EJP, HPHC, TEMPO

_DATE: Final = re.compile(r"(\d\d/\d\d/\d{4})")
_INDEX: Final = re.compile(r"index\b.*\((k?wh)\)")
_HEADING: Final = re.compile(r"date de releve.*[;,\t].*index", re.IGNORECASE)
_ESTIMATED: Final = re.compile(r"estim|calcul")
_WH: Final = {"wh": 1, "kwh": 1000}
_TYPE_COLUMN: Final = 1
# Words of a heading → the register; the first whose words are all there.
_NAMES: Final[tuple[tuple[tuple[str, ...], str], ...]] = (
    *((("creuse", colour), TEMPO.registers[2 * n]) for n, colour in enumerate(("bleu", "blanc", "rouge"))),
    *((("pleine", colour), TEMPO.registers[2 * n + 1]) for n, colour in enumerate(("bleu", "blanc", "rouge"))),
    (("normale",), EJP.registers[0]),
    (("pointe",), EJP.registers[1]),
    (("creuse",), HPHC.registers[0]),
    (("pleine",), HPHC.registers[1]),
    (("base",), BASE.registers[0]),
)


class DayOfReading(StrEnum):
    """Which end of the day a date means."""

    START = "start"
    END = "end"


class EdfRegistersSettings(SectionModel):
    """How the files are read."""

    read_at: DayOfReading = Field(
        DayOfReading.START, description="Whether the registers of a date are of the `start` or the `end` of that day."
    )


class EdfRegisters:
    """See the module."""

    name = "edf_registers"
    title = "EDF, registers"
    settings = EdfRegistersSettings
    form = "CSV of daily registers (mes-index-elec)"
    requires = None

    def recognizes(self, head: Head, /) -> bool:
        """By its columns, near the beginning."""
        return any(_HEADING.search(_plain(line)) for line in head.text.splitlines()[:20])

    def read(self, reading: Reading, /) -> Iterator[Observation]:
        """See `Importer.read`."""
        file = reading.file
        at_end = reading.settings.section(EdfRegistersSettings).read_at is DayOfReading.END
        columns: Mapping[int, tuple[str, int]] = {}
        known: dict[tuple[date, str], tuple[int, int]] = {}
        found = rows(file, _from_heading(file.lines()))
        for line, cells in found:
            if not columns:
                columns = _columns(reading, line, cells)
                continue
            day = _day(reading, line, cells[0]) + timedelta(days=at_end)
            if len(cells) <= max(columns):
                raise file.error(line, ImportProblem.TRUNCATED)
            if len(cells) > _TYPE_COLUMN and _ESTIMATED.search(_plain(cells[_TYPE_COLUMN])):
                continue
            for register, wh in _values(reading, line, cells, columns):
                before = known.setdefault((day, register), (wh, line))
                if before[0] != wh:
                    raise file.error(line, ImportProblem.TIME_TWICE, other=before[1])
                if before[1] == line:
                    yield RegisterReading(register, day_bounds_ms(day, reading.tz)[0], wh)


def _from_heading(lines: Iterable[Line]) -> Iterator[Line]:
    """The lines from the heading on: those before it are a title."""
    return dropwhile(lambda line: not _HEADING.search(_plain(line.text)), lines)


def _columns(reading: Reading, line: int, cells: Sequence[str]) -> Mapping[int, tuple[str, int]]:
    """Column → (register, Wh of its unit)."""
    found: dict[int, tuple[str, int]] = {}
    for at, cell in enumerate(cells):
        text = _plain(cell)
        if match := _INDEX.fullmatch(text):
            register = next((name for words, name in _NAMES if all(word in text for word in words)), None)
            if register is None or register in {name for name, _ in found.values()}:
                raise reading.file.error(line, ImportProblem.PERIOD_UNKNOWN, text=cell[:60])
            found[at] = register, _WH[match[1]]
    if not found:
        raise reading.file.error(line, ImportProblem.COLUMN_MISSING, columns=("Index … (kWh)",))
    return found


def _day(reading: Reading, line: int, text: str) -> date:
    match = _DATE.fullmatch(text)
    try:
        return datetime.strptime(match[1] if match else "", "%d/%m/%Y").date()  # noqa: DTZ007 - a day
    except ValueError:
        raise reading.file.error(line, ImportProblem.NOT_A_TIME, text=text[:40]) from None


def _values(
    reading: Reading, line: int, cells: Sequence[str], columns: Mapping[int, tuple[str, int]]
) -> Iterator[tuple[str, int]]:
    for at, (register, factor) in columns.items():
        text = cells[at] if at < len(cells) else ""
        if not text:
            continue
        value = number(text)
        if value is None:
            raise reading.file.error(line, ImportProblem.NOT_A_NUMBER, text=text[:40])
        if value < 0:
            raise reading.file.error(line, ImportProblem.NEGATIVE)
        yield register, int(value * factor)


def _plain(text: str) -> str:
    """Lower case without accents: `relevé` and `relève` are spelled either way."""
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(each for each in decomposed if not unicodedata.combining(each))
