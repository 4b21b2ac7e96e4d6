"""Home Assistant's history of one counter as CSV: `entity_id,state,last_changed`, cumulative kWh, times with offset.

The counter need not be the meter's register, so only what it rose by is imported, between values at least a
quarter-hour apart. `unavailable` and the like are no values; a counter that falls was reset, and what it counted across
that is not known.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from itertools import islice
from typing import Final

from pydantic import Field

from tictally_recorder.imports.errors import ImportProblem
from tictally_recorder.imports.fields import number, rows, to_ms
from tictally_recorder.imports.protocol import Head, Reading
from tictally_recorder.ledger import CONSUMPTION, INJECTION, WATT_MINUTES, IntervalEnergy, Observation
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.settings.sections import SectionModel

_COLUMNS: Final = ("entity_id", "state", "last_changed")
_HEADING: Final = r'"?' + r'"?[,;\t]"?'.join(_COLUMNS)
_NO_VALUES: Final = {"", "unavailable", "unknown", "none"}
_LONGEST_MS: Final = 31 * 24 * 3_600_000


class CounterDirection(StrEnum):
    """What the counter counts."""

    CONSUMPTION = "consumption"
    INJECTION = "injection"


class CounterUnit(StrEnum):
    """In which unit its values are."""

    WH = "Wh"
    KWH = "kWh"


class HomeAssistantHistorySettings(SectionModel):
    """What the counter of a file is."""

    counts: CounterDirection = Field(
        CounterDirection.CONSUMPTION, description="What the counter counts: `consumption` or `injection`."
    )
    unit: CounterUnit = Field(CounterUnit.KWH, description="Unit of its values: `kWh` or `Wh`.")


class HomeAssistantHistory:
    """See the module."""

    name = "home_assistant_history"
    title = "Home Assistant, history"
    settings = HomeAssistantHistorySettings
    form = "CSV of the history of one energy counter"
    requires = None

    def recognizes(self, head: Head, /) -> bool:
        """By its columns."""
        return re.match(_HEADING, head.text) is not None

    def read(self, reading: Reading, /) -> Iterator[Observation]:
        """See `Importer.read`."""
        settings = reading.settings.section(HomeAssistantHistorySettings)
        register = INJECTION if settings.counts is CounterDirection.INJECTION else CONSUMPTION
        wh = 1000 if settings.unit is CounterUnit.KWH else 1
        newest: tuple[int, Decimal] | None = None  # of those that begin or end an interval
        last: tuple[int, Decimal] | None = None
        for time_ms, value in _values(reading):
            if last is not None and value < last[1]:  # what it rose by before the reset is known up to then
                if newest is not None and last[0] > newest[0]:
                    yield _energy(register, newest, last, wh)
                newest = None
            last = (time_ms, value)
            if newest is None or time_ms - newest[0] > _LONGEST_MS:
                newest = last
            elif time_ms - newest[0] >= QUARTER_MS:
                yield _energy(register, newest, last, wh)
                newest = last
        if newest is not None and last is not None and last[0] > newest[0]:
            yield _energy(register, newest, last, wh)


def _energy(register: str, start: tuple[int, Decimal], end: tuple[int, Decimal], wh: int) -> IntervalEnergy:
    return IntervalEnergy(register, start[0], end[0], round((end[1] - start[1]) * wh * WATT_MINUTES))


def _values(reading: Reading) -> Iterator[tuple[int, Decimal]]:
    """(time, value) in order of time, which the file may have in reverse."""
    file = reading.file
    entity: str | None = None
    found: dict[int, Decimal] = {}
    for line, row in islice(rows(file, file.lines()), 1, None):
        if len(row) < len(_COLUMNS):
            raise file.error(line, ImportProblem.COLUMN_MISSING, columns=_COLUMNS)
        name, state, changed = row[:3]
        if entity is not None and name != entity:
            raise file.error(line, ImportProblem.TWO_COUNTERS, first=entity, second=name)
        entity = name
        if state.lower() in _NO_VALUES:
            continue
        value = number(state)
        if value is None:
            raise file.error(line, ImportProblem.NOT_A_NUMBER, text=state[:40])
        try:
            moment = datetime.fromisoformat(changed)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise file.error(line, ImportProblem.NOT_A_TIME, text=changed[:40])
        found[to_ms(moment)] = value
    yield from sorted(found.items())
