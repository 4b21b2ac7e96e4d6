"""Prices by the hour and quarter: gaps, clock changes, rejected rows."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tictally_recorder.tariffs.errors import TariffError
from tictally_recorder.tariffs.series import Series, read_series

QUARTER_MS = 900_000


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def series(*rows: str, heading: str = "start,price") -> Series:
    return read_series("\n".join([heading, *rows]) + "\n", "prices.csv")


def hours(first: str, count: int) -> list[str]:
    start = datetime.fromisoformat(first).astimezone(UTC)
    return [f"{(start + timedelta(hours=n)).isoformat()},0.{n:03d}" for n in range(count)]


def test_an_hour_s_price_holds_for_its_four_quarters() -> None:
    prices = series("2026-11-21T20:00+01:00,0.15", "2026-11-21T21:00+01:00,0.16")
    asked = ("19:59:59", "20:00", "20:45", "20:59:59", "21:00", "21:59:59", "22:00")
    found = [prices.price(ms(f"2026-11-21T{time}+01:00")) for time in asked]
    assert found == [None, *[Decimal("0.15")] * 3, *[Decimal("0.16")] * 2, None]


def test_a_quarter_s_price_holds_for_itself_alone() -> None:
    prices = series("2026-11-21T20:00+01:00,0.15", "2026-11-21T20:15+01:00,-0.02", "2026-11-21T21:00+01:00,0.16")
    asked = ("20:14", "20:15", "20:29", "20:30", "20:59", "21:14", "21:15")
    found = [prices.price(ms(f"2026-11-21T{time}+01:00")) for time in asked]
    assert found == [Decimal("0.15"), Decimal("-0.02"), Decimal("-0.02"), None, None, Decimal("0.16"), None]


def test_a_half_hour_s_price_holds_for_its_two_quarters() -> None:
    start = datetime.fromisoformat("2026-03-29T00:00+01:00")
    prices = series(*(f"{(start + timedelta(minutes=30 * n)).isoformat()},0.{n:02}" for n in range(46)))
    quarters = range(ms("2026-03-29T00:00+01:00"), ms("2026-03-30T00:00+02:00"), QUARTER_MS)
    assert [prices.price(quarter) for quarter in quarters] == [Decimal(n // 2) / 100 for n in range(92)]


def test_halves_and_whole_hours_may_follow_one_another_where_each_row_has_its_duration() -> None:
    prices = series(
        *("2026-11-21T20:00+01:00,0.1,30", "2026-11-21T20:30+01:00,0.2,60", "2026-11-21T21:30+01:00,0.3,15"),
        heading="start,price,minutes",
    )
    found = [prices.price(ms(f"2026-11-21T{time}+01:00")) for time in ("20:15", "20:30", "21:15", "21:30", "21:45")]
    assert found == [Decimal("0.1"), Decimal("0.2"), Decimal("0.2"), Decimal("0.3"), None]


def test_a_series_that_is_ten_times_too_high_is_rejected_and_a_dear_evening_is_not() -> None:
    usual = [f"2026-11-21T{hour:02}:00+01:00,0.195" for hour in range(13)]
    dear = [f"2026-11-21T{hour:02}:00+01:00,3.2" for hour in range(13, 24)]
    assert series(*usual, *dear).price(ms("2026-11-21T20:00+01:00")) == Decimal("3.2")
    with pytest.raises(TariffError, match=r"line 2: more than half of the prices are above 1 a kWh, as here 1\.95"):
        series(*(row.replace("0.195", "1.95") for row in usual))


def test_of_another_currency_it_is_not_known_what_is_dear() -> None:
    text = "start,price\n2026-11-21T20:00+01:00,12.5\n"
    assert read_series(text, "prices.csv", "HUF").steps[0].price == Decimal("12.5")


def test_hours_and_quarters_may_follow_one_another_where_each_row_has_its_duration() -> None:
    rows = ("2025-09-30T23:00+02:00,0.10,60", "2025-10-01T00:00+02:00,0.11,15", "2025-10-01T00:15+02:00,0.12,15")
    prices = series(*rows, heading="start,price,minutes")
    found = [prices.price(ms(text)) for text in ("2025-09-30T23:59+02:00", "2025-10-01T00:29+02:00")]
    assert found == [Decimal("0.10"), Decimal("0.12")]


@pytest.mark.parametrize(
    ("first", "count"), [("2026-03-29T00:00+01:00", 23), ("2026-10-25T00:00+02:00", 25), ("2026-06-01T00:00+02:00", 24)]
)
def test_a_day_has_as_many_hours_as_the_clocks_leave_it(first: str, count: int) -> None:
    prices = series(*hours(first, count))
    start, end = ms(first), ms(first) + count * 4 * QUARTER_MS
    found = [prices.price(quarter) for quarter in range(start, end, QUARTER_MS)]
    assert found == [Decimal(f"0.{n:03d}") for n in range(count) for _ in range(4)]
    assert prices.price(end) is None


def test_both_hours_that_autumn_has_twice_have_their_own_price() -> None:
    prices = series("2026-10-25T02:00+02:00,0.1", "2026-10-25T02:00+01:00,0.2")
    assert prices.price(ms("2026-10-25T02:30+02:00")) == Decimal("0.1")
    assert prices.price(ms("2026-10-25T02:30+01:00")) == Decimal("0.2")


def test_rows_may_stand_in_any_order() -> None:
    rows = hours("2026-06-01T00:00+02:00", 24)
    assert series(*reversed(rows)).steps == series(*rows).steps


def test_the_hash_of_a_window_changes_with_its_own_prices_only() -> None:
    rows = hours("2026-06-01T00:00+02:00", 24)
    start, end = ms("2026-06-01T06:00+02:00"), ms("2026-06-01T12:00+02:00")
    whole = series(*rows).hash(start, end)
    outside = [*rows[:5], "2026-05-31T22:00:00+00:00,0.9", *rows[6:12], *rows[13:]]
    inside = [*rows[:11], rows[11].replace("0.011", "0.012"), *rows[12:]]
    missing = [*rows[:11], *rows[12:]]
    zeros = [row + "0" for row in rows]
    assert series(*outside[1:]).hash(start, end) == whole
    assert series(*zeros).hash(start, end) == whole
    assert series(*inside).hash(start, end) != whole
    assert series(*missing).hash(start, end) != whole


def test_the_hash_of_a_quarter_is_the_same_whether_its_price_is_an_hour_s_or_its_own() -> None:
    start, end = ms("2026-11-21T20:15+01:00"), ms("2026-11-21T20:30+01:00")
    hourly = series("2026-11-21T20:00+01:00,0.15", "2026-11-21T21:00+01:00,0.16")
    quarterly = series("2026-11-21T20:00+01:00,0.1", "2026-11-21T20:15+01:00,0.15", "2026-11-21T20:30+01:00,0.2")
    other = series("2026-11-21T20:00+01:00,0.14", "2026-11-21T21:00+01:00,0.16")
    assert hourly.hash(start, end) == quarterly.hash(start, end)
    assert hourly.hash(start, end) != other.hash(start, end)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("2026-11-21T22:00,0.15", "'2026-11-21T22:00' has no offset from UTC: 2026-11-21T20:00+01:00"),
        ("yesterday,0.15", "'yesterday' is not a time: 2026-11-21T20:00+01:00"),
        ("2026-11-21T22:07+01:00,0.15", "'2026-11-21T22:07+01:00' is not the beginning of a quarter of an hour"),
        ('2026-11-21T22:00+01:00,"0,15"', "'0,15' is not a price: 0.1635, with a point"),
        ("2026-11-21T22:00+01:00,nan", "'nan' is not a price: 0.1635, with a point"),
        ("2026-11-21T22:00+01:00,91.20", "91.20 a kWh is taken for a slip: more than 5; is it per MWh?"),
        (
            "2026-11-21T22:00+01:00,1e999999999",
            "1E+999999999 a kWh is taken for a slip: more than 5; is it per MWh?",
        ),
        ("2026-11-21T22:00+01:00,1e-999999999", "'1e-999999999' is not a price: 0.1635, with a point"),
        ("x" * 200_000 + ",0.1", "it is not CSV: field larger than field limit (131072)"),
        ("2026-11-21T22:00+01:00,-91.20", "-91.20 a kWh is taken for a slip: more than 5; is it per MWh?"),
        ("2026-11-21T22:00+01:00", "the line has 1 columns, and the heading has 2"),
        ("2026-11-21T20:00+01:00,0.15", "it holds at the same time as line 2; remove one of them"),
    ],
)
def test_a_wrong_row_is_rejected_with_its_line(row: str, sentence: str) -> None:
    with pytest.raises(TariffError) as caught:
        series("2026-11-21T20:00+01:00,0.15", "2026-11-21T21:00+01:00,0.16", row)
    assert (caught.value.file, caught.value.line, caught.value.sentence) == ("prices.csv", 4, sentence)


@pytest.mark.parametrize(("minutes", "rows"), [(45, 3), (120, 12), (1440, 2)])
def test_rows_that_are_not_a_quarter_half_or_whole_hour_apart_are_rejected(minutes: int, rows: int) -> None:
    start = datetime.fromisoformat("2026-06-01T00:00+02:00")
    times = [start + timedelta(minutes=minutes * n) for n in range(rows)]
    with pytest.raises(TariffError) as caught:
        series(*(f"{time.isoformat()},0.1" for time in times))
    assert (caught.value.line, caught.value.sentence) == (
        3,
        f"it begins {minutes} minutes after line 2, and prices hold for 15, 30 or 60; add a column minutes",
    )
    with_minutes = series(*(f"{time.isoformat()},0.1,15" for time in times), heading="start,price,minutes")
    assert len(with_minutes.steps) == rows


def test_rows_may_be_missing_where_others_determine_the_step() -> None:
    start = datetime.fromisoformat("2026-06-01T00:00+02:00")
    prices = series(*(f"{(start + timedelta(hours=n)).isoformat()},0.1" for n in (0, 3, 4, 9)))
    assert {step.end_ms - step.start_ms for step in prices.steps} == {4 * QUARTER_MS}


def test_a_quarter_within_an_hour_that_has_a_price_is_rejected() -> None:
    with pytest.raises(TariffError, match="line 3: it holds at the same time as line 2; remove one of them"):
        series("2026-11-21T20:00+01:00,0.15,60", "2026-11-21T20:15+01:00,0.16,15", heading="start,price,minutes")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the heading must be start,price or start,price,minutes"),
        ("time;price\n", "the heading must be start,price or start,price,minutes"),
        ("start,price\n", "it has no price; write a line for each, such as 2026-11-21T20:00+01:00,0.1635"),
        ("start,price,minutes\n2026-11-21T20:00Z,0.1,20\n", "minutes is '20'; there are: 15, 30, 60"),
    ],
)
def test_a_file_of_another_format_is_rejected(text: str, sentence: str) -> None:
    with pytest.raises(TariffError) as caught:
        read_series(text, "prices.csv")
    assert caught.value.sentence == sentence
