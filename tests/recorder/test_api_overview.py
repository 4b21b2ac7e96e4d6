"""The overview: each figure is what the frames of the same days add up to."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_serving import Served, frames
from odd_even_household import served_household


@pytest.fixture(scope="module")
def item(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with served_household(tmp_path_factory.mktemp("overview")) as served:
        (found,) = served.items("/api/v1/overview")
        assert served.items("/api/v1/overview") == [found]  # also from caches
        yield found


def test_the_power_is_the_registers_and_not_the_apparent_one(item: dict[str, Any]) -> None:
    assert (item["now"]["power_va"], item["now"]["power_w"]) == (1600, 800)
    assert item["now"]["cost_per_hour"] == "0.1600"
    assert item["problems"] == []


def test_today_has_energy_and_subscription_apart(item: dict[str, Any]) -> None:
    today = item["today"]
    assert (today["energy_wh"], today["cost"]) == (9600, "2.92")
    assert (today["cost_energy"], today["cost_subscription"], today["quality"]) == ("1.92", "1.00", "measured")


def test_usual_is_the_median_of_the_fridays_by_this_time(item: dict[str, Any]) -> None:
    usual = item["today"]["usual"]
    # 6, 13, 20, 27 February, 6 and 13 March: 100, 200, 100, 200, 200 and 400 Wh a quarter-hour.
    assert (usual["days"], usual["weekday"], usual["until"]) == (6, 5, "12:00")
    assert (usual["energy_wh"], usual["day_energy_wh"]) == (48 * 200, 96 * 200)
    assert (usual["today_energy_wh"], usual["today_cost"]) == (9600, "2.92")
    # Of a day in February a subscription is 31 ÷ 28.
    assert usual["cost"] == "2.97"  # between 1.92 + 1.00 and 1.92 + 1.11


def test_the_month_is_compared_with_the_last_one_at_this_day_and_time(item: dict[str, Any]) -> None:
    month = item["month"]
    assert (month["from"], month["to"], month["energy_wh"]) == ("2026-03-01", "2026-04-01", 566_400)
    assert month["cost"] == "133.28"  # 566.4 kWh at 0.20, 20 days of 31 at 31
    before = month["before"]
    assert (before["from"], before["to"]) == ("2026-02-01", "2026-02-20T12:00+01:00")
    assert (before["energy_wh"], before["cost"]) == (283_200, "78.78")  # 283.2 kWh at 0.20, 20 days of 28 at 31


def test_the_forecast_goes_on_like_the_last_week_without_a_year_before(item: dict[str, Any]) -> None:
    forecast = item["month"]["forecast"]
    week_wh = 96 * (4 * 400 + 3 * 200)
    assert forecast["days_left"] == 12
    assert forecast["energy_wh"] == 566_400 - 9600 + round(week_wh / 7 * 12)
    assert forecast["energy_low_wh"] <= forecast["energy_wh"] <= forecast["energy_high_wh"]
    assert forecast["cost"] == "214.77"  # the energy at 0.20, and 31 of subscription
    assert float(forecast["cost_low"]) < 214.77 < float(forecast["cost_high"])


def test_each_of_the_last_days_is_there(item: dict[str, Any]) -> None:
    days = item["days"]
    assert [each["day"] for each in days] == [f"2026-03-{n:02}" for n in range(7, 21)]
    assert (days[-2], days[-1]["energy_wh"]) == (
        {"day": "2026-03-19", "energy_wh": 38_400, "injection_wh": 0, "cost": "8.68"},
        9600,
    )


def test_on_the_first_days_nothing_is_compared(tmp_path: Path) -> None:
    with Served(tmp_path, stored=frames(59)) as served:
        (found,) = served.items("/api/v1/overview")
        assert served.get("/api/v1/overview?site=nobody").status_code == 404
    assert (found["today"]["energy_wh"], found["today"]["usual"]) == (720, None)
    assert (found["month"]["before"], found["month"]["forecast"], found["standby"]) == (None, None, None)
    assert found["month"]["from"] == "2026-03-28"


def test_contracts_that_cannot_be_used_leave_the_energy(tmp_path: Path) -> None:
    with Served(tmp_path, stored=frames(59), contracts="[[contract]]\nnonsense = 1\n") as served:
        (found,) = served.items("/api/v1/overview")
    assert (found["today"]["energy_wh"], found["today"]["cost"], found["currency"]) == (720, None, None)
    assert found["month"]["energy_wh"] == 60 * 59
    assert [each["energy_wh"] for each in found["days"]] == [1440, 23 * 60, 12 * 60]
