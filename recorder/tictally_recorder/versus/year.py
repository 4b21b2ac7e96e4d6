"""The degree-days of a year, for what a change saves in one. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from tictally_recorder.climate import ClimateDay
from tictally_recorder.versus.span import Span

DAYS: Final = 365
# Weeks that are missing may be the coldest.
_ENOUGH: Final = 350


@dataclass(frozen=True, slots=True)
class Year:
    """A year of temperatures.

    Attributes:
        span: its days.
        degree_days: mean of a day.
    """

    span: Span
    degree_days: float


def span_before(today: date) -> Span:
    """The 365 days before a day."""
    return Span(today - timedelta(days=DAYS), today)


def year_before(today: date, means: Mapping[date, Decimal | None], base_c: Decimal) -> Year | None:
    """The year before a day; None where more than fifteen of its days have no temperature.

    Args:
        today: the day.
        means: mean temperatures of days.
        base_c: of the degree-days.
    """
    span = span_before(today)
    known = [
        float(found)
        for day, mean in means.items()
        if span.first <= day < span.until and (found := ClimateDay(day, mean, None).degree_days(base_c)) is not None
    ]
    return Year(span, sum(known) / len(known)) if len(known) >= _ENOUGH else None
