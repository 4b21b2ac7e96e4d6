"""The messages of `tictally backup` and `tictally restore`."""

import os
import re
from pathlib import Path

import pytest
from backup_building import build

from tictally_recorder.cli.app import main

SITE = "Site 021900000002: from 2026-11-21 13:01 to 2026-11-22 18:59, 17.980 kWh consumed, {cost} EUR for 2 days.\n"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")


@pytest.fixture
def ledger(tmp_path: Path) -> str:
    build(tmp_path / "nas" / "ledger.sqlite")
    return str(tmp_path / "nas" / "ledger.sqlite")


def test_a_backup_is_reported_in_plain_language(
    ledger: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = str(tmp_path / "b")
    assert main(["backup", target, "--ledger", ledger]) == 0
    made = capsys.readouterr().out
    cost = re.search(r"consumed, ([\d.]+) EUR", made)
    assert cost is not None
    assert float(cost[1]) > 3
    assert made.startswith(SITE.format(cost=cost[1]))
    assert re.search(
        r"b was created and verified: [\d.]+ kB, of [\d: -]+, ledger version \d+, without raw frames\.\n$", made
    )
    assert main(["backup", target, "--check", "--ledger", str(tmp_path / "none")]) == 0
    assert capsys.readouterr().out == made.replace("was created and verified", "is intact")
    assert main(["backup", target, "--whole", "--ledger", ledger]) == 0
    assert re.search(r"ledger version \d+\.\n$", capsys.readouterr().out)


def test_a_restore_reports_where_the_previous_files_are(
    ledger: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target, new = str(tmp_path / "b"), tmp_path / "new" / "ledger.sqlite"
    main(["backup", target, "--ledger", ledger])
    capsys.readouterr()
    assert main(["restore", target, "--ledger", str(new)]) == 0
    output = capsys.readouterr().out
    for sentence in (
        r"^Site 021900000002: from .* kWh consumed",
        rf"^{new} is restored from {target}, of [\d: -]+\.$",
        rf"^{new.parent}/contracts.toml was restored\.$",
        r"^The recorder has a new MQTT client id;",
        r"^Start `tictally record`: the edges resend what came since then, as far as their journals reach",
    ):
        assert re.search(sentence, output, re.MULTILINE), sentence
    assert "kept at" not in output
    assert main(["restore", target, "--ledger", str(new)]) == 0
    again = capsys.readouterr().out
    assert re.search(rf"^The previous ledger is kept at {new}.before-restore-\d{{8}}T\d{{6}}Z\.$", again, re.MULTILINE)


def test_without_a_file_name_the_backup_goes_into_the_folder(
    ledger: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backup", "--ledger", ledger]) == 2
    assert "give a FILE, or set TICTALLY_BACKUP to a folder" in capsys.readouterr().err
    monkeypatch.setattr("tictally_recorder.cli.backup._NICE", 0)
    monkeypatch.setenv("TICTALLY_BACKUP", str(tmp_path / "usb"))
    monkeypatch.setenv("TICTALLY_NAME", "nas")
    assert main(["backup", "--ledger", ledger]) == 1
    assert capsys.readouterr().err.endswith("is its disk or share mounted?\n")
    (tmp_path / "usb").mkdir()
    assert main(["backup", "--ledger", ledger]) == 0
    (made,) = (tmp_path / "usb").iterdir()
    assert re.fullmatch(r"tictally-nas-\d{8}T\d{6}Z\.backup", made.name)


def test_a_folder_in_place_of_the_backups_file_is_named(
    ledger: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backup", str(tmp_path), "--ledger", ledger]) == 1
    wrong = f"{tmp_path} is a folder; name a file in it, such as {tmp_path}/tictally.backup"
    assert capsys.readouterr().err == f"tictally: {wrong}\n"


@pytest.mark.parametrize("command", [["restore"], ["backup", "--check"]])
def test_an_invalid_backup_is_reported_in_one_sentence(
    ledger: str, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, ledger, "--ledger", ledger]) == 1
    assert (
        capsys.readouterr().err
        == f"tictally: {ledger} is not a backup of tictally; name a file that `tictally backup` wrote\n"
    )
    assert main([*command, "/nowhere", "--ledger", ledger]) == 1
    assert capsys.readouterr().err == "tictally: the backup /nowhere cannot be read: No such file or directory\n"
