"""Energy rows as table, JSON and CSV, against output written by hand."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from textwrap import dedent
from zoneinfo import ZoneInfo

import pytest
from cost_building import english
from rich.console import Console

from tictally_recorder.cost.model import Unmetered
from tictally_recorder.energy import EnergyRow, Gap
from tictally_recorder.energy.interpolation import Unknown
from tictally_recorder.reports.energy import COLUMNS, Missing, as_csv, as_json, as_table, remarks
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import By

PARIS = ZoneInfo("Europe/Paris")


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC).timestamp()) * 1000


FELL = Unknown(ms("2026-11-21T10:00"), ms("2026-11-21T10:01"), fell=True)
OFF_PEAK = EnergyRow(
    start_ms=ms("2026-11-20"),
    end_ms=ms("2026-11-21"),
    site="021900000002",
    register="EASF01",
    period="HC BLEU",
    option="TEMPO",
    unit="Wh",
    energy=8123,
    first_ms=ms("2026-11-20"),
    last_ms=ms("2026-11-21"),
    first_value=1_000_000,
    last_value=1_008_123,
    covered=96,
    quarters=96,
)
PEAK = replace(
    OFF_PEAK, register="EASF02", period="HP BLEU", energy=15_004, first_value=2_000_000, last_value=2_015_004
)
REACTIVE = replace(OFF_PEAK, register="ERQ1", period=None, unit="VArh", energy=7, first_value=10, last_value=17)
TODAY = replace(
    OFF_PEAK,
    start_ms=ms("2026-11-21"),
    end_ms=ms("2026-11-21T20:15"),
    energy=0,
    last_estimated=True,
    unknown=(FELL,),
    covered=50,
    quarters=81,
)
MIDNIGHT_20, MIDNIGHT_21 = "2026-11-20T00:00:00+01:00", "2026-11-21T00:00:00+01:00"
ROWS = [OFF_PEAK, PEAK, REACTIVE, TODAY]


def printed(rows: list[EnergyRow], by: By) -> str:
    console = Console(width=120, file=io.StringIO(), color_system=None)
    console.print(as_table("021900000002", rows, by, PARIS))
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines() if line.strip())


def test_a_table_shows_kilowatt_hours_by_register_and_tariff_period() -> None:
    assert printed(ROWS, By.DAY) == dedent(
        """\
        Site 021900000002
        From        To                Register  Period   Energy
        ──────────────────────────────────────────────────────────────────────────────────────────────────
        2026-11-20  2026-11-21        EASF01    HC BLEU   8.123  kWh
                                      EASF02    HP BLEU  15.004  kWh
                                      ERQ1                0.007  kVArh
        2026-11-21  2026-11-21 20:15  EASF01    HC BLEU   0.000  kWh    estimated, a part is unknown, fell"""
    )


def test_the_repeated_hour_in_october_is_distinguished() -> None:
    first = replace(OFF_PEAK, start_ms=ms("2026-10-25T02:00"), end_ms=ms("2026-10-25T02:00") + 3_600_000)
    second = replace(OFF_PEAK, start_ms=first.end_ms, end_ms=first.end_ms + 3_600_000)
    lines = printed([first, second], By.HOUR).splitlines()
    assert lines[-2].startswith("2026-10-25 02:00+02:00  2026-10-25 02:00+01:00")
    assert lines[-1].startswith("2026-10-25 02:00+01:00  2026-10-25 03:00+01:00")


def test_json_has_integers_and_local_times_with_offset() -> None:
    assert json.loads(as_json(ROWS, PARIS))[0] == {
        "site": "021900000002",
        "from": "2026-11-20T00:00:00+01:00",
        "to": "2026-11-21T00:00:00+01:00",
        "register": "EASF01",
        "period": "HC BLEU",
        "energy": 8123,
        "unit": "Wh",
        "estimated": False,
        "quality": "measured",
        "fell": False,
        "first": 1_000_000,
        "last": 1_008_123,
        "covered": 96,
        "quarters": 96,
        "imported": 0,
    }


def test_no_rows_are_an_empty_array_and_a_header() -> None:
    assert json.loads(as_json([], PARIS)) == []
    assert as_csv([], PARIS) == ",".join(COLUMNS)


def test_csv_has_the_values_of_json() -> None:
    until = "2026-11-21T20:15:00+01:00"
    assert as_csv(ROWS[2:], PARIS).splitlines() == [
        "site,from,to,register,period,energy,unit,estimated,quality,fell,first,last,covered,quarters,imported",
        f"021900000002,{MIDNIGHT_20},{MIDNIGHT_21},ERQ1,,7,VArh,false,measured,false,10,17,96,96,0",
        f"021900000002,{MIDNIGHT_21},{until},EASF01,HC BLEU,0,Wh,true,unknown,true,1000000,1008123,50,81,0",
    ]
    rows = list(csv.DictReader(io.StringIO(as_csv(ROWS, PARIS))))
    assert [row.keys() for row in rows] == [json_row.keys() for json_row in json.loads(as_json(ROWS, PARIS))]


GAPS = [Gap(ms(f"2026-11-20T{hour:02}:15"), ms(f"2026-11-20T{hour + 1:02}:00")) for hour in range(7)]


@pytest.mark.parametrize(
    ("rows", "missing", "expected"),
    [
        ([OFF_PEAK, PEAK], Missing(ms("2026-11-01")), []),
        (
            [OFF_PEAK, replace(TODAY, unknown=())],
            Missing(ms("2026-11-01"), GAPS[2:3]),
            [
                (
                    "3 quarters of an hour without frames: 2026-11-20 02:15 to 2026-11-20 03:00. "
                    "What the registers counted meanwhile is divided by time."
                )
            ],
        ),
        # One that a register covers, and one between two modes.
        (
            [OFF_PEAK, PEAK],
            Missing(
                ms("2026-11-01"),
                GAPS[2:4],
                unmetered=[Unmetered(Direction.CONSUMPTION, ms("2026-11-20T02:05"), ms("2026-11-20T03:03"))],
            ),
            [
                (
                    "6 quarters of an hour without frames: 2026-11-20 02:15 to 2026-11-20 03:00, "
                    "2026-11-20 03:15 to 2026-11-20 04:00. "
                    "What the registers counted meanwhile is divided by time. "
                    "The registers do not show the energy from 2026-11-20 02:05 to 2026-11-20 03:03."
                )
            ],
        ),
        (
            [OFF_PEAK, PEAK],
            Missing(
                ms("2026-11-01"),
                GAPS[2:3],
                unmetered=[
                    Unmetered(Direction.CONSUMPTION, ms("2026-11-20T02:05"), ms("2026-11-20T03:03")),
                    Unmetered(Direction.INJECTION, ms("2026-11-20T02:05"), ms("2026-11-20T03:03")),
                    Unmetered(Direction.CONSUMPTION, ms("2026-11-19T02:05"), ms("2026-11-19T03:03")),
                ],
            ),
            [
                (
                    "3 quarters of an hour without frames: 2026-11-20 02:15 to 2026-11-20 03:00. "
                    "The registers do not show the energy from 2026-11-20 02:05 to 2026-11-20 03:03."
                )
            ],
        ),
        (
            [OFF_PEAK],
            Missing(ms("2026-11-01"), [Gap(ms("2026-11-20T02:15"), ms("2026-11-20T02:30"))], lost=1),
            [
                (
                    "1 quarter of an hour without frames: 2026-11-20 02:15 to 2026-11-20 02:30. "
                    "What the registers counted meanwhile is divided by time."
                ),
                "1 frame is lost for good; the registers lost nothing by it.",
            ],
        ),
        (
            [OFF_PEAK],
            Missing(ms("2026-11-01"), lost=12),
            ["12 frames are lost for good; the registers lost nothing by it."],
        ),
        (
            [OFF_PEAK],
            Missing(ms("2026-11-20T16:05")),
            ["The first data are of 2026-11-20 16:05; what was counted before it is not known."],
        ),
        ([OFF_PEAK], Missing(ms("2026-11-20T00:05")), []),
        (
            [replace(OFF_PEAK, unknown=(FELL,)), PEAK],
            Missing(ms("2026-11-01")),
            ["EASF01 fell: what it counted from 2026-11-21 10:00 to 2026-11-21 10:01 is unknown."],
        ),
    ],
    ids=[
        "nothing",
        "a gap",
        "a gap that a register covers and one that none does",
        "one that none does",
        "a lost frame",
        "lost frames",
        "the beginning",
        "the beginning's quarter",
        "a fall",
    ],
)
def test_gaps_and_estimates_are_explained_in_remarks(
    rows: list[EnergyRow], missing: Missing, expected: list[str]
) -> None:
    assert english(remarks(rows, missing, PARIS)) == expected


def test_many_gaps_are_counted_and_the_first_five_are_named() -> None:
    (sentence,) = english(remarks([OFF_PEAK], Missing(ms("2026-11-01"), GAPS), PARIS))
    assert sentence.startswith("21 quarters of an hour without frames: 2026-11-20 00:15 to 2026-11-20 01:00, ")
    assert "2026-11-20 04:15 to 2026-11-20 05:00, 2 more. " in sentence
