"""What a month comes to: the days so far, and the days left like the last seven."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from cost_building import d

from tictally_recorder.cost.model import LUMP_SUM, UNMETERED, CostRow, Quality
from tictally_recorder.hubs.month_forecast import month_figures
from tictally_recorder.hubs.site_state import CurrentSite
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.model import Direction

TODAY = d("2025-06-11")
PRESENT = CurrentSite("1", TODAY, 0, None, since=d("2025-01-01"))


def row(day: date, wh: int = 0, amount: str | None = "0", period: str | None = "HP", currency: str = "EUR") -> CostRow:
    value = None if amount is None else Decimal(amount)
    direction = Direction.CONSUMPTION
    return CostRow("1", day, direction, period, wh, None, value, currency, None, 6, Quality.MEASURED)


def days(first: str, last: str, wh: int, amount: str) -> list[CostRow]:
    count = (d(last) - d(first)).days + 1
    return [
        each
        for n in range(count)
        for day in [d(first) + timedelta(days=n)]
        for each in (row(day, wh, amount), row(day, 0, "0.5", None))
    ]


BEFORE = [*days("2025-06-01", "2025-06-03", 20_000, "4.5"), *days("2025-06-04", "2025-06-10", 10_000, "1.5")]


def figures(rows: list[CostRow], present: CurrentSite = PRESENT) -> tuple[str, str, str]:
    found = month_figures(present, rows)
    return found["energy_month"], found["energy_month_forecast"], found["cost_month_forecast"]


def test_the_days_left_are_like_the_last_seven() -> None:
    # 3 days of 20 kWh and 5 €, 7 of 10 kWh and 2 €, today's 4 kWh so far, and 20 days as the last seven.
    assert figures([*BEFORE, row(TODAY, 4000, "0.9")]) == ("134.000", "330.000", "69.00")


def test_just_after_midnight_nothing_is_of_today() -> None:
    assert figures(BEFORE) == ("130.000", "330.000", "69.00")


def test_on_the_first_of_a_month_the_last_month_shows_how_it_will_be() -> None:
    rows = days("2025-05-25", "2025-05-31", 10_000, "1.5")
    assert figures(rows, replace(PRESENT, today=d("2025-06-01"))) == ("0.000", "300.000", "60.00")


def test_a_site_newer_than_the_month_has_no_earlier_days() -> None:
    rows = days("2025-06-08", "2025-06-10", 10_000, "1.5")
    assert figures(rows, replace(PRESENT, since=d("2025-06-08"))) == ("30.000", "230.000", "46.00")


def test_too_few_known_days_make_no_forecast() -> None:
    rows = days("2025-06-09", "2025-06-10", 10_000, "1.5")
    assert figures(rows, replace(PRESENT, since=d("2025-06-09"))) == ("20.000", "none", "none")


def test_a_missing_day_of_the_month_makes_all_unknown() -> None:
    rows = [each for each in BEFORE if each.day != d("2025-06-02")]
    assert figures(rows) == ("none", "none", "none")


def test_an_unknown_amount_makes_only_the_cost_unknown() -> None:
    assert figures([*BEFORE, row(d("2025-06-02"), 100, None)]) == ("130.100", "330.100", "none")


def test_unmetered_energy_makes_energy_unknown_also_today() -> None:
    assert figures([*BEFORE, row(d("2025-06-02"), 0, None, UNMETERED)]) == ("none", "none", "none")
    assert figures([*BEFORE, row(TODAY, 0, None, UNMETERED)])[0] == "none"


def test_an_amount_that_is_paid_once_is_not_expected_again() -> None:
    assert figures([*BEFORE, row(d("2025-06-05"), 0, "30", LUMP_SUM)]) == ("130.000", "330.000", "99.00")


def test_amounts_in_two_currencies_have_no_sum() -> None:
    assert figures([*BEFORE, row(d("2025-06-05"), 0, "30", currency="CHF")]) == ("130.000", "330.000", "none")


def test_a_year_ends_with_december() -> None:
    rows = days("2025-12-24", "2025-12-30", 10_000, "1.5")
    present = replace(PRESENT, today=d("2025-12-31"), since=d("2025-12-24"))
    assert figures(rows, present) == ("70.000", "80.000", "16.00")


def test_nothing_is_forecast_while_contracts_cannot_be_used_or_of_injection() -> None:
    nothing = ("none", "none", "none")
    assert figures(BEFORE, replace(PRESENT, problem=Reason(ReasonCode.NO_FRAMES))) == nothing
    assert figures([replace(each, direction=Direction.INJECTION) for each in BEFORE]) == nothing
