"""Bundled tariffs, and the user's files that replace or extend them."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tictally_recorder.tariffs.catalogue import TariffCatalogue, load_catalogue
from tictally_recorder.tariffs.errors import UnknownTariff
from tictally_recorder.tariffs.model import Confidence, Price

OWN = """\
id = "{id}"
supplier = "Somebody"
currency = "EUR"
periods = ["BASE"]
names.en = "A list"
[[version]]
from = 2026-01-01
confidence = "own"
source = "the contract"
energy.BASE = {{ ttc = "0.18" }}
subscription = "10"
"""
OVERLAY = """\
id = "edf-bleu-base"
overlay = true
[[version]]
from = {start}
confidence = "own"
source = "a bill"
energy.BASE = {{ ttc = "{price}" }}
power.6.subscription = "16"
"""
SHIPPED = load_catalogue()


def catalogue(folder: Path, **files: str) -> TariffCatalogue:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text)
    return load_catalogue(folder)


def hashes(of: TariffCatalogue, tariff_id: str) -> dict[date, str]:
    return {version.start: version.hash for version in of.tariff(tariff_id).versions}


def test_without_a_folder_the_bundled_tariffs_are_loaded() -> None:
    assert sorted(SHIPPED.tariffs) == ["edf-bleu-base", "edf-bleu-ejp", "edf-bleu-hphc", "edf-bleu-tempo"]
    assert SHIPPED.errors == ()


def test_a_missing_folder_is_no_error(tmp_path: Path) -> None:
    assert load_catalogue(tmp_path / "none") == SHIPPED


def test_an_unreadable_folder_is_reported(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 300)  # unreadable even for root
    (error,) = load_catalogue(folder).errors
    assert error.sentence == "it cannot be read: File name too long"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('periods = ["BASE"]', 'series = "a\\u0000b"', "it cannot be read: embedded null byte"),
        ('"10"', "9" * 5000, "it cannot be used: Exceeds the limit (4300 digits)"),
        ('"10"', "0x" + "9" * 5000, "subscription is 238816"),
        ('"10"', "[" * 5000 + "]" * 5000, "it cannot be used: maximum recursion depth exceeded"),
        (
            '"10"',
            '"1e999999999"',
            (
                "subscription is 1E+999999999: more than 500 a month is taken for a slip; "
                "check the decimal point and the unit"
            ),
        ),
        ('"10"', '"1e-999999999"', "subscription has more than 8 decimals"),
        ("subscription", f"power.{'9' * 5000}.subscription", "'99999999999999999999' is not a subscribed power"),
    ],
)
def test_absurd_values_are_reported_like_other_errors(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    text = OWN.format(id="mine")
    if "series" in new:
        text = text.replace('energy.BASE = { ttc = "0.18" }', "")
    (error,) = catalogue(tmp_path, mine=text.replace(old, new)).errors
    assert error.file == str(tmp_path / ("a\0b" if "series" in new else "mine.toml"))
    assert error.sentence.startswith(sentence)


def test_a_users_tariff_is_added_to_the_bundled_ones(tmp_path: Path) -> None:
    found = catalogue(tmp_path, mine=OWN.format(id="mine"))
    assert sorted(found.tariffs) == sorted([*SHIPPED.tariffs, "mine"])
    assert found.tariff("mine").versions[0].file == str(tmp_path / "mine.toml")


def test_a_list_with_a_shipped_id_replaces_it_whole(tmp_path: Path) -> None:
    found = catalogue(tmp_path, mine=OWN.format(id="edf-bleu-base"))
    assert [version.start for version in found.tariff("edf-bleu-base").versions] == [date(2026, 1, 1)]
    assert hashes(found, "edf-bleu-hphc") == hashes(SHIPPED, "edf-bleu-hphc")


def test_an_overlay_replaces_the_version_of_its_day_and_no_other(tmp_path: Path) -> None:
    found = catalogue(tmp_path, august=OVERLAY.format(start="2026-08-01", price="0.2002"))
    before, after = hashes(SHIPPED, "edf-bleu-base"), hashes(found, "edf-bleu-base")
    assert [day for day in before if before[day] != after[day]] == [date(2026, 8, 1)]
    version = found.tariff("edf-bleu-base").versions[-1]
    assert (version.price(6, "BASE"), version.confidence) == (Price(Decimal("0.2002")), Confidence.OWN)
    assert version.price(9, "BASE") is None


def test_an_overlay_adds_the_version_of_a_new_day(tmp_path: Path) -> None:
    found = catalogue(tmp_path, february=OVERLAY.format(start="2027-02-01", price="0.19"))
    before, after = hashes(SHIPPED, "edf-bleu-base"), hashes(found, "edf-bleu-base")
    assert after.pop(date(2027, 2, 1))
    assert after == before
    assert not found.tariff("edf-bleu-base").is_overdue(date(2027, 3, 1))


def test_an_overlay_applies_to_the_users_own_tariff_whatever_the_files_are_called(tmp_path: Path) -> None:
    overlay = OVERLAY.format(start="2026-02-01", price="0.19")
    found = catalogue(tmp_path, a=overlay, b=OWN.format(id="edf-bleu-base"))
    assert [version.start for version in found.tariff("edf-bleu-base").versions] == [date(2026, 1, 1), date(2026, 2, 1)]


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("id = ", 1, "it is not TOML: "),
        (OWN.format(id="edf-bleu-base").replace("0.18", "18"), 10, "energy.BASE.ttc is 18: more than 5 a kWh"),
        (OVERLAY.format(start="2026-08-01", price="-1"), 7, "energy.BASE.ttc is negative (-1)"),
        (
            OVERLAY.format(start="2026-08-01", price="0.2").replace("BASE", "HC"),
            7,
            "'HC' is not a period of edf-bleu-base",
        ),
        (
            OVERLAY.format(start="2026-08-01", price="0.2").replace("-base", "-bse"),
            1,
            "it is an overlay on edf-bleu-bse, and",
        ),
        (
            'supplier = "EDF"\n' + OVERLAY.format(start="2026-08-01", price="0.2"),
            1,
            "there is no supplier; there are: ",
        ),
        (
            OVERLAY.format(start="2026-07-01\nuntil = 2026-08-01", price="0.2"),
            5,
            "the version from 2026-07-01 holds until 2026-08-01, and another begins before its end, on 2026-08-01",
        ),
    ],
)
def test_a_broken_file_is_named_and_leaves_the_bundled_tariffs(
    tmp_path: Path, text: str, line: int, sentence: str
) -> None:
    found = catalogue(tmp_path, broken=text, mine=OWN.format(id="mine"))
    (error,) = found.errors
    assert (error.file, error.line) == (str(tmp_path / "broken.toml"), line)
    assert error.sentence.startswith(sentence)
    assert hashes(found, "edf-bleu-base") == hashes(SHIPPED, "edf-bleu-base")
    assert "mine" in found.tariffs


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_bytes(b"\xff\xfe")
    (error,) = load_catalogue(tmp_path).errors
    assert str(error) == f"{tmp_path}/broken.toml, line 1: it is not text in UTF-8"


def test_a_second_file_with_the_same_list_is_named_and_the_first_holds(tmp_path: Path) -> None:
    found = catalogue(tmp_path, a=OWN.format(id="mine"), b=OWN.format(id="mine").replace("0.18", "0.19"))
    assert [error.file for error in found.errors] == [str(tmp_path / "b.toml")]
    (sentence,) = (error.sentence for error in found.errors)
    assert sentence == f"the tariff mine is also in {tmp_path}/a.toml, which is used; remove one of them"
    assert found.tariff("mine").versions[0].price(6, "BASE") == Price(Decimal("0.18"))


def test_a_second_overlay_of_the_same_version_is_named_and_the_first_holds(tmp_path: Path) -> None:
    first, second = (OVERLAY.format(start="2026-08-01", price=price) for price in ("0.201", "0.202"))
    found = catalogue(tmp_path, a=first, b=second)
    assert [error.file for error in found.errors] == [str(tmp_path / "b.toml")]
    assert found.tariff("edf-bleu-base").versions[-1].price(6, "BASE") == Price(Decimal("0.201"))


@pytest.mark.parametrize("name", ["a", "z"])
def test_a_users_version_has_precedence_over_an_imported_one_of_its_day(tmp_path: Path, name: str) -> None:
    imported = OVERLAY.format(start="2026-08-01", price="0.201") + OVERLAY.format(
        start="2027-02-01", price="0.203"
    ).partition("overlay = true\n")[2].replace("a bill", "an import")
    own = OVERLAY.format(start="2026-08-01", price="0.202")
    found = catalogue(tmp_path, **{"edf-bleu-base-imported": imported, name: own})
    assert found.errors == ()
    *_, august, february = found.tariff("edf-bleu-base").versions
    assert (august.price(6, "BASE"), august.file) == (Price(Decimal("0.202")), str(tmp_path / f"{name}.toml"))
    assert (february.price(6, "BASE"), february.source) == (Price(Decimal("0.203")), "an import")


def test_a_users_whole_tariff_has_precedence_over_an_imported_version_of_its_day(tmp_path: Path) -> None:
    imported = OVERLAY.format(start="2026-01-01", price="0.201")
    found = catalogue(tmp_path, **{"edf-bleu-base-imported": imported, "own": OWN.format(id="edf-bleu-base")})
    assert found.errors == ()
    (version,) = found.tariff("edf-bleu-base").versions
    assert version.file == str(tmp_path / "own.toml")


def test_two_user_files_with_one_version_are_reported_beside_an_import_of_it(tmp_path: Path) -> None:
    texts = [OVERLAY.format(start="2026-08-01", price=price) for price in ("0.201", "0.202", "0.203")]
    found = catalogue(tmp_path, **dict(zip(("a", "b", "edf-bleu-base-imported"), texts, strict=True)))
    assert [error.file for error in found.errors] == [str(tmp_path / "b.toml")]
    assert found.tariff("edf-bleu-base").versions[-1].price(6, "BASE") == Price(Decimal("0.201"))


def test_a_repaired_file_is_not_mistaken_for_a_duplicate(tmp_path: Path) -> None:
    broken = OWN.format(id="mine").replace("0.18", "18")
    found = catalogue(tmp_path, a=broken, b=OWN.format(id="mine"))
    assert [error.file for error in found.errors] == [str(tmp_path / "a.toml")]
    assert found.tariff("mine").versions[0].file == str(tmp_path / "b.toml")


SERIES = OWN.format(id="hourly").replace('periods = ["BASE"]', 'series = "prices.csv"').replace("energy.BASE", "# ")


def test_a_series_is_read_from_the_file_beside(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text("start,price\n2026-11-21T20:00+01:00,-0.01\n")
    found = catalogue(tmp_path, hourly=SERIES)
    assert found.errors == ()
    assert found.tariff("hourly").series
    assert [step.price for step in found.series["hourly"].steps] == [Decimal("-0.01")]


def test_a_series_that_cannot_be_read_is_named_and_its_list_left_out(tmp_path: Path) -> None:
    found = catalogue(tmp_path, hourly=SERIES)
    (error,) = found.errors
    assert str(error) == f"{tmp_path}/prices.csv, line 1: there is no such file"
    assert "hourly" not in found.tariffs


def test_an_unknown_tariff_is_reported_with_the_known_ones() -> None:
    with pytest.raises(UnknownTariff, match=r"^there is no tariff 'edf'; there are: edf-bleu-base, edf-bleu-ejp, "):
        SHIPPED.tariff("edf")


def test_a_file_in_place_of_the_folder_is_reported_and_bundled_tariffs_stay(tmp_path: Path) -> None:
    path = tmp_path / "tariffs"
    path.write_text("")
    loaded = load_catalogue(path)
    assert [str(error) for error in loaded.errors] == [
        f"{path}, line 1: it is a file, and tariffs are in a folder; move it, or set TICTALLY_TARIFFS"
    ]
    assert "edf-bleu-base" in loaded.tariffs
