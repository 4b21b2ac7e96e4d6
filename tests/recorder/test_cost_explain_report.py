"""Explanations of figures as text: gaps, fallen registers, price series, income."""

from dataclasses import replace
from decimal import Decimal

from cost_building import (
    BASE,
    HPHC,
    PARIS,
    SITE,
    SURPLUS,
    costs,
    d,
    days,
    midnight_ms,
    on,
    quarter_rows,
    row,
    spread,
    tariff,
    version,
)

from tictally_recorder.cost import CostRow
from tictally_recorder.cost.aggregation import sum_up
from tictally_recorder.reports.cost import SiteCosts, cents
from tictally_recorder.reports.cost_explain import as_record, as_text
from tictally_recorder.reports.reasons import ranges_of
from tictally_recorder.tariffs.series import Series, Step
from tictally_recorder.translations import ENGLISH
from tictally_shared.calendar import QUARTER_MS, By

MONDAY = d("2025-03-03")


def explained(rows: list[CostRow], by: By = By.MONTH) -> list[str]:
    return [line.strip() for line in as_text(SiteCosts(SITE, sum_up(rows, by)), PARIS)]


def test_a_register_continues_from_day_to_day_as_on_a_bill() -> None:
    when = days("2025-03-03", "2025-03-05")
    rows = [row(day, "EAST", 1000, first=70_000 + 1000 * n) for n, day in enumerate(when)]
    assert explained(costs(when, rows, on(BASE), BASE))[:3] == [
        "2025-03-03 to 2025-03-06, BASE:",
        "EAST from 70000 Wh (2025-03-03 00:00+01:00) to 73000 Wh (2025-03-06 00:00+01:00): 3.000 kWh",
        "3.000 kWh at 0.2016 EUR = 0.6048 EUR, shown as 0.60",
    ]


def test_a_subscription_shows_the_days_of_each_month() -> None:
    when = days("2025-02-27", "2025-03-02")
    lines = explained(costs(when, [], on(BASE), BASE), By.YEAR)
    # 13.72 x 2 / 28 + 13.72 x 2 / 31
    computation = "13.72 EUR a month for 2 of the 28 days of 2025-02, 2 of the 31 days of 2025-03 = 1.865161 EUR"
    assert f"{computation}, shown as 1.87" in lines


def test_an_unknown_amount_has_a_reason_and_no_computation() -> None:
    lines = explained(costs([MONDAY], [row(MONDAY, "EAST", 1000)], on()))
    assert lines[-2:] == [
        "2025-03-03 to 2025-03-04, subscription:",
        "unknown: there is no contract (1 day: 2025-03-03)",
    ]
    assert not any(" = " in line for line in lines)


def test_a_meter_exchange_within_the_day_is_shown() -> None:
    changed = replace(row(MONDAY, "EAST", 5000, first=70_000), last_value=2010)
    (line,) = [line for line in explained(costs([MONDAY], [changed], on(BASE), BASE)) if line.startswith("EAST ")]
    assert line.endswith(
        ": 5.000 kWh, the register fell, or another one replaced it meanwhile: "
        "what was counted before and after is added"
    )


def test_income_is_computed_with_its_sign() -> None:
    lines = explained(costs([MONDAY], spread([MONDAY], EAST=0, EAIT=5000), on(BASE, SURPLUS), BASE, SURPLUS))
    assert "-5.000 kWh at 0.04 EUR = -0.2 EUR, shown as -0.20" in lines


SPOT = tariff("spot", (), version("spot", "2025-01-01", {}, {None: "0"}), series=True)


def test_a_price_series_is_explained_by_quarter_for_a_day_and_by_register_for_longer() -> None:
    when = days("2025-03-03", "2025-03-04")
    counted = [each for day in when for each in quarter_rows("EAST", day, [100] * 96)]
    quarters = [replace(each, first_value=100 * n, last_value=100 * (n + 1)) for n, each in enumerate(counted)]
    start = midnight_ms(MONDAY)
    steps = [
        Step(start + n * QUARTER_MS, start + (n + 1) * QUARTER_MS, Decimal("-0.01" if n == 0 else "0.20"))
        for n in range(2 * 96)
    ]
    rows = costs(when, [], on(SPOT), SPOT, quarters=quarters, spot=Series(steps))
    by_day, by_month = explained(rows, By.DAY), explained(rows)
    first = "EAST from 0 Wh (2025-03-03 00:00+01:00) to 100 Wh (2025-03-03 00:15+01:00): 0.100 kWh at -0.01 EUR"
    assert first in by_day
    # 0.1 x -0.01 + 95 x 0.1 x 0.20, and the next day 96 x 0.1 x 0.20
    assert "9.600 kWh at each quarter's price = 1.899 EUR, shown as 1.90" in by_day
    assert "19.200 kWh at each quarter's price = 3.819 EUR, shown as 3.82" in by_month
    assert len([line for line in by_month if line.startswith("EAST ")]) == 1
    (line, _) = sum_up(rows, By.MONTH)[0].lines
    registers = as_record(line)["registers"]
    assert isinstance(registers, list)
    assert len(registers) == 192
    assert (registers[0]["price"], registers[1]["price"]) == ("-0.01", "0.20")


def test_two_periods_of_a_month_a_day_apart_are_two_ranges() -> None:
    when = [MONDAY, d("2025-03-05")]
    rows = [row(day, register, 500) for day in when for register in ("EASF01", "EASF02")]
    lines = explained(costs(when, rows, on(HPHC), HPHC, ngtf="H PLEINE/CREUSE"))
    assert len([line for line in lines if line.startswith("EASF01 ")]) == 2


def test_days_are_counted_and_the_first_ranges_listed() -> None:
    assert ENGLISH.days(ranges_of([MONDAY])) == "1 day: 2025-03-03"
    assert ENGLISH.days(ranges_of(days("2025-03-03", "2025-03-05"))) == "3 days: 2025-03-03 to 2025-03-05"
    every_other = days("2025-03-01", "2025-03-14")[::2]
    first_five = "2025-03-01, 2025-03-03, 2025-03-05, 2025-03-07, 2025-03-09"
    assert ENGLISH.days(ranges_of(every_other)) == f"7 days: {first_five}, 2 more ranges"


def test_income_below_a_cent_is_shown_without_sign() -> None:
    assert (cents(Decimal("-0.004")), cents(Decimal("-0.005")), cents(Decimal(0))) == ("0.00", "-0.01", "0.00")
