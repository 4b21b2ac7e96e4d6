"""`tictally tempo`: colours of the meter, of fetched files and of the bundled history."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from ledger_building import frame, message

import tictally_recorder.cli.tempo
from tictally_recorder.__main__ import main
from tictally_recorder.calendars.tempo import bundled_tempo, days, write_days
from tictally_recorder.ledger import Ledger
from tictally_recorder.translations import catalogue
from tictally_shared.status_register import Colour

TODAY = datetime(2025, 1, 15, 11, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TICTALLY_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    monkeypatch.setattr(tictally_recorder.cli.tempo, "present", lambda: TODAY)
    monkeypatch.setattr(tictally_recorder.cli.tempo, "today", lambda _: TODAY.date())
    return tmp_path


def records(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, dict[str, str]]:
    assert main(["tempo", "--json", *arguments]) == 0
    return {each["day"]: each for each in json.loads(capsys.readouterr().out)}


@pytest.mark.usefixtures("folder")
def test_the_season_is_shown_with_the_days_that_are_left(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tempo"]) == 0
    out = capsys.readouterr().out
    assert "2025-01-14  red" in out
    assert "blue\n" not in out.replace("blue.\n", "")
    assert "Today, 2025-01-15: " in out
    assert "Left in this season: " in out
    found = records(capsys)
    assert (min(found), max(found)) == ("2024-09-01", "2025-01-16")
    assert found["2024-09-01"] == {
        "day": "2024-09-01",
        "color": "blue",
        "source": "collected copies of RTE's calendar",
        "confidence": "secondary",
    }


def test_the_meters_colour_goes_before_a_fetched_one_and_that_before_the_bundled(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "tariffs").mkdir()
    fetched = {date(2024, 11, 19): Colour.BLANC, date(2024, 11, 20): Colour.BLANC}
    (folder / "tariffs" / "tempo-days.csv").write_text(write_days(fetched))
    at_ms = int(datetime(2024, 11, 20, 12, tzinfo=UTC).timestamp() * 1000)
    with Ledger.open(folder / "ledger.sqlite") as ledger:
        ledger.store([message(frame(1, at_ms, {"EAST": 0, "STGE": f"{3 << 24:08X}"}), arrived_ms=at_ms)])
    found = records(capsys, "--from", "2024-11-18", "--to", "2024-11-21")
    assert [(each["color"], each["source"]) for each in found.values()] == [
        ("blue", "collected copies of RTE's calendar"),
        ("white", "tempo-days.csv"),
        ("red", "meter"),
    ]


@pytest.mark.usefixtures("folder")
def test_a_season_with_unknown_days_has_no_count(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tictally_recorder.cli.tempo, "today", lambda _: date(2026, 11, 30))
    assert main(["tempo"]) == 0
    out = capsys.readouterr().out
    assert "Today, 2026-11-30: unknown." in out
    assert "How many days are left is unknown" in out


@pytest.mark.usefixtures("folder")
def test_sources_are_named_in_the_readers_language(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICTALLY_LANGUAGE", "fr")
    assert main(["tempo"]) == 0
    out = capsys.readouterr().out
    assert "copies du calendrier de RTE" in out
    assert "collected" not in out


def test_every_source_has_words() -> None:
    names = {each.name for each in bundled_tempo().sources.values()} | {"meter", "fetched"}
    for language in ("en", "fr"):
        assert {name for name in names if f"tempo_source.{name}" not in catalogue(language)} == set()


@pytest.mark.usefixtures("folder")
def test_csv_has_a_row_for_each_day(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tempo", "--csv", "--from", "2025-01-01", "--to", "2025-01-03"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "day,color,source,confidence"


@pytest.mark.usefixtures("folder")
def test_a_window_that_ends_before_it_begins_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tempo", "--from", "2025-02-01", "--to", "2025-01-03"]) == 2
    assert "--from" in capsys.readouterr().err


def test_a_broken_file_of_colours_is_reported(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "tariffs").mkdir()
    (folder / "tariffs" / "tempo-days.csv").write_text("x\n")
    assert main(["tempo"]) == 0
    assert "tempo-days.csv, line 1" in capsys.readouterr().err


def test_every_day_of_a_window_is_counted_once() -> None:
    assert len(list(days(date(2024, 9, 1), date(2025, 8, 31)))) == 365
