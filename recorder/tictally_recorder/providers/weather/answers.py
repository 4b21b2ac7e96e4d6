"""Open-Meteo's answers as hourly temperatures. Pure.

`{"hourly": {"time": ["2026-11-20T00:00", …], "temperature_2m": [4.3, …]}}`, in UTC as asked for; hours that are not
known yet are null.
"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from tictally_recorder.fetch import Answer, FetchError
from tictally_recorder.problem import ProblemCode
from tictally_shared.phrase import Phrase

_HOUR_S: Final = 3600
_HOURS_OF_A_DAY: Final = 24
_EXTREME_C: Final = 70


def read_hours(answer: Answer, before: datetime, wanted: tuple[date, date]) -> dict[int, int]:
    """Hour since 1970 → temperature then, hundredths of a degree.

    Args:
        answer: of the service.
        before: aware; hours from then on are forecasts, and left out.
        wanted: the first and the last day in UTC, all of whose hours it must have, known or not.

    Raises:
        FetchError: the answer has another form, or temperatures that no place has.
    """
    body = answer.json()
    hourly = body.get("hourly") if isinstance(body, dict) else None
    times = hourly.get("time") if isinstance(hourly, dict) else None
    values = hourly.get("temperature_2m") if isinstance(hourly, dict) else None
    if not isinstance(times, list) or not isinstance(values, list) or len(times) != len(values):
        raise _unexpected(answer, "hourly.time and hourly.temperature_2m do not belong together")
    if body.get("utc_offset_seconds", 0) != 0:
        raise _unexpected(answer, f"utc_offset_seconds is {str(body['utc_offset_seconds'])[:20]}")
    moments = [_moment(answer, text) for text in times]
    start = datetime.combine(wanted[0], time(), UTC)
    hours = ((wanted[1] - wanted[0]).days + 1) * _HOURS_OF_A_DAY
    if moments != [start + timedelta(hours=n) for n in range(hours)]:
        raise _unexpected(answer, f"it has not each hour from {wanted[0]} to {wanted[1]} once")
    found: dict[int, int] = {}
    for moment, value in zip(moments, values, strict=True):
        if value is None or moment >= before:
            continue
        is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
        if not is_number or abs(value) > _EXTREME_C:
            raise _unexpected(answer, f"a temperature is {str(value)[:20]}")
        found[int(moment.timestamp()) // _HOUR_S] = round(value * 100)
    return found


def _moment(answer: Answer, text: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None or moment.minute or moment.second:
        raise _unexpected(answer, f"a time is {str(text)[:20]}")
    return moment.replace(tzinfo=UTC)


def _unexpected(answer: Answer, detail: str) -> FetchError:
    return FetchError(Phrase(ProblemCode.FETCH_UNEXPECTED, {"service": answer.service, "detail": detail}))
