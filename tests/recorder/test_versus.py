"""Two spans of days beside each other, against sums of the same days by hand."""

import json
import os
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from api_serving import Served
from heated_household import AFTER_WH, BEFORE_WH, NOTE, centidegrees, days, served_heated, wh_of
from odd_even_household import NOW as HOUSEHOLD_NOW
from odd_even_household import stored

from tictally_recorder.cli.app import main
from tictally_recorder.versus import NoteSpan, Span, like, spans_of_note, year_earlier


@pytest.fixture(scope="module")
def heated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_heated(tmp_path_factory.mktemp("heated")) as served:
        yield served


def degree_days(day: date) -> float:
    return max(18 - centidegrees(day) / 100, 0)


def versus(served: Served, query: str) -> dict[str, Any]:
    (item,) = served.items(f"/api/v1/versus?{query}")
    return item


def test_a_month_against_the_same_month_a_year_earlier(heated: Served) -> None:
    item = versus(heated, "from=2026-02-01&to=2026-03-01&against_from=2025-02-01&against_to=2025-03-01")
    for side, first, until in (
        (item["here"], date(2026, 2, 1), date(2026, 3, 1)),
        (item["against"], date(2025, 2, 1), date(2025, 3, 1)),
    ):
        of_span = days(first, until)
        wh = sum(map(wh_of, of_span))
        cost = Decimal(wh) / 1000 * Decimal("0.2") + 31
        assert (side["days"], side["span_days"], side["energy_wh"]) == (28, 28, wh)
        assert (side["cost"], side["cost_energy"]) == (f"{cost:.2f}", f"{cost - 31:.2f}")
        assert (side["wh_a_day"], side["cost_a_day"]) == (round(wh / 28), f"{cost / 28:.2f}")
        assert side["periods"] == {"BASE": wh}
        assert float(side["mean_c"]) == pytest.approx(fmean(map(centidegrees, of_span)) / 100, abs=0.05)
        assert float(side["degree_days"]) == pytest.approx(sum(map(degree_days, of_span)), abs=0.05)
    change = item["here"]["energy_wh"] / item["against"]["energy_wh"] - 1
    assert float(item["share"]) == pytest.approx(change, abs=1e-4)


def test_spans_of_different_lengths_are_compared_by_the_day(heated: Served) -> None:
    item = versus(heated, "from=2026-03-01&to=2026-03-11&against_from=2025-03-01&against_to=2025-04-01")
    assert [item[side]["span_days"] for side in ("here", "against")] == [10, 31]
    # In the night to 30 March 2025 clocks went forward: the day counts with its 23 hours.
    wh = sum(map(wh_of, days(date(2025, 3, 1), date(2025, 4, 1))))
    assert (item["against"]["energy_wh"], item["against"]["wh_a_day"]) == (wh, round(wh / 31))
    here = fmean(map(wh_of, days(date(2026, 3, 1), date(2026, 3, 11))))
    assert float(item["share"]) == pytest.approx(here / (wh / 31) - 1, abs=1e-4)
    assert next(each["code"] for each in item["remarks"]) == "versus_too_few_days"
    assert not item["is_corrected"]


def test_the_effect_of_the_heat_pump_is_that_of_its_slope(heated: Served) -> None:
    (item,) = heated.items("/api/v1/notes/1/effect?weeks=8")
    assert (item["against"]["from"], item["against"]["to"]) == (str(NOTE - timedelta(weeks=8)), str(NOTE))
    assert (item["here"]["from"], item["here"]["days"]) == (str(NOTE + timedelta(days=1)), 56)
    assert item["is_corrected"]
    after = days(NOTE + timedelta(days=1), NOTE + timedelta(days=57))
    saved = (BEFORE_WH - AFTER_WH) * fmean(map(degree_days, after))
    assert item["saved_wh_a_day"]["value"] == pytest.approx(saved, rel=0.03)
    assert item["saved_wh_a_day"]["low"] <= saved <= item["saved_wh_a_day"]["high"]
    year = days(date(2025, 4, 1), date(2026, 4, 1))
    of_year = (BEFORE_WH - AFTER_WH) * sum(map(degree_days, year))
    found = item["saved_wh_a_year"]
    assert found["low"] <= of_year <= found["high"]
    assert found["value"] == pytest.approx(of_year, rel=0.1)
    assert (item["year_from"], item["year_to"]) == ("2025-04-01", "2026-04-01")
    paid = item["saved_cost_a_year"]
    assert float(paid["value"]) == pytest.approx(found["value"] * 0.0002, abs=0.02)
    assert [each["code"] for each in item["remarks"]] == ["versus_corrected", "versus_year_paid"]


def test_days_without_data_are_left_out_and_counted(heated: Served) -> None:
    item = versus(heated, "from=2026-03-01&to=2026-05-01&against_from=2024-10-01&against_to=2024-12-01")
    assert (item["here"]["known_to"], item["here"]["days"]) == ("2026-04-01", 31)
    assert (item["against"]["known_from"], item["against"]["days"]) == ("2024-11-01", 30)
    assert [each["code"] for each in item["remarks"]][:2] == ["versus_part", "versus_part"]
    nothing = versus(heated, "from=2020-01-01&to=2020-02-01&against_from=2019-01-01&against_to=2019-02-01")
    assert nothing["here"]["energy_wh"] is None
    assert nothing["share"] is None


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("to=2026-03-01&against_from=2025-02-01&against_to=2025-03-01", "from"),
        ("from=2026-02-01&to=2026-03-01&against_from=2025-03-01&against_to=2025-03-01", "against_from"),
        ("from=2026-02-30&to=2026-03-01&against_from=2025-02-01&against_to=2025-03-01", "from"),
        ("from=2020-02-01&to=2026-03-01&against_from=2025-02-01&against_to=2025-03-01", "from"),
        ("from=2026-02-01&to=2026-03-01&against_from=2025-02-01T10:00&against_to=2025-03-01", "against_from"),
    ],
)
def test_a_span_that_is_none_is_rejected(heated: Served, query: str, parameter: str) -> None:
    problem = heated.get(f"/api/v1/versus?{query}")
    assert (problem.status_code, problem.json()["parameter"]) == (400, parameter)


def test_without_temperature_and_contract_energy_is_compared_as_it_is(tmp_path: Path) -> None:
    """Days of 9.6 and 19.2 kWh in February, the first one the 1st; twice that in March."""
    with Served(tmp_path, stored=stored(), now=HOUSEHOLD_NOW, contracts="") as served:
        item = versus(served, "from=2026-03-01&to=2026-03-21&against_from=2026-02-01&against_to=2026-03-01")
        served.send("POST", "/api/v1/notes", {"day": "2026-02-28", "text": "boiler"})
        (effect,) = served.items("/api/v1/notes/1/effect?weeks=notes")
    here, against = item["here"], item["against"]
    assert (here["days"], here["energy_wh"]) == (19, 10 * 38_400 + 9 * 19_200)
    assert (against["days"], against["energy_wh"]) == (28, 14 * 9_600 + 14 * 19_200)
    assert (here["cost"], here["cost_a_day"], here["mean_c"], item["saved_cost_a_year"]) == (None, None, None, None)
    assert [each["code"] for each in item["remarks"]] == ["versus_part", "versus_no_temperature"]
    assert item["saved_wh_a_day"] is None  # 19 days are too few
    assert (effect["against"]["days"], effect["here"]["days"]) == (27, 19)


def test_an_empty_ledger_has_nothing_to_compare(tmp_path: Path) -> None:
    with Served(tmp_path, stored=[]) as empty:
        query = "from=2026-03-01&to=2026-03-21&against_from=2026-02-01&against_to=2026-03-01"
        assert empty.items(f"/api/v1/versus?{query}") == []


def test_an_unknown_note_has_no_effect(heated: Served) -> None:
    assert heated.get("/api/v1/notes/7/effect").json()["reason"]["code"] == "note_unknown"


def test_the_command_shows_the_same(
    heated: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in list(os.environ):
        if name.startswith("TICTALLY_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TICTALLY_LEDGER", str(heated.path))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    monkeypatch.setenv("TICTALLY_TIMEZONE", "Europe/Paris")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr("tictally_recorder.cli.versus.present", lambda: heated.now)
    monkeypatch.setattr("tictally_recorder.cli.window.present", lambda: heated.now)
    assert main(["versus", "--from", "2026-02", "--to", "2026-03", "--json"]) == 0
    (item,) = json.loads(capsys.readouterr().out)
    assert item == versus(heated, "from=2026-02-01&to=2026-03-01&against_from=2025-02-01&against_to=2025-03-01")
    assert main(["versus", "--note", "1"]) == 0
    shown = capsys.readouterr().out
    assert "Over a year, that saves" in shown
    assert "2026-01-16" in shown
    assert (
        main(["versus", "--from", "2026-02", "--to", "2026-03", "--against", "2026-03", "--against-to", "2026-02"]) == 2
    )
    assert "--against (2026-03) must be before --against-to (2026-02)" in capsys.readouterr().err


def test_spans_a_year_earlier_and_alike() -> None:
    assert year_earlier(Span(date(2024, 2, 1), date(2024, 2, 29))) == Span(date(2023, 2, 1), date(2023, 2, 28))
    assert like(Span(date(2026, 2, 1), date(2026, 3, 1)), date(2026, 1, 1)) == Span(date(2026, 1, 1), date(2026, 2, 1))
    assert like(Span(date(2026, 11, 1), date(2027, 2, 1)), date(2025, 11, 1)).until == date(2026, 2, 1)
    assert like(Span(date(2026, 2, 3), date(2026, 2, 5)), date(2024, 2, 28)).until == date(2024, 3, 1)


def test_the_spans_of_a_note_end_at_the_notes_around_it() -> None:
    known = Span(date(2024, 11, 1), date(2026, 4, 1))
    others = [NOTE, date(2025, 12, 1), date(2026, 2, 28)]
    assert spans_of_note(NOTE, NoteSpan.NOTES, others, known) == (
        Span(date(2025, 12, 2), NOTE),
        Span(date(2026, 1, 16), date(2026, 2, 28)),
    )
    assert spans_of_note(NOTE, NoteSpan.NOTES, [NOTE], known) == (
        Span(date(2025, 1, 15), NOTE),
        Span(date(2026, 1, 16), date(2026, 4, 1)),
    )
    assert spans_of_note(date(2026, 4, 1), NoteSpan.NOTES, [], known) is None
