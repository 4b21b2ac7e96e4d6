"""Load curves from files of Enedis's customer space: what is read, what is unknown, and what is rejected."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from enedis_files import NAMES, PARIS, TITLE, VALUES, lines_of, write

from tictally_edge.simulator import SimulatorError
from tictally_edge.simulator.load_curve import read_load_curve
from tictally_edge.simulator.times import to_ms

MINUTE_MS = 60_000
START = datetime(2022, 7, 28, 22, tzinfo=UTC)
HALF_HOUR_LINES = lines_of(START, [330, 364, 300, 380])


def named(step: str, *, unit: str = "W", kind: str = "Consommation") -> str:
    """The heading's values with a step, a unit, a kind."""
    return VALUES.replace("Consommation", kind).replace(";W;", f";{unit};{step}")


def test_a_value_is_the_mean_of_the_step_that_ends_with_it(tmp_path: Path) -> None:
    curve = read_load_curve(write(tmp_path / "curve.csv", HALF_HOUR_LINES))
    assert (curve.start_ms, curve.step_ms, curve.watts) == (to_ms(START), 30 * MINUTE_MS, (330, 364, 300, 380))
    assert curve.end_ms == to_ms(START) + 120 * MINUTE_MS


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\n\n\n"])
def test_a_file_may_end_in_any_way(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "curve.csv"
    path.write_bytes((ending[:2].replace("\n\n", "\n").join(HALF_HOUR_LINES) + ending).encode())
    assert read_load_curve(path).watts == (330, 364, 300, 380)


@pytest.mark.parametrize(("day", "hours"), [((2022, 10, 30), 25), ((2023, 3, 26), 23), ((2022, 8, 1), 24)])
def test_a_day_has_its_hours(tmp_path: Path, day: tuple[int, int, int], hours: int) -> None:
    start = datetime(*day, tzinfo=PARIS).astimezone(UTC)
    powers = [100 + n for n in range(2 * hours)]
    lines = lines_of(start, powers)
    assert lines[-1].startswith((datetime(*day, tzinfo=PARIS) + timedelta(days=1)).isoformat())
    curve = read_load_curve(write(tmp_path / "curve.csv", lines))
    assert (curve.start_ms, curve.watts) == (to_ms(start), tuple(powers))


@pytest.mark.parametrize("step_min", [10, 15, 60])
@pytest.mark.parametrize("is_named", [False, True])
def test_the_step_is_the_headings_or_that_of_the_lines(tmp_path: Path, step_min: int, *, is_named: bool) -> None:
    lines = lines_of(START, range(5), step_min)
    if is_named:
        lines[1] = named(str(step_min))
    curve = read_load_curve(write(tmp_path / "curve.csv", lines))
    assert (curve.start_ms, curve.step_ms, curve.watts) == (to_ms(START), step_min * MINUTE_MS, tuple(range(5)))


def test_one_value_is_a_curve_where_the_heading_shows_its_step(tmp_path: Path) -> None:
    lines = [NAMES, named("60"), TITLE, "2022-07-29T01:00:00+02:00;1200"]
    assert read_load_curve(write(tmp_path / "curve.csv", lines)).start_ms == to_ms(START)


UNKNOWN = {
    "an empty value": (lines_of(START, [330, 364, "", 380]), (330, 364, None, 380), "1 of 4 steps", 6),
    "a line that is missing": (HALF_HOUR_LINES[:5] + HALF_HOUR_LINES[6:], (330, 364, None, 380), "1 of 4 steps", 6),
    "an empty value at the beginning": (lines_of(START, ["", 1, 2, 3]), (None, 1, 2, 3), "1 of 4 steps", 4),
    "a gap, and then an empty value": (
        HALF_HOUR_LINES[:4] + lines_of(START, [0, 0, 0, 0, 5, ""])[7:],
        (330, None, None, None, 5, None),
        "4 of 6 steps",
        5,
    ),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_is_missing_is_unknown_and_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture, case: str) -> None:
    lines, watts, count, first = UNKNOWN[case]
    if "beginning" not in case:
        lines = [NAMES, named("30"), *lines[2:]]
    path = write(tmp_path / "curve.csv", lines)
    with caplog.at_level(logging.WARNING):
        assert read_load_curve(path).watts == watts
    sentence = f"{path}: {count} have no value, the first at line {first}; nothing is consumed in them."
    assert [record.getMessage() for record in caplog.records] == [sentence]


def test_of_a_whole_curve_nothing_is_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    read_load_curve(write(tmp_path / "curve.csv", HALF_HOUR_LINES))
    assert caplog.records == []


def instead(line: int, text: str) -> list[str]:
    """The file with another line in place of one, counted from 1."""
    return [*HALF_HOUR_LINES[: line - 1], text, *HALF_HOUR_LINES[line:]]


def at(minutes: int) -> str:
    """A stamp so many minutes after the start."""
    return (START + timedelta(minutes=minutes)).isoformat()


TWO_LENGTHS = [*HALF_HOUR_LINES, *(f"{at(120 + 60 * n)};100" for n in range(1, 3))]
BROKEN: dict[str, tuple[list[str], str]] = {
    "nothing": ([], "line 3: it is not 'Horodate;Valeur'"),
    "another title": (instead(3, "Date;Valeur (en kWh)"), "line 3: it is not 'Horodate;Valeur'"),
    "no lines": (HALF_HOUR_LINES[:3], "it has no values"),
    "empty values only": (lines_of(START, ["", "", ""]), "it has no values"),
    "another unit": (instead(2, named("", unit="kWh")), "line 2: Unite is 'kWh', not 'W'"),
    "what is produced": (instead(2, named("", kind="Production")), "line 2: Grandeur metier is 'Production'"),
    "a step in words": (instead(2, named("PT30M")), "line 2: Pas en minutes is 'PT30M', not 1 to 60"),
    "a step of nothing": (instead(2, named("0")), "line 2: Pas en minutes is '0', not 1 to 60"),
    "steps of a day": (lines_of(START, [1, 2, 3], 1440), "neither its heading nor its lines show a step"),
    "one value without a step": (HALF_HOUR_LINES[:4], "neither its heading nor its lines show a step"),
    "no value at all": (instead(5, at(60)), "line 5: '.*' is not a date and time; a power in W"),
    "three fields": (instead(5, f"{at(60)};364;5"), "line 5: '.*' is not a date and time; a power in W"),
    "no date": (instead(6, "tomorrow;300"), "line 6: 'tomorrow;300' is not a date and time"),
    "an empty line": (instead(6, ""), "line 6: '' is not a date and time"),
    "no offset": (instead(5, "2022-07-29T01:00:00;364"), "line 5: 2022-07-29T01:00:00 has no offset from UTC"),
    "seconds": (instead(5, "2022-07-29T01:00:07+02:00;364"), "line 5: 2022-07-29T01:00:07.* is not a whole minute"),
    "a power in words": (instead(5, f"{at(60)};much"), "line 5: 'much' is not a whole number of W"),
    "a power below nothing": (instead(5, f"{at(60)};-5"), "line 5: '-5' is not a whole number of W"),
    "a power in parts": (instead(5, f"{at(60)};36.4"), "line 5: '36.4' is not a whole number of W"),
    "foreign digits": (instead(5, f"{at(60)};\u0663"), "line 5: .* is not a whole number of W"),
    "a number without end": (instead(5, f"{at(60)};{'9' * 5000}"), "line 5: '9{40}' is not a whole number of W"),
    "more than there is": (instead(5, f"{at(60)};50001"), "line 5: 50001 W is more than a Linky serves"),
    "a time twice": (instead(6, f"{at(60)};300"), "line 6: it does not come after the line before in time"),
    "a time before": (instead(6, f"{at(15)};300"), "line 6: it does not come after the line before in time"),
    "half a step": (instead(7, f"{at(105)};300"), "line 7: it comes 15 min after the line before, .* steps of 30 min"),
    "steps that become longer": (TWO_LENGTHS, "line 9: it comes 60 min after the line before, .* steps of 30 min"),
    "years between": (instead(7, "9999-01-01T00:00:00+01:00;300"), "line 7: it comes more than a year after"),
    "another step than the heading's": (instead(2, named("60")), "line 5: it comes 30 min after the line before"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_load_curve_is_one_sentence_with_file_and_line(tmp_path: Path, case: str) -> None:
    lines, sentence = BROKEN[case]
    path = write(tmp_path / "curve.csv", lines)
    with pytest.raises(SimulatorError, match=rf"^{path}(, |: ){sentence}"):
        read_load_curve(path)


def test_what_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SimulatorError, match=r"none\.csv: No such file"):
        read_load_curve(tmp_path / "none.csv")
    (tmp_path / "curve.xlsx").write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(SimulatorError, match=r"curve\.xlsx: it is no text in UTF-8"):
        read_load_curve(tmp_path / "curve.xlsx")
