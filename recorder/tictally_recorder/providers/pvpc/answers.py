"""ESIOS' two answers as hourly prices. Pure.

The API has indicator 1001 (€/MWh, each value with its zone and its time); the public archive has one day with a row per
hour, whose labels are wrong on days of 23 and 25 hours: rows are counted from local midnight. Of the API's times only
`datetime` is right: on 2021-10-31 two hours had one `datetime_utc`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from tictally_recorder.fetch import Answer, FetchError
from tictally_recorder.problem import ProblemCode
from tictally_recorder.providers.pvpc.settings import PvpcZone
from tictally_recorder.tariffs.plausible_amounts import KWH_NEVER_ABOVE
from tictally_shared.phrase import Phrase, Value

MADRID: Final = ZoneInfo("Europe/Madrid")
HOUR_MS: Final = 3_600_000
# The ceiling of the European day-ahead market is below it.
PRICE_LIMIT: Final = KWH_NEVER_ABOVE
_MWH: Final = Decimal(1000)
_GEO_IDS: Final = {
    PvpcZone.PENINSULA: 8741,
    PvpcZone.CANARIAS: 8742,
    PvpcZone.BALEARES: 8743,
    PvpcZone.CEUTA: 8744,
    PvpcZone.MELILLA: 8745,
}
# The archive has two columns: Península, Canarias and Baleares share one, Ceuta and Melilla the other.
_COLUMNS: Final = {PvpcZone.CEUTA: "CYM", PvpcZone.MELILLA: "CYM"}
_COLUMN: Final = "PCB"


@dataclass(frozen=True, slots=True)
class DayOfPrices:
    """What one answer must be about.

    Attributes:
        day: local.
        zone: of the prices.
    """

    day: date
    zone: PvpcZone

    @property
    def hours_ms(self) -> range:
        """The beginnings of its hours, milliseconds since 1970: 23, 24 or 25."""
        start, end = (
            round(datetime(each.year, each.month, each.day, tzinfo=MADRID).timestamp() * 1000)
            for each in (self.day, self.day + timedelta(days=1))
        )
        return range(start, end, HOUR_MS)


def read_api(answer: Answer, wanted: DayOfPrices) -> dict[int, Decimal]:
    """Prices of the API's answer.

    Returns:
        Beginning of the hour, milliseconds since 1970 → price of a kWh in EUR, without taxes; empty if there is none
        yet.

    Raises:
        FetchError: it is not complete, of another day or zone, or implausible.
    """
    values = _list(answer, "indicator", "values")
    of_zone = [each for each in values if _field(answer, each, "geo_id") == _GEO_IDS[wanted.zone]]
    if values and not of_zone:
        raise _wrong(ProblemCode.PRICES_WITHOUT_ZONE, answer, day=str(wanted.day), zone=wanted.zone)
    return _checked(answer, wanted, _api_prices(answer, of_zone))


def _api_prices(answer: Answer, values: Iterable[object]) -> Iterator[tuple[int, Decimal]]:
    for each in values:
        text, value = _field(answer, each, "datetime"), _field(answer, each, "value")
        try:
            time = datetime.fromisoformat(str(text))
        except ValueError:
            raise _unexpected(answer, f"datetime is {str(text)[:40]!r}") from None
        if time.tzinfo is None or not isinstance(value, int | Decimal) or isinstance(value, bool):
            raise _unexpected(answer, f"a value is {str(value)[:40]!r} at {str(text)[:40]!r}")
        yield round(time.timestamp() * 1000), Decimal(value)


def read_archive(answer: Answer, wanted: DayOfPrices) -> dict[int, Decimal]:
    """Prices of the archive's answer; see `read_api`."""
    body = answer.json()
    # Where a day has none yet there is {"message": "No values for specified archive"} or an empty list.
    if isinstance(body, dict) and "PVPC" not in body and isinstance(body.get("message"), str):
        return {}
    rows = _list(answer, "PVPC")
    days = {_field(answer, each, "Dia") for each in rows}
    if days - {f"{wanted.day:%d/%m/%Y}"}:
        raise _wrong(ProblemCode.PRICES_OF_ANOTHER_DAY, answer, day=str(wanted.day))
    labels = [str(_field(answer, each, "Hora")) for each in rows]
    if labels != sorted(labels):
        raise _unexpected(answer, "its hours are not in order")
    column, hours = _COLUMNS.get(wanted.zone, _COLUMN), wanted.hours_ms
    _check_count(answer, wanted, len(rows))
    return _checked(answer, wanted, zip(hours, (_decimal(answer, each, column) for each in rows), strict=False))


def _decimal(answer: Answer, row: object, column: str) -> Decimal:
    text = str(_field(answer, row, column))
    try:
        value = Decimal(text.replace(".", "").replace(",", "."))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise _unexpected(answer, f"{column} is {text[:40]!r}")
    return value


def _checked(answer: Answer, wanted: DayOfPrices, prices: Iterable[tuple[int, Decimal]]) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    for time_ms, per_mwh in prices:
        price = per_mwh / _MWH
        if time_ms in found:
            raise _wrong(ProblemCode.PRICES_TWICE, answer, time=_iso(time_ms))
        if time_ms not in wanted.hours_ms:
            raise _wrong(ProblemCode.PRICES_OF_ANOTHER_DAY, answer, day=str(wanted.day))
        if abs(price) > PRICE_LIMIT:
            about: dict[str, Value] = {"price": f"{price:f}", "limit": str(PRICE_LIMIT), "time": _iso(time_ms)}
            raise _wrong(ProblemCode.PRICE_IMPLAUSIBLE, answer, **about)
        found[time_ms] = price
    _check_count(answer, wanted, len(found))
    return found


def _check_count(answer: Answer, wanted: DayOfPrices, count: int) -> None:
    if count not in {0, len(wanted.hours_ms)}:
        about: dict[str, Value] = {"found": count, "expected": len(wanted.hours_ms), "day": str(wanted.day)}
        raise _wrong(ProblemCode.PRICES_INCOMPLETE, answer, **about)


def _list(answer: Answer, *path: str) -> list[object]:
    body = answer.json()
    for name in path:
        body = body.get(name) if isinstance(body, Mapping) else None
    if not isinstance(body, list):
        raise _unexpected(answer, f"{'.'.join(path)} is missing")
    return body


def _field(answer: Answer, row: object, name: str) -> Any:  # noqa: ANN401 - of another program
    if not isinstance(row, Mapping) or name not in row:
        raise _unexpected(answer, f"{name} is missing")
    return row[name]


def _iso(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(MADRID).isoformat()


def _unexpected(answer: Answer, detail: str) -> FetchError:
    return _wrong(ProblemCode.FETCH_UNEXPECTED, answer, detail=detail)


def _wrong(code: ProblemCode, answer: Answer, **about: Value) -> FetchError:
    return FetchError(Phrase(code, {"service": answer.service, **about}))
