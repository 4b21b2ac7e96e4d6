"""From frames to amounts: the ledger's energy at the shipped tariffs."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from cost_building import PARIS, TEMPO_PERIODS, costs, d, days, on, row, spread, total
from ledger_building import METER, NOON_MS, frame, message

from tictally_recorder.cost import CostRow, Quality, Terms, Use, cost, to_cents
from tictally_recorder.cost.contracts import Contract
from tictally_recorder.energy import EnergyQuery, energy
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_recorder.tariffs.catalogue import load_catalogue
from tictally_recorder.tariffs.model import Tariff
from tictally_shared.calendar import By, local_midnight


@pytest.fixture(scope="module")
def shipped() -> dict[str, Tariff]:
    return dict(load_catalogue().tariffs)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def test_a_gap_across_a_change_of_prices_is_divided_by_time(tmp_path: Path, shipped: dict[str, Tariff]) -> None:
    # No frames from 30 July 12:00 to 2 August 12:00, three days in which 7.2 kWh HC and 14.4 kWh HP were consumed:
    # of the 72 hours, 36 are before the new prices.
    path = tmp_path / "ledger.sqlite"
    moments = ("2025-07-30T11:50+02:00", "2025-07-30T12:00+02:00", "2025-08-02T12:00+02:00", "2025-08-02T12:10+02:00")
    registers = ((0, 0), (0, 0), (7200, 14_400), (7200, 14_400))
    frames = [
        frame(n, at(moment), {"NGTF": "H PLEINE/CREUSE", "EASF01": 50_000 + hc, "EASF02": 90_000 + hp})
        for n, (moment, (hc, hp)) in enumerate(zip(moments, registers, strict=True), 1)
    ]
    with Ledger.open(path) as ledger:
        ledger.store([message(each, arrived_ms=NOON_MS) for each in frames])
    when = days("2025-07-30", "2025-08-02")
    start, end = (local_midnight(day, PARIS) for day in (when[0], d("2025-08-03")))
    with LedgerReader.open(path) as reader:
        rows = energy(reader, EnergyQuery(METER, start, end, By.DAY, PARIS), all_registers=True)
    hphc = shipped["edf-bleu-hphc"]
    contracts = on(Contract(None, hphc.id, d("2025-01-01"), power_kva=6))
    use = Use(METER, rows)
    found = [each for each in cost(use, when, Terms(contracts, {hphc.id: hphc}), PARIS) if each.period]
    assert {each.quality for each in found} == {Quality.ESTIMATED}

    def amount(month: int) -> Decimal:
        return total(each for each in found if each.day.month == month)

    # July:   3.6 x 0.1696 + 7.2 x 0.2146 = 0.61056 + 1.54512
    # August: 3.6 x 0.1635 + 7.2 x 0.2081 = 0.5886 + 1.49832
    assert (amount(7), amount(8)) == (Decimal("2.15568"), Decimal("2.08692"))
    assert sum(each.energy_wh for each in found) == 21_600


def ask(tariff: Tariff, first: str, last: str, power_kva: int, ngtf: str, **registers_wh: int) -> list[CostRow]:
    when = days(first, last)
    return costs(when, spread(when, **registers_wh), on(tariff, power_kva=power_kva), tariff, ngtf=ngtf)


@pytest.mark.parametrize(("first", "last"), [("2025-02-01", "2025-02-28"), ("2025-07-01", "2025-07-31")])
def test_a_month_off_peak_and_peak_by_the_shipped_tariff(shipped: dict[str, Tariff], first: str, last: str) -> None:
    when, hphc = days(first, last), shipped["edf-bleu-hphc"]
    rows = [row(day, register, 0) for day in when[1:] for register in ("EASF01", "EASF02")]
    rows += [row(when[0], "EASF01", 100_000), row(when[0], "EASF02", 200_000)]
    found = costs(when, rows, on(hphc), hphc, ngtf="H PLEINE/CREUSE")
    # 100 x 0.1696 + 200 x 0.2146 + 14.04
    assert to_cents(total(found)) == Decimal("73.92")


def test_a_change_of_prices_by_the_shipped_tariff(shipped: dict[str, Tariff]) -> None:
    registers = {"EASF01": 100_000, "EASF02": 200_000}
    found = ask(shipped["edf-bleu-hphc"], "2025-07-15", "2025-08-15", 6, "H PLEINE/CREUSE", **registers)
    # 17 days: 53.125 x 0.1696 + 106.25 x 0.2146 + 14.04 x 17 / 31 = 39.510604…
    # 15 days: 46.875 x 0.1635 +  93.75 x 0.2081 + 15.74 x 15 / 31 = 34.789566…
    assert to_cents(total(found)) == Decimal("74.30")


def test_the_29th_of_february_by_the_shipped_tariff(shipped: dict[str, Tariff]) -> None:
    found = ask(shipped["edf-bleu-base"], "2024-02-29", "2024-02-29", 6, "BASE", EAST=10_000)
    # 10 x 0.2516 + 12.60 / 29
    assert to_cents(total(found)) == Decimal("2.95")


def test_tempo_in_january_2025_has_its_energy_and_the_subscription_of_november(shipped: dict[str, Tariff]) -> None:
    registers = {f"EASF{n:02d}": n * 31_000 for n in range(1, 7)}
    found = ask(shipped["edf-bleu-tempo"], "2025-01-01", "2025-01-31", 6, "TEMPO", **registers)
    # 31 x (1 x 0.1296 + 2 x 0.1609 + 3 x 0.1486 + 4 x 0.1894 + 5 x 0.1568 + 6 x 0.7562)
    # is 31 x (0.1296 + 0.3218 + 0.4458 + 0.7576 + 0.784 + 4.5372) = 31 x 6.976
    assert total(each for each in found if each.period) == Decimal("216.256")
    subscription = [each for each in found if each.period is None]
    assert to_cents(total(subscription)) == Decimal("13.03")
    assert {each.quality for each in subscription} == {Quality.MEASURED}
    assert {each.version.source for each in subscription if each.version} == {"a public comparator"}
    assert {each.period for each in found} == {*TEMPO_PERIODS, None}


def test_an_ejp_day_by_the_shipped_tariff(shipped: dict[str, Tariff]) -> None:
    found = ask(shipped["edf-bleu-ejp"], "2025-02-12", "2025-02-12", 9, "EJP", EASF01=5000, EASF02=20_000)
    # 5 x 0.1476 + 20 x 1.1038 + 17.20 / 28
    assert to_cents(total(found)) == Decimal("23.43")


def test_a_tariff_that_was_not_revised_when_due_is_provisional(shipped: dict[str, Tariff]) -> None:
    base = shipped["edf-bleu-base"]
    newest = base.versions[-1].start
    due = newest.replace(year=newest.year + 1, month=2) if newest.month > 2 else newest.replace(month=8)
    found = costs([newest, due], [row(day, "EAST", 1000) for day in (newest, due)], on(base), base)
    qualities = {(each.day, each.quality) for each in found}
    assert qualities == {(newest, Quality.MEASURED), (due, Quality.PROVISIONAL)}
