"""What prices of one day must be before they are stored: of that day, complete, each once, and plausible. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.fetch import FetchError
from tictally_recorder.problem import ProblemCode
from tictally_recorder.tariffs.plausible_amounts import KWH_NEVER_ABOVE
from tictally_shared.calendar import day_bounds_ms
from tictally_shared.phrase import Phrase, Value

HOUR_MS: Final = 3_600_000
# The ceiling of the European day-ahead market is below it.
PRICE_LIMIT: Final = KWH_NEVER_ABOVE
MWH: Final = Decimal(1000)


@dataclass(frozen=True, slots=True)
class WantedDay:
    """What one answer must be about.

    Attributes:
        day: local.
        tz: whose day is meant.
        step_ms: how long each price holds.
    """

    day: date
    tz: ZoneInfo
    step_ms: int = HOUR_MS

    @property
    def starts_ms(self) -> range:
        """When each price begins, milliseconds since 1970: 23, 24 or 25 hours of them."""
        return range(*day_bounds_ms(self.day, self.tz), self.step_ms)


def checked(service: str, wanted: WantedDay, prices: Iterable[tuple[int, Decimal]]) -> dict[int, Decimal]:
    """Prices of a day, none or all of them.

    Args:
        service: that answered, for people.
        wanted: what was asked for.
        prices: beginning, milliseconds since 1970, and price of a kWh.

    Raises:
        FetchError: they are not those of the day, or implausible.
    """
    found: dict[int, Decimal] = {}
    for time_ms, price in prices:
        if time_ms in found:
            raise wrong(ProblemCode.PRICES_TWICE, service, time=_iso(time_ms, wanted.tz))
        if time_ms not in wanted.starts_ms:
            raise wrong(ProblemCode.PRICES_OF_ANOTHER_DAY, service, day=str(wanted.day))
        if abs(price) > PRICE_LIMIT:
            about: dict[str, Value] = {"price": f"{price:f}", "limit": str(PRICE_LIMIT)}
            raise wrong(ProblemCode.PRICE_IMPLAUSIBLE, service, time=_iso(time_ms, wanted.tz), **about)
        found[time_ms] = price
    check_count(service, wanted, len(found))
    return found


def check_count(service: str, wanted: WantedDay, count: int) -> None:
    """Raise a FetchError unless there is no price, or one of each step of the day."""
    expected = len(wanted.starts_ms)
    if count not in {0, expected}:
        raise wrong(ProblemCode.PRICES_INCOMPLETE, service, found=count, expected=expected, day=str(wanted.day))


def unexpected(service: str, detail: str) -> FetchError:
    """The error of an answer in another form than the documented one."""
    return wrong(ProblemCode.FETCH_UNEXPECTED, service, detail=detail)


def wrong(code: ProblemCode, service: str, **about: Value) -> FetchError:
    """The error of an answer that is refused."""
    return FetchError(Phrase(code, {"service": service, **about}))


def _iso(time_ms: int, tz: ZoneInfo) -> str:
    return datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(tz).isoformat()
