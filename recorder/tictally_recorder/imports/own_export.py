"""tictally's own exports: energy by quarter-hour, hour or day as CSV (`quarters.csv`, `hours.csv`, `days.csv`)."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from tictally_recorder.imports.errors import ImportProblem
from tictally_recorder.imports.fields import rows, to_ms
from tictally_recorder.imports.protocol import Head, Reading
from tictally_recorder.ledger import CONSUMPTION, INJECTION, WATT_MINUTES, IntervalEnergy, Observation
from tictally_shared.tariff_options import TARIFF_OPTIONS

_COLUMNS: Final = ("site", "from", "to", "register", "period", "energy", "unit")
_REGISTERS: Final = {register for option in TARIFF_OPTIONS.values() for register in option.registers}
_HEADING: Final = r'"?' + r'"?[,;\t]"?'.join(_COLUMNS[:6])
_SUPPLIER: Final = "EASF"


class OwnExport:
    """See the module."""

    name = "tictally"
    title = "tictally"
    settings = None
    form = "CSV of its export: quarters, hours or days"
    requires = None

    def recognizes(self, head: Head, /) -> bool:
        """By its columns."""
        return re.match(_HEADING, head.text) is not None

    def read(self, reading: Reading, /) -> Iterator[Observation]:
        """See `Importer.read`."""
        file = reading.file
        site: str | None = None
        found: list[IntervalEnergy] = []
        periods: dict[str, set[str]] = {}
        lines = rows(file, file.lines())
        columns = next(lines).cells
        for line, cells in lines:
            row = dict(zip(columns, cells, strict=False))
            if any(column not in row for column in _COLUMNS):
                raise file.error(line, ImportProblem.COLUMN_MISSING, columns=_COLUMNS)
            if row["unit"] != "Wh" or not is_counted(row["register"]):
                continue
            if site is not None and row["site"] != site:
                raise file.error(line, ImportProblem.SEVERAL_SITES, first=site, second=row["site"])
            site = row["site"]
            found.append(_energy(reading, row, line))
            periods.setdefault(row["register"], set()).add(row["period"])
        names = _historique(periods)
        is_by_period = bool(names) or any(each.register in _REGISTERS for each in found)
        for each in found:
            # Where registers of periods have names of their own, they are the total.
            if not (is_by_period and each.register == CONSUMPTION):
                yield each._replace(register=names.get(each.register, each.register))


def is_counted(register: str) -> bool:
    """True for registers whose energy counts as the consumption or injection of a site."""
    return register in {CONSUMPTION, INJECTION, *_REGISTERS} or register.startswith(_SUPPLIER)


def _energy(reading: Reading, row: Mapping[str, str], line: int) -> IntervalEnergy:
    try:
        start, end = datetime.fromisoformat(row["from"]), datetime.fromisoformat(row["to"])
        start_ms, end_ms = to_ms(start), to_ms(end)
    except ValueError:
        raise reading.file.error(line, ImportProblem.NOT_A_TIME, text=f"{row['from']}, {row['to']}"[:60]) from None
    if start.tzinfo is None or end.tzinfo is None or start_ms >= end_ms:
        raise reading.file.error(line, ImportProblem.NOT_A_TIME, text=f"{row['from']}, {row['to']}"[:60])
    if not row["energy"].isdecimal():
        raise reading.file.error(line, ImportProblem.NOT_A_NUMBER, text=row["energy"][:40])
    return IntervalEnergy(row["register"], start_ms, end_ms, int(row["energy"]) * WATT_MINUTES)


def _historique(periods: Mapping[str, set[str]]) -> dict[str, str]:
    """Register → historique register of the period that it always counted, if all are of one regulated option."""
    parts = {register: names for register, names in periods.items() if register.startswith(_SUPPLIER)}
    for option in TARIFF_OPTIONS.values():
        if parts and all(len(names) == 1 and min(names) in option.periods for names in parts.values()):
            return {register: option.registers[option.periods.index(min(names))] for register, names in parts.items()}
    return {}
