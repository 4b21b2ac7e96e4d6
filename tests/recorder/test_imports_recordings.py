"""Recordings of the TIC line and EDF's registers, as they are imported."""

import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from imported_files import PARIS, local, observations, read, readings, shown
from ledger_building import METER

from tictally_recorder.cli.app import main
from tictally_recorder.features import settings_with
from tictally_recorder.imports import tic
from tictally_recorder.imports.errors import ImportFileError
from tictally_recorder.imports.outcome import import_files
from tictally_recorder.ledger import Ledger, LedgerReader, RegisterReading

CAPTURES = Path(__file__).parents[3] / "shared" / "captures"
STANDARD = CAPTURES / "standard_mono_base_linky.bin"
HISTORIQUE = CAPTURES / "historique_mono_hc.bin"
needs_captures = pytest.mark.skipif(not CAPTURES.is_dir(), reason="there are no captures")


def decoded(*frames: dict[str, Any]) -> str:
    """Frames as `tictally-edge decode` prints them."""
    about = {"mode": "standard", "meter": METER, "complete": True, "rejected": {}}
    return "".join(json.dumps({**about, **frame}) + "\n" for frame in frames)


def frame(at: datetime, wh: int) -> dict[str, Any]:
    moment = at.replace(tzinfo=PARIS).isoformat()
    values = {"EAST": wh, "EASF01": wh, "EASF02": 0, "SINSTS": 900, "LTARF": "BASE"}
    return {"at": 0.0, "values": values, "dated": {"DATE": moment}}


def test_of_each_quarter_hour_the_first_and_the_last_frame_are_imported(tmp_path: Path) -> None:
    path = tmp_path / "frames.json"
    start = local(2026, 1, 5, 10, 0, 0)
    path.write_text(decoded(*(frame(start + n * timedelta(minutes=4), 1000 + n) for n in range(6))))
    assert sorted(shown(observations(path))) == [
        (register, f"2026-01-05T{at}", str(wh))
        for register in ("EASF01", "EAST")
        for at, wh in (("09:00", 1000), ("09:12", 1003), ("09:16", 1004), ("09:20", 1005))
    ]


def test_the_time_of_a_published_frame_comes_before_the_meters_clock(tmp_path: Path) -> None:
    path = tmp_path / "frames.json"
    path.write_text(decoded({**frame(local(2026, 1, 5, 10), 1), "time": "2026-01-05T09:00:07.250Z"}))
    assert {each.time_ms for each in readings(observations(path))} == {1_767_603_607_000}


@needs_captures
def test_a_raw_recording_is_decoded_by_the_edge_whatever_it_is_packed_in(tmp_path: Path) -> None:
    packed = tmp_path / "line.bin.gz"
    packed.write_bytes(gzip.compress(STANDARD.read_bytes()))
    (whole,) = read(packed)
    found = readings(whole.file.observations)
    assert RegisterReading("EAST", 1_677_658_714_000, 11_887_649) in found
    assert {each.register for each in found} == {"EAST", "EASF01"}
    assert (whole.importer.name, whole.file.meter, whole.file.delivery_point) == (
        "tic",
        "021900000002",
        "09900000000003",
    )


@needs_captures
def test_a_recording_of_historique_mode_needs_its_start(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match="set TICTALLY_TIC_START to when the recording began"):
        read(HISTORIQUE)
    with_parity = tmp_path / "parity.bin"
    with_parity.write_bytes(bytes(each | 0x80 * (each.bit_count() % 2) for each in HISTORIQUE.read_bytes()))
    found = readings(observations(with_parity, tic_start="2026-01-05T20:00"))
    began = local(2026, 1, 5, 20).replace(tzinfo=PARIS).timestamp() * 1000
    assert {each.register for each in found} == {"HCHC", "HCHP"}
    # 14 110 characters of ten bits at 1200 baud.
    assert all(began <= each.time_ms < began + 120_000 for each in found)


@needs_captures
def test_a_raw_recording_without_the_edge_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tic, "find_spec", lambda _: None)
    with pytest.raises(ImportFileError, match="pipx inject tictally-recorder tictally-edge"):
        read(STANDARD)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{}", "line 2: this is not a frame"),
        ("[1, 2", "line 2: this is not a frame"),
        (
            decoded({"meter": "021900000009", "values": {}, "dated": {"DATE": "2026-01-05T10:00:00+01:00"}}),
            "two meters",
        ),
        (decoded({"values": {}, "dated": {"DATE": "yesterday"}}), "yesterday is not a date or time"),
        (decoded({"values": {"EAST": 1}, "dated": {}}), "set TICTALLY_TIC_START"),
    ],
)
def test_a_line_that_is_no_frame_is_named(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "frames.json"
    path.write_text(decoded(frame(local(2026, 1, 5, 10), 1)) + line)
    with pytest.raises(ImportFileError, match=problem):
        read(path)


def test_a_recording_goes_to_the_site_of_its_meter(tmp_path: Path) -> None:
    path, ledger = tmp_path / "frames.json", tmp_path / "ledger.sqlite"
    Ledger.open(ledger).close()
    settings = settings_with(name="nas", ledger=ledger)
    start = local(2026, 1, 5, 10)
    path.write_text(decoded(frame(start, 1000), frame(start + timedelta(hours=2), 1500)))
    now = datetime(2026, 1, 6, tzinfo=PARIS)
    outcome = import_files(settings, read(path), None, now, is_dry_run=False)
    assert (outcome.run.site, outcome.is_new_site) == (METER, True)
    path.write_text(decoded({**frame(start, 1), "meter": "021900000009"}))
    with pytest.raises(ImportFileError, match=f"021900000009, which belongs to no site; .* --site: {METER}"):
        import_files(settings, read(path), None, now, is_dry_run=False)
    assert import_files(settings, read(path), METER, now, is_dry_run=False).run.site == METER


HEADING = "Date de relevé de l'index;Type d'index;{}"
GIVEN = "Index transmis par le distributeur"


def registers(path: Path, columns: str, *rows: str) -> Path:
    file = path / "mes-index-elec.csv"
    text = "\r\n".join(["", "Récapitulatif de mes index", "", HEADING.format(columns), *rows, ""])
    file.write_text(text, encoding="latin-1")
    return file


def test_edf_registers_are_readings_at_the_beginning_of_their_days(tmp_path: Path) -> None:
    columns = "Index Heures pleines (kWh);Index Heures creuses (kWh)"
    rows = [
        f"03/01/2026;{GIVEN};1 010;520",
        f"02/01/2026;{GIVEN};1004;517",
        f"02/01/2026;{GIVEN};1004;517",
        "01/01/2026;Index estimé;999;511",
    ]
    path = registers(tmp_path, columns, *rows)
    assert shown(observations(path)) == [
        ("HCHP", "2026-01-02T23:00", "1010000"),
        ("HCHC", "2026-01-02T23:00", "520000"),
        ("HCHP", "2026-01-01T23:00", "1004000"),
        ("HCHC", "2026-01-01T23:00", "517000"),
    ]
    assert shown(observations(path, edf_registers_read_at="end"))[0] == ("HCHP", "2026-01-03T23:00", "1010000")


def test_edf_registers_of_tempo_and_base_have_their_own_names(tmp_path: Path) -> None:
    colours = ("Bleu", "Blanc", "Rouge")
    columns = ";".join(f"Index Heures {kind} {each} (kWh)" for each in colours for kind in ("Creuses", "Pleines"))
    path = registers(tmp_path, columns, f"02/01/2026;{GIVEN};1;2;3;4;5;6")
    names = ["BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"]
    assert [each.register for each in readings(observations(path))] == names
    base = registers(tmp_path, "Index Base (kWh)", f"02/01/2026;{GIVEN};12,5")
    assert shown(observations(base)) == [("BASE", "2026-01-01T23:00", "12500")]


@pytest.mark.parametrize(
    ("columns", "row", "problem"),
    [
        ("Index Heures vertes (kWh)", "02/01/2026;x;1", "which tariff period the column Index Heures vertes"),
        ("Index Base (kWh)", "02/13/2026;x;1", "line 5: 02/13/2026 is not a date"),
        ("Index Base (kWh)", "02/01/2026;x;1.2.3", "line 5: 1.2.3 is not a number"),
        ("Index Base (kWh)", "02/01/2026;x;-4", "line 5: the value is negative"),
        ("Index Base (kWh)", "02/01/2026;x;4\r\n02/01/2026;x;5", "line 6: this time has another value in line 5"),
        ("Index Base (m3)", "02/01/2026;x;4", "a column is missing"),
    ],
)
def test_wrong_registers_of_edf_are_an_error(tmp_path: Path, columns: str, row: str, problem: str) -> None:
    with pytest.raises(ImportFileError, match=problem):
        read(registers(tmp_path, columns, row))


def test_registers_of_edf_give_each_days_energy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = tmp_path / "ledger.sqlite"
    monkeypatch.setenv("TICTALLY_LEDGER", str(ledger))
    Ledger.open(ledger).close()
    columns = "Index Heures pleines (kWh);Index Heures creuses (kWh)"
    path = registers(tmp_path, columns, *(f"{n:02}/01/2026;{GIVEN};{1000 + 4 * n};{500 + 3 * n}" for n in (3, 2, 1)))
    assert main(["import", str(path), "--site", METER]) == 0
    capsys.readouterr()
    assert main(["energy", "--from", "2026-01-01", "--to", "2026-01-03", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {(row["from"][:10], row["register"]): row["energy"] for row in rows} == {
        (day, register): wh for day in ("2026-01-01", "2026-01-02") for register, wh in (("HCHC", 3000), ("HCHP", 4000))
    }
    with LedgerReader.open(ledger) as reader:
        assert len(reader.import_runs()) == 1
