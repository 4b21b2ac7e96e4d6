"""The subscription's share of a day: monthly amount ÷ days of that month. Pure."""

from calendar import monthrange
from datetime import date
from decimal import Decimal


def days_of_month(day: date) -> int:
    """How many days the month of a day has."""
    return monthrange(day.year, day.month)[1]


def daily_share(monthly: Decimal, day: date) -> Decimal:
    """What a day costs of a month's amount, to 28 digits: the days of a month add up to it once rounded."""
    return monthly / days_of_month(day)
