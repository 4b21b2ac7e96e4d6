"""Amounts that are paid once: in the file of contracts, in cost, bill and comparison."""

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from cost_building import HPHC, PARIS, SITE, SURPLUS, costs, d, days, english, on, spread, total

from tictally_recorder.cost import CostRow, Quality, Terms, to_cents
from tictally_recorder.cost.aggregation import sum_up
from tictally_recorder.cost.bill import Bill, make_bill
from tictally_recorder.cost.bill.as_json import as_json
from tictally_recorder.cost.bill.remarks import remarks
from tictally_recorder.cost.bill.report import sections
from tictally_recorder.cost.codec import from_day, to_day
from tictally_recorder.cost.contracts import ContractError, Contracts, LumpSum, TariffsNamed, read_contracts
from tictally_recorder.cost.fingerprint import Fingerprints
from tictally_recorder.reports.cost import SiteCosts, as_table, records
from tictally_recorder.tariffs.catalogue import load_catalogue
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import By

JUNE = days("2025-06-01", "2025-06-30")
CHEQUE = LumpSum(SITE, d("2025-06-10"), Decimal("-194.00"), "Chèque énergie")
PRIME = LumpSum(None, d("2025-06-12"), Decimal(-80), "Prime", direction=Direction.INJECTION)
CONTRACT = '[[contract]]\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2025-01-01\n'
WRITTEN = '[[lump_sum]]\nday = 2025-06-10\namount = "-194.00"\ntext = "Chèque énergie"\n'


def with_sums(*sums: LumpSum) -> Contracts:
    return Contracts(on(HPHC, SURPLUS).all, sums)


def june(*sums: LumpSum) -> list[CostRow]:
    energy = spread(JUNE, EASF01=30_000, EASF02=60_000, EAIT=30_000)
    return costs(JUNE, energy, with_sums(*sums), HPHC, SURPLUS, ngtf="H PLEINE/CREUSE")


def bill(*sums: LumpSum) -> Bill:
    return make_bill(
        SITE, JUNE[0], JUNE[-1] + timedelta(days=1), june(*sums), {each.id: each for each in (HPHC, SURPLUS)}
    )


def test_an_amount_that_is_paid_once_counts_on_its_day_and_on_no_other() -> None:
    plain, found = june(), june(CHEQUE)
    assert total(found) - total(plain) == Decimal(-194)
    (row,) = [row for row in found if row not in plain]
    assert (row.day, row.period, row.energy_wh, row.price) == (d("2025-06-10"), "lump sum", 0, None)
    assert row.amount == Decimal(-194)
    assert row.version is not None
    assert (row.version.id, row.version.source, row.quality) == (
        "Chèque énergie 2025-06-10",
        "Chèque énergie",
        Quality.MEASURED,
    )


def test_of_another_site_it_does_not_count() -> None:
    other = LumpSum("barn", d("2025-06-10"), Decimal(-1), "Bonus")
    assert june(other) == june()


def test_the_ledger_keeps_it() -> None:
    of_day = [row for row in june(CHEQUE) if row.day == CHEQUE.day]
    assert from_day(SITE, to_day(CHEQUE.day, of_day, "key", 0, PARIS)) == of_day


def test_only_its_own_day_is_computed_again_when_it_changes() -> None:
    tariffs = {HPHC.id: HPHC}
    before, after = (Fingerprints(Terms(with_sums(*sums), tariffs), PARIS) for sums in ((), (CHEQUE,)))
    changed = {day for day in JUNE if before.of(SITE, day, ()) != after.of(SITE, day, ())}
    assert changed == {CHEQUE.day}


def test_a_bill_has_it_apart_and_adds_up() -> None:
    plain, made = bill(), bill(CHEQUE, PRIME)
    shown = {section.title: section.rows for section in sections(made)}
    assert shown["Paid once"] == (
        ("2025-06-10", "Chèque énergie", "-194.00 EUR"),
        ("2025-06-12", "Prime", "-80.00 EUR"),
    )
    assert ("Paid once", "-274.00") in shown["Sum"]
    (before,), (total_of,) = plain.totals, made.totals
    assert (total_of.lump_sums, total_of.income) == (Decimal(-274), before.income)
    assert total_of.balance == before.balance
    assert to_cents(total_of.amount) == to_cents(before.amount - 274)
    assert made.is_whole
    assert english(remarks(made))[1:] == english(remarks(plain))[1:]  # the first has the sum
    (record,) = json.loads(as_json([made]))
    assert record["totals"][0]["lump_sums_rounded"] == "-274.00"
    assert [line["what"] for line in record["lines"] if line["period"] == "lump sum"] == ["Chèque énergie", "Prime"]


def test_cost_shows_it_as_a_kind_of_its_own() -> None:
    answer = SiteCosts(SITE, sum_up(june(CHEQUE), By.MONTH))
    found = [record for record, _ in records(answer) if record["kind"] == "lump_sum"]
    assert [(each["period"], each["amount"], each["energy_wh"], each["days"]) for each in found] == [
        ("lump sum", "-194.00", None, 1)
    ]
    assert "lump sum" in {str(cell) for column in as_table(answer).columns for cell in column.cells}


def contracts(folder: Path, text: str, sites: tuple[str, ...] = (SITE,)) -> Contracts:
    file = folder / "contracts.toml"
    file.write_text(text, encoding="utf-8")
    return read_contracts(file, TariffsNamed(load_catalogue().tariffs, PARIS), sites)


def test_the_file_of_contracts_has_them(tmp_path: Path) -> None:
    found = contracts(tmp_path, CONTRACT + WRITTEN + WRITTEN.replace('"Chèque énergie"', '"Bonus"\ncurrency = "CHF"'))
    assert [(each.text, each.amount, each.currency, each.site) for each in found.lump_sums] == [
        ("Bonus", Decimal("-194.00"), "CHF", None),
        ("Chèque énergie", Decimal("-194.00"), "EUR", None),
    ]
    assert len(found.all) == 1


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("day = 2025-06-10\n", "", "line 5: day is missing"),
        ("2025-06-10", '"June"', "line 6: day must be a date"),
        ('"-194.00"', '"a lot"', "line 7: amount must be an amount"),
        ('"-194.00"', "1e6", "line 7: amount is 1E+6: more than 100000 at once is taken for a slip"),
        ("text", "name", "line 8: there is no name; there are: amount, currency, day, direction, site, text"),
        ('"Chèque énergie"', '"Prime"\ndirection = "up"', "line 9: direction is 'up'; there are: consumption, inj"),
        ('"Chèque énergie"', '"Prime"\ncurrency = "euro"', "line 9: 'euro' is not a currency"),
        ("[[lump_sum]]", "[[lump_sums]]", "line 5: there is no 'lump_sums' here, only [[contract]] and [[lump_sum]]"),
    ],
)
def test_a_wrong_one_is_rejected_with_its_line(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert old in WRITTEN
    with pytest.raises(ContractError) as caught:
        contracts(tmp_path, CONTRACT + WRITTEN.replace(old, new))
    assert sentence in str(caught.value)


def test_with_several_sites_each_names_its_own(tmp_path: Path) -> None:
    named = CONTRACT + f'site = "{SITE}"\n'
    with pytest.raises(ContractError, match="line 6: "):
        contracts(tmp_path, named + WRITTEN, (SITE, "barn"))
    found = contracts(tmp_path, named + WRITTEN + f'site = "{SITE}"\n', (SITE, "barn"))
    assert [each.site for each in found.lump_sums] == [SITE]
