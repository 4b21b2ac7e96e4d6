"""`tictally import`: files into the ledger, all of them or none; what it shows, and undo."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from enedis_files import lines_of, write
from imported_files import PARIS, half_hours, load_curve_xlsx, local
from ledger_building import METER, NOON_MS
from linkystat_dump import history
from observation_building import energy, points, put, rows, store

from tictally_recorder.cli.app import main
from tictally_recorder.energy import EnergyQuery, gaps
from tictally_recorder.energy import energy as energy_of
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_shared.calendar import By

START = local(2026, 1, 5)
"""A Monday."""


@dataclass
class Home:
    """A folder with a ledger; the commands have its settings."""

    folder: Path
    capture: pytest.CaptureFixture[str]

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.sqlite"

    def __call__(self, *arguments: str | Path) -> tuple[int, str, str]:
        """Exit code, stdout with every run of spaces as one, stderr."""
        code = main(["import", *map(str, arguments)])
        out, err = self.capture.readouterr()
        return code, "\n".join(" ".join(line.split()) for line in out.splitlines()), err

    def curve(self, name: str, powers: Iterable[int | str]) -> Path:
        """A load curve in half-hours from `START` on."""
        return write(self.folder / name, lines_of(START.replace(tzinfo=PARIS).astimezone(UTC), powers))

    def json(self, *arguments: str | Path) -> Any:  # noqa: ANN401
        code, out, err = self(*arguments, "--json")
        assert (code, err) == (0, "")
        return json.loads(out)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Home:
    for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TICTALLY_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    Ledger.open(tmp_path / "ledger.sqlite").close()
    return Home(tmp_path, capsys)


def test_a_dry_run_shows_each_month_and_writes_nothing(home: Home) -> None:
    path = home.curve("a.csv", [1000] * 48 * 30)
    code, out, _ = home("--dry-run", path, "--site", METER)
    assert code == 0
    assert "2026-01 consumption 648.000" in out
    assert "2026-02 consumption 72.000" in out
    assert out.endswith("Nothing was imported.")
    with LedgerReader.open(home.ledger) as reader:
        assert (reader.sites(), reader.import_runs()) == ([], [])


def test_a_reading_that_those_around_it_contradict_is_named(home: Home) -> None:
    path = home.folder / "dump.sql"
    rows = [f"('2026-01-05 {hour:02}:00:00',{5000 + 100 * hour},{9000 + 50 * hour},NULL)" for hour in range(24)]
    path.write_text(history([*rows[:9], "('2026-01-05 09:00:00',17,9450,NULL)", *rows[10:]]))
    code, out, _ = home("--dry-run", path, "--site", METER)
    assert (code, "HCHC (2026-01-05 09:00, 17 Wh) does not count: the readings around it contradict it." in out) == (
        0,
        True,
    )
    (record,) = home.json(path, "--site", METER)
    assert record["contradicted"] == [{"register": "HCHC", "at": "2026-01-05T08:00:00Z", "value": 17}]
    assert [each["after_wh"] for each in record["months"]] == [23 * 150]


def test_nothing_is_shown_of_the_time_after_the_end_of_an_import(home: Home) -> None:
    """Its last reading is at midnight, in a quarter-hour of which nothing is known."""
    home.curve("a.csv", [1000] * 48)
    home(home.folder / "a.csv", "--site", METER)
    after = START.replace(tzinfo=PARIS) + timedelta(days=3)
    with LedgerReader.open(home.ledger) as reader:
        (site,) = reader.sites()
        found = energy_of(reader, EnergyQuery(METER, START.replace(tzinfo=PARIS), after, By.DAY, PARIS))
        assert [(row.energy, row.covered, row.quarters) for row in found] == [(24_000, 96, 96)]
        assert gaps(reader, site, 0, round(after.timestamp()) * 1000) == []


def test_an_import_is_listed_and_undone(home: Home) -> None:
    before = rows(home.ledger)
    (record,) = home.json(home.curve("a.csv", [1000] * 48), "--site", METER)
    assert (record["run"], record["is_new_site"], record["gaps"], record["skipped"]) == (1, True, [], [])
    assert record["months"] == [
        {"month": "2026-01", "direction": "consumption", "before_wh": None, "after_wh": 24_000, "quality": "measured"}
    ]
    assert [each["run"] for each in home.json("list")] == [1]
    code, out, _ = home("undo", "1")
    assert code == 0
    assert "2026-01 consumption 24.000" in out
    assert "Run 1 is undone: 48 energy values of site" in out
    assert home.json("list") == []
    assert rows(home.ledger) == before
    assert home("undo", "1") == (1, "", "tictally: there is no import run 1; there are: none\n")


def test_the_newest_twenty_runs_are_listed_and_all_of_them_where_asked(home: Home) -> None:
    for n in range(22):
        put(home.ledger, [energy(1_767_222_000_000 + n * 86_400_000, 1440, 1000 + n)])
    _, shown, _ = home("list")
    assert "\n2 earlier: --all\n" in shown
    assert len([line for line in shown.splitlines() if METER in line]) == 20
    _, every, _ = home("list", "--all")
    assert len([line for line in every.splitlines() if METER in line]) == 22
    assert "earlier" not in every


def test_a_file_is_imported_once(home: Home) -> None:
    path = home.curve("a.csv", [1000] * 48)
    home(path, "--site", METER)
    code, out, _ = home(path)
    assert (code, out) == (0, f"{path} was imported before.\nThere is nothing new to import.")
    (record,) = home.json(path, home.curve("b.csv", [1000] * 96))
    assert record["skipped"] == [str(path)]
    assert record["months"][0]["after_wh"] == 48_000


def test_weekly_files_that_overlap_are_one_history_in_any_order(home: Home) -> None:
    """As Enedis' site has them: a file a week without its last half-hour; every other one begins a day early."""
    powers = [f"{0.2 + n % 17 / 10:.3f}".replace(".", ",") for n in range(37 * 7 * 48)]
    cells = half_hours(START, powers)
    files = [
        load_curve_xlsx(home.folder / f"{week}.xlsx", cells[max(week * 336 - week % 2 * 48, 0) : week * 336 + 335])
        for week in range(37)
    ]
    random.Random(1).shuffle(files)
    (record,) = home.json(*files, "--site", METER)
    found = sum(month["after_wh"] for month in record["months"])
    # The last half-hour of a week is in the next file, where that begins a day early.
    missing = [n for n in range(335, len(powers), 336) if (n // 336) % 2 or n == len(powers) - 1]
    known = sum(round(float(kw.replace(",", ".")) * 1000) * 30 for n, kw in enumerate(powers) if n not in missing)
    assert found == pytest.approx(known / 60, abs=len(missing))
    assert len(record["gaps"]) == len(missing) - 1
    first = rows(home.ledger)
    home("undo", "1")
    random.Random(2).shuffle(files)
    home(*files, "--site", METER)
    assert rows(home.ledger) == first


def test_the_only_site_or_the_one_of_the_delivery_point_gets_the_files(home: Home) -> None:
    path = home.curve("a.csv", [1000] * 48)
    code, _, err = home(path)
    assert code == 1
    assert "the ledger has no site yet; name one with --site" in err
    assert err.endswith("nothing was imported\n")
    store(home.ledger, [(NOON_MS, 50_000)])
    assert home(path)[0] == 0
    values: dict[str, int | str] = {"EAST": 50_001, "PRM": "09111642617348"}
    store(home.ledger, {NOON_MS + 1000: values}, 9)
    code, _, err = home(home.curve("b.csv", [1000] * 49))
    assert code == 1
    assert "it is about delivery point 09111642617347, but site 021900000002 has 09111642617348" in err


def test_files_of_two_delivery_points_are_refused(home: Home) -> None:
    one, other = home.curve("a.csv", [1000] * 48), home.curve("b.csv", [2000] * 48)
    other.write_text(other.read_text().replace("09111642617347", "09111642617348"))
    code, _, err = home(one, other, "--site", METER)
    assert code == 1
    assert "two delivery points, 09111642617347 and 09111642617348" in err
    assert home.json("list") == []


def test_one_wrong_file_imports_nothing_of_any(home: Home) -> None:
    code, _, err = home(home.curve("a.csv", [1000] * 48), home.curve("b.csv", ["many"]), "--site", METER)
    assert code == 1
    assert "b.csv, line 4: many is not a number" in err
    assert home.json("list") == []


def test_an_import_without_a_ledger_names_what_makes_one(home: Home) -> None:
    path = home.curve("a.csv", [1000])
    home.ledger.unlink()
    code, _, err = home(path)
    assert code == 1
    assert "there is no ledger at" in err


def test_no_argument_shows_the_help(home: Home) -> None:
    code, out, _ = home()
    assert code == 0
    assert "undo" in out


def test_a_killed_import_has_imported_all_or_nothing(home: Home) -> None:
    path = home.curve("a.csv", [1000 + n % 9 for n in range(48 * 365)])
    command = [sys.executable, "-m", "tictally_recorder", "import", str(path), "--site", METER]
    lengths = set()
    for delay in (0.9, 1.3, 1.6, 1.9, 2.3, 300.0):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            deadline = time.monotonic() + delay
            while process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
        with LedgerReader.open(home.ledger) as reader:
            runs = reader.import_runs()
        lengths.add(len(points(home.ledger)))
        assert len(points(home.ledger)) == (0 if not runs else 48 * 365 + 1)
        if runs:
            home("undo", "1")
    assert 48 * 365 + 1 in lengths


def test_a_run_leaves_no_time_unused_when_it_ends_with_the_first_frame(home: Home) -> None:
    """A join without a gap: the half-hour in which the meter begins is the file's before it and the meter's after."""
    end_ms = round((START.replace(tzinfo=PARIS).astimezone(UTC) + timedelta(days=1)).timestamp()) * 1000
    frames = [(end_ms - 600_000 + n * 60_000, 70_000 + 10 * n) for n in range(60)]
    store(home.ledger, frames)
    (record,) = home.json(home.curve("a.csv", [1000] * 48))
    assert record["gaps"] == []
    first, last = points(home.ledger)[0], dict(frames)[end_ms]
    assert last - first[1] == 24_000


def test_imports_are_in_backups_and_exports(home: Home) -> None:
    home(home.curve("a.csv", [1001] * 48), "--site", METER)
    store(home.ledger, [(NOON_MS, 90_000)])
    before = rows(home.ledger)
    backup, restored, folder = home.folder / "b", home.folder / "new" / "ledger.sqlite", home.folder / "tables"
    assert main(["backup", str(backup)]) == 0
    assert main(["restore", str(backup), "--ledger", str(restored)]) == 0
    assert rows(restored) == before
    assert main(["export", str(folder), "--ledger", str(restored), "--what", "observations"]) == 0
    home.capture.readouterr()
    lines = (folder / "observations.csv").read_text().splitlines()
    assert lines[0] == "site,from,to,register,value,energy,integrated,importer,file,run"
    assert lines[1].startswith(f"{METER},2026-01-05T00:00:00+01:00,2026-01-05T00:30:00+01:00,EAST,,500.5")
    assert lines[1].endswith("false,enedis_csv,a.csv,1")
    assert len(lines) == 49


def test_a_month_of_which_a_part_or_nothing_is_known_says_so(home: Home) -> None:
    later = lines_of(local(2026, 3, 5).replace(tzinfo=PARIS).astimezone(UTC), [1000] * 48)
    code, out, _ = home(home.curve("a.csv", [1000] * 48), write(home.folder / "b.csv", later), "--site", METER)
    assert code == 0
    assert "2026-01 consumption 24.000 a part is unknown" in out
    assert "2026-02 consumption unknown" in out
    assert "Nothing shows 2026-01-06 00:00 to 2026-03-05 00:00." in out
