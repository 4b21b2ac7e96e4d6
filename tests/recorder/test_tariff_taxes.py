"""Taxes by date: tables, tariffs that refer to them, and the bills of both."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from cost_building import SITE, costs, d, days, english, spread, total

from tictally_recorder.cost import to_cents
from tictally_recorder.cost.bill import Bill, make_bill
from tictally_recorder.cost.bill.remarks import remarks
from tictally_recorder.cost.contracts import Contract, Contracts
from tictally_recorder.tariffs.catalogue import TariffCatalogue, load_catalogue
from tictally_recorder.tariffs.check import IssueCode, check
from tictally_recorder.tariffs.model import Tariff, Taxes

OWN = """\
id = "mine"
supplier = "A supplier"
currency = "EUR"
periods = ["BASE"]
taxes = "fr"
[names]
en = "A contract of March"
[[version]]
from = 2025-03-01
confidence = "own"
source = "my contract"
energy.BASE = { ttc = "0.2016", ht = "0.1343" }
power.6 = { subscription = "13.72", subscription_ht = "11.18" }
"""
RATE = """
from = 2027-02-01
rate = "0.0315"
confidence = "own"
source = "the law"
"""
NEW_RATE = f'id = "fr"\noverlay = true\n[[accise]]{RATE}'


def catalogue(folder: Path, **files: str) -> TariffCatalogue:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return load_catalogue(folder)


def bill(tariff: Tariff, first: str, last: str, wh: int = 310_000) -> Bill:
    when = days(first, last)
    contracts = Contracts((Contract(SITE, tariff.id, d("2016-08-01"), power_kva=6),))
    rows = costs(when, spread(when, EASF01=wh), contracts, tariff)
    made = make_bill(SITE, when[0], when[-1] + timedelta(days=1), rows, {tariff.id: tariff})
    assert to_cents(made.totals[0].amount) == to_cents(total(rows))
    return made


def rates(made: Bill) -> dict[str, list[Decimal]]:
    found: dict[str, list[Decimal]] = {}
    for tax in made.totals[0].taxes:
        found.setdefault(str(tax.kind), []).append(tax.rate)
    return found


def test_a_list_from_march_is_billed_in_august_with_the_taxes_of_august(tmp_path: Path) -> None:
    mine = catalogue(tmp_path, mine=OWN).tariff("mine")
    march, august = bill(mine, "2025-03-01", "2025-03-31"), bill(mine, "2025-08-01", "2025-08-31")
    assert rates(march) == {"accise": [Decimal("0.0337")], "cta": [Decimal("0.2193")], "vat": _rates("0.20", "0.055")}
    assert rates(august) == {"accise": [Decimal("0.02998")], "cta": [Decimal("0.2193")], "vat": _rates("0.20")}
    # What is paid is what the list says, in both.
    paid = {to_cents(made.totals[0].amount) for made in (march, august)}
    assert paid == {to_cents(310 * Decimal("0.2016") + Decimal("13.72"))}


def _rates(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


def test_the_cta_of_august_is_augusts_share_of_the_same_grid(tmp_path: Path) -> None:
    mine = catalogue(tmp_path, mine=OWN).tariff("mine")
    # 13.72 / 1.055 - 11.18 = 1.824739… is 21.93 % of the grid's fixed part, of which 15 % are 1.248111…
    for first, last, cta in (
        ("2025-03-01", "2025-03-31", "1.82"),
        ("2025-08-01", "2025-08-31", "1.82"),
        ("2026-03-01", "2026-03-31", "1.25"),
    ):
        balance = bill(mine, first, last).totals[0].balance
        assert balance is not None
        assert balance.cta is not None
        assert str(to_cents(balance.cta)) == cta


def test_a_bill_over_a_change_of_taxes_has_a_line_for_each_of_both(tmp_path: Path) -> None:
    made = bill(catalogue(tmp_path, mine=OWN).tariff("mine"), "2025-07-15", "2025-08-14")
    lines = [(line.period, str(line.first), line.split.vat_rate) for line in made.lines if line.split]
    assert lines == [
        ("BASE", "2025-07-15", Decimal("0.20")),
        ("BASE", "2025-08-01", Decimal("0.20")),
        (None, "2025-07-15", Decimal("0.055")),
        (None, "2025-08-01", Decimal("0.20")),
    ]


def test_prices_that_no_longer_fit_the_taxes_say_since_when(tmp_path: Path) -> None:
    # (0.1343 + 0.0337) x 1.2 = 0.2016 in March; in August 0.1343 + 0.02998 gives less.
    mine = catalogue(tmp_path, mine=OWN).tariff("mine")
    assert not [each for each in english(remarks(bill(mine, "2025-03-01", "2025-03-31"))) if "fit" in each]
    made = bill(mine, "2025-08-01", "2025-08-31")
    assert (
        "mine 2025-03-01: the taxes changed on 2025-08-01, after it began, so that its amounts with and without taxes "
        "no longer fit together, of BASE, subscription at 6 kVA"
    ) in " ".join(english(remarks(made)))


def test_an_own_version_of_a_bundled_tariff_has_the_taxes_of_each_day(tmp_path: Path) -> None:
    text = OWN.replace('"mine"', '"edf-bleu-base"\noverlay = true')
    text = "\n".join(
        line
        for line in text.splitlines()
        if line.split(" ")[0] in {"id", "overlay", "[[version]]", "from"}
        or line.startswith(("confidence", "source", "energy", "power"))
    )
    base = catalogue(tmp_path, base=text).tariff("edf-bleu-base")
    assert rates(bill(base, "2025-07-31", "2025-07-31"))["accise"] == [Decimal("0.0337")]
    version = base.on(d("2025-03-01"))
    assert version is not None
    assert version.taxes_on(d("2026-02-01")) == Taxes(*_rates("0.03085", "0.15", "0.20", "0.20"))


def test_taxes_of_a_version_hold_on_all_its_days_and_check_shows_that_they_changed(tmp_path: Path) -> None:
    written = 'taxes = { accise = "0.0337", vat_subscription = "0.055" }\n'
    mine = catalogue(tmp_path, mine=OWN + written).tariff("mine")
    version = mine.versions[0]
    assert version.taxes_on(d("2026-03-01")) == Taxes(*_rates("0.0337", "0.15", "0.20", "0.055"))
    found = [each for each in check([mine], date(2026, 11, 30)) if each.phrase.code is IssueCode.TAXES_CHANGED]
    assert [(each.since, each.phrase.parameters["taxes"]) for each in found] == [
        (d("2025-08-01"), ("accise", "vat_subscription")),
        (d("2026-02-01"), ("accise",)),
    ]


def test_check_recognizes_french_taxes_that_a_list_wrote_down(tmp_path: Path) -> None:
    written = 'taxes = { accise = "0.0337", cta_share = "0.2193", vat_energy = "0.20", vat_subscription = "0.055" }\n'
    found = catalogue(tmp_path, mine=OWN.replace('taxes = "fr"\n', "") + written)
    issues = check([found.tariff("mine")], date(2026, 11, 30), tables=found.tax_tables.values())
    assert [each.since for each in issues if each.phrase.code is IssueCode.TAXES_CHANGED] == [
        d("2025-08-01"),
        d("2026-02-01"),
    ]
    other = OWN.replace('taxes = "fr"\n', "") + written.replace("0.0337", "0.02")
    found = catalogue(tmp_path, mine=other)
    assert check([found.tariff("mine")], date(2026, 11, 30), tables=found.tax_tables.values()) == []


def test_a_tax_that_a_version_declares_unknown_is_unknown_whatever_the_table_has(tmp_path: Path) -> None:
    version = catalogue(tmp_path, mine=OWN + 'taxes = { accise = "unknown" }\n').tariff("mine").versions[0]
    assert version.taxes_on(d("2025-03-01")) == Taxes(None, *_rates("0.2193", "0.20", "0.055"))


def test_own_rates_lie_over_the_bundled_table_and_count_in_bundled_tariffs(tmp_path: Path) -> None:
    found = catalogue(tmp_path, taxes=NEW_RATE)
    assert found.errors == ()
    version = found.tariff("edf-bleu-base").versions[-1]
    assert [version.taxes_on(d(day)).accise for day in ("2027-01-31", "2027-02-01")] == _rates("0.03085", "0.0315")


def test_a_table_of_ones_own_is_referred_to_by_its_id(tmp_path: Path) -> None:
    table = f'id = "be"\n[names]\nen = "Belgium"\n[[vat_energy]]{RATE}'.replace("0.0315", "0.06")
    found = catalogue(tmp_path, be=table, mine=OWN.replace('"fr"', '"be"'))
    assert found.errors == ()
    assert found.tariff("mine").versions[0].taxes_on(d("2027-03-01")) == Taxes(vat_energy=Decimal("0.06"))
    assert found.tariff("mine").versions[0].taxes_on(d("2027-01-31")) == Taxes()


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("mine", OWN.replace('"fr"', '"de"'), "line 5: taxes is 'de'; there are: fr"),
        (
            "taxes",
            NEW_RATE.replace("overlay = true", "overlay = 1"),
            "line 2: overlay must be true or false, without quotes, not 1",
        ),
        (
            "taxes",
            NEW_RATE.replace('"fr"', '"de"'),
            "line 1: it is an overlay on the taxes de, and there is no such table; there are: fr",
        ),
        ("taxes", NEW_RATE.replace('"0.0315"', '"31.5"'), "line 5: rate is 31.5: more than 1 a kWh is taken for a sli"),
        (
            "taxes",
            NEW_RATE.replace("accise", "vat_energy").replace("0.0315", "0.55"),
            "line 5: rate is 0.55: more than 0.3",
        ),
        ("taxes", NEW_RATE.replace('"0.0315"', '"3 %"'), "line 5: rate must be an amount"),
        ("taxes", NEW_RATE.replace("2027-02-01", '"soon"'), "line 4: from must be a date"),
        ("taxes", NEW_RATE.replace("source", "sauce"), "line 7: there is no sauce; there are: confidence, from, note"),
        ("taxes", NEW_RATE + f"[[accise]]{RATE}", "line 9: there are two versions from 2027-02-01"),
        ("taxes", NEW_RATE + "[[tva]]\nrate = 1\n", "line 8: there is no tva; there are: accise, cta_share, id, na"),
    ],
)
def test_a_wrong_table_is_reported_with_its_line_and_leaves_the_others(
    tmp_path: Path, name: str, text: str, sentence: str
) -> None:
    found = catalogue(tmp_path, **{name: text})
    assert [sentence in str(error) for error in found.errors] == [True], [str(error) for error in found.errors]
    assert len(found.tariffs) == 4
    version = found.tariff("edf-bleu-base").versions[-1]
    assert version.taxes_on(d("2027-03-01")).accise == Decimal("0.03085")


def test_a_table_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    assert catalogue(tmp_path, taxes="\ufeff" + NEW_RATE).errors == ()


@pytest.mark.parametrize("option", ["base", "hphc", "tempo"])
@pytest.mark.parametrize("year", range(2017, 2026))
def test_the_parts_of_every_bill_of_the_regulated_tariff_add_up(option: str, year: int) -> None:
    """HT, accise, CTA and VAT make the total within rounding; what a bill cannot take apart it says."""
    tariff = load_catalogue().tariff(f"edf-bleu-{option}")
    power = 9
    registers = {"base": 1, "hphc": 2, "tempo": 6}[option]
    when = days(f"{year}-01-01", f"{year}-12-31")
    contracts = Contracts((Contract(SITE, tariff.id, d("2016-08-01"), power_kva=power),))
    counted = {f"EASF{n + 1:02}": 1000 * len(when) * (n + 1) for n in range(registers)}
    ngtf = {"base": "BASE", "hphc": "H PLEINE/CREUSE", "tempo": "TEMPO"}[option]
    rows = costs(when, spread(when, **counted), contracts, tariff, ngtf=ngtf)
    made = make_bill(SITE, when[0], when[-1] + timedelta(days=1), rows, {tariff.id: tariff})
    (of_bill,) = made.totals
    balance = of_bill.balance
    assert balance is not None
    parts = (balance.ht_energy, balance.ht_subscription, balance.accise, balance.cta, balance.vat, balance.rounding)
    assert balance.unexplained == 0
    assert to_cents(sum((part for part in parts if part is not None), of_bill.not_split)) == to_cents(of_bill.amount)
    assert of_bill.not_split == 0
