"""Rows of a day as the ledger keeps them, and back: nothing of an explanation is lost. Pure.

The parts of a figure are a JSON array of arrays: register, first value, last value, and as far as they are not what
they mostly are (in brackets): energy (last - first), marks (0), start and end in milliseconds since 1970 (the day's),
price (null). Marks are the sum of 1 where the first reading is estimated, 2 where the last one is, 4 where energy is
inferred, 8 where hours or rules gave it its period. Where that is long, as for a price series, it is deflated
(RFC 1950).
"""

import json
import zlib
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost.model import CostRow, Quality, VersionUsed
from tictally_recorder.energy.register_totals import RegisterPart
from tictally_recorder.ledger import CostDay, CostEntry, CostLine
from tictally_recorder.reason import Reason
from tictally_recorder.tariffs.model import Confidence, Direction
from tictally_shared.calendar import QUARTER_MS, day_bounds_ms

_LONG: Final = 400
_ARRAY: Final = b"["
_FIRST, _LAST, _INFERRED, _DIVIDED = 1, 2, 4, 8


def to_day(day: date, rows: Iterable[CostRow], key: str, now_ms: int, tz: ZoneInfo) -> CostDay:
    """What the ledger keeps of a day's rows.

    Args:
        day: local.
        rows: all of that day, in order.
        key: see `tictally_recorder.cost.fingerprint`.
        now_ms: when they were computed.
        tz: whose day it is.
    """
    bounds = day_bounds_ms(day, tz)
    entries = tuple(
        CostEntry(_line(row), row.energy_wh, None if row.amount is None else str(row.amount), _pack(row.parts, bounds))
        for row in rows
    )
    return CostDay(day, bounds[0] // QUARTER_MS, bounds[1] // QUARTER_MS, key, now_ms, entries)


def from_day(site: str, stored: CostDay) -> list[CostRow]:
    """The rows that were kept.

    Args:
        site: whose they are.
        stored: as the ledger has it.
    """
    bounds = stored.first * QUARTER_MS, stored.end * QUARTER_MS
    return [_row(site, stored.day, entry, bounds) for entry in stored.entries]


def _line(row: CostRow) -> CostLine:
    version = row.version
    return CostLine(
        direction=row.direction.value,
        period=row.period,
        price=None if row.price is None else str(row.price),
        currency=row.currency,
        version=version.id if version else None,
        hash=version.hash if version else None,
        source=version.source if version else None,
        confidence=version.confidence.value if version else None,
        power_kva=row.power_kva,
        quality=row.quality.value,
        reason=row.reason.code.value if row.reason else None,
        # One order, so that the same reason on many days is one line.
        reason_parameters=json.dumps(row.reason.as_json()["parameters"], sort_keys=True) if row.reason else None,
    )


def _row(site: str, day: date, entry: CostEntry, bounds: tuple[int, int]) -> CostRow:
    line = entry.line
    version = None
    if line.version is not None and line.confidence is not None:
        version = VersionUsed(line.version, line.hash or "", line.source or "", Confidence(line.confidence))
    return CostRow(
        site,
        day,
        Direction(line.direction),
        line.period,
        entry.energy_wh,
        _decimal(line.price),
        _decimal(entry.amount),
        line.currency,
        version,
        line.power_kva,
        Quality(line.quality),
        Reason.from_json(line.reason, json.loads(line.reason_parameters or "{}")) if line.reason else None,
        _unpack(entry.parts, bounds),
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _pack(parts: Sequence[RegisterPart], bounds: tuple[int, int]) -> bytes:
    if not parts:
        return b""
    found = []
    for part in parts:
        values: list[Any] = [
            part.register,
            part.first_value,
            part.last_value,
            part.energy_wh,
            part.first_estimated * _FIRST
            | part.last_estimated * _LAST
            | part.inferred * _INFERRED
            | part.is_divided * _DIVIDED,
            part.start_ms,
            part.end_ms,
            None if part.price is None else str(part.price),
        ]
        usual = [*values[:3], part.last_value - part.first_value, 0, *bounds, None]
        while len(values) > 3 and values[-1] == usual[len(values) - 1]:  # noqa: PLR2004 - register and its two values
            values.pop()
        found.append(values)
    text = json.dumps(found, separators=(",", ":")).encode()
    return zlib.compress(text, 9) if len(text) > _LONG else text


def _unpack(packed: bytes, bounds: tuple[int, int]) -> tuple[RegisterPart, ...]:
    if not packed:
        return ()
    text = packed if packed.startswith(_ARRAY) else zlib.decompress(packed)
    return tuple(_part(values, bounds) for values in json.loads(text))


def _part(values: list[Any], bounds: tuple[int, int]) -> RegisterPart:
    register, first, last = values[:3]
    usual = [register, first, last, last - first, 0, *bounds, None]
    *_, energy_wh, marks, start_ms, end_ms, price = [*values, *usual[len(values) :]]
    return RegisterPart(
        register,
        start_ms,
        end_ms,
        first,
        last,
        energy_wh,
        first_estimated=bool(marks & _FIRST),
        last_estimated=bool(marks & _LAST),
        inferred=bool(marks & _INFERRED),
        is_divided=bool(marks & _DIVIDED),
        price=_decimal(price),
    )
