"""`--from` and `--to`: words, months, years, dates and times, across clock changes and years."""

import re
from datetime import UTC, date, datetime

import pytest
import typer

from tictally_recorder.cli.window import Window, moment_of
from tictally_shared.calendar import zone

PARIS = zone("Europe/Paris")
# The Sunday of the spring change, 2026-W13.
NOW = datetime(2026, 3, 29, 10, tzinfo=UTC)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("today", "2026-03-29"),
        ("yesterday", "2026-03-28"),
        ("tomorrow", "2026-03-30"),
        ("this-week", "2026-03-23"),
        ("last-week", "2026-03-16"),
        ("this-month", "2026-03-01"),
        ("last-month", "2026-02-01"),
        ("this-year", "2026-01-01"),
        ("last-year", "2025-01-01"),
        ("2026", "2026-01-01"),
        ("2026-11", "2026-11-01"),
        ("2026-11-03", "2026-11-03"),
        ("2026-11-03T20:00", "2026-11-03T20:00"),
    ],
)
def test_a_word_or_a_period_means_its_start(text: str, start: str) -> None:
    assert moment_of("--from", text, PARIS, NOW) == local(start)


def test_now_is_now() -> None:
    assert moment_of("--to", "now", PARIS, NOW) == NOW


@pytest.mark.parametrize("text", ["soon", "2026-13", "0000", "2026-11-31", "last-decade", "", "yesterday "])
def test_an_invalid_moment_is_an_error_that_names_the_option(text: str) -> None:
    with pytest.raises(typer.BadParameter) as caught:
        moment_of("--from", text, PARIS, NOW)
    assert caught.value.param_hint == "--from"


def test_the_default_window_is_this_month_so_far() -> None:
    assert Window().days(PARIS, NOW) == (date(2026, 3, 1), date(2026, 3, 30))
    assert Window().moments(PARIS, NOW) == (local("2026-03-01"), NOW)


def test_last_month_is_from_its_start_to_the_start_of_this_one() -> None:
    window = Window("last-month", "this-month")
    assert window.days(PARIS, NOW) == (date(2026, 2, 1), date(2026, 3, 1))


@pytest.mark.parametrize(
    ("window", "message"),
    [
        (Window("2026-11-21T10:00"), "cost is computed for whole days; give a date without a time"),
        (Window("2026-11", "2026-11"), "--from (2026-11) must be before --to (2026-11)"),
        (Window("now"), "cost is computed for whole days"),
    ],
)
def test_days_are_whole_and_in_order(window: Window, message: str) -> None:
    with pytest.raises(typer.BadParameter, match=re.escape(message)):
        window.days(PARIS, NOW)
