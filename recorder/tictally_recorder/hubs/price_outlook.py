"""What comes of a site's prices, as its topics have it. Pure: prices of today and tomorrow in, strings out.

The cheapest three hours are those of the local day, today's until they are over and then tomorrow's, so that they stay
where they are while an appliance runs. Prices and times are known or missing; a price that the meter contradicts, by
counting in another period, makes the whole outlook unknown.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from itertools import pairwise
from typing import Final, Self

from tictally_recorder.calendars.tempo import TempoCalendar
from tictally_recorder.hubs.price_course import CourseTerms, PricedTime, price_course
from tictally_recorder.hubs.site_state import NOTHING, applied_tariff
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import QUARTER_MS, day_bounds_ms
from tictally_shared.status_register import Colour

NEXT_PRICE, NEXT_PRICE_AT = "next_price", "next_price_at"
NEXT_PERIOD, NEXT_PERIOD_AT = "next_period", "next_period_at"
CHEAPEST, CHEAPEST_PRICE = "cheapest_3h", "cheapest_3h_price"
PRICE_TOMORROW, COLOUR_TOMORROW = "price_tomorrow", "colour_tomorrow"
PRICES_TODAY, PRICES_TOMORROW = "prices_today", "prices_tomorrow"
DAYS_LEFT: Final = {Colour.BLEU: "blue_days_left", Colour.BLANC: "white_days_left", Colour.ROUGE: "red_days_left"}
VALUE_NAMES: Final = (
    *DAYS_LEFT.values(),
    *(NEXT_PRICE, NEXT_PRICE_AT, NEXT_PERIOD, NEXT_PERIOD_AT),
    *(CHEAPEST, CHEAPEST_PRICE, PRICE_TOMORROW, COLOUR_TOMORROW),
)
JSON_NAMES: Final = (PRICES_TODAY, PRICES_TOMORROW)
NO_PRICES: Final = "{}"
_DAY: Final = timedelta(days=1)
_BLOCK_MS: Final = 3 * 4 * QUARTER_MS
# Meter and hours may differ by some minutes: neither contradicts the other around a change of period.
_TOLERANCE_MS: Final = 10 * 60 * 1000
_MEAN: Final = Decimal("0.00001")


def unknown_outlook() -> dict[str, str]:
    """Every topic of an outlook of which nothing is known."""
    return {**dict.fromkeys(VALUE_NAMES, NOTHING), **dict.fromkeys(JSON_NAMES, NO_PRICES)}


@dataclass(frozen=True)
class Outlook:
    """The prices of today and tomorrow.

    Attributes:
        by: what they depend on.
        day: today, local.
        today: its prices, in order.
        tomorrow: those of the next day.
    """

    by: CourseTerms
    day: date
    today: Sequence[PricedTime]
    tomorrow: Sequence[PricedTime]

    @classmethod
    def of(cls, by: CourseTerms, day: date) -> Self:
        """By contract, tariff and calendar, from a local day on."""
        days = (day, day + _DAY)
        return cls(by, day, *(price_course(by, *day_bounds_ms(each, by.tz)) for each in days))

    def figures(self, now_ms: int, counted: str | None) -> dict[str, str]:
        """Topic's last level → payload.

        Args:
            now_ms: milliseconds since 1970.
            counted: the tariff's period that the meter counts in, or None.
        """
        if self._is_contradicted(now_ms, counted):
            return unknown_outlook()
        values: dict[str, str | None] = {**dict.fromkeys(VALUE_NAMES), COLOUR_TOMORROW: self._colour_tomorrow()}
        values |= self._days_left()
        values |= self._changes(now_ms)
        values |= self._cheapest(now_ms)
        if _is_whole(self.tomorrow, *self._bounds_ms(_DAY)):
            values[PRICE_TOMORROW] = _text(_mean(self.tomorrow))
        return {
            **{name: NOTHING if text is None else text for name, text in values.items()},
            **self._lists,
        }

    @cached_property
    def _lists(self) -> Mapping[str, str]:
        """All prices as JSON, which is asked for at every turn of the recorder's loop."""
        return {PRICES_TODAY: self._json(self.today), PRICES_TOMORROW: self._json(self.tomorrow)}

    def _is_contradicted(self, now_ms: int, counted: str | None) -> bool:
        around = [self.by.at(now_ms + shift_ms) for shift_ms in (-_TOLERANCE_MS, 0, _TOLERANCE_MS)]
        periods = {each[0] for each in around if each is not None and each[0] is not None}
        return counted is not None and bool(periods) and counted not in periods

    def _changes(self, now_ms: int) -> Mapping[str, str]:
        """The next change of price, and that of the period, which may be a later one."""
        found: dict[str, str] = {}
        ahead = [each for each in (*self.today, *self.tomorrow) if each.end_ms > now_ms]
        if not ahead or ahead[0].start_ms > now_ms:
            return found
        for earlier, later in pairwise(ahead):
            if earlier.end_ms != later.start_ms:  # what comes between is unknown
                break
            if earlier.price != later.price and NEXT_PRICE not in found:
                found |= {NEXT_PRICE: f"{later.price:f}", NEXT_PRICE_AT: self._time(later.start_ms)}
            if later.period is not None and earlier.period != later.period and NEXT_PERIOD not in found:
                found |= {NEXT_PERIOD: later.period, NEXT_PERIOD_AT: self._time(later.start_ms)}
        return found

    def _cheapest(self, now_ms: int) -> Mapping[str, str]:
        for prices, later in ((self.today, timedelta()), (self.tomorrow, _DAY)):
            block = _cheapest_block(prices, *self._bounds_ms(later))
            if block is not None and block.end_ms > now_ms:
                return {CHEAPEST: self._time(block.start_ms), CHEAPEST_PRICE: _text(block.price)}
        return {}

    def _colour_tomorrow(self) -> str | None:
        """Only for who pays by colours."""
        tomorrow = self.day + _DAY
        paid = applied_tariff(self.by.site, Direction.CONSUMPTION, tomorrow, self.by.terms)
        colour = self.by.colours.get(tomorrow, Colour.NONE)
        return colour.name if paid and paid.has_colours and colour else None

    def _days_left(self) -> Mapping[str, str]:
        """Tempo days left in the season after today, likewise; unknown where a day of it up to today is."""
        paid = applied_tariff(self.by.site, Direction.CONSUMPTION, self.day, self.by.terms)
        left = TempoCalendar(self.by.colours).days_left(self.day) if paid and paid.has_colours else None
        return {} if left is None else {DAYS_LEFT[colour]: str(count) for colour, count in left.items()}

    def _bounds_ms(self, later: timedelta) -> tuple[int, int]:
        return day_bounds_ms(self.day + later, self.by.tz)

    def _json(self, prices: Sequence[PricedTime]) -> str:
        if not prices:
            return NO_PRICES
        records = [
            {
                "start": self._time(each.start_ms),
                "end": self._time(each.end_ms),
                **({} if each.period is None else {"period": each.period}),
                "price": f"{each.price:f}",
            }
            for each in prices
        ]
        return json.dumps({"prices": records}, separators=(",", ":"))

    def _time(self, time_ms: int) -> str:
        local = datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(self.by.tz)
        return local.isoformat(timespec="minutes")


def _is_whole(prices: Sequence[PricedTime], start_ms: int, end_ms: int) -> bool:
    return sum(each.end_ms - each.start_ms for each in prices) == end_ms - start_ms


def _mean(prices: Sequence[PricedTime]) -> Decimal:
    lengths = [each.end_ms - each.start_ms for each in prices]
    return sum((each.price * length for each, length in zip(prices, lengths, strict=True)), Decimal(0)) / sum(lengths)


def _text(price: Decimal) -> str:
    return f"{price.quantize(_MEAN, ROUND_HALF_UP):f}"


def _cheapest_block(prices: Sequence[PricedTime], start_ms: int, end_ms: int) -> PricedTime | None:
    """The cheapest three hours of a day, the earliest of those; None where prices are missing or all the same."""
    if not _is_whole(prices, start_ms, end_ms) or len({each.price for each in prices}) == 1:
        return None
    quarters = [each.price for each in prices for _ in range(each.start_ms, each.end_ms, QUARTER_MS)]
    length = _BLOCK_MS // QUARTER_MS
    sums = [sum(quarters[n : n + length], Decimal(0)) for n in range(len(quarters) - length + 1)]
    least = min(sums)
    begin_ms = start_ms + sums.index(least) * QUARTER_MS
    return PricedTime(begin_ms, begin_ms + _BLOCK_MS, None, least / length)
