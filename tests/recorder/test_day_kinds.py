"""Kinds of day, against the public holidays that the French administration publishes."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from tictally_recorder.calendars.day_kinds import DayKind, easter_sunday, french_holidays, kind_of

PARIS, MADRID = ZoneInfo("Europe/Paris"), ZoneInfo("Europe/Madrid")


@pytest.mark.parametrize(
    ("year", "easter_monday", "ascension", "whit_monday"),
    [
        (2019, "04-22", "05-30", "06-10"),
        (2024, "04-01", "05-09", "05-20"),
        (2025, "04-21", "05-29", "06-09"),
        (2026, "04-06", "05-14", "05-25"),
        (2027, "03-29", "05-06", "05-17"),
    ],
)
def test_the_eleven_holidays_of_a_year(year: int, easter_monday: str, ascension: str, whit_monday: str) -> None:
    fixed = ("01-01", "05-01", "05-08", "07-14", "08-15", "11-01", "11-11", "12-25")
    days = {date.fromisoformat(f"{year}-{each}") for each in (*fixed, easter_monday, ascension, whit_monday)}
    assert french_holidays(year) == days


def test_easter_is_between_22_march_and_25_april() -> None:
    found = [easter_sunday(year) for year in range(1971, 3000)]
    assert all(each.isoweekday() == 7 for each in found)
    assert min((each.month, each.day) for each in found) == (3, 22)
    assert max((each.month, each.day) for each in found) == (4, 25)
    assert easter_sunday(2038) == date(2038, 4, 25)


def test_a_holiday_counts_as_a_sunday_where_the_calendar_is_french() -> None:
    assert kind_of(date(2026, 7, 14), PARIS) is DayKind.REST  # a Tuesday
    assert kind_of(date(2026, 7, 14), MADRID) is DayKind.WORKDAY
    assert kind_of(date(2026, 8, 15), PARIS) is DayKind.REST  # a Saturday
    assert kind_of(date(2026, 8, 22), PARIS) is DayKind.SATURDAY
    assert kind_of(date(2026, 8, 23), MADRID) is DayKind.REST
    assert kind_of(date(2024, 2, 29), PARIS) is DayKind.WORKDAY
