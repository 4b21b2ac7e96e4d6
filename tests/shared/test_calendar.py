"""The local calendar: days of 23, 24 and 25 hours, a user's moments, the meter's horodates."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tictally_shared.calendar import (
    By,
    CalendarError,
    day_bounds_ms,
    format_horodate,
    french_local,
    local_day,
    local_midnight,
    local_time,
    next_period,
    parse_horodate,
    parse_moment,
    period_start,
    periods,
    runs_of_days,
    zone,
)

PARIS = ZoneInfo("Europe/Paris")
HOUR = timedelta(hours=1)
MOMENTS = st.datetimes(datetime(1996, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 11, 21), 24), (date(2028, 2, 29), 24)],
)
def test_a_day_has_as_many_hours_as_it_has(day: date, hours: int) -> None:
    start = local_midnight(day, PARIS)
    end = next_period(start, By.DAY, PARIS)
    assert end - start == hours * HOUR
    assert len(list(periods(start, end, By.HOUR, PARIS))) == hours
    assert len(list(periods(start, end, By.QUARTER, PARIS))) == hours * 4


@given(MOMENTS, st.sampled_from(list(By)), st.sampled_from(["Europe/Paris", "Asia/Kathmandu", "America/St_Johns"]))
def test_a_moment_lies_in_its_period_and_periods_follow_one_another(moment: datetime, by: By, name: str) -> None:
    tz = ZoneInfo(name)
    start = period_start(moment, by, tz)
    end = next_period(start, by, tz)
    assert start <= moment < end
    assert period_start(start, by, tz) == start
    assert period_start(end - timedelta(microseconds=1), by, tz) == start
    assert period_start(end, by, tz) == end


@given(MOMENTS, st.integers(0, 10_000), st.sampled_from(list(By)))
def test_periods_cover_a_window_without_gap(start: datetime, minutes: int, by: By) -> None:
    end = start + timedelta(minutes=minutes)
    found = list(periods(start, end, by, PARIS))
    if start == end:
        assert found == []
        return
    assert (found[0][0], found[-1][1]) == (start, end)
    assert all(before[1] == after[0] for before, after in pairwise(found))


def test_a_window_that_ends_before_it_begins_has_no_periods() -> None:
    start = datetime(2026, 11, 21, 12, 7, tzinfo=UTC)
    assert list(periods(start, start - timedelta(minutes=5), By.QUARTER, PARIS)) == []


MOMENT = {
    "2026-11-21": "2026-11-20T23:00:00+00:00",
    "2026-07-14": "2026-07-13T22:00:00+00:00",
    "2026-11-21T20:15": "2026-11-21T19:15:00+00:00",
    "2026-10-25T02:30": "2026-10-25T00:30:00+00:00",  # twice that night: the first
    "2026-10-25T02:30+01:00": "2026-10-25T01:30:00+00:00",
    "2026-11-21T20:15Z": "2026-11-21T20:15:00+00:00",
}


@pytest.mark.parametrize("text", MOMENT)
def test_a_users_moment(text: str) -> None:
    assert parse_moment(text, PARIS).isoformat() == MOMENT[text]


@pytest.mark.parametrize(
    "text", ["", "today", "2026-13-01", "2026-03-29T02:30", "0001-01-01", "9999-12-31", "21/11/2026"]
)
def test_an_invalid_moment_is_reported_in_a_sentence(text: str) -> None:
    with pytest.raises(CalendarError) as caught:
        parse_moment(text, PARIS)
    assert text[:5] in str(caught.value)


@pytest.mark.parametrize("name", ["Europe/Paris", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"])
def test_zones_of_whole_quarters_are_accepted(name: str) -> None:
    assert zone(name).key == name


@pytest.mark.parametrize("name", ["Nowhere/City", "", "../etc/passwd", "Africa/Monrovia", "/etc/localtime"])
def test_other_zones_are_rejected_in_a_sentence(name: str) -> None:
    with pytest.raises(CalendarError):
        zone(name)


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        (date(2026, 11, 21), time(6), "2026-11-21T05:00"),
        (date(2026, 10, 25), time(2, 30), "2026-10-25T00:30"),  # twice that night: the first
        (date(2026, 3, 29), time(2, 30), "2026-03-29T01:30"),  # not at all that night: as if the clocks had not gone on
    ],
)
def test_a_time_by_the_clock_of_a_local_day(day: date, clock: time, expected: str) -> None:
    assert local_time(day, clock, PARIS) == datetime.fromisoformat(f"{expected}+00:00")


HORODATES = {
    "H230301091844": "2023-03-01T09:18:44+01:00",
    "E240924225642": "2024-09-24T22:56:42+02:00",
    "e240924225642": "2024-09-24T22:56:42+02:00",  # the meter's clock runs degraded
    " 250123060000": "2025-01-23T06:00:00+01:00",
    " 250723060000": "2025-07-23T06:00:00+02:00",
    " 261025023000": "2026-10-25T02:30:00+02:00",  # twice that night: the first
}


@pytest.mark.parametrize("text", HORODATES)
def test_a_horodate(text: str) -> None:
    assert parse_horodate(text).isoformat() == HORODATES[text]


@pytest.mark.parametrize(
    "text", ["", "H000000000000", "H261321000000", "X261121000000", "H26112100000", "H26112100000٣"]
)
def test_an_invalid_horodate_is_reported_in_a_sentence(text: str) -> None:
    with pytest.raises(CalendarError):
        parse_horodate(text)


@given(MOMENTS.map(lambda moment: moment.replace(year=2000 + moment.year % 37, day=min(moment.day, 28), microsecond=0)))
def test_a_horodate_survives_its_text_and_french_time_is_that_of_the_tz_database(moment: datetime) -> None:
    assert french_local(moment).utcoffset() == moment.astimezone(PARIS).utcoffset()
    assert parse_horodate(format_horodate(moment)) == moment


def test_a_run_of_days_is_of_consecutive_days() -> None:
    new_year = [date(2024, 12, 31), date(2025, 1, 1), date(2025, 1, 2)]
    apart = [*new_year, date(2025, 3, 1)]
    assert runs_of_days(reversed(apart)) == [(new_year[0], new_year[-1]), (apart[-1], apart[-1])]
    assert runs_of_days([]) == []


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-03-30", 24), ("2026-10-25", 25)])
def test_the_bounds_of_a_day_are_its_midnights(day: str, hours: int) -> None:
    start_ms, end_ms = day_bounds_ms(date.fromisoformat(day), ZoneInfo("Europe/Paris"))
    assert end_ms - start_ms == hours * 3_600_000
    assert local_day(start_ms, ZoneInfo("Europe/Paris")) == date.fromisoformat(day)
    assert local_day(end_ms - 1, ZoneInfo("Europe/Paris")) == date.fromisoformat(day)
    assert local_day(end_ms, ZoneInfo("Europe/Paris")) != date.fromisoformat(day)
