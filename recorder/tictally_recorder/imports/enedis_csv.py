"""CSV of Enedis' customer space: a load curve, or the registers at the end of each day.

UTF-8 with a byte order mark, `;`. Line 1 has names, line 2 their values (delivery point, type, unit, step), line 3 the
columns. A load curve has the mean power of an interval, stamped at its end with an offset; a value may be empty. A file
of registers ends with lines that name the period of each register.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tictally_recorder.imports.errors import ImportFileError, ImportProblem
from tictally_recorder.imports.fields import Cells, number, rows, to_ms
from tictally_recorder.imports.load_curve import Row, check_power, intervals
from tictally_recorder.imports.protocol import Head, Reading
from tictally_recorder.imports.source_file import Line
from tictally_recorder.ledger import CONSUMPTION, INJECTION, IntervalEnergy, Observation, RegisterReading
from tictally_shared.calendar import local_day
from tictally_shared.tariff_options import TARIFF_OPTIONS

_PRM: Final = "Identifiant PRM"
_TIME: Final = "Horodate"
_VALUE: Final = "Valeur"
_KIND: Final = "Type de releve"
_STEP: Final = "Pas en minutes"
_PERIODS: Final = "Periode"
_LAST_DAY: Final = "Date de fin"
_DAY: Final = re.compile(r"(\d\d)/(\d\d)/(\d{4})")
_LEAST_PRM_DIGITS: Final = 10
_MINUTE_MS: Final = 60_000
# Unit → Wh, or W.
_WHOLE: Final = {"W": 1, "WH": 1, "KW": 1000, "KWH": 1000}
_REGISTER: Final = re.compile(r"EAS\s*F(\d{1,2})")
# Enedis' short name of a class of time → the historique register of that period.
_CLASSES: Final = {
    "BASE": "BASE",
    **dict(zip(("HC", "HP"), TARIFF_OPTIONS["hphc"].registers, strict=True)),
    **dict(zip(("HN", "PM"), TARIFF_OPTIONS["ejp"].registers, strict=True)),
    **{register.removeprefix("BBR"): register for register in TARIFF_OPTIONS["tempo"].registers},
}


class EnedisCsv:
    """See the module."""

    name = "enedis_csv"
    title = "Enedis customer space, CSV"
    settings = None
    form = "CSV of a load curve, or of daily registers"
    requires = None

    def recognizes(self, head: Head, /) -> bool:
        """By its first names."""
        return head.text.lstrip().startswith((_PRM, f'"{_PRM}"'))

    def read(self, reading: Reading, /) -> Iterator[Observation]:
        """See `Importer.read`."""
        file = reading.file
        end = _End()
        lines = rows(file, end.watch(file.lines()))
        names, values, columns = (next(lines, None) for _ in range(3))
        if names is None or values is None or columns is None:
            raise file.error(0, ImportProblem.TRUNCATED)
        about = dict(zip(names.cells, values.cells, strict=False))
        if not about.get(_PRM):
            raise file.error(values.line, ImportProblem.COLUMN_MISSING, columns=(_PRM,))
        reading.name_delivery_point(about[_PRM], values.line)
        unit = about.get("Unite", "").upper()
        if unit not in _WHOLE:
            raise file.error(values.line, ImportProblem.UNIT_UNKNOWN, unit=unit)
        heads = columns.cells
        if {_TIME, _VALUE} <= set(heads):
            yield from end.newest(_load_curve(reading, about, _two_of(heads, lines), _WHOLE[unit]))
            if end.is_cut(about.get(_LAST_DAY, ""), reading):
                raise file.error(end.line, ImportProblem.TRUNCATED)
        elif heads[:1] == [_TIME] and any(_register(each) for each in heads):
            yield from _registers(reading, heads, lines, _WHOLE[unit])
        else:
            raise file.error(columns.line, ImportProblem.COLUMN_MISSING, columns=(_TIME, _VALUE))


@dataclass(slots=True)
class _End:
    """How a load curve ends: one that was cut within a row ends without a line feed before the last day it names."""

    line: int = 0
    is_ended: bool = True
    newest_ms: int = 0

    def watch(self, lines: Iterable[Line]) -> Iterator[Line]:
        """The lines, of which the last one is noted."""
        for line in lines:
            self.line, self.is_ended = line.number, line.is_ended
            yield line

    def newest(self, found: Iterable[Observation]) -> Iterator[Observation]:
        """The observations, of which the newest time is noted."""
        for each in found:
            self.newest_ms = max(self.newest_ms, each.end_ms if isinstance(each, IntervalEnergy) else each.time_ms)
            yield each

    def is_cut(self, last_day: str, reading: Reading) -> bool:
        """True if nothing ends the last line, and the file names a later last day, `31/12/2026`."""
        match = _DAY.fullmatch(last_day)
        if self.is_ended or match is None:
            return False
        return f"{match[3]}-{match[2]}-{match[1]}" > str(local_day(self.newest_ms, reading.tz))


def _two_of(heads: Sequence[str], lines: Iterator[Cells]) -> Iterator[tuple[int, str, str]]:
    """Line, time and value of each row."""
    time_at, value_at = heads.index(_TIME), heads.index(_VALUE)
    for line, cells in lines:
        time_text, value = (cells[at] if at < len(cells) else "" for at in (time_at, value_at))
        yield line, time_text, value


def _load_curve(
    reading: Reading, about: Mapping[str, str], lines: Iterable[tuple[int, str, str]], factor: int
) -> Iterator[Observation]:
    file = reading.file
    register = INJECTION if about.get("Grandeur metier", "").lower().startswith("prod") else CONSUMPTION
    step = about.get(_STEP, "")
    found = []
    for line, time_text, text in lines:
        watts = None
        if text:
            value = number(text)
            if value is None:
                raise _unless_another_begins(reading, line, time_text, ImportProblem.NOT_A_NUMBER, text)
            watts = round(value * factor)
            check_power(file, line, watts)
        found.append(Row(_moment(reading, line, time_text), watts, line))
    for each in intervals(file, found, int(step) * _MINUTE_MS if step.isdecimal() and int(step) else None):
        minutes = (each.end_ms - each.start_ms) // _MINUTE_MS
        yield IntervalEnergy(register, each.start_ms, each.end_ms, each.value * minutes)


def _registers(reading: Reading, heads: Sequence[str], lines: Iterator[Cells], factor: int) -> Iterator[Observation]:
    file = reading.file
    columns = {at: register for at, head in enumerate(heads) if (register := _register(head))}
    readings: list[RegisterReading] = []
    periods: dict[str, str] = {}
    for line, cells in lines:
        if cells[0].startswith((_PERIODS, "Du ")):
            periods.update(_periods(cells))
            continue
        moment = _moment(reading, line, cells[0])
        if len(cells) < len(heads):
            raise file.error(line, ImportProblem.TRUNCATED)
        for at, register in columns.items():
            text = cells[at]
            if text:
                value = number(text)
                if value is None:
                    raise file.error(line, ImportProblem.NOT_A_NUMBER, text=text[:40])
                if value < 0:
                    raise file.error(line, ImportProblem.NEGATIVE)
                readings.append(RegisterReading(register, moment, int(value * factor)))
    moved = {each.register for each in readings if each.wh}
    named = _named(moved, periods)
    for each in readings:
        if each.register in moved:
            yield each._replace(register=named.get(each.register, each.register))


def _named(moved: set[str], periods: Mapping[str, str]) -> Mapping[str, str]:
    """Register → historique register of its period, where all that ever counted are of one regulated option."""
    parts = {register for register in moved if register.startswith("EASF")}
    for option in TARIFF_OPTIONS.values():
        if parts and parts <= periods.keys() and all(periods[each] in option.registers for each in parts):
            return {register: periods[register] for register in parts}
    return {}


def _periods(cells: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(register, historique register) of a line that names the periods: short name, name, register, and again."""
    for at, cell in enumerate(cells):
        register = _register(cell)
        if register and at >= 2 and (short := cells[at - 2].upper()) in _CLASSES:  # noqa: PLR2004 - two cells before
            yield register, _CLASSES[short]


def _register(head: str) -> str | None:
    match = _REGISTER.fullmatch(head)
    if match:
        return f"EASF{int(match[1]):02d}"
    return {"EAS T": CONSUMPTION, "EAI T": INJECTION, "EAI": INJECTION}.get(head)


def _moment(reading: Reading, line: int, text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise _unless_another_begins(reading, line, text, ImportProblem.NOT_A_TIME, text)
    return to_ms(moment)


def _unless_another_begins(
    reading: Reading, line: int, first: str, problem: ImportProblem, text: str
) -> ImportFileError:
    """The error of a cell, or that a second file has been appended."""
    is_another = first == _PRM or (len(first) >= _LEAST_PRM_DIGITS and first.isdecimal())
    if is_another:
        return reading.file.error(line, ImportProblem.TWO_FILES)
    return reading.file.error(line, problem, text=text[:40])
