"""Files as people have them: saved again, packed, cut short, spoiled. Each is read right, or not at all."""

import gzip
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from good_files import GOOD_FILES
from imported_files import half_hours, load_curve_xlsx, local, read
from ledger_building import METER

from tictally_recorder.cli.app import main
from tictally_recorder.imports.errors import ImportFileError
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_recorder.translations import catalogue

TABLES = sorted(GOOD_FILES.keys() - {"linkystat", "meterit_dump", "tic"})
OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def zipped(*members: tuple[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return content.getvalue()


def delimiter_of(text: str) -> str:
    return max(";,", key=text.splitlines()[-1].count)


def quoted(text: str) -> str:
    delimiter = delimiter_of(text)
    rows = ([cell.strip('"') for cell in row.split(delimiter)] for row in text.splitlines())
    return "".join(delimiter.join(f'"{cell}"' for cell in row) + "\n" for row in rows)


SAVED_AGAIN: dict[str, Callable[[str], bytes]] = {
    "byte order mark": lambda text: text.encode("utf-8-sig"),
    "Latin-1": lambda text: text.encode("latin-1"),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16, big-endian": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "CR LF": lambda text: text.replace("\n", "\r\n").encode(),
    "blank rows before": lambda text: f"\n \n{text}".encode(),
    "blank rows behind": lambda text: f"{text}\n\n  \n".encode(),
    "gzip": lambda text: gzip.compress(text.encode()),
    "gzip of UTF-16": lambda text: gzip.compress(text.encode("utf-16")),
    "zip": lambda text: zipped(("a.csv", text.encode())),
    "zip of a Mac": lambda text: zipped(
        (".DS_Store", b"\0\1"), ("__MACOSX/._a.csv", b"\0"), ("b/a.csv", text.encode()), ("b/Thumbs.db", b"\0")
    ),
}
TABLES_SAVED_AGAIN: dict[str, Callable[[str], bytes]] = {
    "CR": lambda text: text.replace("\n", "\r").encode(),
    "tabs": lambda text: text.replace(delimiter_of(text), "\t").encode(),
    "empty cells behind": lambda text: (text + delimiter_of(text) * 5 + "\n").encode(),
    "quotes": lambda text: quoted(text).encode(),
    "no last line feed": lambda text: text.rstrip("\n").encode(),
}


def written(folder: Path, data: bytes, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", GOOD_FILES)
def test_a_file_that_was_saved_again_is_read_as_before(tmp_path: Path, name: str) -> None:
    good = GOOD_FILES[name]
    (expected,) = read(written(tmp_path, good.encode()))
    forms = SAVED_AGAIN | (TABLES_SAVED_AGAIN if name in TABLES else {})
    for form, spoil in forms.items():
        (found,) = read(written(tmp_path, spoil(good)))
        assert (form, set(found.file.observations)) == (form, set(expected.file.observations))
        assert (form, found.file.temperatures) == (form, expected.file.temperatures)


SPOILED: dict[str, tuple[Callable[[str], bytes], str]] = {
    "empty": (lambda _: b"", "no values"),
    "blank": (lambda _: b" \r\n\n", "no values"),
    "cut gzip": (lambda text: gzip.compress(text.encode())[:-12], "ends too early"),
    "zeros": (lambda text: text[: len(text) // 2].encode() + b"\0" * 99 + text[len(text) // 2 :].encode(), "."),
    "gzip in gzip": (lambda text: gzip.compress(gzip.compress(text.encode())), "unpack it"),
    "zip in zip": (lambda text: zipped(("a.zip", zipped(("a.csv", text.encode())))), "unpack it"),
    "zip in gzip": (lambda text: gzip.compress(zipped(("a.csv", text.encode()))), "unpack it"),
    "7z": (lambda _: b"7z\xbc\xaf\x27\x1c" + bytes(99), "unpack it"),
    "with a note": (lambda text: zipped(("a.csv", text.encode()), ("readme.txt", b"hello")), "readme.txt: no importer"),
    "old spreadsheet": (lambda _: OLE + bytes(999), "save it as XLSX"),
    "protected spreadsheet": (lambda _: OLE + bytes(999) + "EncryptedPackage".encode("utf-16-le"), "needs a password"),
    "OpenDocument": (lambda _: zipped(("mimetype", b"x"), ("content.xml", b"<x/>")), "save it as XLSX"),
}


@pytest.mark.parametrize("form", SPOILED)
@pytest.mark.parametrize("name", ["enedis_csv", "linkystat", "meterit_csv"])
def test_a_spoiled_file_is_a_sentence_in_both_languages(tmp_path: Path, name: str, form: str) -> None:
    spoil, problem = SPOILED[form]
    with pytest.raises(ImportFileError, match=problem) as caught:
        read(written(tmp_path, spoil(GOOD_FILES[name])))
    english, french = (catalogue(language).phrase(caught.value.problem) for language in ("en", "fr"))
    assert english != french
    assert {english, french}.isdisjoint({str(caught.value.problem.code), ""})


ROWS: dict[str, tuple[str, Callable[[str], str], str]] = {
    "appended": ("enedis_csv", lambda text: text + text, "line 101: another file begins here"),
    "appended registers": ("enedis_csv_registers", lambda text: text + text, "line 13: another file begins here"),
    "cut value": ("enedis_csv", lambda text: text[: text.index(";450") + 3], "line 54: it ends too early"),
    "cut registers": ("enedis_csv_registers", lambda text: text[:-6], "line 11: it ends too early"),
    "cut EDF registers": ("edf_registers", lambda text: text[:-5], "line 12: it ends too early"),
    "cut export": ("tictally", lambda text: text[:-5], "line 25: a column is missing"),
    "cut dump": ("linkystat", lambda text: text[:-5], "line 2: it ends too early"),
    "cut copy": ("meterit_dump", lambda text: text[:-20], "line 242: it ends too early"),
    "kW as W": ("enedis_csv", lambda text: text.replace(";400\n", ";400000\n"), "line 4: .* 400000 W"),
    "point and comma": (
        "enedis_csv",
        lambda text: text.replace(";400\n", ";1.400,5\n"),
        "line 4: 1.400,5 is not a number",
    ),
    "month first": ("totalenergies", lambda text: text.replace("05/01/2026", "01/25/2026"), "line 1: 01/25/2026"),
    "a skipped hour": ("edf", lambda text: text.replace("05/01/2026", "29/03/2026"), "2026-03-29 02:30"),
    "falling": ("meterit_csv", lambda text: text.replace(",739,", ",-739,"), "line 241: the value is negative"),
    "twice": ("enedis_csv", lambda text: text + text.splitlines()[-1][:-1] + "9\n", "line 100: this time has another"),
    "dump twice": ("linkystat", lambda text: text + text, "line 4: the time is not after"),
    "two meters": ("tic", lambda text: text + text.splitlines()[0].replace(METER, "021900000009") + "\n", "line 21: "),
    "two points": (
        "enedis_csv",
        lambda text: text + "09111642617348;Courbe de charge;1;2;3;4;5;W;\n",
        "line 100: another file begins here",
    ),
}


@pytest.mark.parametrize("case", ROWS)
def test_a_wrong_row_is_named_with_its_line(tmp_path: Path, case: str) -> None:
    name, spoil, problem = ROWS[case]
    with pytest.raises(ImportFileError, match=problem):
        read(written(tmp_path, spoil(GOOD_FILES[name]).encode()))


def test_columns_may_have_another_order(tmp_path: Path) -> None:
    lines = GOOD_FILES["enedis_csv"].splitlines()
    swapped = [*lines[:2], *(";".join(reversed(line.split(";"))) for line in lines[2:])]
    (expected,), (found,) = (read(written(tmp_path, "\n".join(each).encode())) for each in (lines, swapped))
    assert found.file.observations == expected.file.observations


def test_what_is_no_file_is_a_sentence_and_nothing_waits(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for name, problem in (("", "this is a folder"), ("pipe", "pipe or a device"), ("loop", "loop"), ("none", "none")):
        with pytest.raises(ImportFileError, match=problem):
            read(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_a_sentence(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD_FILES["enedis_csv"].encode())
    path.chmod(0)
    with pytest.raises(ImportFileError, match="Permission denied"):
        read(path)


def test_spreadsheets_with_macros_are_refused_and_cut_ones_too(tmp_path: Path) -> None:
    path = load_curve_xlsx(tmp_path / "a.xlsx", half_hours(local(2026, 1, 5), ["0,5"] * 48))
    whole = path.read_bytes()
    assert len(read(path)[0].file.observations) == 48
    for at in range(1, 10):
        with pytest.raises(ImportFileError):
            read(written(tmp_path, whole[: len(whole) * at // 10], "cut.xlsx"))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")
    with pytest.raises(ImportFileError, match="macros"):
        read(path)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_nothing_of_any_file_lands_where_one_is_wrong(
    tmp_path: Path, language: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = tmp_path / "ledger.sqlite"
    Ledger.open(ledger).close()
    monkeypatch.setenv("TICTALLY_LEDGER", str(ledger))
    monkeypatch.setenv("TICTALLY_LANGUAGE", language)
    good = written(tmp_path, GOOD_FILES["enedis_csv"].encode(), "good.csv")
    wrong = written(tmp_path, GOOD_FILES["tictally"][:-5].encode(), "wrong.csv")
    assert main(["import", str(good), str(wrong), "--site", METER]) == 1
    shown = capsys.readouterr().err
    assert f"{wrong}" in shown.replace("\n", "")
    assert catalogue(language).text("import_text.not_imported") in " ".join(shown.split())
    with LedgerReader.open(ledger) as reader:
        assert (reader.import_runs(), reader.sites()) == ([], [])
