"""Files of Enedis' customer space: load curves and daily figures, as CSV and as XLSX."""

import io
import zipfile
from datetime import UTC, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from enedis_files import NAMES, TITLE, VALUES, lines_of, write
from imported_files import PARIS, energies, half_hours, load_curve_xlsx, local, observations, read, readings, shown

from tictally_recorder.imports.errors import ImportFileError

SHARED = Path(__file__).parents[3] / "shared" / "data" / "enedis"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="the real files are not here")


def curve(path: Path, lines: list[str]) -> list[tuple[str, ...]]:
    return shown(observations(write(path / "curve.csv", lines)))


def test_a_power_is_of_the_step_that_ends_at_its_stamp(tmp_path: Path) -> None:
    found = curve(tmp_path, lines_of(local(2026, 1, 5).replace(tzinfo=PARIS), [330, 601]))
    assert found == [
        ("EAST", "2026-01-04T23:00", "2026-01-04T23:30", "165"),
        ("EAST", "2026-01-04T23:30", "2026-01-05T00:00", "300.5"),
    ]


def test_a_power_without_value_is_no_zero(tmp_path: Path) -> None:
    found = curve(tmp_path, lines_of(local(2026, 1, 5).replace(tzinfo=PARIS), [330, "", 600]))
    assert [each[1][-5:] for each in found] == ["23:00", "00:00"]


def test_both_clock_changes_have_their_hours(tmp_path: Path) -> None:
    for day, hours in ((local(2026, 3, 29), 23), (local(2026, 10, 25), 25)):
        found = energies(
            observations(
                write(tmp_path / "a.csv", lines_of(day.replace(tzinfo=PARIS).astimezone(UTC), [100] * 2 * hours))
            )
        )
        assert sum(each.watt_minutes for each in found) == hours * 100 * 60
        assert found[-1].end_ms - found[0].start_ms == hours * 3_600_000


def test_a_step_that_changes_within_a_file_is_followed(tmp_path: Path) -> None:
    start = local(2026, 1, 5).replace(tzinfo=PARIS)
    lines = lines_of(start, [100] * 4, 60)
    lines += lines_of(start + timedelta(hours=4), [200] * 6, 30)[3:]
    lines += lines_of(start + timedelta(hours=7), [300] * 6, 10)[3:]
    found = energies(observations(write(tmp_path / "a.csv", lines)))
    assert [(each.end_ms - each.start_ms) // 60_000 for each in found] == [60] * 4 + [30] * 6 + [10] * 6


def test_a_missing_row_does_not_make_the_next_one_longer(tmp_path: Path) -> None:
    lines = lines_of(local(2026, 1, 5).replace(tzinfo=PARIS), [100] * 12, 10)
    del lines[7]
    found = energies(observations(write(tmp_path / "a.csv", lines)))
    assert {(each.end_ms - each.start_ms) // 60_000 for each in found} == {10}
    assert len(found) == 11


def test_rows_in_any_order_and_twice_are_the_same(tmp_path: Path) -> None:
    lines = lines_of(local(2026, 1, 5).replace(tzinfo=PARIS), range(100, 110))
    assert curve(tmp_path, [*lines[:3], *reversed(lines[3:]), *lines[5:]]) == curve(tmp_path, lines)


def test_injection_is_its_own_register(tmp_path: Path) -> None:
    lines = lines_of(local(2026, 1, 5).replace(tzinfo=PARIS), [330, 601])
    lines[1] = lines[1].replace("Consommation", "Production")
    assert {each[0] for each in curve(tmp_path, lines)} == {"EAIT"}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("2026-01-05T00:30:00+01:00;12 W", "line 4: 12 W is not a number"),
        ("05/01/2026 00:30;12", "line 4: 05/01/2026 00:30 is not a date or time of this format"),
        ("2026-01-05T00:30:00;12", "line 4: 2026-01-05T00:30:00 is not a date or time of this format"),
        ("2026-01-05T00:30:00+01:00;-3", "line 4: the value is negative"),
        (
            "2026-01-05T00:30:00+01:00;330000",
            "line 4: a mean power of 330000 W is above 250 kW; check the unit, kW or W",
        ),
    ],
)
def test_a_wrong_row_is_named_with_its_line(tmp_path: Path, row: str, problem: str) -> None:
    with pytest.raises(ImportFileError, match=problem):
        curve(tmp_path, [NAMES, VALUES, TITLE, row])


def test_two_values_of_one_time_are_an_error(tmp_path: Path) -> None:
    lines = lines_of(local(2026, 1, 5).replace(tzinfo=PARIS), [330, 601])
    with pytest.raises(ImportFileError, match="line 6: this time has another value in line 5"):
        curve(tmp_path, [*lines, lines[-1].replace("601", "602")])


def test_another_unit_is_an_error_and_kilowatts_are_none(tmp_path: Path) -> None:
    lines = lines_of(local(2026, 1, 5).replace(tzinfo=PARIS), ["0,330", "0.601"])
    lines[1] = lines[1].replace(";W;", ";kW;")
    assert [each[-1] for each in curve(tmp_path, lines)] == ["165", "300.5"]
    lines[1] = lines[1].replace(";kW;", ";BTU;")
    with pytest.raises(ImportFileError, match="line 2: the unit is BTU; it must be W, kW, Wh or kWh"):
        curve(tmp_path, lines)


REGISTERS = [
    "Identifiant PRM;Type de donnees;Date de debut;Date de fin;Grandeur physique;Grandeur metier;Etape metier;Unite",
    "09111642617347;Index;01/01/2026;03/01/2026;Energie active;Consommation;Comptage Brut;Wh",
    "Horodate;Type de releve;EAS F1;EAS F2;EAS F3;EAS D1;EAS D2;EAS T",
    "2026-01-01T00:00:00+01:00;Arrêté quotidien;1000;2000;0;1500;1500;3000",
    "2026-01-02T00:00:00+01:00;Arrêté quotidien;1100;2300;0;1600;1800;3400",
]
PERIODS = """\
Periode;Identifiant calendrier fournisseur;Libelle calendrier fournisseur;Identifiant classe temporelle 1;\
Libelle classe temporelle 1;Cadran classe temporelle 1
Du 2026-01-01T00:00:00+01:00 au 2026-01-03T00:00:00+01:00;FC0001;HPHC;HC;Heures Creuses;EAS F1;HP;Heures Pleines;\
EAS F2""".splitlines()


def test_daily_registers_are_readings_of_the_registers_that_ever_counted(tmp_path: Path) -> None:
    found = curve(tmp_path, REGISTERS)
    assert found == [
        ("EASF01", "2025-12-31T23:00", "1000"),
        ("EASF02", "2025-12-31T23:00", "2000"),
        ("EAST", "2025-12-31T23:00", "3000"),
        ("EASF01", "2026-01-01T23:00", "1100"),
        ("EASF02", "2026-01-01T23:00", "2300"),
        ("EAST", "2026-01-01T23:00", "3400"),
    ]


def test_registers_whose_periods_are_named_show_them(tmp_path: Path) -> None:
    found = readings(observations(write(tmp_path / "a.csv", REGISTERS + PERIODS)))
    assert {each.register for each in found} == {"HCHC", "HCHP", "EAST"}


def test_a_spreadsheet_of_a_load_curve_has_local_times_and_kilowatts(tmp_path: Path) -> None:
    path = load_curve_xlsx(tmp_path / "a.xlsx", half_hours(local(2026, 1, 5), ["0,612", "NA", "1,3"]))
    assert shown(observations(path)) == [
        ("EAST", "2026-01-04T23:00", "2026-01-04T23:30", "306"),
        ("EAST", "2026-01-05T00:00", "2026-01-05T00:30", "650"),
    ]


def test_a_spreadsheet_has_both_clock_changes(tmp_path: Path) -> None:
    for day, hours in ((local(2026, 3, 29), 23), (local(2026, 10, 25), 25)):
        path = load_curve_xlsx(tmp_path / f"{hours}.xlsx", half_hours(day, ["0,1"] * 2 * hours))
        found = energies(observations(path))
        assert [each.end_ms - each.start_ms for each in found] == [1_800_000] * 2 * hours
        assert all(one.end_ms == other.start_ms for one, other in pairwise(found))


def test_a_spreadsheet_with_macros_or_without_enedis_columns_is_refused(tmp_path: Path) -> None:
    path = load_curve_xlsx(tmp_path / "a.xlsx", [])
    with pytest.raises(ImportFileError, match="it has no values"):
        read(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")
    with pytest.raises(ImportFileError, match="it contains macros"):
        read(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ImportFileError, match="ends too early or is damaged"):
        read(path)


@needs_shared
def test_the_real_year_adds_up() -> None:
    path = SHARED / "load_curve_30min_one_year.csv"
    found = energies(observations(path))
    rows = [line.split(";") for line in path.read_text("utf-8-sig").splitlines()[3:]]
    assert len(found) == len([value for _, value in rows if value]) == 17_520
    assert sum(each.watt_minutes for each in found) == sum(int(value) for _, value in rows if value) * 30


@needs_shared
def test_the_real_spreadsheets_are_read() -> None:
    (curve_file,) = SHARED.glob("*courbe*.xlsx")
    (daily,) = SHARED.glob("*quotidienne*.xlsx")
    found = energies(observations(curve_file))
    assert len(found) == 7 * 48 - 1
    assert {each.end_ms - each.start_ms for each in found} == {1_800_000}
    days = energies(observations(daily))
    assert [each.watt_minutes // 60 for each in days] == [25_247, 23_720, 33_967, 20_943, 34_168, 41_348, 35_111]
    (one,) = read(daily)
    assert one.file.delivery_point == "09999999999999"


def test_files_in_archives_are_read_member_by_member(tmp_path: Path) -> None:
    lines = "\n".join(lines_of(local(2026, 1, 5).replace(tzinfo=PARIS), [330, 601]))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", lines)
        archive.writestr("b.csv", lines.replace("330", "331"))
        archive.writestr("same.csv", lines)
    path = tmp_path / "all.zip"
    path.write_bytes(content.getvalue())
    assert [each.file.name for each in read(path)] == ["all.zip, a.csv", "all.zip, b.csv"]
