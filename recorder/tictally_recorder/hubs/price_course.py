"""What a kWh of a site costs from moment to moment, as far as contract, tariff, series and calendar show it. Pure.

A series has a price for each moment, a single period one for all. Other periods follow the tariff's rules, with the
off-peak hours of the contract and the colours of days; those that only the meter knows are not foretold.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from tictally_recorder.cost.by_rules import Division
from tictally_recorder.cost.model import Terms
from tictally_recorder.hubs.site_state import AppliedTariff, applied_tariff
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import QUARTER_MS, local_day
from tictally_shared.status_register import Colour


@dataclass(frozen=True, slots=True)
class PricedTime:
    """A time with one price in one period.

    Attributes:
        start_ms: milliseconds since 1970.
        end_ms: excluded.
        period: of the tariff; None for a price series.
        price: of a kWh.
    """

    start_ms: int
    end_ms: int
    period: str | None
    price: Decimal


@dataclass(frozen=True)
class CourseTerms:
    """By what a site's prices are foretold.

    Attributes:
        site: its id.
        terms: contracts and tariffs.
        tz: of days and off-peak hours.
        colours: day → its Tempo colour, if known.
    """

    site: str
    terms: Terms
    tz: ZoneInfo
    colours: Mapping[date, Colour] = field(default_factory=dict)

    def at(self, time_ms: int) -> tuple[str | None, Decimal] | None:
        """Period and price of a kWh at a moment, milliseconds since 1970; None if they are not known."""
        paid = applied_tariff(self.site, Direction.CONSUMPTION, local_day(time_ms, self.tz), self.terms, time_ms)
        if paid is None:
            return None
        period = None if paid.tariff.series else self._period(paid, time_ms)
        price = paid.price(self.terms, period, time_ms)
        return None if price is None else (period, price)

    def _period(self, paid: AppliedTariff, time_ms: int) -> str | None:
        if len(paid.tariff.periods) == 1:
            return paid.tariff.periods[0]
        rules = paid.tariff.division
        if rules is None:
            return None
        local = datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(self.tz)
        found = Division(rules, paid.contract, self.colours, self.tz).period_at(local)
        return found if isinstance(found, str) else None


def price_course(by: CourseTerms, start_ms: int, end_ms: int) -> list[PricedTime]:
    """The prices of a time; parts without a known one are left out.

    Args:
        by: what they depend on.
        start_ms: beginning of a quarter-hour, milliseconds since 1970.
        end_ms: excluded, the same.
    """
    return list(_joined(by, start_ms, end_ms))


def _joined(by: CourseTerms, start_ms: int, end_ms: int) -> Iterator[PricedTime]:
    open_: PricedTime | None = None
    for quarter_ms in range(start_ms, end_ms, QUARTER_MS):
        found = by.at(quarter_ms)
        if open_ is not None and found == (open_.period, open_.price):
            open_ = replace(open_, end_ms=quarter_ms + QUARTER_MS)
            continue
        if open_ is not None:
            yield open_
        open_ = None if found is None else PricedTime(quarter_ms, quarter_ms + QUARTER_MS, *found)
    if open_ is not None:
        yield open_
