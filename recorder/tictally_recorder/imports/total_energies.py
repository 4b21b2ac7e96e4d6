"""TotalEnergies' CSV: the energy of each half-hour, `"05/01/2026 00:30";"0,123 kWh"`, in local time without offset.

The file does not state whether a time is the start or the end of its half-hour. A file of whole days shows it: from
00:00 to 23:30 they are starts, from 00:30 to 00:00 ends. For another file the setting decides.
"""

import re
from collections.abc import Iterator
from datetime import datetime, time
from enum import StrEnum
from typing import Final

from pydantic import Field

from tictally_recorder.imports.errors import ImportProblem
from tictally_recorder.imports.fields import LocalClock, number
from tictally_recorder.imports.load_curve import Row, check_power, intervals
from tictally_recorder.imports.protocol import Head, Reading
from tictally_recorder.ledger import CONSUMPTION, WATT_MINUTES, IntervalEnergy, Observation
from tictally_shared.settings.sections import SectionModel

_ROW: Final = re.compile(r'\s*"?(\d\d/\d\d/\d{4} \d\d:\d\d)"?\s*[;,\t]\s*"?([^";\t]*?)\s*kWh"?[\s;,"]*', re.IGNORECASE)
_NOTHING: Final = ' \t;,"'
_STEP_MS: Final = 1_800_000


class Stamp(StrEnum):
    """What a time of the file is."""

    AUTO = "auto"
    START = "start"
    END = "end"


class TotalEnergiesSettings(SectionModel):
    """How the files are read."""

    stamp: Stamp = Field(
        Stamp.AUTO,
        description="Whether a time is the start or the end of its half-hour: start, end, or auto by the file.",
    )


class TotalEnergies:
    """See the module."""

    name = "totalenergies"
    title = "TotalEnergies"
    settings = TotalEnergiesSettings
    form = "CSV of half-hours"
    requires = None

    def recognizes(self, head: Head, /) -> bool:
        """By its first rows; a heading may precede them."""
        return any(_ROW.fullmatch(line) for line in head.text.splitlines()[:5])

    def read(self, reading: Reading, /) -> Iterator[Observation]:
        """See `Importer.read`."""
        file = reading.file
        found: list[tuple[datetime, int, int]] = []
        for line in file.lines():
            match = _ROW.fullmatch(line.text)
            if match is None:
                if found and line.text.strip(_NOTHING):
                    raise file.error(line.number, ImportProblem.NOT_A_TIME, text=line.text[:40])
                continue
            try:
                naive = datetime.strptime(match[1], "%d/%m/%Y %H:%M")  # noqa: DTZ007 - local
            except ValueError:
                raise file.error(line.number, ImportProblem.NOT_A_TIME, text=match[1]) from None
            value = number(match[2])
            if value is None:
                raise file.error(line.number, ImportProblem.NOT_A_NUMBER, text=match[2][:40])
            energy_wh = round(value * 1000)
            check_power(file, line.number, energy_wh * 2)
            found.append((naive, energy_wh, line.number))
        if len(found) > 1 and found[0][0] > found[1][0]:
            found.reverse()
        shift_ms = _STEP_MS if self._stamp(reading, found) is Stamp.START else 0
        clock = LocalClock(reading.tz)
        rows = []
        for naive, energy_wh, line_number in found:
            time_ms = clock.moment(naive) if shift_ms else clock.end(naive)
            if time_ms is None:
                raise file.error(line_number, ImportProblem.TIME_SKIPPED, text=str(naive))
            rows.append(Row(time_ms + shift_ms, energy_wh, line_number))
        for each in intervals(file, rows, _STEP_MS):
            yield IntervalEnergy(CONSUMPTION, each.start_ms, each.end_ms, each.value * WATT_MINUTES)

    def _stamp(self, reading: Reading, found: list[tuple[datetime, int, int]]) -> Stamp:
        wanted = reading.settings.section(TotalEnergiesSettings).stamp
        if wanted is not Stamp.AUTO or not found:
            return wanted
        first, last = found[0][0].time(), found[-1][0].time()
        if (first, last) == (time(0), time(23, 30)):
            return Stamp.START
        if (first, last) == (time(0, 30), time(0)):
            return Stamp.END
        raise reading.file.error(0, ImportProblem.STAMP_UNKNOWN, setting="TICTALLY_TOTALENERGIES_STAMP")
