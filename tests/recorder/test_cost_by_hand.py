"""Costs computed by hand, to the cent. The arithmetic stands beside each; prices are those of the real tariffs."""

from collections import Counter
from decimal import Decimal

import pytest
from cost_building import (
    BASE,
    EJP,
    HPHC,
    SITE,
    SURPLUS,
    TEMPO_PERIODS,
    costs,
    d,
    days,
    midnight_ms,
    on,
    quarter_rows,
    row,
    spread,
    tariff,
    terms,
    total,
    version,
)

from tictally_recorder.cost import Quality, days_by_quarter, to_cents
from tictally_recorder.cost.contracts import Contract
from tictally_recorder.tariffs.model import Direction, Tariff
from tictally_recorder.tariffs.series import Series, Step
from tictally_shared.calendar import QUARTER_MS


def test_100_kwh_off_peak_and_200_peak_within_july_2025() -> None:
    rows = [row(d("2025-07-03"), "HCHC", 100_000), row(d("2025-07-17"), "HCHP", 200_000)]
    rows += [row(d("2025-07-03"), "HCHP", 0), row(d("2025-07-17"), "HCHC", 0)]
    rows += [row(day, register, 0) for day in days("2025-07-01", "2025-07-31") for register in ("HCHC", "HCHP")]
    found = costs(days("2025-07-01", "2025-07-31"), rows, on(HPHC), HPHC)
    # HC           100 kWh x 0.1696 =  16.96
    # HP           200 kWh x 0.2146 =  42.92
    # subscription 31 x 14.04 / 31  =  14.04
    by_period = {period: total(each for each in found if each.period == period) for period in ("HC", "HP", None)}
    assert {period: to_cents(amount) for period, amount in by_period.items()} == {
        "HC": Decimal("16.96"),
        "HP": Decimal("42.92"),
        None: Decimal("14.04"),
    }
    assert to_cents(total(found)) == Decimal("73.92")


def test_the_same_energy_spread_evenly_across_a_change_of_prices() -> None:
    when = days("2025-07-15", "2025-08-15")
    found = costs(when, spread(when, HCHC=100_000, HCHP=200_000), on(HPHC), HPHC)
    # 32 days, 3.125 kWh HC and 6.25 kWh HP a day.
    # until 31 July, 17 days: HC 53.125 x 0.1696 = 9.01       HP 106.25 x 0.2146 = 22.80125
    #                         subscription 14.04 x 17 / 31 = 7.699354…
    # from 1 August, 15 days: HC 46.875 x 0.1635 = 7.6640625  HP 93.75 x 0.2081 = 19.509375
    #                         subscription 15.74 x 15 / 31 = 7.616129…
    #                                                                        in all 74.300171…
    july, august = ([each for each in found if each.day.month == month] for month in (7, 8))
    assert total(each for each in july if each.period) == Decimal("31.81125")
    assert total(each for each in august if each.period) == Decimal("27.1734375")
    assert to_cents(total(july)) == Decimal("39.51")
    assert to_cents(total(august)) == Decimal("34.79")
    assert to_cents(total(found)) == Decimal("74.30")
    assert {each.version.id for each in july if each.version} == {"hphc 2025-02-01"}
    assert {each.version.id for each in august if each.version} == {"hphc 2025-08-01"}


def test_february_2025() -> None:
    when = days("2025-02-01", "2025-02-28")
    found = costs(when, spread(when, EASF01=120_400, EASF02=310_240), on(HPHC), HPHC, ngtf="H PLEINE/CREUSE")
    # HC           120.40 kWh x 0.1696 =  20.41984
    # HP           310.24 kWh x 0.2146 =  66.577504
    # subscription                        14.04
    #                             in all 101.037344
    assert to_cents(total(found)) == Decimal("101.04")


def test_a_tempo_month_with_all_three_colours() -> None:
    # January 2025 as it was; Tempo's day starts at six: earlier consumption has the colour of the day before.
    red = {2, 3, 10, 13, 14, 15, 16, 17, 20, 21, 22, 30, 31}
    white = {0, 4, 7, 8, 9, 11, 18, 23, 29}  # 0: the last day of December
    of_colour = {"BLEU": (1, 2), "BLANC": (3, 4), "ROUGE": (5, 6)}

    def registers(day: int) -> tuple[int, int]:
        return of_colour["ROUGE" if day in red else "BLANC" if day in white else "BLEU"]

    when = days("2025-01-01", "2025-01-31")
    rows = []
    for day in when:
        counted = Counter(dict.fromkeys(range(1, 7), 0))
        counted[registers(day.day - 1)[0]] += 3000  # until six
        counted[registers(day.day)[0]] += 1000  # from ten in the evening on
        counted[registers(day.day)[1]] += 8000
        rows += [row(day, f"EASF{n:02d}", energy) for n, energy in counted.items()]
        rows.append(row(day, "EAST", 12_000))
    prices = dict(zip(TEMPO_PERIODS, ("0.1296", "0.1609", "0.1486", "0.1894", "0.1568", "0.7562"), strict=True))
    tempo = tariff("tempo", TEMPO_PERIODS, version("tempo", "2024-02-01", prices, {6: "12.96"}, powers=(6,)))
    found = costs(when, rows, on(tempo), tempo, ngtf="TEMPO")
    # 10 blue days, 8 white, 13 red; before them 10 blue, 9 white, 12 red.
    # HC blue  10 x 1 + 10 x 3 = 40 kWh x 0.1296 =   5.184
    # HP blue  10 x 8          = 80 kWh x 0.1609 =  12.872
    # HC white  8 x 1 +  9 x 3 = 35 kWh x 0.1486 =   5.201
    # HP white  8 x 8          = 64 kWh x 0.1894 =  12.1216
    # HC red   13 x 1 + 12 x 3 = 49 kWh x 0.1568 =   7.6832
    # HP red   13 x 8         = 104 kWh x 0.7562 =  78.6448
    # subscription                                  12.96
    #                                        in all 134.6666
    amounts = {period: total(each for each in found if each.period == period) for period in TEMPO_PERIODS}
    expected = ("5.184", "12.872", "5.201", "12.1216", "7.6832", "78.6448")
    assert amounts == dict(zip(TEMPO_PERIODS, map(Decimal, expected), strict=True))
    assert to_cents(total(found)) == Decimal("134.67")


def test_from_6_to_9_kva_on_the_tenth() -> None:
    contracts = on(
        Contract(SITE, HPHC.id, d("2025-02-01"), power_kva=6), Contract(SITE, HPHC.id, d("2025-06-10"), power_kva=9)
    )
    when = days("2025-06-01", "2025-06-30")
    found = costs(when, spread(when, HCHC=100_020, HCHP=200_010), contracts, HPHC)
    #  9 days x 14.04 / 30 =  4.212
    # 21 days x 18.01 / 30 = 12.607
    subscription = [each for each in found if each.period is None]
    assert round(total(subscription), 9) == Decimal("16.819")
    assert [each.power_kva for each in subscription] == [6] * 9 + [9] * 21
    # 16.819 + 100.02 x 0.1696 + 200.01 x 0.2146 = 16.819 + 16.963392 + 42.922146 = 76.704538
    assert to_cents(total(found)) == Decimal("76.70")


@pytest.mark.parametrize("sign", [1, -1])
def test_half_a_cent_is_exact_also_as_a_sum_of_days(sign: int) -> None:
    # 15 of 30 days of 15.05 a month: 7.525, of which a day's share cut after 28 digits loses or gains a trace.
    shares = [Decimal("15.05") / 30] * 15
    assert sum(shares) != Decimal("7.525")
    assert to_cents(sign * sum(shares, Decimal(0))) == sign * Decimal("7.53")
    shares = [Decimal("14.05") / 30] * 15
    assert to_cents(sign * sum(shares, Decimal(0))) == sign * Decimal("7.03")


def test_the_29th_of_february() -> None:
    when = days("2024-02-01", "2024-02-29")
    found = costs(when, spread(when, BASE=290_000), on(BASE), BASE)
    # of the day: 10 kWh x 0.2516 + 12.60 / 29 = 2.516 + 0.434482… = 2.950482…
    assert to_cents(total(each for each in found if each.day == d("2024-02-29"))) == Decimal("2.95")
    # of the month: 290 kWh x 0.2516 + 12.60 = 72.964 + 12.60
    assert to_cents(total(found)) == Decimal("85.56")


def hourly(tariff_id: str = "spot", direction: Direction = Direction.CONSUMPTION) -> Tariff:
    return tariff(tariff_id, (), version(tariff_id, "2020-01-01", {}, {None: "0"}), direction=direction, series=True)


@pytest.mark.parametrize(
    ("day", "quarters", "expected"),
    [
        # night until three o'clock: 2 hours x 1 kWh x 0.10, the others 21 x 0.20
        ("2025-03-30", 92, "4.40"),
        # 4 x 0.10 + 21 x 0.20: the hour from two o'clock is repeated
        ("2025-10-26", 100, "4.60"),
    ],
)
def test_the_days_when_the_clocks_change(day: str, quarters: int, expected: str) -> None:
    """DST: a price series over a day of 23 and of 25 hours."""
    start, night = midnight_ms(d(day)), {92: 2, 96: 3, 100: 4}[quarters] * 4
    steps = [
        Step(start + n * QUARTER_MS, start + (n + 1) * QUARTER_MS, Decimal("0.10" if n < night else "0.20"))
        for n in range(-20, quarters + 20)
    ]
    spot = hourly()
    around = days(day, day)
    found = costs(
        around,
        [row(d(day), "EAST", quarters * 250)],
        on(spot),
        spot,
        quarters=quarter_rows("EAST", d(day), [250] * quarters),
        spot=Series(steps),
    )
    assert total(each for each in found if each.period) == Decimal(expected)
    assert sum(each.energy_wh for each in found) == quarters * 250


@pytest.mark.parametrize(("day", "kwh"), [("2025-03-30", 23), ("2025-10-26", 25)])
def test_a_day_of_23_or_25_hours_has_a_whole_days_subscription(day: str, kwh: int) -> None:
    """DST: a day of the clock change."""
    found = costs(days(day, day), [row(d(day), "EAST", kwh * 1000)], on(BASE), BASE)
    # 23 kWh x 0.2016 = 4.6368, 25 kWh x 0.2016 = 5.04; subscription 13.72 / 31 = 0.442580… for both
    assert to_cents(total(found)) == {23: Decimal("5.08"), 25: Decimal("5.48")}[kwh]


def test_an_ejp_day() -> None:
    # Peak from 07:00 to 01:00: the last hour is of the next day.
    first, after = d("2025-02-12"), d("2025-02-13")
    rows = [row(first, "EJPHN", 5000), row(first, "EJPHPM", 20_000)]
    rows += [row(after, "EJPHN", 14_000), row(after, "EJPHPM", 1200)]
    found = costs([first, after], rows, on(EJP, power_kva=9), EJP)
    # 12 February: 5 x 0.1476 + 20 x 1.1038 + 17.20 / 28 = 0.738 + 22.076 + 0.614285… = 23.428285…
    # 13 February: 14 x 0.1476 + 1.2 x 1.1038 + 17.20 / 28 = 2.0664 + 1.32456 + 0.614285… = 4.005245…
    of_days = [to_cents(total(each for each in found if each.day == day)) for day in (first, after)]
    assert of_days == [Decimal("23.43"), Decimal("4.01")]


NEGATIVE = d("2025-05-11")


def on_spot(direction: Direction, register: str) -> tuple[Decimal, Decimal]:
    """(amount, of its second quarter alone) of 400 Wh at 0.10, 500 Wh at -0.05, 600 Wh at 0.02, then nothing."""
    start, spot = midnight_ms(NEGATIVE), hourly("spot", direction)
    prices = map(Decimal, ("0.10", "-0.05", "0.02"))
    steps = [Step(start + n * QUARTER_MS, start + (n + 1) * QUARTER_MS, price) for n, price in enumerate(prices)]
    contracts = on(spot)
    assert days_by_quarter(SITE, [NEGATIVE], terms(contracts, spot)) == {NEGATIVE}
    assert days_by_quarter(SITE, [NEGATIVE], terms(on(BASE), BASE)) == set()

    def amount(*energies: int) -> Decimal:
        quarters = quarter_rows(register, NEGATIVE, [*energies, 0, 0])
        rows = [row(NEGATIVE, register, sum(energies))]
        found = costs([NEGATIVE], rows, contracts, spot, quarters=quarters, spot=Series(steps))
        return total(each for each in found if each.direction is direction and each.period)

    return amount(400, 500, 600), amount(0, 500, 0)


def test_a_quarter_at_a_negative_price_is_paid_back() -> None:
    # 0.4 x 0.10 + 0.5 x -0.05 + 0.6 x 0.02 = 0.04 - 0.025 + 0.012 = 0.027
    assert on_spot(Direction.CONSUMPTION, "EAST") == (Decimal("0.027"), Decimal("-0.025"))


def test_injection_at_a_negative_price_costs() -> None:
    assert on_spot(Direction.INJECTION, "EAIT") == (Decimal("-0.027"), Decimal("0.025"))


def test_injection_is_income() -> None:
    when = days("2025-06-01", "2025-06-30")
    rows = spread(when, EAST=150_000, EAIT=75_000)
    found = costs(when, rows, on(BASE, SURPLUS), BASE, SURPLUS)
    # consumption 150 x 0.2016 + 13.72 = 30.24 + 13.72 = 43.96
    # injection 75 x 0.04           = 3
    injection = [each for each in found if each.direction is Direction.INJECTION]
    assert total(injection) == Decimal(-3)
    assert to_cents(total(found)) == Decimal("40.96")
    assert all(each.quality is Quality.MEASURED for each in injection)


def test_the_subscription_of_an_injection_contract_is_a_cost_not_income() -> None:
    version_with_fee = version("fee", "2025-01-01", {"SURPLUS": "0.04"}, {None: "3.00"})
    fee = tariff("fee", ("SURPLUS",), version_with_fee, direction=Direction.INJECTION)
    day = d("2025-06-10")
    found = costs([day], [row(day, "EAST", 0), row(day, "EAIT", 5000)], on(fee), fee)
    # -5 x 0.04 and 3.00 / 30
    injection = {each.period: each for each in found if each.direction is Direction.INJECTION}
    assert {period: each.amount for period, each in injection.items()} == {
        "SURPLUS": Decimal("-0.2"),
        None: Decimal("0.1"),
    }
    assert {period: each.sign for period, each in injection.items()} == {"SURPLUS": -1, None: 1}
