"""`tictally tariff import`: every quirk of the regulator's files; what is rejected, shown and written."""

import errno
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tictally_recorder.cli.app import main
from tictally_recorder.features import settings_with
from tictally_recorder.tariffs.catalogue import load_catalogue
from tictally_recorder.tariffs.importer import Comparison, ImportTarget, State, compare
from tictally_recorder.tariffs.load import TariffFile
from tictally_recorder.tariffs.model import (
    Confidence,
    Figure,
    ImportRecord,
    Price,
    Provenance,
    Tariff,
    Taxes,
    TaxTable,
    Version,
)
from tictally_recorder.tariffs.providers.cre.provider import Cre
from tictally_recorder.tariffs.providers.protocol import ProviderError, PublishedHistory
from tictally_recorder.tariffs.taxes import TaxRate
from tictally_recorder.tariffs.write import overlay_text

DATA = Path(__file__).parent / "data"
REAL = Path(__file__).parents[3] / "shared" / "data" / "tariffs"
SHIPPED = load_catalogue().tariffs
BASE, HPHC, TEMPO = (DATA / f"cre_{option}.csv" for option in ("base", "hphc", "tempo"))
HEADING = "DATE_DEBUT;DATE_FIN;P_SOUSCRITE;PART_FIXE_HT;PART_FIXE_TTC;PART_VARIABLE_HT;PART_VARIABLE_TTC"
ROW = "01/08/2025;;6;132,84;185,64;0,1327;0,1952"
NEW = date(2027, 2, 1)
NOVEMBER = date(2024, 11, 1)
TARGET = "imported.toml"
CRE = Cre()
SETTINGS = settings_with(name="nas", ledger="ledger.sqlite")
IMPORTED = ImportRecord("cre", date(2027, 2, 3))

BY_HAND = """\
id = "edf-bleu-base"
overlay = true
[[version]]
from = 2027-02-01
confidence = "own"
source = "a letter"
energy.BASE = { ttc = "0.2100" }
subscription = "15"
"""


def read_cre(content: bytes, file: str) -> PublishedHistory:
    return CRE.read(content, file, SETTINGS)


def history(*rows: str, heading: str = HEADING) -> PublishedHistory:
    return read_cre("\n".join((heading, *rows)).encode(), "cre.csv")


def errors_of(*rows: str, heading: str = HEADING) -> list[str]:
    with pytest.raises(ProviderError) as caught:
        history(*rows, heading=heading)
    return [str(error) for error in caught.value.errors]


def compared(read: PublishedHistory, *, subscriptions: bool = False) -> Comparison:
    return compare(CRE, read, ImportTarget(SHIPPED[read.tariff], TARGET), subscriptions=subscriptions)


def states(comparison: Comparison) -> dict[str, State]:
    return {str(each.start): each.state for each in comparison.differences if each.state is not State.MISSING}


def changes(comparison: Comparison, start: str) -> list[tuple[int | None, str, str, str, str]]:
    (found,) = [each for each in comparison.differences if str(each.start) == start]
    return [(each.power, each.item, each.taxes, str(each.old), str(each.new)) for each in found.changes]


def overlaid(comparison: Comparison) -> Tariff:
    text = overlay_text(comparison.tariff, comparison.overlay, IMPORTED)
    return TariffFile(text, TARGET).overlaid(SHIPPED[comparison.tariff])


def on(tariff: Tariff, day: str) -> Version:
    version = tariff.on(date.fromisoformat(day))
    assert version is not None
    return version


# Reading


@pytest.mark.parametrize(
    ("file", "tariff"), [(BASE, "edf-bleu-base"), (HPHC, "edf-bleu-hphc"), (TEMPO, "edf-bleu-tempo")]
)
def test_the_option_is_detected_by_the_columns(file: Path, tariff: str) -> None:
    read = read_cre(file.read_bytes(), file.name)
    assert read.tariff == tariff
    assert set(SHIPPED[tariff].periods) == set(next(iter(read.revisions[0].powers.values())).prices)


def test_a_file_with_every_quirk_is_read() -> None:
    content = BASE.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert b"PUISSANCE" in content
    assert content.count(b"\r\n;;;;;;") == 2
    read = read_cre(content, "cre_base.csv")
    assert [(revision.start, revision.end, sorted(revision.powers)) for revision in read.revisions] == [
        (date(2025, 2, 1), date(2025, 7, 31), [6]),
        (date(2025, 8, 1), date(2026, 1, 31), [3, 6, 9]),
        (NEW, None, [6, 9]),
    ]
    row = read.revisions[2].powers[9]
    assert (row.line, row.prices) == (2, {"BASE": Price(Decimal("0.20502"), Decimal("0.14"))})
    assert (row.yearly, row.yearly_ht) == (Decimal("234.9"), Decimal("168.12"))


def test_a_row_without_any_amount_is_a_power_that_was_not_sold() -> None:
    read = read_cre(TEMPO.read_bytes(), "cre_tempo.csv")
    assert [sorted(revision.powers) for revision in read.revisions] == [[9], [9]]


def test_the_order_of_the_columns_does_not_matter() -> None:
    turned = "\n".join(";".join(reversed(line.split(";"))) for line in (HEADING, ROW))
    assert read_cre(turned.encode(), "cre.csv").revisions[0].powers[6].yearly == Decimal("185.64")


def test_spaces_around_a_cell_do_not_matter() -> None:
    assert history(ROW.replace(";", " ; ")).revisions == history(ROW).revisions


def test_a_duplicate_row_counts_once() -> None:
    assert list(history(ROW, ROW).revisions[0].powers) == [6]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("01/08/2025;;6;132,84;185,64;0,1327", "the row has 6 cells, the heading has 7"),
        (f"{ROW};9", "the row has 8 cells, the heading has 7"),
        (ROW.replace("01/08/2025", "31/06/2025"), "'31/06/2025' is not a date: DD/MM/YYYY"),
        (ROW.replace("01/08/2025", "1/8/25"), "'1/8/25' is not a date: DD/MM/YYYY"),
        (ROW.replace("01/08/2025", ""), "DATE_DEBUT is empty"),
        (ROW.replace(";;", ";31/07/2025;"), "it ends on 2025-07-31, before it begins on 2025-08-01"),
        (ROW.replace(";6;", ";six;"), "'six' is not a subscribed power: whole kVA up to 36"),
        (ROW.replace(";6;", ";42;"), "'42' is not a subscribed power: whole kVA up to 36"),
        (ROW.replace("0,1952", "0,19x2"), "PART_VARIABLE_TTC is '0,19x2', and that is no amount: 0,1635"),
        (ROW.replace("0,1952", "-0,1952"), "PART_VARIABLE_TTC is '-0,1952', and that is no amount: 0,1635"),
        (ROW.replace("0,1952", "1.952,0"), "PART_VARIABLE_TTC is '1.952,0', and that is no amount: 0,1635"),
        (
            ROW.replace("0,1952", "19,52"),
            "PART_VARIABLE_TTC is 19.52: more than 5 a kWh is taken for a slip; check the decimal point and the unit",
        ),
        (
            ROW.replace("185,64", "18564"),
            "PART_FIXE_TTC is 18564: more than 6000 a year is taken for a slip; check the decimal point and the unit",
        ),
        (ROW.replace("0,1327", "0,2327"), "PART_VARIABLE is more without taxes (0.2327) than with them (0.1952)"),
        (ROW.replace("0,1952", ""), "PART_VARIABLE_TTC is empty, and PART_VARIABLE_HT is not"),
        ("01/08/2025;;6;132,84;185,64;;", "there is no price of BASE, and there are other amounts"),
    ],
)
def test_a_wrong_row_is_a_sentence_with_its_line(row: str, sentence: str) -> None:
    earlier = "01/02/2025;31/07/2025;6;134,16;164,64;0,1343;0,2016"
    assert f"cre.csv, line 3: {sentence}" in errors_of(earlier, row)


def test_every_wrong_row_is_reported_at_once() -> None:
    errors = errors_of(ROW.replace("0,1952", "x"), ROW, ROW.replace(";6;", ";0;"), "01/13/2025;;6;1;1;0,1;0,2")
    assert [sentence.split(":")[0] for sentence in errors] == [f"cre.csv, line {line}" for line in (2, 4, 5)]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ((ROW, ROW.replace("0,1952", "0,1953")), "line 3: 6 kVA from 2025-08-01 stands in line 2 with other amounts"),
        (
            (ROW, ROW.replace(";;6;", ";31/01/2026;9;")),
            "line 3: prices from 2025-08-01 end on 2026-01-31 here and on no day in line 2",
        ),
        ((ROW, ROW.replace("/2025;", "/2026;")), "line 2: prices from 2025-08-01 hold for ever, and others begin"),
        (
            (ROW.replace(";;", ";01/08/2026;"), ROW.replace("/2025;", "/2026;")),
            "line 2: prices from 2025-08-01 hold until 2026-08-01, and others begin on 2026-08-01",
        ),
    ],
)
def test_rows_that_contradict_one_another_are_rejected(rows: tuple[str, str], sentence: str) -> None:
    assert errors_of(*rows)[0].startswith(f"cre.csv, {sentence}")


@pytest.mark.parametrize(
    ("heading", "sentence"),
    [
        (HEADING.replace(";", ","), "there is no column DATE_DEBUT, DATE_FIN, P_SOUSCRITE; a file of the CRE is CSV"),
        ('[{"DATE_DEBUT": "2025-01-08"}]', "there is no column DATE_DEBUT, DATE_FIN, P_SOUSCRITE"),
        (HEADING.replace("PART_FIXE_TTC", "X"), "there is no column PART_FIXE_TTC"),
        (HEADING.replace("VARIABLE_TTC", "VARIABLE_HC_TTC"), "its columns of prices are neither those of Base nor"),
        (f"{HEADING};PUISSANCE", "there are two columns PUISSANCE"),
    ],
)
def test_a_file_of_another_format_is_rejected(heading: str, sentence: str) -> None:
    (error,) = errors_of(ROW, heading=heading)
    assert error.startswith(f"cre.csv, line 1: {sentence}")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "there is no column DATE_DEBUT, DATE_FIN, P_SOUSCRITE"),
        (b"\xff\xfe;", "it is not text in UTF-8"),
        (HEADING.encode(), "there is no row below its heading"),
    ],
)
def test_a_file_without_rows_is_rejected(content: bytes, sentence: str) -> None:
    with pytest.raises(ProviderError, match=sentence):
        read_cre(content, "cre.csv")


# Dates whose year comes first


def iso(text: str) -> str:
    day, month, year = text.split("/")
    return f"{year}-{month}-{day}"


def day_in_the_middle(text: str) -> str:
    day, month, year = text.split("/")
    return f"{year}-{day}-{month}"


def day_in_the_middle_where_possible(text: str) -> str:
    return day_in_the_middle(text) if int(text[:2]) <= 12 else iso(text)


def rewritten(content: str, form: Callable[[str], str]) -> bytes:
    lines = []
    for line in content.splitlines():
        cells = line.split(";")
        lines.append(";".join([form(cell) if "/" in cell else cell for cell in cells]))
    return "\n".join(lines).encode()


FORMS = [iso, day_in_the_middle, day_in_the_middle_where_possible]
SPANS = [("01/02/2025", "31/07/2025"), ("01/08/2025", "31/01/2026"), ("01/02/2026", "")]


@pytest.mark.parametrize("form", FORMS)
def test_dates_with_the_year_first_are_read_where_only_one_way_fits(form: Callable[[str], str]) -> None:
    rows = [ROW.replace("01/08/2025;", f"{start};{end}") for start, end in SPANS]
    read = read_cre(rewritten("\n".join((HEADING, *rows)), form), "cre.csv")
    assert [revision.start for revision in read.revisions] == [
        date(2025, 2, 1),
        date(2025, 8, 1),
        date(2026, 2, 1),
    ]
    assert [revision.end for revision in read.revisions] == [date(2025, 7, 31), date(2026, 1, 31), None]


def test_an_ambiguous_date_is_rejected() -> None:
    (error,) = errors_of(ROW.replace("01/08/2025", "2025-01-08"))
    assert error == (
        "cre.csv, line 2: this may be 08/01/2025 or 01/08/2025, and nothing in this file decides it; "
        "write the dates as DD/MM/YYYY"
    )


def test_contradictory_dates_are_rejected() -> None:
    errors = errors_of(ROW.replace("01/08/2025;", "2025-02-13;2025-13-01"))
    assert errors == [
        "cre.csv, line 2: read as YYYY-MM-DD or as YYYY-DD-MM, the dates of this file contradict one another"
    ]


# Comparing


def test_amounts_as_they_stand_are_no_difference() -> None:
    comparison = compared(history(ROW))
    assert (states(comparison), comparison.same, comparison.written, comparison.overlay) == ({}, 1, (), ())


def test_versions_missing_in_the_file_are_reported_and_stay() -> None:
    comparison = compared(history(ROW))
    missing = {each.start for each in comparison.differences if each.state is State.MISSING}
    assert missing == {version.start for version in SHIPPED["edf-bleu-base"].versions} - {date(2025, 8, 1)}


def test_a_new_version_is_rounded_as_a_bill_has_it() -> None:
    comparison = compared(read_cre(BASE.read_bytes(), "cre_base.csv"))
    assert states(comparison) == {"2027-02-01": State.NEW}
    version = on(overlaid(comparison), "2027-02-01")
    assert version.energy == {
        6: {"BASE": Price(Decimal("0.2065"), Decimal("0.1412"))},
        9: {"BASE": Price(Decimal("0.2050"), Decimal("0.1400"))},
    }
    # 190.38 € a year is 15.865 a month: half a cent goes up.
    assert version.subscription == {6: Decimal("15.87"), 9: Decimal("19.58")}
    assert version.subscription_ht == {6: Decimal("11.50"), 9: Decimal("14.01")}
    assert (version.confidence, version.source) == (Confidence.OFFICIAL, "CRE, open data")
    assert "beside what EDF invoices" in version.note


@pytest.mark.parametrize(
    ("start", "taxes"),
    [
        ("01/08/2012", Taxes()),
        ("01/08/2015", Taxes(vat_energy=Decimal("0.20"), vat_subscription=Decimal("0.055"))),
        ("01/02/2027", Taxes(vat_energy=Decimal("0.20"), vat_subscription=Decimal("0.20"))),
    ],
)
def test_a_new_version_has_the_legal_taxes(start: str, taxes: Taxes) -> None:
    comparison = compared(history(ROW.replace("01/08/2025", start)))
    version = on(overlaid(comparison), date(*map(int, reversed(start.split("/")))).isoformat())
    found = version.taxes_on(version.start)
    assert replace(found, accise=None, cta_share=None) == taxes


def test_an_empty_fixed_part_is_a_subscription_that_is_unknown() -> None:
    comparison = compared(read_cre(HPHC.read_bytes(), "cre_hphc.csv"))
    version = on(overlaid(comparison), "2027-02-01")
    assert (version.monthly(6), version.monthly(9)) == (Decimal("16.30"), None)
    assert version.price(9, "HP") == Price(Decimal("0.2118"), Decimal("0.1457"))


def test_a_price_that_differs_is_reported_old_and_new() -> None:
    comparison = compared(history(ROW.replace("0,1327;0,1952", "0,1328;0,1953").replace("132,84", "133,2")))
    assert states(comparison) == {"2025-08-01": State.DIFFERS}
    assert changes(comparison, "2025-08-01") == [
        (6, "BASE", "ttc", "0.1952", "0.1953"),
        (6, "BASE", "ht", "0.1327", "0.1328"),
        (6, "subscription", "ht", "11.07", "11.10"),
    ]


def test_amounts_that_the_file_does_not_have_stay() -> None:
    before = on(SHIPPED["edf-bleu-base"], "2025-08-01")
    row = ROW.replace("0,1327;0,1952", "0,1328;0,1953").replace("185,64", "190")
    after = on(overlaid(compared(history(row))), "2025-08-01")
    assert after.price(6, "BASE") == Price(Decimal("0.1953"), Decimal("0.1328"))
    assert set(after.energy) == set(before.energy)
    assert {power: after.energy[power] for power in after.energy if power != 6} == {
        power: before.energy[power] for power in before.energy if power != 6
    }
    assert (after.subscription, after.subscription_ht) == (before.subscription, before.subscription_ht)
    assert after.taxes_on(after.start) == before.taxes_on(before.start)
    cells = {cell: (before.provenance(*cell), after.provenance(*cell)) for cell in after.cells()}
    assert {cell for cell, (old, new) in cells.items() if old != new} == set()
    assert after.provenance(Figure.ENERGY, 6, "BASE").source == "CRE, open data"
    assert after.provenance(Figure.ENERGY, 36, "BASE").confidence is Confidence.SECONDARY
    assert after.provenance(Figure.SUBSCRIPTION, 6).source == "EDF, price grid"


def test_a_version_that_the_file_has_whole_is_official() -> None:
    assert on(SHIPPED["edf-bleu-base"], "2026-08-01").confidence is Confidence.SECONDARY
    rows = [f"01/08/2026;;{power};120;{yearly};0,1345;0,2" for power, yearly in ((6, 200), (9, 250), (12, 300))]
    comparison = compared(history(*rows), subscriptions=True)
    version = on(overlaid(comparison), "2026-08-01")
    assert (version.confidence, version.source, comparison.retained) == (Confidence.OFFICIAL, "CRE, open data", ())


def test_what_the_file_changes_or_confirms_is_attributed_to_it_and_the_rest_is_not() -> None:
    # (0.1346 + 0.03085) x 1.2 = 0.19854 at 9 kVA, as here; 15 kVA is new
    rows = ("01/08/2026;;9;178;238;0,1346;0,1985", "01/08/2026;;15;243;321;0,1346;0,1985")
    version = on(overlaid(compared(history(*rows))), "2026-08-01")
    official = {cell for cell in version.cells() if version.provenance(*cell).confidence is Confidence.OFFICIAL}
    assert official == {
        *((figure, power, "BASE") for figure in (Figure.ENERGY, Figure.ENERGY_HT) for power in (9, 15)),
        *((Figure.SUBSCRIPTION_HT, power, None) for power in (9, 15)),
        (Figure.SUBSCRIPTION, 15, None),
    }
    assert "a twelfth" in version.provenance(Figure.SUBSCRIPTION, 15).note
    assert version.provenance(Figure.ENERGY, 15, "BASE").note == ""
    assert version.monthly(9) == Decimal("19.88")


def test_an_existing_subscription_stays_unless_its_import_is_requested() -> None:
    unchanged = compared(history(ROW.replace("185,64", "186,6")))
    assert states(unchanged) == {}
    assert [(str(start), change.power, str(change.old), str(change.new)) for start, change in unchanged.retained] == [
        ("2025-08-01", 6, "15.47", "15.55")
    ]
    taken = compared(history(ROW.replace("185,64", "186,6")), subscriptions=True)
    assert changes(taken, "2025-08-01") == [(6, "subscription", "ttc", "15.47", "15.55")]
    assert taken.retained == ()
    assert on(overlaid(taken), "2025-08-01").monthly(6) == Decimal("15.55")


def test_a_twelfth_that_is_half_a_cent_may_have_been_rounded_either_way() -> None:
    for yearly, same in (("185,58", True), ("185,70", True), ("185,71", False), ("185,57", False)):
        comparison = compared(history(ROW.replace("185,64", yearly)), subscriptions=True)
        assert (states(comparison) == {}) is same, yearly


def test_an_unknown_subscription_is_imported() -> None:
    row = "01/11/2024;31/01/2025;6;123,72;153,6;0,1887;0,2516"
    tariff = SHIPPED["edf-bleu-base"]
    versions = tuple(replace(each, subscription={}) if each.start == NOVEMBER else each for each in tariff.versions)
    comparison = compare(CRE, history(row), ImportTarget(replace(tariff, versions=versions), TARGET))
    assert changes(comparison, "2024-11-01") == [(6, "subscription", "ttc", "None", "12.80")]


def test_an_end_is_written_only_before_a_gap() -> None:
    starts = [("01/08/2014", "31/10/2014"), ("01/11/2014", "31/03/2015"), ("01/08/2015", "31/07/2016")]
    comparison = compared(history(*(ROW.replace("01/08/2025;", f"{start};{end}") for start, end in starts)))
    assert [version.until for version in comparison.overlay] == [None, date(2015, 3, 31), None]


def test_an_end_that_differs_is_a_difference() -> None:
    # The tariff continues after its newest version; a file may give it an end.
    rows = [f"01/08/2026;31/12/2026;{power};;;;{ttc}" for power, ttc in ((6, "0,2001"), (9, "0,1985"), (12, "0,1985"))]
    comparison = compared(history(*rows))
    assert changes(comparison, "2026-08-01") == [(None, "until", "", "None", "2026-12-31")]
    assert on(overlaid(comparison), "2026-12-31").until == date(2026, 12, 31)


def test_an_amount_without_taxes_stays_where_the_file_has_none() -> None:
    assert states(compared(history(ROW.replace("0,1327", "")))) == {}
    comparison = compared(history(ROW.replace("0,1327;0,1952", ";0,1953")))
    assert on(overlaid(comparison), "2025-08-01").price(6, "BASE") == Price(Decimal("0.1953"))


def test_an_end_before_a_version_missing_in_the_file_is_no_difference() -> None:
    # The list has a version from November 2024 inside of this row's days.
    row = "01/02/2024;31/01/2025;6;123,72;151,2;0,1887;0,2516"
    assert states(compared(history(row))) == {}


def test_a_price_that_fits_its_own_price_without_taxes_less_well_does_not_replace_the_right_one() -> None:
    # (0.1327 + 0.02998) x 1.2 = 0.195216: 0.1952, and not 0.1953
    comparison = compared(history(ROW.replace("0,1952", "0,1953").replace("132,84", "133,2")))
    assert changes(comparison, "2025-08-01") == [(6, "subscription", "ht", "11.07", "11.10")]
    assert [
        (str(start), each.power, each.item, str(each.old), str(each.new)) for start, each in comparison.doubtful
    ] == [("2025-08-01", 6, "BASE", "0.1952", "0.1953")]
    assert on(overlaid(comparison), "2025-08-01").price(6, "BASE") == Price(Decimal("0.1952"), Decimal("0.1327"))


def test_a_price_that_fits_its_own_price_without_taxes_replaces_one_that_does_not() -> None:
    tariff = SHIPPED["edf-bleu-base"]
    wrong: dict[int | None, Mapping[str, Price]] = {6: {"BASE": Price(Decimal("0.1953"), Decimal("0.1327"))}}
    versions = tuple(
        replace(each, energy={power: wrong.get(power, prices) for power, prices in each.energy.items()})
        if str(each.start) == "2025-08-01"
        else each
        for each in tariff.versions
    )
    comparison = compare(CRE, history(ROW), ImportTarget(replace(tariff, versions=versions), TARGET))
    assert changes(comparison, "2025-08-01") == [(6, "BASE", "ttc", "0.1953", "0.1952")]
    assert comparison.doubtful == ()


def test_new_versions_have_the_taxes_of_the_table() -> None:
    # (0.1400 + 0.03085) x 1.2 = 0.20502
    comparison = compared(history("01/02/2027;;6;138;190,8;0,1400;0,2050"))
    version = on(overlaid(comparison), "2027-02-01")
    assert version.taxes_on(NEW) == Taxes(*map(Decimal, ("0.03085", "0.15", "0.20", "0.20")))
    assert comparison.untaxed == ()


def test_of_a_new_version_with_another_levy_than_the_tables_the_accise_is_unknown_until_the_table_has_it() -> None:
    # (0.1400 + 0.0320) x 1.2 = 0.2064
    read = history("01/02/2027;;6;138;190,8;0,1400;0,2064")
    comparison = compared(read)
    version = on(overlaid(comparison), "2027-02-01")
    assert states(comparison) == {"2027-02-01": State.NEW}
    assert comparison.untaxed == (
        "2027-02-01: TTC/1.2 less HT is 0.0320 a kWh, and what is levied by the kWh was 0.03085",
    )
    assert version.taxes_on(NEW) == Taxes(None, *map(Decimal, ("0.15", "0.20", "0.20")))
    # The table has it from then on, and the same file is imported again.
    rate = TaxRate(NEW, Decimal("0.0320"), Provenance("the law", Confidence.OFFICIAL))
    table = SHIPPED["edf-bleu-base"].tax_table
    assert table is not None
    known = table.overlaid(TaxTable("fr", {}, {"accise": (rate,)}))
    text = overlay_text(comparison.tariff, comparison.overlay, IMPORTED)
    again = TariffFile(text, TARGET).overlaid(replace(SHIPPED["edf-bleu-base"], tax_table=known))
    later = compare(CRE, read, ImportTarget(again, TARGET))
    assert [(each.item, each.old, each.new) for each in later.differences[-1].changes] == [
        ("accise", None, Decimal("0.0320"))
    ]
    assert later.overlay[-1].taxes_on(NEW).accise == Decimal("0.0320")


# The check by the accise


def test_amounts_that_contradict_the_accise_are_reported_and_not_imported() -> None:
    comparison = compared(read_cre(TEMPO.read_bytes(), "cre_tempo.csv"))
    assert states(comparison) == {"2022-02-01": State.DOUBTFUL, "2022-08-01": State.DOUBTFUL}
    assert comparison.doubts == tuple(
        f"{start}: TTC/1.2 less HT is 0.0109 a kWh, and what is levied by the kWh was 0.00763"
        for start in ("2022-02-01", "2022-08-01")
    )
    assert (9, "HP ROUGE", "ttc", "0.5486", "0.5525") in changes(comparison, "2022-08-01")
    assert (comparison.overlay, comparison.written) == ((), ())


def test_a_new_version_whose_rows_contradict_one_another_is_not_imported() -> None:
    rows = ("01/02/2027;;6;138;190,8;0,1412;0,2065", "01/02/2027;;9;138;190,8;0,1412;0,2085")
    comparison = compared(history(*rows))
    assert states(comparison) == {"2027-02-01": State.DOUBTFUL}
    assert "accise" not in {change[1] for change in changes(comparison, "2027-02-01")}
    (doubt,) = comparison.doubts
    assert doubt == (
        "2027-02-01: TTC/1.2 less HT should be one constant, and it is more for BASE at 9 kVA (line 3) "
        "than for BASE at 6 kVA (line 2)"
    )


def test_before_2022_the_accise_is_a_mean_of_communes() -> None:
    row = "01/08/2016;31/07/2017;6;70,44;88,39;0,0932;{}"
    assert compared(history(row.format("0,1503"))).doubts == ()
    assert len(compared(history(row.format("0,1510"))).doubts) == 1


# Writing


class Importing:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.tariffs = folder / "tariffs"
        self._ledger = folder / "ledger.sqlite"
        self._capsys = capsys

    def __call__(self, file: Path, *options: str) -> tuple[int, str, str]:
        code = main(["tariff", "import", str(file), *options, "--ledger", str(self._ledger)])
        captured = self._capsys.readouterr()
        return code, " ".join(captured.out.split()), captured.err

    def json(self, file: Path, *options: str) -> Any:  # noqa: ANN401 - any JSON
        return json.loads(self(file, "--json", *options)[1])

    def put(self, name: str, text: str) -> Path:
        self.tariffs.mkdir(exist_ok=True)
        (self.tariffs / name).write_text(text)
        return self.tariffs / name

    def tariff(self, tariff_id: str) -> Tariff:
        catalogue = load_catalogue(self.tariffs)
        assert catalogue.errors == ()
        return catalogue.tariff(tariff_id)


@pytest.fixture
def importing(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Importing:
    monkeypatch.delenv("TICTALLY_CONFIG", raising=False)
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    return Importing(tmp_path, capsys)


def test_without_the_option_write_nothing_is_written(importing: Importing) -> None:
    code, out, err = importing(BASE)
    assert (code, err) == (0, "")
    assert "2027-02-01 new 6 kVA BASE 0.2065 0.1412 6 kVA subscription 15.87 11.50" in out
    assert "3 versions, 2 of them as here." in out
    assert out.endswith("--write takes 1 version; nothing was written.")
    assert not importing.tariffs.exists()


def test_a_written_version_applies_and_a_second_import_writes_nothing(importing: Importing) -> None:
    code, out, _ = importing(BASE, "--write")
    (file,) = importing.tariffs.glob("*.toml")
    assert (code, file.name) == (0, "edf-bleu-base-imported.toml")
    assert out.endswith(f"Written to {file}: 2027-02-01.")
    assert importing.tariff("edf-bleu-base").versions[:-1] == SHIPPED["edf-bleu-base"].versions
    assert on(importing.tariff("edf-bleu-base"), "2027-02-01").monthly(6) == Decimal("15.87")
    written = (file.stat().st_mtime_ns, file.stat().st_ino, file.read_text())
    assert importing(BASE, "--write")[1].endswith("There is nothing to write.")
    assert (file.stat().st_mtime_ns, file.stat().st_ino, file.read_text()) == written
    assert [each["state"] for each in importing.json(BASE)[0]["differences"] if each["state"] != "missing"] == []


def test_a_later_import_keeps_what_earlier_ones_took(importing: Importing, tmp_path: Path) -> None:
    importing(BASE, "--write")
    later = tmp_path / "later.csv"
    later.write_text(f"{HEADING}\n{ROW.replace('01/08/2025', '01/08/2027')}")
    importing(later, "--write")
    starts = [str(version.start) for version in importing.tariff("edf-bleu-base").versions]
    assert starts[-2:] == ["2027-02-01", "2027-08-01"]


def test_a_correction_of_an_import_does_not_grow_its_note(importing: Importing, tmp_path: Path) -> None:
    file, notes = tmp_path / "cre.csv", []
    for price in ("0,1953", "0,1952"):
        file.write_text(f"{HEADING}\n{ROW.replace('0,1952', price)}")
        importing(file, "--write")
        version = on(importing.tariff("edf-bleu-base"), "2025-08-01")
        notes.append(version.note)
    assert version.price(6, "BASE") == Price(Decimal("0.1952"), Decimal("0.1327"))
    assert notes[0] == notes[1]


def test_a_failed_write_leaves_what_was_there(importing: Importing, monkeypatch: pytest.MonkeyPatch) -> None:
    importing(HPHC, "--write")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, _, err = importing(BASE, "--write")
    file = importing.tariffs / "edf-bleu-base-imported.toml"
    assert (code, err) == (1, f"tictally: {file}, line 1: it cannot be written: No space left on device\n")
    assert {each.stem for each in importing.tariffs.iterdir()} == {"edf-bleu-hphc-imported"}


def test_every_version_is_written_so_that_it_is_read_the_same(importing: Importing) -> None:
    for tariff in SHIPPED.values():
        text = overlay_text(tariff.id, tariff.versions, IMPORTED)
        importing.put(f"{tariff.id}.toml", text)
        read = importing.tariff(tariff.id).versions
        assert [version.hash for version in read] == [version.hash for version in tariff.versions]
        assert [(v.source, v.confidence, v.note) for v in read] == [
            (v.source, v.confidence, v.note) for v in tariff.versions
        ]


def test_a_manual_version_has_precedence(importing: Importing) -> None:
    own = importing.put("own.toml", BY_HAND)
    code, out, _ = importing(BASE, "--write")
    assert code == 0
    assert f"Not taken: the version from 2027-02-01 is in {own}, which prevails; remove it there" in out
    assert [file.name for file in importing.tariffs.iterdir()] == ["own.toml"]
    assert own.read_text() == BY_HAND


def test_the_written_file_explains_how_to_correct_it_and_that_works(importing: Importing, tmp_path: Path) -> None:
    importing(BASE, "--write")
    file = importing.tariffs / "edf-bleu-base-imported.toml"
    assert file.read_text().splitlines()[1:3] == [
        "# The next import overwrites it. What you know better belongs into a file of your own: a version there holds",
        "# over the one from the same day here.",
    ]
    importing.put("own.toml", BY_HAND)
    assert on(importing.tariff("edf-bleu-base"), "2027-02-01").price(6, "BASE") == Price(Decimal("0.2100"))
    later = tmp_path / "later.csv"
    later.write_text(f"{HEADING}\n{ROW.replace('01/08/2025', '01/08/2027')}")
    code, _, err = importing(later, "--write")
    assert (code, err) == (0, "")
    found = importing.tariff("edf-bleu-base")
    assert on(found, "2027-02-01").price(6, "BASE") == Price(Decimal("0.2100"))
    assert on(found, "2027-08-01").file == str(file)
    (importing.tariffs / "own.toml").unlink()
    assert on(importing.tariff("edf-bleu-base"), "2027-02-01").price(6, "BASE") == Price(
        Decimal("0.2065"), Decimal("0.1412")
    )


def test_a_file_with_the_heading_of_a_former_version_is_rewritten_by_the_next_import(importing: Importing) -> None:
    importing(BASE, "--write")
    file = importing.tariffs / "edf-bleu-base-imported.toml"
    new = file.read_text()
    former = (
        "# The next import overwrites it. What you know better belongs into a file of your own; "
        "take that version out here.\n"
    )
    body = former + new[new.index("id = ") :]
    checksum = hashlib.sha256(body.encode()).hexdigest()[:16]
    file.write_text(f"# Written by `tictally tariff import`, {checksum}\n{body}")
    for _ in range(2):
        assert importing(BASE, "--write")[0] == 0
        assert file.read_text() == new


def test_a_manual_version_missing_in_the_file_stays(importing: Importing) -> None:
    importing.put("own.toml", BY_HAND.replace("2027-02-01", "2028-02-01"))
    importing(BASE, "--write")
    starts = [str(version.start) for version in importing.tariff("edf-bleu-base").versions]
    assert starts[-2:] == ["2027-02-01", "2028-02-01"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda _: BY_HAND.replace("2027", "2029"), "it was not written by an import, and it is left as it is"),
        (lambda text: text.replace("15.87", "15.90"), "it was changed since it was imported, and it is left as it is"),
    ],
)
def test_a_users_file_is_never_overwritten(importing: Importing, change: Callable[[str], str], sentence: str) -> None:
    importing(BASE, "--write")
    file = importing.tariffs / "edf-bleu-base-imported.toml"
    file.write_text(changed := change(file.read_text()))
    code, _, err = importing(BASE, "--write", "--subscriptions")
    assert (code, file.read_text()) == (1, changed)
    assert err == f"tictally: {file}, line 1: {sentence}; rename it\n"
    assert [each.name for each in importing.tariffs.glob("*.toml")] == [file.name]


def test_nothing_is_written_beside_a_broken_file(importing: Importing) -> None:
    importing.put("own.toml", BY_HAND.replace("0.2100", "21"))
    code, _, err = importing(BASE, "--write")
    assert code == 1
    assert err.endswith("tictally: nothing was written: first repair or remove the file above\n")
    assert [file.name for file in importing.tariffs.iterdir()] == ["own.toml"]


def test_a_version_within_the_days_of_a_manual_one_is_rejected(importing: Importing) -> None:
    importing.put("own.toml", BY_HAND.replace("from = 2027-02-01", "from = 2027-01-01\nuntil = 2027-06-30"))
    code, _, err = importing(BASE, "--write")
    assert code == 1
    assert "the version from 2027-01-01 holds until 2027-06-30, and another begins before its end, on 2027-02-01" in err
    assert [file.name for file in importing.tariffs.iterdir()] == ["own.toml"]


def test_nothing_is_written_from_a_file_with_a_wrong_row(importing: Importing, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(BASE.read_text(encoding="utf-8-sig").replace("132,84", "132;84").replace("234,9", "x"))
    code, out, err = importing(wrong, "--write")
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        f"tictally: {wrong}, line 2: PART_FIXE_TTC is 'x', and that is no amount: 0,1635",
        f"tictally: {wrong}, line 4: the row has 8 cells, the heading has 7",
    ]
    assert not importing.tariffs.exists()


def test_what_is_not_imported_is_reported(importing: Importing) -> None:
    _, out, _ = importing(TEMPO)
    assert "Not taken where it differs: 2022-02-01: TTC/1.2 less HT is 0.0109 a kWh, and what is levied" in out
    assert "Retained: the file lacks 2016-08-01, 2017-08-01, " in out
    assert "Retained: 2 subscriptions with taxes that differ from the file's by at most 0.46 a month" in out
    assert out.endswith("There is nothing to write.")


def test_a_file_that_is_not_there_is_a_sentence(importing: Importing, tmp_path: Path) -> None:
    missing = tmp_path / "none.csv"
    assert importing(missing) == (
        1,
        "",
        f"tictally: {missing} cannot be read: No such file or directory\n",
    )


def test_an_import_names_what_it_does_not_take(importing: Importing, tmp_path: Path) -> None:
    file = tmp_path / "cre.csv"
    rows = (
        "01/02/2027;;6;138;190,8;0,1400;0,2064",
        ROW.replace("01/08/2025;", "01/08/2025;31/01/2026").replace("0,1952", "0,1953"),
    )
    file.write_text("\n".join((HEADING, *rows)), encoding="utf-8")
    _, out, _ = importing(file)
    text = " ".join(out.split())
    assert (
        "Not taken: BASE from 2025-08-01 at 6 kVA is 0.1953 in the file, and its price without taxes gives 0.1952, as "
        "here."
    ) in text
    assert "the accise is unknown in bills by this version until the table of taxes has its rate" in text


def test_json_has_every_amount_as_a_string(importing: Importing) -> None:
    (imported,) = importing.json(TEMPO, "--write")
    assert (imported["tariff"], imported["versions"], imported["same"], imported["written"]) == (
        "edf-bleu-tempo",
        2,
        0,
        None,
    )
    (doubtful,) = [each for each in imported["differences"] if each["from"] == "2022-08-01"]
    assert doubtful["state"] == "doubtful"
    assert doubtful["present"]["file"] == "shipped/edf-bleu-tempo.toml"
    assert {"power": 9, "item": "HC BLEU", "taxes": "ttc", "old": "0.0862", "new": "0.0902"} in doubtful["changes"]
    assert imported["retained"][0] == {
        "from": "2022-02-01",
        "power": 9,
        "item": "subscription",
        "taxes": "ttc",
        "old": "14.96",
        "new": "14.50",
    }
    assert imported["doubts"][0].startswith("2022-02-01: ")
    assert importing.json(BASE, "--write")[0]["written"] == str(importing.tariffs / "edf-bleu-base-imported.toml")


# The real files: where the bundled tariffs differ from them, and why.

LACKING = ["2024-11-01", "2026-02-01", "2026-08-01"]
"""Versions that change subscriptions only, which the CRE's files omit, and versions newer than the files."""
BEFORE_OURS = ["2012-07-23", "2013-08-01", "2014-11-01", "2015-08-01"]
"""The bundled tariffs begin in August 2016; these versions would be new."""
DOUBTFUL = ["2022-02-01", "2022-08-01"]
"""Tempo: 0.4 cents a kWh more than the amounts without taxes give. In August EDF's own grid stands in the list; in
February what those amounts give."""
ROUNDED = (Decimal("0.1288"), Decimal("0.1287"))
"""What the amount without taxes gives, and what EDF published; the CRE's."""
OF_EDF_SINCE = date(2022, 8, 1)
"""From this day subscriptions with taxes are EDF's own, and differ slightly from the CRE's fixed part."""


@pytest.mark.skipif(not REAL.exists(), reason="no tariff data beside the project")
@pytest.mark.parametrize(
    ("option", "versions", "new", "doubtful", "retained"),
    [
        ("Base", 21, BEFORE_OURS, {}, 30),
        ("HPHC", 21, BEFORE_OURS, {}, 45),
        ("Tempo", 17, [], {"2025-02-01": "HC BLEU"}, 39),
    ],
)
def test_the_real_files_equal_the_bundled_tariffs(
    option: str, versions: int, new: list[str], doubtful: dict[str, str], retained: int
) -> None:
    read = read_cre((REAL / f"Option_{option}.csv").read_bytes(), f"Option_{option}.csv")
    comparison = compared(read)
    assert len(read.revisions) == versions
    found = states(comparison)
    assert [start for start, state in found.items() if state is State.NEW] == new
    assert [start for start, state in found.items() if state is State.DIFFERS] == []
    assert {str(start): change.item for start, change in comparison.doubtful} == doubtful
    assert {(change.old, change.new) for _, change in comparison.doubtful} <= {ROUNDED}
    assert [str(each.start) for each in comparison.differences if each.state is State.MISSING] == LACKING
    assert [doubt[:10] for doubt in comparison.doubts] == (DOUBTFUL if option == "Tempo" else [])
    if option == "Tempo":
        prices = {change for change in changes(comparison, "2022-08-01") if change[2] == "ttc"}
        assert {Decimal(after) - Decimal(before) for _, _, _, before, after in prices} <= {
            Decimal("0.0039"),
            Decimal("0.0040"),
        }
        assert len(prices) == 36
    assert len(comparison.retained) == retained
    for since, change in comparison.retained:
        assert since >= OF_EDF_SINCE
        assert isinstance(change.old, Decimal)
        assert isinstance(change.new, Decimal)
        assert abs(change.new / change.old - 1) < Decimal("0.02")


@pytest.mark.skipif(not REAL.exists(), reason="no tariff data beside the project")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("option", ["Base", "HPHC", "Tempo"])
def test_the_real_files_read_the_same_in_every_date_format(option: str, form: Callable[[str], str]) -> None:
    content = (REAL / f"Option_{option}.csv").read_bytes()
    assert read_cre(rewritten(content.decode(), form), "cre.csv") == read_cre(content, "cre.csv")
