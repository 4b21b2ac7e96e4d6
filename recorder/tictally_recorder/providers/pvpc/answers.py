"""ESIOS' two answers as hourly prices. Pure.

The API has indicator 1001 (€/MWh, each value with its zone and its time); the public archive has one day with a row per
hour, whose labels are wrong on days of 23 and 25 hours: rows are counted from local midnight. Of the API's times only
`datetime` is right: on 2021-10-31 two hours had one `datetime_utc`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from tictally_recorder.fetch import Answer
from tictally_recorder.problem import ProblemCode
from tictally_recorder.providers.price_checks import MWH, WantedDay, check_count, checked, unexpected, wrong
from tictally_recorder.providers.pvpc.settings import PvpcZone

MADRID: Final = ZoneInfo("Europe/Madrid")
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
        return self.wanted.starts_ms

    @property
    def wanted(self) -> WantedDay:
        """The day without its zone."""
        return WantedDay(self.day, MADRID)


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
        raise wrong(ProblemCode.PRICES_WITHOUT_ZONE, answer.service, day=str(wanted.day), zone=wanted.zone)
    return checked(answer.service, wanted.wanted, _api_prices(answer, of_zone))


def _api_prices(answer: Answer, values: Iterable[object]) -> Iterator[tuple[int, Decimal]]:
    for each in values:
        text, value = _field(answer, each, "datetime"), _field(answer, each, "value")
        try:
            time = datetime.fromisoformat(str(text))
        except ValueError:
            raise unexpected(answer.service, f"datetime is {str(text)[:40]!r}") from None
        if time.tzinfo is None or not isinstance(value, int | Decimal) or isinstance(value, bool):
            raise unexpected(answer.service, f"a value is {str(value)[:40]!r} at {str(text)[:40]!r}")
        yield round(time.timestamp() * 1000), Decimal(value) / MWH


def read_archive(answer: Answer, wanted: DayOfPrices) -> dict[int, Decimal]:
    """Prices of the archive's answer; see `read_api`."""
    body = answer.json()
    # Where a day has none yet there is {"message": "No values for specified archive"} or an empty list.
    if isinstance(body, dict) and "PVPC" not in body and isinstance(body.get("message"), str):
        return {}
    rows = _list(answer, "PVPC")
    days = {_field(answer, each, "Dia") for each in rows}
    if days - {f"{wanted.day:%d/%m/%Y}"}:
        raise wrong(ProblemCode.PRICES_OF_ANOTHER_DAY, answer.service, day=str(wanted.day))
    labels = [str(_field(answer, each, "Hora")) for each in rows]
    if labels != sorted(labels):
        raise unexpected(answer.service, "its hours are not in order")
    column, hours = _COLUMNS.get(wanted.zone, _COLUMN), wanted.hours_ms
    check_count(answer.service, wanted.wanted, len(rows))
    prices = (_decimal(answer, each, column) / MWH for each in rows)
    return checked(answer.service, wanted.wanted, zip(hours, prices, strict=False))


def _decimal(answer: Answer, row: object, column: str) -> Decimal:
    text = str(_field(answer, row, column))
    try:
        value = Decimal(text.replace(".", "").replace(",", "."))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise unexpected(answer.service, f"{column} is {text[:40]!r}")
    return value


def _list(answer: Answer, *path: str) -> list[object]:
    body = answer.json()
    for name in path:
        body = body.get(name) if isinstance(body, Mapping) else None
    if not isinstance(body, list):
        raise unexpected(answer.service, f"{'.'.join(path)} is missing")
    return body


def _field(answer: Answer, row: object, name: str) -> Any:  # noqa: ANN401 - of another program
    if not isinstance(row, Mapping) or name not in row:
        raise unexpected(answer.service, f"{name} is missing")
    return row[name]
