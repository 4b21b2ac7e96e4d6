"""The bundled tariffs: published figures, and properties of every version."""

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tictally_recorder.tariffs.catalogue import load_catalogue
from tictally_recorder.tariffs.check import IssueCode, check
from tictally_recorder.tariffs.model import Confidence, Figure, Tariff, Version
from tictally_shared.tariff_options import TARIFF_OPTIONS

TARIFFS = load_catalogue().tariffs
BASE, HPHC, TEMPO, EJP = (TARIFFS[f"edf-bleu-{option}"] for option in ("base", "hphc", "tempo", "ejp"))
ROWS = Path(__file__).parents[3] / "shared" / "data" / "tariffs" / "edf_bleu.csv"
MORE = ROWS.with_name("edf_bleu_more.csv")

FIRST_OF = """
2016-08 2017-08 2018-02 2018-08 2019-06 2019-08 2020-02 2020-08 2021-02 2021-08
2022-02 2022-08 2023-02 2023-08 2024-02 2024-11 2025-02 2025-08 2026-02 2026-08
"""
REVISIONS = [date.fromisoformat(f"{month}-01") for month in FIRST_OF.split()]
NOVEMBER_2024 = date(2024, 11, 1)


def versions() -> Iterator[tuple[Tariff, Version]]:
    return ((tariff, version) for tariff in TARIFFS.values() for version in tariff.versions)


def on(tariff: Tariff, day: str) -> Version:
    version = tariff.on(date.fromisoformat(day))
    assert version is not None
    return version


def ttc(tariff: Tariff, day: str, power: int, *periods: str) -> list[str]:
    prices = [on(tariff, day).price(power, period) for period in periods]
    return ["none" if price is None else f"{price.ttc:.4f}" for price in prices]


@pytest.mark.parametrize(
    ("day", "base", "peak_and_off_peak", "tempo"),
    [
        ("2023-02-01", ".2062", ".2228 .1615", ".0970 .1249 .1140 .1508 .1216 .6712"),
        ("2023-08-01", ".2276", ".2460 .1828", ".1056 .1369 .1246 .1654 .1328 .7324"),
        ("2024-02-01", ".2516", ".2700 .2068", ".1296 .1609 .1486 .1894 .1568 .7562"),
        ("2024-11-01", ".2516", ".2700 .2068", ".1296 .1609 .1486 .1894 .1568 .7562"),
        ("2025-02-01", ".2016", ".2146 .1696", ".1288 .1552 .1447 .1792 .1518 .6586"),
        ("2025-08-01", ".1952", ".2081 .1635", ".1232 .1494 .1391 .1730 .1460 .6468"),
        ("2026-02-01", ".1940", ".2065 .1579", ".1325 .1612 .1499 .1871 .1575 .7060"),
        ("2026-08-01", ".2001", ".2142 .1589", ".1356 .1654 .1536 .1921 .1615 .7295"),
    ],
)
def test_prices_at_6_kva_are_those_that_were_published(day: str, base: str, peak_and_off_peak: str, tempo: str) -> None:
    assert ttc(BASE, day, 6, "BASE") == [f"0{base}"]
    assert ttc(HPHC, day, 6, "HP", "HC") == [f"0{price}" for price in peak_and_off_peak.split()]
    assert ttc(TEMPO, day, 6, *TEMPO.periods) == [f"0{price}" for price in tempo.split()]


def test_base_is_cheaper_from_9_kva_on_since_2026() -> None:
    assert [ttc(BASE, day, 9, "BASE") for day in ("2026-02-01", "2026-08-01")] == [["0.1927"], ["0.1985"]]


@pytest.mark.parametrize(
    ("tariff", "day", "power", "monthly"),
    [
        (BASE, "2016-08-01", 6, "7.37"),
        (HPHC, "2025-07-31", 6, "14.04"),
        (HPHC, "2025-08-01", 6, "15.74"),
        (HPHC, "2025-08-01", 9, "19.81"),
        (TEMPO, "2025-02-01", 9, "17.45"),
        (EJP, "2025-08-01", 36, "53.32"),
    ],
)
def test_subscriptions_are_by_the_month(tariff: Tariff, day: str, power: int, monthly: str) -> None:
    assert on(tariff, day).monthly(power) == Decimal(monthly)


@pytest.mark.parametrize("tariff", [BASE, HPHC, TEMPO])
def test_there_is_a_version_for_every_revision(tariff: Tariff) -> None:
    assert [version.start for version in tariff.versions] == REVISIONS
    assert all(version.until is None for version in tariff.versions)


def test_unknown_versions_of_ejp_are_gaps() -> None:
    gaps = [
        (found.since, found.until) for found in check([EJP], date(2026, 7, 31)) if found.phrase.code is IssueCode.GAP
    ]
    assert gaps == [(date(2019, 6, 1), date(2021, 7, 31)), (date(2022, 2, 1), date(2023, 7, 31))]
    assert EJP.on(date(2018, 7, 31)) is None
    assert not EJP.is_overdue(date(2026, 7, 31))
    assert EJP.overdue_since(date(2026, 8, 1)) == date(2026, 8, 1)


def test_tempo_at_6_kva_begins_in_2023() -> None:
    known = [version.start for version in TEMPO.versions if version.price(6, "HP ROUGE") is not None]
    assert known == [start for start in REVISIONS if start >= date(2023, 2, 1)]


def test_in_november_2024_subscriptions_alone_were_revised_and_every_one_is_known() -> None:
    for tariff in TARIFFS.values():
        before, version = on(tariff, "2024-10-31"), on(tariff, "2024-11-01")
        assert version.start == NOVEMBER_2024
        assert version.energy == before.energy
        assert version.subscription.keys() == before.subscription.keys()
        assert version.subscription_ht == before.subscription_ht
    assert all(version.subscription for _, version in versions())


@pytest.mark.skipif(not MORE.exists(), reason="no tariff data beside the project")
def test_subscriptions_of_november_2024_and_those_of_ejp_are_as_they_were_found() -> None:
    counted = 0
    for row in csv.DictReader(MORE.read_text(encoding="utf-8").splitlines()):
        tariff, power = TARIFFS[f"edf-bleu-{row['option'].lower()}"], int(row["power_kva"])
        version = on(tariff, row["from"])
        assert version.monthly(power) == Decimal(row["subscription_ttc_month"]), row
        whence = version.provenance(Figure.SUBSCRIPTION, power)
        assert whence.confidence is Confidence.SECONDARY
        assert ("doubted" in row["source"]) == ("doubtful" in whence.note), row
        counted += 1
    assert counted == 40


@pytest.mark.parametrize(
    ("tariff", "day", "cell", "source", "confidence"),
    [
        (HPHC, "2025-02-01", (Figure.SUBSCRIPTION, 6, None), "EDF, price grid", "official"),
        (HPHC, "2025-02-01", (Figure.SUBSCRIPTION_HT, 6, None), "CRE, open data: a twelfth of the year", "official"),
        (HPHC, "2025-02-01", (Figure.ENERGY, 6, "HC"), "CRE, open data", "official"),
        (HPHC, "2023-08-01", (Figure.ENERGY, 6, "HC"), "EDF, price grid", "official"),
        (HPHC, "2023-08-01", (Figure.ENERGY_HT, 6, "HC"), "CRE, open data", "official"),
        (HPHC, "2026-02-01", (Figure.ENERGY, 6, "HC"), "others who publish prices", "secondary"),
        (HPHC, "2026-02-01", (Figure.ENERGY, 6, "HP"), "CRE, open data", "official"),
        (BASE, "2025-08-01", (Figure.ENERGY, 15, "BASE"), "CRE, open data", "official"),
        (BASE, "2025-08-01", (Figure.ENERGY, 18, "BASE"), "others who publish prices", "secondary"),
        (BASE, "2026-02-01", (Figure.SUBSCRIPTION, 36, None), "others who publish prices", "secondary"),
        (HPHC, "2024-11-01", (Figure.SUBSCRIPTION, 6, None), "a public comparator", "secondary"),
        (TEMPO, "2022-02-01", (Figure.ENERGY, 9, "HC BLEU"), "CRE, open data: without taxes, ", "secondary"),
        (TEMPO, "2022-02-01", (Figure.ENERGY, 12, "HP ROUGE"), "CRE, open data: without taxes, ", "secondary"),
        (TEMPO, "2022-02-01", (Figure.ENERGY_HT, 12, "HP ROUGE"), "CRE, open data", "official"),
        (EJP, "2026-02-01", (Figure.ENERGY, 9, "PM"), "others who publish prices", "secondary"),
    ],
)
def test_each_figure_states_its_own_source(
    tariff: Tariff, day: str, cell: tuple[Figure, int, str | None], source: str, confidence: str
) -> None:
    found = on(tariff, day).provenance(*cell)
    assert found.source.startswith(source)
    assert found.confidence == confidence


def test_tempo_of_february_2022_costs_what_its_prices_without_taxes_give() -> None:
    for power in (9, 12, 36):
        assert ttc(TEMPO, "2022-02-01", power, *TEMPO.periods) == ttc(TEMPO, "2022-08-01", power, *TEMPO.periods)
    assert ttc(TEMPO, "2022-02-01", 9, "HC BLEU") == ["0.0862"]


@pytest.mark.parametrize("tariff", [BASE, HPHC, TEMPO])
def test_every_price_of_2026_is_known_without_taxes(tariff: Tariff) -> None:
    for day in ("2026-02-01", "2026-08-01"):
        version = on(tariff, day)
        assert all(price.ht is not None for prices in version.energy.values() for price in prices.values())
        assert version.taxes_on(date(2026, 9, 1)).accise == Decimal("0.03085")
    assert on(tariff, "2026-02-01").subscription_ht.keys() == on(tariff, "2026-02-01").subscription.keys()


def test_powers_that_august_2026_lacks_keep_the_prices_of_february() -> None:
    day = date(2026, 9, 1)
    for tariff in (BASE, HPHC, TEMPO):
        assert tariff.powers_on(day) == tariff.powers_on(date(2026, 7, 31))
        found = {power: version.start for power in tariff.powers_on(day) if (version := tariff.in_force(day, power))}
        assert {power for power, start in found.items() if start == date(2026, 8, 1)} == {6, 9, 12}
        assert set(found.values()) == {date(2026, 2, 1), date(2026, 8, 1)}


@pytest.mark.parametrize("option", ["base", "hphc", "tempo", "ejp"])
def test_the_periods_are_those_of_the_meter_s_registers(option: str) -> None:
    assert TARIFFS[f"edf-bleu-{option}"].periods == TARIFF_OPTIONS[option].periods


def test_with_taxes_is_without_plus_accise_and_vat() -> None:
    # Within rounding: each amount to a hundredth of a cent.
    wrong = set()
    for tariff, version in versions():
        for prices in version.energy.values():
            for price in prices.values():
                accise = version.taxes_on(version.start).accise
                if price.ht is None:
                    continue
                assert accise is not None
                rounding = Decimal("0.00005") + Decimal("0.00005") / Decimal("1.2")
                if abs(price.ttc / Decimal("1.2") - price.ht - accise) > rounding:
                    wrong.add((tariff.id, version.start))
    assert wrong == set()


def test_value_added_tax_on_the_subscription_went_up_in_august_2025() -> None:
    for _, version in versions():
        assert version.taxes_on(version.start).vat_energy == Decimal("0.20")
        expected = "0.20" if version.start >= date(2025, 8, 1) else "0.055"
        assert version.taxes_on(version.start).vat_subscription == Decimal(expected)


@pytest.mark.parametrize(
    ("day", "accise", "cta"),
    [
        ("2016-08-01", "0.03205", "0.2704"),
        ("2021-02-01", "0.03245", "0.2704"),
        ("2021-08-01", "0.03245", "0.2193"),
        ("2022-02-01", "0.00763", "0.2193"),
        ("2023-02-01", "0.001", "0.2193"),
        ("2024-02-01", "0.021", "0.2193"),
        ("2025-02-01", "0.0337", "0.2193"),
        ("2025-08-01", "0.02998", "0.2193"),
        ("2026-02-01", "0.03085", "0.15"),
    ],
)
def test_taxes_are_those_of_the_first_day(day: str, accise: str, cta: str) -> None:
    taxes = on(BASE, day).taxes_on(date.fromisoformat(day))
    assert (taxes.accise, taxes.cta_share) == (Decimal(accise), Decimal(cta))


def test_subscriptions_grow_with_the_power_and_are_more_than_without_taxes() -> None:
    for _, version in versions():
        amounts = [version.subscription[power] for power in sorted(version.subscription, key=lambda power: power or 0)]
        assert amounts == sorted(amounts)
        assert all(
            version.subscription[power] > ht
            for power, ht in version.subscription_ht.items()
            if power in version.subscription
        )


# Where tables and rows differ: (tariff, first day, period), why.
OTHERWISE = {
    ("edf-bleu-hphc", "2026-02-01", "HC"): "0.1579 is what is published elsewhere",
    ("edf-bleu-tempo", "2025-02-01", "HC BLEU"): "0.1288 is what the amount without taxes gives",
    **{("edf-bleu-tempo", "2022-02-01", period): "what the amount without taxes gives" for period in TEMPO.periods},
    ("edf-bleu-base", "2026-02-01", "BASE"): "rounded to four decimals",
}
OPTIONS = {"BASE": "edf-bleu-base", "HPHC": "edf-bleu-hphc", "TEMPO": "edf-bleu-tempo", "EJP": "edf-bleu-ejp"}
PERIODS = {period.title().replace(" ", "").replace("Hc", "HC").replace("Hp", "HP"): period for period in TEMPO.periods}


@pytest.mark.skipif(not ROWS.exists(), reason="no tariff data beside the project")
def test_the_tariffs_contain_every_row_of_their_sources() -> None:
    counted, otherwise = 0, set()
    for row in csv.DictReader(ROWS.read_text(encoding="utf-8").splitlines()):
        if row["valid_from"] < "2016-08-01" or row["kva"] == "0":
            continue
        tariff, power = TARIFFS[OPTIONS[row["option"]]], int(row["kva"])
        version = on(tariff, row["valid_from"])
        period = PERIODS.get(row["period"], row["period"])
        price = version.price(power, period)
        assert price is not None
        if price.ttc != Decimal(row["energy_ttc_eur_kwh"]):
            most = Decimal("0.0040") if row["valid_from"] == "2022-02-01" else Decimal("0.0001")
            assert abs(price.ttc - Decimal(row["energy_ttc_eur_kwh"])) <= most
            otherwise.add((tariff.id, row["valid_from"], period))
        if row["energy_ht_eur_kwh"]:
            assert price.ht == Decimal(row["energy_ht_eur_kwh"])
        # Those of EJP in 2024-02 are of 2024-11 there.
        if (tariff.id, row["valid_from"]) != ("edf-bleu-ejp", "2024-02-01"):
            assert version.monthly(power) == Decimal(row["subscription_ttc_eur_month"])
        counted += 1
    assert counted == 1248
    assert otherwise == set(OTHERWISE)
