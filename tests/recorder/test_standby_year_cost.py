"""What a base load costs a year: prices and shares of time, computed by hand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from cost_building import (
    BASE,
    FEBRUARY_AND_AUGUST,
    HPHC,
    PARIS,
    SITE,
    TEMPO_PERIODS,
    d,
    on,
    tariff,
    terms,
    version,
    words,
)
from ledger_building import NOON_MS, frame, message

from tictally_recorder.cost import Terms
from tictally_recorder.cost.contracts import Contract, Contracts
from tictally_recorder.cost.contracts.model import OffPeak
from tictally_recorder.cost.standby import LoadQuery, YearCost, year_cost, year_cost_of
from tictally_recorder.cost.standby.period_shares import CountedSpan, counted_spans
from tictally_recorder.ledger import Ledger, LedgerReader, TextChange, join_sites
from tictally_recorder.tariffs.period_rules import PeriodRule, PeriodRules
from tictally_recorder.tariffs.series import Series, Step
from tictally_shared.calendar import QUARTER_MS

DAY = d("2025-12-31")
HOUR_MS = 4 * QUARTER_MS
DAY_MS = 24 * HOUR_MS
EPOCH_MS = int(datetime.fromisoformat("2025-01-01T00:00+01:00").timestamp()) * 1000
NEW_METER = "021900000003"
TEMPO = tariff(
    "tempo",
    TEMPO_PERIODS,
    version(
        "tempo",
        "2025-02-01",
        dict(zip(TEMPO_PERIODS, ("0.12", "0.15", "0.14", "0.17", "0.15", "0.65"), strict=True)),
        {6: "15.50"},
    ),
)


def spans_of(
    hours: Iterable[tuple[str, int]], *, option: str | None = None, start_ms: int = EPOCH_MS
) -> list[CountedSpan]:
    """Spans of registers one after another, each for some hours."""
    found = []
    for register, n in hours:
        found.append(CountedSpan(start_ms, start_ms + n * HOUR_MS, register, None, option))
        start_ms += n * HOUR_MS
    return found


def ask(by: Terms, spans: Iterable[CountedSpan] = (), *, va: int = 100, day: date = DAY) -> YearCost:
    return year_cost(LoadQuery(va, day, PARIS), SITE, by, list(spans))


def test_one_period_costs_its_price_for_eight_thousand_seven_hundred_and_sixty_hours() -> None:
    found = ask(terms(on(BASE), BASE), va=150)
    # 0.150 kW x 8760 h = 1314 kWh at 0.2016
    assert found.amount == Decimal("264.9024")
    assert (found.price, found.currency, found.version) == (Decimal("0.2016"), "EUR", "base 2025-02-01")
    assert dict(found.shares) == {"BASE": 1}


def test_a_leap_year_has_the_same_hours() -> None:
    assert ask(terms(on(BASE), BASE), day=d("2024-02-29")).amount == Decimal("220.4016")  # 876 kWh at 0.2516


def test_no_load_costs_nothing_and_is_known() -> None:
    assert ask(terms(on(BASE), BASE), va=0).amount == 0


@pytest.mark.parametrize("registers", [("EASF01", "EASF02"), ("HCHC", "HCHP")])
def test_off_peak_and_peak_are_weighed_by_their_time(registers: tuple[str, str]) -> None:
    week = spans_of([(registers[0], 8), (registers[1], 16)] * 7, option="H PLEINE/CREUSE")
    found = ask(terms(on(HPHC), HPHC), week)
    # a third at 0.1635, two thirds at 0.2081: 0.1932333…, and 876 kWh of it
    assert found.amount is not None
    assert round(found.amount, 6) == Decimal("169.2724")
    assert {period: round(share, 4) for period, share in found.shares.items()} == {
        "HC": Decimal("0.3333"),
        "HP": Decimal("0.6667"),
    }
    assert (found.version, words(found.reason)) == ("hphc 2025-08-01", None)


def test_tempo_is_weighed_by_its_six_periods_over_a_year() -> None:
    blue, white, red = ([(f"EASF{n:02}", 8), (f"EASF{n + 1:02}", 16)] for n in (1, 3, 5))
    year = spans_of([*blue * 300, *white * 43, *red * 22], option="TEMPO")
    found = ask(terms(on(TEMPO), TEMPO), year)
    # hours: 2400 x 0.12 + 4800 x 0.15 + 344 x 0.14 + 688 x 0.17 + 176 x 0.15 + 352 x 0.65 = 1428.32 for a kW
    assert found.amount is not None
    assert round(found.amount, 6) == Decimal("142.832")
    assert list(found.shares) == list(TEMPO_PERIODS)
    assert round(found.shares["HP ROUGE"], 6) == Decimal("0.040183")


def test_a_part_of_a_tempo_year_is_not_enough() -> None:
    winter = spans_of([("EASF01", 8), ("EASF02", 16), ("EASF05", 8), ("EASF06", 16)] * 31, option="TEMPO")
    found = ask(terms(on(TEMPO), TEMPO), winter)
    assert (found.amount, found.price, dict(found.shares)) == (None, None, {})
    assert found.version == "tempo 2025-02-01"
    assert words(found.reason) == (
        "the meter has reported which period applies for 62 days, and most of a year is needed for tempo, "
        "whose days differ"
    )


@pytest.mark.parametrize("days", [7, 8, 40])
def test_a_tariff_whose_weeks_are_alike_needs_a_week(days: int) -> None:
    by = terms(on(HPHC), HPHC)
    assert ask(by, spans_of([("HCHC", 8), ("HCHP", 16)] * days)).amount is not None
    found = ask(by, spans_of([("HCHC", 8), ("HCHP", 16)] * 5))
    assert words(found.reason) == "the meter has reported which period applies for 5 days, and a whole week is needed"
    assert found.amount is None


def test_spans_before_a_change_of_option_do_not_count() -> None:
    # The contract began in the morning, the meter was reprogrammed in the afternoon.
    before = spans_of([("EASF01", 14)], option="BASE")
    after = spans_of([("EASF01", 12), ("EASF02", 12)] * 7, option="H PLEINE/CREUSE", start_ms=before[-1].end_ms)
    assert ask(terms(on(HPHC), HPHC), [*before, *after]).price == Decimal("0.1858")


def test_historique_and_standard_words_for_one_option_are_one() -> None:
    before = spans_of([("HCHC", 24)] * 4, option="HC..")
    after = spans_of([("EASF02", 24)] * 4, option="H PLEINE/CREUSE", start_ms=before[-1].end_ms)
    assert ask(terms(on(HPHC), HPHC), [*before, *after]).price == Decimal("0.1858")


def test_a_suppliers_own_names_count_by_the_contracts_aliases_and_else_not_at_all() -> None:
    spans = [
        CountedSpan(
            EPOCH_MS + n * 12 * HOUR_MS, EPOCH_MS + (n + 1) * 12 * HOUR_MS, f"EASF{1 + n % 4 // 3:02}", name, "SUPER"
        )
        for n, name in enumerate(["JOUR", "JOUR", "JOUR", "NUIT"] * 7)
    ]
    contract = Contract(SITE, "hphc", d("2025-01-01"), power_kva=6, aliases={"JOUR": "HP", "NUIT": "HC"})
    # 0.75 x 0.2081 + 0.25 x 0.1635
    assert ask(terms(Contracts([contract]), HPHC), spans).price == Decimal("0.19695")
    plain = Contract(SITE, "hphc", d("2025-01-01"), power_kva=6, aliases={"JOUR": "HP"})
    found = ask(terms(Contracts([plain]), HPHC), spans)
    assert found.amount is None
    assert words(found.reason) == (
        "the meter reported NUIT for 25.0 % of the time, which is no period of hphc and no alias of the contract"
    )


def test_a_price_series_costs_the_mean_of_the_last_year_of_it() -> None:
    spot = tariff("spot", (), version("spot", "2020-01-01", {}, {None: "31"}), series=True)
    year_ms = 365 * DAY_MS
    prices = Series(
        [
            Step(EPOCH_MS - HOUR_MS, EPOCH_MS, Decimal(9)),  # before the 365 days
            Step(EPOCH_MS, EPOCH_MS + HOUR_MS, Decimal("0.10")),
            Step(EPOCH_MS + HOUR_MS, EPOCH_MS + HOUR_MS + QUARTER_MS, Decimal("-0.05")),
            Step(EPOCH_MS + year_ms - HOUR_MS, EPOCH_MS + year_ms, Decimal("0.25")),
            Step(EPOCH_MS + year_ms, EPOCH_MS + year_ms + HOUR_MS, Decimal(9)),  # tomorrow
        ]
    )
    found = ask(terms(on(spot), spot, spot=prices))
    # (0.10 x 4 - 0.05 + 0.25 x 4) / 9 = 0.15 a kWh
    assert (found.amount, found.price, found.version) == (Decimal("131.40"), Decimal("0.15"), "spot 2020-01-01")
    nothing = ask(terms(on(spot), spot, spot=prices), day=d("2028-01-01"))
    assert words(nothing.reason) == "spot has no price in the 365 days to 2028-01-01"
    assert words(ask(terms(on(spot), spot)).reason) == "the price series of spot is missing"


def test_an_overdue_revision_is_reported() -> None:
    found = ask(terms(on(BASE), BASE), day=d("2025-12-31"))
    assert found.amount is not None
    assert words(found.reason) == "a revision was due on 2025-08-01, and base 2025-02-01 is the newest known"
    assert FEBRUARY_AND_AUGUST[1] == (8, 1)


@pytest.mark.parametrize(
    ("by", "version_named", "reason"),
    [
        (terms(Contracts(), BASE), None, "there is no contract"),
        (terms(on(BASE)), None, "there is no tariff base"),
        (
            terms(Contracts([Contract(SITE, "base", d("2000-01-01"), d("2025-06-01"), 6)]), BASE),
            None,
            "the contract ended on 2025-06-01",
        ),
        (terms(on(tariff("old", ("BASE",))), tariff("old", ("BASE",))), None, "old has no version"),
        (terms(on(BASE, power_kva=9), BASE), "base 2025-02-01", "base 2025-02-01 has no price for BASE at 9 kVA"),
        (terms(on(HPHC), HPHC), "hphc 2025-08-01", "the meter has not reported which period applies"),
    ],
)
def test_an_unknown_cost_has_a_reason_and_no_amount(by: Terms, version_named: str | None, reason: str) -> None:
    found = ask(by)
    assert (found.amount, found.price, found.version, words(found.reason)) == (None, None, version_named, reason)


def changes(*texts: tuple[int, str, str]) -> list[TextChange]:
    return [TextChange(label, EPOCH_MS + hour * HOUR_MS, value) for hour, label, value in texts]


def hours(found: Iterable[CountedSpan]) -> list[tuple[float, float, str, str | None, str | None]]:
    return [
        (
            (each.start_ms - EPOCH_MS) / HOUR_MS,
            (each.end_ms - EPOCH_MS) / HOUR_MS,
            each.register,
            each.name,
            each.option,
        )
        for each in found
    ]


def quarters(*runs: tuple[int, int]) -> list[int]:
    """Starts of quarters, of all hours from one to another."""
    return [EPOCH_MS + n * QUARTER_MS for first, end in runs for n in range(4 * first, 4 * end)]


def test_a_string_holds_until_the_next_and_across_no_gap() -> None:
    texts = changes(
        (-5, "NGTF", "H PLEINE/CREUSE"),
        (-5, "LTARF", "HEURE PLEINE"),
        (-5, "NTARF", "02"),
        (3, "LTARF", "HEURE CREUSE"),
        (3, "NTARF", "01"),
        (20, "LTARF", "HEURE PLEINE"),
        (20, "NTARF", "02"),
    )
    found = counted_spans(texts, quarters((0, 5), (7, 9), (22, 24)), EPOCH_MS + 24 * HOUR_MS)
    ngtf = "H PLEINE/CREUSE"
    assert hours(found) == [
        (0, 3, "EASF02", "HEURE PLEINE", ngtf),
        (3, 5, "EASF01", "HEURE CREUSE", ngtf),
        (7, 9, "EASF01", "HEURE CREUSE", ngtf),
        (22, 24, "EASF02", "HEURE PLEINE", ngtf),
    ]


def test_the_newest_mode_determines_the_register() -> None:
    texts = changes(
        (0, "OPTARIF", "HC.."),
        (0, "PTEC", "HP.."),
        (2, "PTEC", "HC.."),
        (4, "NGTF", "H PLEINE/CREUSE"),
        (4, "LTARF", "HC"),
        (4, "NTARF", "01"),
        (6, "PTEC", "HP.."),
    )
    found = counted_spans(texts, quarters((0, 8)), EPOCH_MS + 8 * HOUR_MS)
    assert [each[:3] for each in hours(found)] == [
        (0, 2, "HCHP"),
        (2, 4, "HCHC"),
        (4, 6, "EASF01"),
        (6, 8, "HCHP"),
    ]


def test_a_meter_that_sends_no_period_has_no_spans() -> None:
    assert list(counted_spans([], quarters((0, 8)), EPOCH_MS + 8 * HOUR_MS)) == []
    assert list(counted_spans(changes((0, "NGTF", "BASE")), quarters((0, 8)), EPOCH_MS + 8 * HOUR_MS)) == []


def test_a_change_inside_a_quarter_divides_it() -> None:
    texts = [TextChange("PTEC", EPOCH_MS, "HC.."), TextChange("PTEC", EPOCH_MS + 60_000, "HP..")]
    assert [
        (each.start_ms - EPOCH_MS, each.end_ms - EPOCH_MS, each.register)
        for each in counted_spans(texts, [EPOCH_MS], EPOCH_MS + HOUR_MS)
    ] == [(0, 60_000, "HCHC"), (60_000, QUARTER_MS, "HCHP")]


Labels = Mapping[str, int | str]


@dataclass(frozen=True)
class MeterDays:
    """Days on which a meter sends a frame a quarter: off-peak from midnight to an hour, peak after it."""

    meter: str
    start: date
    days: int
    labels: tuple[Labels, Labels]
    until_hour: int = 6


def store(path: Path, each: MeterDays) -> None:
    start_ms = EPOCH_MS + (each.start - d("2025-01-01")) // timedelta(days=1) * DAY_MS
    with Ledger.open(path) as ledger:
        ledger.store(
            [
                message(
                    frame(
                        1 + n,
                        start_ms + n * QUARTER_MS,
                        each.labels[n % 96 >= 4 * each.until_hour],
                        meter=each.meter,
                        boot=each.meter[-1] * 16,
                    ),
                    arrived_ms=NOON_MS,
                )
                for n in range(each.days * 96)
            ]
        )


STANDARD: tuple[Labels, Labels] = (
    {"NGTF": "H PLEINE/CREUSE", "NTARF": "01", "LTARF": "HEURE CREUSE", "EAST": 1},
    {"NGTF": "H PLEINE/CREUSE", "NTARF": "02", "LTARF": "HEURE PLEINE", "EAST": 1},
)
HISTORIQUE: tuple[Labels, Labels] = (
    {"OPTARIF": "HC..", "PTEC": "HC..", "HCHC": 1},
    {"OPTARIF": "HC..", "PTEC": "HP..", "HCHC": 1},
)


def ask_ledger(path: Path, day: str, contract_from: str = "2025-01-01") -> YearCost:
    contract = Contract(None, "hphc", d(contract_from), power_kva=6)
    with LedgerReader.open(path) as reader:
        (site,) = reader.sites()
        return year_cost_of(reader, site, LoadQuery(100, d(day), PARIS), terms(Contracts([contract]), HPHC))


def test_shares_are_those_of_the_ledgers_texts_over_two_meters_in_two_modes(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    store(path, MeterDays(SITE, d("2025-11-03"), 6, HISTORIQUE))
    store(path, MeterDays(NEW_METER, d("2025-11-09"), 6, STANDARD))
    join_sites(path, NEW_METER, SITE)
    # 0.25 x 0.1635 + 0.75 x 0.2081
    assert ask_ledger(path, "2025-11-20").price == Decimal("0.19695")


@pytest.mark.parametrize(
    ("day", "contract_from", "off_peak"),
    [
        ("2025-11-26", "2025-01-01", "0.375"),  # 12 days of 6 hours, 12 of 12
        ("2025-11-26", "2025-11-15", "0.5"),  # on this contract 12 of 12
        ("2025-11-18", "2025-01-01", "0.3125"),  # by then 12 of 6 and 4 of 12
        ("2026-11-10", "2025-01-01", "0.4375"),  # from 11 November on: 4 of 6 and 12 of 12
    ],
)
def test_the_365_days_to_a_day_count_as_far_as_they_are_of_its_contract(
    tmp_path: Path, day: str, contract_from: str, off_peak: str
) -> None:
    path = tmp_path / "ledger.sqlite"
    store(path, MeterDays(SITE, d("2025-11-03"), 12, STANDARD))
    store(path, MeterDays(NEW_METER, d("2025-11-15"), 12, STANDARD, until_hour=12))
    join_sites(path, NEW_METER, SITE)
    found = ask_ledger(path, day, contract_from)
    assert found.shares["HC"] == Decimal(off_peak)
    assert found.price == Decimal("0.2081") - Decimal("0.0446") * Decimal(off_peak)


def test_frames_of_more_than_a_year_ago_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    store(path, MeterDays(SITE, d("2025-11-03"), 12, STANDARD))
    assert words(ask_ledger(path, "2026-11-20").reason) == "the meter has not reported which period applies"


PRICES = {"WE": "0.1", "HC": "0.2", "HP": "0.3"}
RULES = [PeriodRule("WE", weekdays=frozenset({5, 6})), PeriodRule("HC", is_off_peak=True), PeriodRule("HP")]
WEEKEND = replace(
    tariff("weekend", (*PRICES,), version("weekend", "2025-01-01", PRICES, {None: "9"})), rules=PeriodRules(RULES)
)


@pytest.mark.parametrize("registers", [[], [("BASE", 24 * 30)], [("HCHC", 8 * 30), ("HCHP", 16 * 30)]])
def test_rules_of_a_tariff_divide_the_year_where_the_meter_does_not(registers: list[tuple[str, int]]) -> None:
    night = OffPeak(((time(22), time(6)),))
    contracts = Contracts([Contract(SITE, "weekend", d("2020-01-01"), off_peak=(night,))])
    paid = Terms(contracts, {"weekend": WEEKEND})
    found = year_cost(LoadQuery(100, DAY, PARIS), SITE, paid, spans_of(registers))
    # 2025 has 104 days of weekends among 365, and a third of the others is off-peak.
    weekend = Decimal(104) / 365
    assert found.shares == {"WE": weekend, "HC": Decimal(261 * 32) / (365 * 96), "HP": Decimal(261 * 64) / (365 * 96)}
    without = Terms(Contracts([Contract(SITE, "weekend", d("2020-01-01"))]), {"weekend": WEEKEND})
    unknown = year_cost(LoadQuery(100, DAY, PARIS), SITE, without, spans_of(registers))
    assert unknown.reason is not None
    assert (unknown.amount, unknown.reason.code.value) == (None, "off_peak_hours_unknown")


def test_a_meter_that_counts_the_tariffs_periods_goes_before_its_rules() -> None:
    aliases = {"EASF01": "WE", "EASF02": "HC", "EASF03": "HP"}
    contracts = Contracts([Contract(SITE, "weekend", d("2020-01-01"), aliases=aliases)])
    reported = spans_of([("EASF01", 42), ("EASF02", 42), ("EASF03", 84)] * 2)
    found = year_cost(LoadQuery(100, DAY, PARIS), SITE, Terms(contracts, {"weekend": WEEKEND}), reported)
    assert found.shares == {"WE": Decimal("0.25"), "HC": Decimal("0.25"), "HP": Decimal("0.5")}
