"""A backup is a snapshot of the ledger; a damaged one is detected and changes nothing."""

import hashlib
import lzma
import random
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pytest
from backup_building import CONTRACT, LEFT_OUT, PARIS, build, rows, schema
from ledger_building import EDGE, METER, NOON_MS, frame, message

from tictally_recorder.backup import create
from tictally_recorder.backup.config_files import restore_file
from tictally_recorder.backup.create import BackupResult, BackupSpec, back_up
from tictally_recorder.backup.file_format import BackupError, read_header
from tictally_recorder.backup.restore import RestoreResult, restore
from tictally_recorder.backup.verify import verify
from tictally_recorder.energy import EnergyQuery, energy
from tictally_recorder.ledger import Ledger, LedgerReader, integrity
from tictally_recorder.ledger.schema import SCHEMA_VERSION
from tictally_shared.calendar import By

NOW = datetime(2026, 11, 25, 2, 15, tzinfo=UTC)
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "nas" / "ledger.sqlite"
    build(path)
    return path


def made(ledger: Path, target: Path, *, whole: bool = False) -> BackupResult:
    spec = BackupSpec(
        ledger, ledger.parent / "contracts.toml", ledger.parent / "tariffs", "nas", PARIS, is_complete=whole
    )
    return back_up(spec, target, NOW)


def restored(backup: Path, ledger: Path) -> RestoreResult:
    return restore(backup, ledger, ledger.parent / "contracts.toml", ledger.parent / "tariffs", NOW)


def client_id(ledger: Path) -> str:
    return str(dict(rows(ledger)["meta"])["client_id"])


def test_all_permanent_data_of_the_ledger_is_restored(ledger: Path, tmp_path: Path) -> None:
    new = tmp_path / "new" / "ledger.sqlite"
    restored(made(ledger, tmp_path / "b").path, new)
    before, after = rows(ledger), rows(new)
    assert schema(new) == schema(ledger)
    for table in before.keys() - LEFT_OUT - {"meta", "quarter"}:
        assert after[table] == before[table], table
    assert {table for table in LEFT_OUT if after[table]} == set()
    assert before["dirty_quarter"]
    assert {row[3] for row in after["quarter"]} == {b""}
    assert {row[:2] for row in after["quarter"]} >= {row[:2] for row in before["quarter"]}
    assert integrity(new) == []


def test_a_full_backup_has_the_raw_frames_too(ledger: Path, tmp_path: Path) -> None:
    new = tmp_path / "new" / "ledger.sqlite"
    restored(made(ledger, tmp_path / "b", whole=True).path, new)
    before, after = rows(ledger), rows(new)
    del before["meta"], after["meta"]
    assert after == before
    assert before["frame"]
    assert integrity(new) == []


@pytest.mark.parametrize("by", [By.QUARTER, By.HOUR, By.DAY])
def test_energy_is_the_same(ledger: Path, tmp_path: Path, by: By) -> None:
    new = tmp_path / "new" / "ledger.sqlite"
    restored(made(ledger, tmp_path / "b").path, new)
    with LedgerReader.open(ledger) as original, LedgerReader.open(new) as copy:
        expected = energy(original, EnergyQuery(METER, START, END, by, PARIS))
        assert expected
        assert energy(copy, EnergyQuery(METER, START, END, by, PARIS)) == expected


def test_frames_in_the_backup_are_known_and_later_ones_are_stored(ledger: Path, tmp_path: Path) -> None:
    new = tmp_path / "new" / "ledger.sqlite"
    restored(made(ledger, tmp_path / "b").path, new)
    with Ledger.open(new) as opened:
        known, later = (frame(seq, NOON_MS + seq * 60_000, {"EAST": 1_000_000 + 10 * seq}) for seq in (1799, 1900))
        stored = opened.store([message(known), message(later)])
        assert (stored.stored, stored.duplicates) == (1, 1)
        assert [(each.first, each.last) for each in opened.frame_numbers(EDGE)["00000000000000a1"]] == [
            (1, 299),
            (400, 1799),
            (1900, 1900),
        ]


def test_its_header_describes_its_content(ledger: Path, tmp_path: Path) -> None:
    backup = made(ledger, tmp_path / "b")
    (site,) = backup.header.sites
    with LedgerReader.open(ledger) as reader:
        (east, *_) = energy(reader, EnergyQuery(METER, START, END, By.YEAR, PARIS))
        amounts = [
            entry.amount
            for day in reader.cost_days(METER, START.date(), END.date())
            for entry in day.entries
            if entry.amount is not None
        ]
    assert (site.site, site.meters) == (METER, (METER,))
    assert (site.from_ms, site.to_ms) == (NOON_MS + 60_000, NOON_MS + 1799 * 60_000)
    assert site.consumption_wh == east.energy == 17_980
    assert float(site.costs["EUR"]) == pytest.approx(sum(map(float, amounts)))
    assert site.cost_days == 2
    assert backup.size_bytes == backup.path.stat().st_size
    assert verify(backup.path) == read_header(backup.path) == backup.header


def test_the_header_counts_falls_and_exchanges_as_energy_does(tmp_path: Path) -> None:
    path = tmp_path / "nas" / "ledger.sqlite"
    path.parent.mkdir()
    easts = [100, 180, 250, 30, 90, 90, 400, 10, 20]
    with Ledger.open(path) as opened:
        opened.store(
            message(frame(seq, NOON_MS + seq * 500_000, {"EAST": east, "EAIT": east // 2}))
            for seq, east in enumerate(easts, 1)
        )
        others = [
            frame(50 + n, NOON_MS + n * 700_000, {"HCHC": 5 * n, "HCHP": 7 * n}, meter="0" * 12) for n in range(9)
        ]
        opened.store(map(message, others))
        opened.join_sites("0" * 12, METER)
    (site,) = made(path, tmp_path / "b").header.sites
    with LedgerReader.open(path) as reader:
        rows = energy(reader, EnergyQuery(METER, START, END, By.YEAR, PARIS))
    energy_wh = {row.register: row.energy for row in rows}
    assert site.consumption_wh == energy_wh["EAST"] + energy_wh["HCHC"] + energy_wh["HCHP"] == 150 + 370 + 10 + 40 + 56
    assert site.injection_wh == energy_wh["EAIT"]


def test_the_previous_ledger_is_preserved_and_nothing_else_is_left(ledger: Path, tmp_path: Path) -> None:
    backup = made(ledger, tmp_path / "b").path
    with Ledger.open(ledger) as opened:
        opened.store([message(frame(5000, NOON_MS + 10**9, {"EAST": 9_000_000}))])
    before = rows(ledger)
    done = restored(backup, ledger)
    assert done.previous == ledger.with_name("ledger.sqlite.before-restore-20261125T021500Z")
    assert rows(done.previous) == before
    assert {each.name for each in ledger.parent.iterdir()} == {
        "ledger.sqlite", "ledger.sqlite.lock", done.previous.name, "contracts.toml",
    }  # fmt: skip


def test_the_client_id_stays_with_the_installation(ledger: Path, tmp_path: Path) -> None:
    backup = made(ledger, tmp_path / "b").path
    original_id = client_id(ledger)
    assert restored(backup, ledger).old_client_id is None
    assert client_id(ledger) == original_id
    assert ("state:filters", "tictally/edge/+/frame") in rows(ledger)["meta"]
    other = tmp_path / "other" / "ledger.sqlite"
    assert restored(backup, other).old_client_id == original_id
    restored_id = client_id(other)
    assert restored_id != original_id
    assert not any(name.startswith("state:filters") for name, _ in rows(other)["meta"])
    restored(backup, tmp_path / "third" / "ledger.sqlite")
    assert client_id(tmp_path / "third" / "ledger.sqlite") not in {original_id, restored_id}
    later = datetime(2026, 11, 26, tzinfo=UTC)
    restore(backup, other, other.parent / "contracts.toml", other.parent / "tariffs", later)
    assert client_id(other) == restored_id


def test_sinks_start_from_the_beginning(ledger: Path, tmp_path: Path) -> None:
    with Ledger.open(ledger) as opened:
        opened.use_sinks(["influxdb"])
    assert rows(ledger)["sink_quarter"]
    backup = made(ledger, tmp_path / "b").path
    restored(backup, ledger)
    assert (rows(ledger)["sink"], rows(ledger)["sink_quarter"]) == ([], [])


def test_contracts_and_tariffs_are_restored_without_replacing_existing_files(ledger: Path, tmp_path: Path) -> None:
    (ledger.parent / "tariffs" / "spot").mkdir(parents=True)
    (ledger.parent / "tariffs" / "spot" / "prices.csv").write_text("a,b\n")
    backup = made(ledger, tmp_path / "b").path
    new = tmp_path / "new" / "ledger.sqlite"
    assert len(restored(backup, new).notes) == 2
    assert (new.parent / "contracts.toml").read_text() == CONTRACT
    assert (new.parent / "tariffs" / "spot" / "prices.csv").read_text() == "a,b\n"
    (ledger.parent / "contracts.toml").write_text("# newer\n")
    (note,) = restored(backup, ledger).notes
    assert "differs from the backup and was not changed" in note
    assert (ledger.parent / "contracts.toml").read_text() == "# newer\n"
    assert (ledger.parent / "contracts.toml.backup-20261125T021500Z").read_text() == CONTRACT


def test_two_restores_within_a_second_keep_both_ledgers(ledger: Path, tmp_path: Path) -> None:
    backup = made(ledger, tmp_path / "b").path
    first, second = restored(backup, ledger).previous, restored(backup, ledger).previous
    assert first is not None
    assert second == first.with_name(f"{first.name}-2")


@pytest.mark.parametrize("damage", ["cut", "flipped", "longer"])
def test_a_damaged_file_is_reported_and_changes_nothing(ledger: Path, tmp_path: Path, damage: str) -> None:
    good = made(ledger, tmp_path / "b").path.read_bytes()
    before = rows(ledger)
    rng = random.Random(damage)
    for at in [*rng.sample(range(len(good)), 60), 0, 5, len(good) - 1, len(good) - 40]:
        bad = {
            "cut": good[:at],
            "flipped": good[:at] + bytes([good[at] ^ 1 << rng.randrange(8)]) + good[at + 1 :],
            "longer": good[:at] + b"x" + good[at:],
        }[damage]
        (tmp_path / "bad").write_bytes(bad)
        for use in (verify, lambda path: restored(path, ledger)):
            with pytest.raises(BackupError, match=r"truncated|damaged|is not a backup|has format|cannot be read"):
                use(tmp_path / "bad")
    assert rows(ledger) == before
    assert not list(ledger.parent.glob("*restor*"))


def test_a_disk_that_reads_back_other_bytes_is_detected_at_once(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = made(ledger, tmp_path / "b").path.read_bytes()

    def flip_a_bit(file: BinaryIO) -> None:
        file.seek(len(before) // 2)
        file.write(b"?")
        file.flush()

    monkeypatch.setattr(create, "_flush_to_disk", flip_a_bit)
    with pytest.raises(BackupError, match="damaged"):
        made(ledger, tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == before
    assert {each.name for each in tmp_path.iterdir()} == {"nas", "b"}


def test_damage_with_a_valid_checksum_is_found_in_the_rows(ledger: Path, tmp_path: Path) -> None:
    lines = made(ledger, tmp_path / "b").path.read_bytes().split(b"\n", 2)
    content = lzma.decompress(lines[2][:-73])
    at = content.index(b'"table":"label_seen"')
    records = content[at:].split(b"\n", 2)
    for other in (content[:at] + records[0] + b"\n" + records[2], content[: content.rindex(b'{"end"')]):
        body = b"\n".join([*lines[:2], lzma.compress(other)])
        (tmp_path / "bad").write_bytes(body + b"\nsha256 " + hashlib.sha256(body).hexdigest().encode() + b"\n")
        with pytest.raises(BackupError, match="rows are missing"):
            verify(tmp_path / "bad")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (b"format 1\n", b"format 2\n", "has format 2; this program reads formats up to 1: upgrade it"),
        (
            b'"schema":%d' % SCHEMA_VERSION,
            b'"schema":9',
            r"version 9, created by tictally .*; this program reads versions up to \d+: upgrade",
        ),
    ],
)
def test_a_backup_of_a_newer_version_is_rejected(
    ledger: Path, tmp_path: Path, old: bytes, new: bytes, sentence: str
) -> None:
    backup = made(ledger, tmp_path / "b").path
    backup.write_bytes(backup.read_bytes().replace(old, new, 1))
    before = rows(ledger)
    with pytest.raises(BackupError, match=sentence):
        restored(backup, ledger)
    assert rows(ledger) == before


def test_a_backup_of_a_pre_release_version_is_rejected(ledger: Path, tmp_path: Path) -> None:
    backup = made(ledger, tmp_path / "b").path
    backup.write_bytes(backup.read_bytes().replace(b"backup, format 1\n", b"backup, form 1\n", 1))
    before = rows(ledger)
    for use in (verify, lambda path: restored(path, ledger)):
        with pytest.raises(BackupError, match="is of a pre-release version, which this program cannot read"):
            use(backup)
    assert rows(ledger) == before


def test_a_recorder_that_holds_the_ledger_is_not_disturbed(ledger: Path, tmp_path: Path) -> None:
    backup = made(ledger, tmp_path / "b").path
    with Ledger.open(ledger), pytest.raises(BackupError, match=r"in use by process \d+: stop that recorder first"):
        restored(backup, ledger)


def test_a_restore_beside_a_reader_of_the_old_ledger_is_rejected(ledger: Path, tmp_path: Path) -> None:
    contracts = ledger.parent / "contracts.toml"
    contracts.write_text("# mine\n")
    backup = made(ledger, tmp_path / "b").path
    contracts.unlink()
    with closing(sqlite3.connect(ledger, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT * FROM meter").fetchone()
        with pytest.raises(BackupError, match="another process reads the ledger"):
            restored(backup, ledger)
    assert not contracts.exists()
    assert "was restored" in restored(backup, ledger).notes[0]
    assert contracts.read_text() == "# mine\n"


def test_a_configuration_file_that_cannot_be_restored_is_reported(ledger: Path, tmp_path: Path) -> None:
    contracts = ledger.parent / "contracts.toml"
    contracts.write_text("# mine\n")
    backup = made(ledger, tmp_path / "b").path
    contracts.unlink()
    contracts.mkdir()
    done = restored(backup, ledger)
    assert done.previous is not None
    assert "The ledger is restored, but one of its configuration files is not" in done.notes[0]


def test_a_damaged_ledger_is_preserved_with_its_log(ledger: Path, tmp_path: Path) -> None:
    backup = made(ledger, tmp_path / "b").path
    whole = rows(ledger)["frame_number"]
    ledger.write_bytes(b"rubbish" * 1000)
    ledger.with_name("ledger.sqlite-wal").write_bytes(b"log")
    done = restored(backup, ledger)
    assert done.previous is not None
    assert done.previous.read_bytes() == b"rubbish" * 1000
    assert done.previous.with_name(f"{done.previous.name}-wal").read_bytes() == b"log"
    assert rows(ledger)["frame_number"] == whole


def test_the_log_of_a_killed_recorder_is_preserved_too(ledger: Path, tmp_path: Path) -> None:
    backup = made(ledger, tmp_path / "b").path
    other = tmp_path / "other" / "ledger.sqlite"
    other.parent.mkdir()
    with Ledger.open(ledger) as opened:
        opened.store([message(frame(5000, NOON_MS + 10**9, {"EAST": 9_000_000}))])
        for suffix in ("", "-wal"):  # as after a power cut
            shutil.copy(f"{ledger}{suffix}", f"{other}{suffix}")
        before = rows(ledger)
    done = restored(backup, other)
    assert done.previous is not None
    assert rows(done.previous) == before
    assert (5000, 5000) in {row[1:3] for row in before["frame_number"]}
    assert (5000, 5000) not in {row[1:3] for row in rows(other)["frame_number"]}


def test_only_a_backup_is_overwritten(ledger: Path, tmp_path: Path) -> None:
    first = made(ledger, tmp_path / "b").path.read_bytes()
    assert made(ledger, tmp_path / "b").path.read_bytes() == first
    with pytest.raises(BackupError, match="exists and is not a backup"):
        made(ledger, ledger)
    with pytest.raises(BackupError, match="is its disk or share mounted"):
        made(ledger, tmp_path / "away" / "b")
    assert not (tmp_path / "away").exists()


def test_a_file_with_another_name_is_not_restored(ledger: Path, tmp_path: Path) -> None:
    for name in ("../evil", "tariffs/../../evil", "tariffs/.hidden", "/etc/passwd", "tariffs"):
        with pytest.raises(BackupError, match="a file with an unexpected name"):
            restore_file(ledger.parent / "contracts.toml", tmp_path / "tariffs", name, b"", NOW)
