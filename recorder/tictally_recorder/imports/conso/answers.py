"""Conso API's answers as observations. Pure.

A daily figure is in Wh, of the day that it names. A load curve has mean powers in W, stamped at the end of their
interval in local time without offset, 10 to 60 minutes each. Values are strings.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from tictally_recorder.fetch import Answer, FetchError
from tictally_recorder.imports.fields import LocalClock
from tictally_recorder.imports.load_curve import STEPS_MS
from tictally_recorder.ledger import CONSUMPTION, INJECTION, WATT_MINUTES, IntervalEnergy
from tictally_recorder.problem import ProblemCode
from tictally_shared.calendar import day_bounds_ms
from tictally_shared.phrase import Phrase

_MINUTE_MS: Final = 60_000
_LENGTH: Final = re.compile(r"PT(\d+)M")
_MOST_W: Final = 250_000
_MOST_WH: Final = 24 * _MOST_W


class FigureKind(StrEnum):
    """What can be asked for: the path of each is its name."""

    DAYS = "daily_consumption"
    CURVE = "consumption_load_curve"
    INJECTED_DAYS = "daily_production"
    INJECTED_CURVE = "production_load_curve"

    @property
    def is_daily(self) -> bool:
        """True for figures of days, False for load curves."""
        return self in {FigureKind.DAYS, FigureKind.INJECTED_DAYS}

    @property
    def register(self) -> str:
        """The register of its direction."""
        return INJECTION if self in {FigureKind.INJECTED_DAYS, FigureKind.INJECTED_CURVE} else CONSUMPTION


@dataclass(frozen=True, slots=True)
class FigureRequest:
    """What one request asks for.

    Attributes:
        kind: of figures.
        prm: the delivery point.
        start: the first local day.
        end: the one after the last.
    """

    kind: FigureKind
    prm: str
    start: date
    end: date

    @property
    def parameters(self) -> dict[str, str]:
        """Of the request."""
        return {"prm": self.prm, "start": str(self.start), "end": str(self.end)}


def observed(answer: Answer, wanted: FigureRequest, tz: ZoneInfo) -> list[IntervalEnergy]:
    """The energies of an answer, in order of time.

    Args:
        answer: of the service.
        wanted: what was asked for.
        tz: zone of its times.

    Raises:
        FetchError: it is of another delivery point or time, or anything in it cannot be right.
    """
    body = answer.json()
    rows = body.get("interval_reading") if isinstance(body, Mapping) else None
    if not isinstance(rows, list):
        raise _unexpected(answer, "interval_reading is missing")
    if str(body.get("usage_point_id", wanted.prm)) != wanted.prm:
        raise _unexpected(answer, f"it is of delivery point {str(body['usage_point_id'])[:20]}")
    unit, expected = _unit(body), "Wh" if wanted.kind.is_daily else "W"
    if unit != expected:
        raise _unexpected(answer, f"the unit is {unit}, not {expected}")
    read = _days if wanted.kind.is_daily else _curve
    found: dict[tuple[int, int], IntervalEnergy] = {}
    first_ms, last_ms = day_bounds_ms(wanted.start, tz)[0], day_bounds_ms(wanted.end, tz)[0]
    for each in read(answer, rows, wanted.kind.register, tz):
        if found.setdefault((each.start_ms, each.end_ms), each) != each:
            raise _unexpected(answer, "a time has two values")
        if not first_ms <= each.start_ms < each.end_ms <= last_ms:
            raise _unexpected(answer, "it has times that were not asked for")
    return [found[key] for key in sorted(found)]


def _days(answer: Answer, rows: list[Any], register: str, tz: ZoneInfo) -> Iterator[IntervalEnergy]:
    for row in rows:
        value = _value(answer, row, _MOST_WH)
        if value is not None:
            start_ms, end_ms = day_bounds_ms(_moment(answer, row).date(), tz)
            yield IntervalEnergy(register, start_ms, end_ms, value * WATT_MINUTES)


def _curve(answer: Answer, rows: list[Any], register: str, tz: ZoneInfo) -> Iterator[IntervalEnergy]:
    clock = LocalClock(tz)
    for row in rows:
        end_ms = clock.end(_moment(answer, row))
        if end_ms is None:
            raise _unexpected(answer, f"the time {str(row['date'])[:20]} does not exist")
        match = _LENGTH.fullmatch(str(row.get("interval_length", "")))
        step_ms = int(match[1]) * _MINUTE_MS if match else 0
        if step_ms not in STEPS_MS:
            raise _unexpected(answer, f"an interval is {str(row.get('interval_length'))[:20]}")
        value = _value(answer, row, _MOST_W)
        if value is not None:
            yield IntervalEnergy(register, end_ms - step_ms, end_ms, value * (step_ms // _MINUTE_MS))


def _moment(answer: Answer, row: object) -> datetime:
    text = row.get("date") if isinstance(row, Mapping) else None
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None:
        raise _unexpected(answer, f"a date is {str(text)[:40]}")
    return moment


def _value(answer: Answer, row: Mapping[str, Any], most: int) -> int | None:
    text = row.get("value")
    if text is None or text == "":
        return None
    if not str(text).isdecimal() or int(str(text)) > most:
        raise _unexpected(answer, f"a value is {str(text)[:40]}")
    return int(str(text))


def _unit(body: Mapping[str, Any]) -> str | None:
    about = body.get("reading_type")
    return about.get("unit") if isinstance(about, Mapping) else None


def _unexpected(answer: Answer, detail: str) -> FetchError:
    return FetchError(Phrase(ProblemCode.FETCH_UNEXPECTED, {"service": answer.service, "detail": detail}))
