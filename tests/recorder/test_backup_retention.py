"""Which nightly backups are retained, and when the next is due."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from backup_building import PARIS

from tictally_recorder.backup.repository import retained
from tictally_recorder.backup.schedule import is_due, last_due_ms

DAY_MS = 86_400_000


def ms(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=PARIS)).timestamp() * 1000)


def day(made_ms: int) -> date:
    return datetime.fromtimestamp(made_ms / 1000, UTC).astimezone(PARIS).date()


def night_by_night(nights: int) -> list[int]:
    """The backups that are left after the rule was applied on each of so many nights."""
    there: set[int] = set()
    for n in range(nights):
        now = int((datetime(2024, 1, 1, 4, tzinfo=PARIS) + timedelta(days=n)).timestamp() * 1000)
        there = retained({*there, now}, now, PARIS)
    return sorted(there)


def test_after_two_years_there_are_seven_days_four_weeks_and_twelve_months() -> None:
    days = [day(each) for each in night_by_night(2 * 366)]
    last = days[-1]
    assert last == date(2026, 1, 1)
    assert {last - timedelta(days=n) for n in range(7)} <= set(days)
    sundays = [last - timedelta(days=n) for n in range(40) if (last - timedelta(days=n)).weekday() == 6]
    assert set(sundays[:3]) <= set(days)
    months = [date(2025, month, 1) for month in range(3, 13)] + [date(2026, 1, 1)]
    assert {first - timedelta(days=1) for first in months} <= set(days)
    assert len(days) <= 7 + 4 + 12


def test_the_newest_is_always_retained_and_older_ones_are_thinned_out() -> None:
    rng = random.Random(3)
    for _ in range(50):
        there = [rng.randrange(ms("2020-01-01"), ms("2026-01-01")) for _ in range(rng.randrange(1, 60))]
        stay = retained(there, ms("2026-01-01"), PARIS)
        assert max(there) in stay
        assert stay <= set(there)
        assert retained(stay, ms("2026-01-01"), PARIS) == stay


def test_backups_before_a_long_pause_are_retained() -> None:
    old = [ms(f"2023-0{month}-15") for month in range(1, 10)]
    assert set(old) <= retained([*old, ms("2026-11-25T04:00")], ms("2026-11-25T04:00"), PARIS)


def test_backups_of_a_fast_clock_displace_no_others() -> None:
    right = night_by_night(400)
    ahead = [ms("2030-01-01T04:00") + n * DAY_MS for n in range(400)]
    stay = retained([*right, *ahead], right[-1], PARIS)
    assert set(right) <= stay
    assert len(stay) <= 2 * (7 + 4 + 12)


def test_a_clock_that_is_years_behind_deletes_no_correct_backup() -> None:
    right = night_by_night(400)
    now = ms("2020-01-01T05:00")
    assert retained([*right, now], now, PARIS) == {*right, now}


@pytest.mark.parametrize(
    ("now", "hour", "due"),
    [
        ("2026-11-25T05:00", 4, "2026-11-25T04:00"),
        ("2026-11-25T03:59", 4, "2026-11-24T04:00"),
        ("2026-11-25T04:00", 4, "2026-11-25T04:00"),
        ("2026-03-29T12:00", 2, "2026-03-29T03:00+02:00"),  # skipped by the clock change
        ("2026-10-25T12:00", 2, "2026-10-25T02:00+02:00"),  # twice that night: the first
    ],
)
def test_a_backup_is_due_at_its_hour_of_the_local_day(now: str, hour: int, due: str) -> None:
    assert last_due_ms(ms(now), hour, PARIS) == ms(due)


@pytest.mark.parametrize(
    ("made", "due"),
    [
        ([], True),
        (["2026-11-24T04:01"], True),  # a missed night is made up, whenever
        (["2026-11-25T04:01"], False),
        (["2026-11-20T04:01", "2026-11-25T08:00"], False),  # one made by hand
        (["2027-11-25T04:01"], True),  # made under a wrong clock
    ],
)
def test_a_backup_is_due_if_none_was_made_since(made: list[str], due: bool) -> None:
    assert is_due(map(ms, made), ms("2026-11-25T10:00"), 4, PARIS) is due
