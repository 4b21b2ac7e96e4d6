"""Day-ahead prices of ENTSO-E's transparency platform, document type A44 (energy prices, 12.1.D), as XML.

A document has a `TimeSeries` for each auction and resolution, with `Period`s of `Point`s. Points are numbered from 1;
with the curve type A03 those are left out that repeat the price before. Where the platform has nothing it answers with
an acknowledgement instead.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final
from xml.etree import ElementTree as ET

from tictally_recorder.fetch import Answer, FetchError
from tictally_recorder.fetch.client import FetchClient
from tictally_recorder.problem import ProblemCode
from tictally_recorder.providers.price_checks import HOUR_MS, MWH, checked, unexpected, wrong
from tictally_recorder.providers.spot.market_day import by_quarter, market_day
from tictally_recorder.providers.spot.settings import SpotZone
from tictally_shared.calendar import QUARTER_MS, day_bounds_ms
from tictally_shared.phrase import Phrase

# Energy identification codes of the zones.
_EIC: Final = {
    SpotZone.AT: "10YAT-APG------L",
    SpotZone.BE: "10YBE----------2",
    SpotZone.CH: "10YCH-SWISSGRIDZ",
    SpotZone.DE_LU: "10Y1001A1001A82H",
    SpotZone.ES: "10YES-REE------0",
    SpotZone.FR: "10YFR-RTE------C",
    SpotZone.IT_NORTH: "10Y1001A1001A73I",
    SpotZone.NL: "10YNL----------L",
    SpotZone.PT: "10YPT-REN------W",
}
_RESOLUTIONS: Final = {"PT15M": QUARTER_MS, "PT30M": 2 * QUARTER_MS, "PT60M": HOUR_MS, "PT1H": HOUR_MS}
_PRICES: Final = "Publication_MarketDocument"
_NOTHING: Final = "Acknowledgement_MarketDocument"
_NO_DATA: Final = "999"
# Where a zone has several auctions, the first is that of the coupled market.
_COUPLED: Final = "1"
_DAY_AHEAD: Final = "A01"
_REPEATING: Final = "A03"
_SHOWN: Final = 200


class Entsoe:
    """ENTSO-E's API.

    Args:
        url: its address.
        token: of the user.
        zone: bidding zone.
    """

    def __init__(self, url: str, token: str, zone: SpotZone) -> None:
        self.url = url
        self._token = token
        self._zone = zone

    def get(self, client: FetchClient, day: date) -> Answer | None:
        """Request a day, unless it is unchanged. The token is a part of the address, which is shown nowhere."""
        start, end = (datetime.fromtimestamp(ms / 1000, UTC) for ms in day_bounds_ms(day, market_day(day).tz))
        eic = _EIC[self._zone]
        parameters = {
            "securityToken": self._token,
            "documentType": "A44",
            "in_Domain": eic,
            "out_Domain": eic,
            "periodStart": f"{start:%Y%m%d%H%M}",
            "periodEnd": f"{end:%Y%m%d%H%M}",
        }
        return client.get_changed(f"{self.url}/api", parameters=parameters)

    def read(self, answer: Answer, day: date) -> Mapping[int, Decimal]:
        """The day's prices by quarter-hour; empty if there are none yet."""
        return read_prices(answer, day, self._zone)


@dataclass(frozen=True, slots=True)
class _Period:
    start_ms: int
    end_ms: int
    step_ms: int
    prices: Mapping[int, Decimal]
    is_repeating: bool

    def quarters(self, answer: Answer) -> Iterator[tuple[int, Decimal]]:
        """The price of each quarter-hour; points that are left out repeat the one before, or are missing."""
        price: Decimal | None = None
        count = (self.end_ms - self.start_ms) // self.step_ms
        if beyond := [position for position in self.prices if not 1 <= position <= count]:
            raise unexpected(answer.service, f"point {beyond[0]} of {count}")
        for position in range(1, count + 1):
            price = self.prices.get(position, price if self.is_repeating else None)
            if price is not None:
                yield from by_quarter(self.start_ms + (position - 1) * self.step_ms, self.step_ms, price / MWH)


def read_prices(answer: Answer, day: date, zone: SpotZone) -> dict[int, Decimal]:
    """Prices of a document.

    Args:
        answer: of the API.
        day: of the market.
        zone: whose prices they must be.

    Returns:
        Beginning of the quarter-hour, milliseconds since 1970 → price of a kWh in EUR, without taxes; empty if the
        document states that there is none.

    Raises:
        FetchError: it is not complete, of another day or zone, or implausible.
    """
    root = _parsed(answer)
    kind = root.tag.rpartition("}")[2]
    if kind == _NOTHING:
        if _text(root, "Reason/code") == _NO_DATA:
            return {}
        raise unexpected(answer.service, _text(root, "Reason/text")[:_SHOWN] or kind)
    if kind != _PRICES:
        raise unexpected(answer.service, f"the document is {kind[:40]!r}")
    wanted = market_day(day)
    start_ms, end_ms = day_bounds_ms(day, wanted.tz)
    periods = [period for series in _series(answer, root, day, zone) for period in _periods(answer, series)]
    of_day = [each for each in periods if each.start_ms < end_ms and each.end_ms > start_ms]
    if not of_day:
        raise wrong(ProblemCode.PRICES_OF_ANOTHER_DAY, answer.service, day=str(day))
    # Some zones are published with hours beside their quarters, which are what is paid.
    step_ms = min(each.step_ms for each in of_day)
    quarters = (quarter for each in of_day if each.step_ms == step_ms for quarter in each.quarters(answer))
    # Days are answered whole, also where the day before or after shares a document.
    return checked(answer.service, wanted, ((at, price) for at, price in quarters if start_ms <= at < end_ms))


def _parsed(answer: Answer) -> ET.Element:
    # Entities could make a small document large; a market document has no declaration of its type.
    if b"<!DOCTYPE" in answer.body or b"<!ENTITY" in answer.body:
        raise _not_xml(answer)
    try:
        return ET.fromstring(answer.body)  # noqa: S314 - without a declaration of types there are no entities
    except ET.ParseError:
        raise _not_xml(answer) from None


def _not_xml(answer: Answer) -> FetchError:
    shown = answer.body[:_SHOWN].decode("utf-8", "replace").split("\n")[0].strip()
    return FetchError(Phrase(ProblemCode.FETCH_NOT_XML, {"service": answer.service, "start": shown or "…"}))


def _series(answer: Answer, root: ET.Element, day: date, zone: SpotZone) -> list[ET.Element]:
    """Those of the coupled market's auction for the next day, of the zone."""
    found = root.findall("{*}TimeSeries")
    if not found:
        raise unexpected(answer.service, "TimeSeries is missing")
    eic = _EIC[zone]
    for series in found:
        domains = {_text(series, f"{way}_Domain.mRID") for way in ("in", "out")}
        if domains != {eic}:
            raise wrong(ProblemCode.PRICES_WITHOUT_ZONE, answer.service, day=str(day), zone=zone.value)
        units = _text(series, "currency_Unit.name"), _text(series, "price_Measure_Unit.name")
        if units != ("EUR", "MWH"):
            raise unexpected(answer.service, f"prices are in {'/'.join(units)[:40]!r}")
    return [
        series
        for series in found
        if _text(series, "classificationSequence_AttributeInstanceComponent.position") in {"", _COUPLED}
        and _text(series, "contract_MarketAgreement.type") in {"", _DAY_AHEAD}
    ]


def _periods(answer: Answer, series: ET.Element) -> Iterator[_Period]:
    is_repeating = _text(series, "curveType") == _REPEATING
    for period in series.findall("{*}Period"):
        resolution = _text(period, "resolution")
        if resolution not in _RESOLUTIONS:
            raise unexpected(answer.service, f"resolution is {resolution[:40]!r}")
        start_ms, end_ms = (_time_ms(answer, _text(period, f"timeInterval/{name}")) for name in ("start", "end"))
        prices: dict[int, Decimal] = {}
        for point in period.findall("{*}Point"):
            position, amount = _point(answer, point)
            if position in prices:
                time = datetime.fromtimestamp((start_ms + (position - 1) * _RESOLUTIONS[resolution]) // 1000, UTC)
                raise wrong(ProblemCode.PRICES_TWICE, answer.service, time=time.isoformat())
            prices[position] = amount
        yield _Period(start_ms, end_ms, _RESOLUTIONS[resolution], prices, is_repeating)


def _point(answer: Answer, point: ET.Element) -> tuple[int, Decimal]:
    position, text = _text(point, "position"), _text(point, "price.amount")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not position.isdecimal() or not amount.is_finite():
        raise unexpected(answer.service, f"price.amount is {text[:40]!r} at position {position[:40]!r}")
    return int(position), amount


def _time_ms(answer: Answer, text: str) -> int:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise unexpected(answer.service, f"a time is {text[:40]!r}")
    return round(time.timestamp() * 1000)


def _text(element: ET.Element, path: str) -> str:
    """The text of an element below, whatever its namespace; empty where there is none."""
    found = element.findtext("/".join(f"{{*}}{name}" for name in path.split("/")))
    return (found or "").strip()
