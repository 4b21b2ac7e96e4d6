"""The day of the European day-ahead market, with prices by the hour until 2025-09-30, by the quarter since. Pure."""

from collections.abc import Iterator
from datetime import date, time
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.providers.price_checks import HOUR_MS, WantedDay
from tictally_shared.calendar import QUARTER_MS

# All zones of the coupled market have one day, also those whose clocks differ: Portugal, for one.
MARKET_TIME: Final = ZoneInfo("Europe/Paris")
PUBLISHED: Final = time(13, 15)
STEPS_MS: Final = (QUARTER_MS, 2 * QUARTER_MS, HOUR_MS)


def market_day(day: date) -> WantedDay:
    """A day with a price for each quarter-hour: 92, 96 or 100."""
    return WantedDay(day, MARKET_TIME, QUARTER_MS)


def by_quarter(start_ms: int, step_ms: int, price: Decimal) -> Iterator[tuple[int, Decimal]]:
    """The price of each quarter-hour of a step."""
    for quarter_ms in range(start_ms, start_ms + step_ms, QUARTER_MS):
        yield quarter_ms, price
