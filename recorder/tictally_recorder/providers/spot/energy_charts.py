"""Day-ahead prices of Energy-Charts (Fraunhofer ISE), which need no account.

`/price?bzn=FR&start=…&end=…` with local days, the last one included: parallel lists `unix_seconds` and `price`, null
where there is none, and `unit`. The answer does not name its zone.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from tictally_recorder.fetch import Answer, FetchError
from tictally_recorder.fetch.client import FetchClient
from tictally_recorder.problem import ProblemCode
from tictally_recorder.providers.price_checks import MWH, checked, unexpected
from tictally_recorder.providers.spot.market_day import STEPS_MS, by_quarter, market_day
from tictally_recorder.providers.spot.settings import SpotZone

_UNIT: Final = "EUR/MWh"
_NOT_FOUND: Final = 404
_NONE_YET: Final = b"null"


class EnergyCharts:
    """Energy-Charts' API.

    Args:
        url: its address.
        zone: bidding zone.
    """

    def __init__(self, url: str, zone: SpotZone) -> None:
        self.url = url
        self._zone = zone

    def get(self, client: FetchClient, day: date) -> Answer | None:
        """Request a day, unless it is unchanged."""
        parameters = {"bzn": self._zone.value, "start": str(day), "end": str(day)}
        try:
            return client.get_changed(f"{self.url}/price", parameters=parameters)
        except FetchError as error:
            # It answers so for days that it has nothing of yet.
            if error.problem.code is ProblemCode.FETCH_STATUS and error.problem.parameters["status"] == _NOT_FOUND:
                return Answer(str(error.problem.parameters["service"]), _NONE_YET)
            raise

    def read(self, answer: Answer, day: date) -> Mapping[int, Decimal]:
        """The day's prices by quarter-hour; empty if there are none yet."""
        return read_prices(answer, day)


def read_prices(answer: Answer, day: date) -> dict[int, Decimal]:
    """Prices of an answer.

    Args:
        answer: of the API; `null` has no price.
        day: of the market.

    Returns:
        Beginning of the quarter-hour, milliseconds since 1970 → price of a kWh in EUR, without taxes.

    Raises:
        FetchError: it is not complete, of another day, or implausible.
    """
    if answer.body == _NONE_YET:
        return {}
    body = answer.json()
    times, prices = (_list(answer, body, name) for name in ("unix_seconds", "price"))
    if len(times) != len(prices):
        raise unexpected(answer.service, f"there are {len(times)} unix_seconds and {len(prices)} prices")
    unit = str(body.get("unit")).replace(" ", "")
    if unit != _UNIT:
        raise unexpected(answer.service, f"unit is {unit[:40]!r}")
    for each in times:
        if not isinstance(each, int) or isinstance(each, bool):
            raise unexpected(answer.service, f"a time is {str(each)[:40]!r}")
    step_ms = _step_ms(times)
    known = [(time_s * 1000, price) for time_s, price in zip(times, prices, strict=True) if price is not None]
    return checked(answer.service, market_day(day), _quarters(answer, known, step_ms))


def _step_ms(times: list[Any]) -> int:
    """How far apart the nearest prices are; an hour where that is none of the market's steps."""
    nearest_ms = min((later - earlier for earlier, later in pairwise(sorted(set(times)))), default=0) * 1000
    return nearest_ms if nearest_ms in STEPS_MS else max(STEPS_MS)


def _quarters(answer: Answer, known: list[tuple[int, Any]], step_ms: int) -> Iterator[tuple[int, Decimal]]:
    for start_ms, price in known:
        if not isinstance(price, int | Decimal) or isinstance(price, bool):
            raise unexpected(answer.service, f"a price is {str(price)[:40]!r}")
        yield from by_quarter(start_ms, step_ms, Decimal(price) / MWH)


def _list(answer: Answer, body: object, name: str) -> list[Any]:
    found = body.get(name) if isinstance(body, Mapping) else None
    if not isinstance(found, list):
        raise unexpected(answer.service, f"{name} is missing")
    return found
