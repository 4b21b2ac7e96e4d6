"""An importer that is one file is everywhere where importers are."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from api_serving import Served
from ledger_building import METER
from notebook_importer import Notebook, NotebookSettings
from recorder_loop import recorder_loop, turn

from tictally_recorder.cli.app import main
from tictally_recorder.doctor.words import subject_text
from tictally_recorder.features import all_settings, load, settings_with
from tictally_recorder.finding import Level, Moments
from tictally_recorder.imports.registry import register
from tictally_recorder.imports.state import collect_importers, importer_findings
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_recorder.translations import catalogue
from tictally_shared.settings import Origins, read_file
from tictally_shared.settings_error import SettingsError

MARCH_MS = 1_772_366_400_000
CONTRACT = '[[contract]]\ntariff = "edf-bleu-base"\nfrom = 2025-01-01\npower = 6\n'
FILE = "notebook\n2026-01-01 5000\n2026-02-01 5300\n"


@pytest.fixture(autouse=True)
def notebook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
        monkeypatch.delenv(name)
    importer = Notebook()
    unregister = register(importer)
    yield importer
    unregister()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    ledger = tmp_path / "ledger.sqlite"
    monkeypatch.setenv("TICTALLY_LEDGER", str(ledger))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    Ledger.open(ledger).close()
    (tmp_path / "readings.txt").write_text(FILE)
    return tmp_path


def imported(home: Path) -> None:
    assert main(["import", str(home / "readings.txt"), "--site", METER]) == 0


def findings(home: Path, language: str = "en") -> list[tuple[str, Level, str]]:
    settings = settings_with(name="nas", ledger=home / "ledger.sqlite")
    words = catalogue(language)
    return [
        (subject_text(words, each.about), each.level, words.phrase(each.phrase))
        for each in importer_findings(collect_importers(settings), Moments(0, settings.zone))
        if each.about.name == "notebook"
    ]


def test_its_settings_are_settings_of_the_recorder(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "TICTALLY_NOTEBOOK_LABEL": "EAIT"}
    settings = load(Origins(environ, read_file), hostname="nas")
    assert settings.section(NotebookSettings).label == "EAIT"
    (tmp_path / "wrong.toml").write_text('notebook_lable = "EAIT"\n')
    with pytest.raises(SettingsError, match=r"notebook_lable .* is not a setting; .*notebook_label"):
        load(Origins(environ, read_file, str(tmp_path / "wrong.toml")), hostname="nas")
    assert "section_NotebookSettings" in all_settings().model_fields


def test_two_of_one_name_are_an_error(notebook: Notebook) -> None:
    with pytest.raises(ValueError, match="two importers are named notebook"):
        register(notebook)


def test_the_command_line_recognizes_its_files_and_lists_it(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(home)
    out = capsys.readouterr().out
    assert "Run 1: imported 2 register readings for the new site" in out
    assert "notebook: readings.txt" in out
    assert main(["import", "list"]) == 0
    assert "notebook, A notebook: text of readings." in capsys.readouterr().out
    (home / "unknown.txt").write_text("a,b\n")
    assert main(["import", str(home / "unknown.txt")]) == 1
    assert "notebook; `tictally import list`" in capsys.readouterr().err


def test_a_file_that_two_recognize_is_an_error(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Copy(Notebook):
        name = "copy"
        settings = None  # type: ignore[assignment]

    unregister = register(Copy())
    try:
        code = main(["import", str(home / "readings.txt"), "--site", METER])
    finally:
        unregister()
    assert code == 1
    assert "it may be a file of notebook, copy" in capsys.readouterr().err


def test_the_doctor_has_a_finding_about_it_once_a_file_is_imported(home: Path) -> None:
    about = "importer notebook"
    assert findings(home) == []
    imported(home)
    assert findings(home) == [
        (
            about,
            Level.OK,
            f"reads text of readings; the last import was on {datetime.now(ZoneInfo('Europe/Paris')):%Y-%m-%d}",
        )
    ]
    ((about, _, sentence),) = findings(home, "fr")
    assert about == "importateur notebook"
    assert sentence.startswith("fichiers lus : text of readings ; le dernier import date du")


def test_a_package_that_is_missing_is_a_note_and_an_error(
    home: Path, notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    imported(home)
    notebook.requires = "paper"
    assert findings(home)[0][1:] == (Level.NOTE, "cannot be used: paper is not installed")
    (home / "readings.txt").write_text(f"{FILE}2026-03-01 5600\n")
    assert main(["import", str(home / "readings.txt"), "--site", METER]) == 1
    assert "pipx inject tictally-recorder paper" in capsys.readouterr().err


def test_the_doctors_command_shows_it_alone(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(home)
    capsys.readouterr()
    main(["doctor", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert [each["about"] for each in found if each["about"].startswith("importer ")] == ["importer notebook"]


def test_health_has_it(home: Path) -> None:
    imported(home)
    with Ledger.open(home / "ledger.sqlite") as ledger, recorder_loop(home, ledger) as loop:
        loop.publish_health_soon()
        loop.step("health").run(turn(now_ms=0, is_connected=True))
        health = json.loads(loop.connection.payloads["tictally/recorder/nas/health"])
    assert health["import_runs"] == 1
    assert (health["importers"]["notebook"]["files"], health["importers"]["notebook"]["requires"]) == (1, None)


def test_the_api_has_it_and_its_runs(home: Path) -> None:
    imported(home)
    with Served(home, now=datetime.now(UTC)) as served:
        (item,) = [each for each in served.items("/api/v1/imports/importers") if each["name"] == "notebook"]
        assert (item["title"], item["form"], item["files"]) == ("A notebook", "text of readings", 1)
        (run,) = served.items("/api/v1/imports")
        assert (run["run"], run["site"], run["from"]) == (1, METER, "2025-12-31T23:00:00Z")
        assert [each["readings"] for each in run["files"]] == [2]


def test_a_recorder_runs_with_a_site_of_imports_alone(home: Path) -> None:
    (home / "contracts.toml").write_text(CONTRACT)
    imported(home)
    with Ledger.open(home / "ledger.sqlite") as ledger, recorder_loop(home, ledger) as loop:
        for name in ("quarters", "imports", "cost", "standby", "sites", "retention", "health"):
            for _ in range(5):
                loop.step(name).run(turn(now_ms=MARCH_MS, is_connected=True))
    with LedgerReader.open(home / "ledger.sqlite") as reader:
        days = reader.cost_days(METER, date(2026, 1, 1), date(2026, 2, 1))
    assert len(days) == 31


@pytest.mark.parametrize(
    "path",
    [
        "sites",
        "now",
        "energy?by=month",
        "use?by=month",
        "cost",
        "bill",
        "compare",
        "profile",
        "quality",
        "readings/quarters?label=SINSTS",
        "standby",
    ],
)
def test_the_api_answers_for_a_site_of_imports_alone(home: Path, path: str) -> None:
    (home / "contracts.toml").write_text(CONTRACT)
    imported(home)
    with Served(home, now=datetime.fromtimestamp(MARCH_MS / 1000, UTC)) as served:
        mark = "&" if "?" in path else "?"
        window = "" if path in {"sites", "now"} else f"{mark}from=2026-01-01&to=2026-02-01"
        answer = served.get(f"/api/v1/{path}{window}")
        assert answer.status_code == 200, answer.text
        items = answer.json()["items"]
        if path.startswith("use"):
            assert [(each["consumption_wh"], each["imported"]) for each in items] == [(300_000, 31 * 96)]


def test_the_api_sees_an_import_and_its_undo_at_once(home: Path) -> None:
    with Served(home, now=datetime.fromtimestamp(MARCH_MS / 1000, UTC)) as served:
        address = "/api/v1/use?by=month&from=2026-01-01&to=2026-02-01"
        imported(home)
        assert [each["consumption_wh"] for each in served.items(address)] == [300_000]
        (home / "more.txt").write_text("notebook\n2026-01-01 5000\n2026-01-16 5290\n")
        assert main(["import", str(home / "more.txt")]) == 0
        before = served.items("/api/v1/use?by=day&from=2026-01-10&to=2026-01-11")
        assert main(["import", "undo", "2"]) == 0
        after = served.items("/api/v1/use?by=day&from=2026-01-10&to=2026-01-11")
        assert before[0]["consumption_wh"] > after[0]["consumption_wh"] > 0


def test_a_removed_site_takes_its_imports_along(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(home)
    assert main(["site", "remove", METER, "--yes"]) == 0
    capsys.readouterr()
    assert main(["import", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_nothing_is_imported_into_an_ignored_site(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(home)
    assert main(["site", "ignore", METER]) == 0
    (home / "more.txt").write_text("notebook\n2026-01-01 5000\n2026-01-16 5290\n")
    assert main(["import", str(home / "more.txt"), "--site", METER]) == 1
    assert "is ignored; tictally site ignore" in capsys.readouterr().err
