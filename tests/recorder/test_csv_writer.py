"""CSV that any program can read, and of which no spreadsheet evaluates a cell."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tictally_recorder.csv_writer import csv_text


def cell(value: object) -> str:
    header, row = csv.reader(io.StringIO(csv_text(["value", "n"], [[value, 1]])))
    assert (header, row[1]) == (["value", "n"], "1")
    return row[0]


@pytest.mark.parametrize(
    "text", ["=1+1", "+SUM(A1)", "-2+3", "@cmd", "\tx", '=HYPERLINK("http://x")', "-1e3", "+", "-x"]
)
def test_a_string_that_a_spreadsheet_would_evaluate_gets_an_apostrophe(text: str) -> None:
    assert cell(text) == f"'{text}"


def test_a_carriage_return_becomes_a_line_feed() -> None:
    assert (cell("\r=1"), cell("a\r\nb\rc")) == ("'\n=1", "a\nb\nc")


@pytest.mark.parametrize("text", ["", "HP BLEU", "-12.50", "+3", "----", "1=1", "'x", "a;b", 'a"b', "a\nb"])
def test_any_other_string_is_unchanged(text: str) -> None:
    assert cell(text) == text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (-5, "-5"),
        (Decimal("-1E-7"), "-0.0000001"),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, 12, tzinfo=UTC), "2026-03-01T12:00:00+00:00"),
        ({"é": [1, None]}, '{"é":[1,null]}'),
    ],
)
def test_a_value_has_one_format(value: object, expected: str) -> None:
    assert cell(value) == expected


@given(st.text().filter(lambda text: not {"\r", "\0"} & set(text)))
def test_a_string_round_trips(text: str) -> None:
    assert cell(text).removeprefix("'") == text.removeprefix("'")
