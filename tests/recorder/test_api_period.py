"""A month, a billing month and a year: what is known of it, kinds of day and degree-days, against sums by hand."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from api_serving import Served, frames
from heated_household import centidegrees, days, served_heated, wh_of
from odd_even_household import CONTRACT

# Published by the French administration.
HOLIDAYS = {
    *map(date.fromisoformat, ("2025-01-01", "2025-04-21", "2025-05-01", "2025-05-08", "2025-05-29", "2025-06-09")),
    *map(date.fromisoformat, ("2025-07-14", "2025-08-15", "2025-11-01", "2025-11-11", "2025-12-25", "2026-01-01")),
}


@pytest.fixture(scope="module")
def heated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_heated(tmp_path_factory.mktemp("heated"), f"{CONTRACT}billing_day = 24\n") as served:
        yield served


def period(served: Served, query: str) -> dict[str, Any]:
    (item,) = served.items(f"/api/v1/period?{query}")
    return item


def kind_of(day: date) -> str:
    if day.weekday() == 6 or day in HOLIDAYS:
        return "rest"
    return "saturday" if day.weekday() == 5 else "workday"


def days_of_month(day: date) -> int:
    return monthrange(day.year, day.month)[1]


@pytest.mark.parametrize(
    ("query", "first", "until"),
    [
        ("by=month&day=2025-05-17", date(2025, 5, 1), date(2025, 6, 1)),
        ("by=bill&day=2025-12-30", date(2025, 12, 24), date(2026, 1, 24)),
        ("by=bill&day=2025-03-24", date(2025, 3, 24), date(2025, 4, 24)),
        ("by=year&day=2025-12-31", date(2025, 1, 1), date(2026, 1, 1)),
    ],
)
def test_a_period_has_its_kinds_of_day_and_degree_days(heated: Served, query: str, first: date, until: date) -> None:
    item = period(heated, query)
    of_period = days(first, until)
    assert (item["from"], item["to"], item["days"], item["span_days"]) == (
        *(str(first), str(until)),
        *(len(of_period), len(of_period)),
    )
    assert (item["is_partial"], item["is_running"]) == (False, False)
    for kind in item["kinds"]:
        of_kind = [day for day in of_period if kind_of(day) == kind["kind"]]
        wh = sum(map(wh_of, of_kind))
        cost = sum((Decimal(wh_of(day)) / 5000 + Decimal(31) / days_of_month(day) for day in of_kind), Decimal(0))
        assert (kind["days"], kind["energy_wh"]) == (len(of_kind), wh)
        assert kind["wh_a_day"] == round(wh / len(of_kind))
        assert float(kind["cost_a_day"]) == pytest.approx(float(cost / len(of_kind)), abs=0.006)
    degree_days = [max(18 - centidegrees(day) / 100, 0) for day in of_period]
    assert float(item["degree_days"]) == pytest.approx(sum(degree_days), abs=0.051)
    assert float(item["mean_c"]) == pytest.approx(fmean(map(centidegrees, of_period)) / 100, abs=0.051)
    assert item["wh_a_degree_day"] == pytest.approx(sum(map(wh_of, of_period)) / sum(degree_days), abs=0.51)
    assert item["temperature_days"] == len(of_period)


def test_billing_months_are_stepped_through_and_have_one_row_of_use_and_cost(heated: Served) -> None:
    item = period(heated, "by=bill&day=2026-01-01")
    assert (item["before"], item["after"]) == ("2025-11-24", "2026-01-24")
    window = f"from={item['from']}&to={item['to']}&by=bill"
    (use,) = heated.items(f"/api/v1/use?{window}")
    wh = sum(map(wh_of, days(date(2025, 12, 24), date(2026, 1, 24))))
    assert use["consumption_wh"] == wh
    assert (use["from"][:10], use["to"][:10]) == ("2025-12-24", "2026-01-24")
    (total,) = [each for each in heated.items(f"/api/v1/cost?{window}") if each["kind"] == "total"]
    assert total["rounded"] == f"{Decimal(wh) / 5000 + 31:.2f}"
    assert (total["from"], total["to"]) == ("2025-12-24", "2026-01-24")
    explained = heated.items(f"/api/v1/cost?{window}&explain=true")
    assert {each["from"] for each in explained} == {"2025-12-24"}
    months = heated.items("/api/v1/use?from=2025-11-24&to=2026-02-24&by=bill")
    assert [each["from"][:10] for each in months] == ["2025-11-24", "2025-12-24", "2026-01-24"]


def test_what_is_missing_of_a_period_is_shown(heated: Served) -> None:
    begun = period(heated, "by=year&day=2024-12-01")
    assert (begun["is_partial"], begun["known_from"], begun["known_to"]) == (True, "2024-11-01", "2025-01-01")
    assert (begun["days"], begun["before"], begun["after"]) == (61, None, "2025-01-01")
    # The first of April is running, and nothing of it has come.
    running = period(heated, "by=month")
    assert (running["is_running"], running["is_partial"], running["days"], running["after"]) == (True, True, 0, None)
    assert [kind["wh_a_day"] for kind in running["kinds"]] == [None, None, None]
    before_all = period(heated, "by=month&day=2020-02-29")
    assert (before_all["known_from"], before_all["days"], before_all["degree_days"]) == (None, 0, None)
    assert heated.get("/api/v1/period?day=2026-02-30").json()["parameter"] == "day"


def test_without_contract_billing_months_are_those_of_the_calendar(tmp_path: Path) -> None:
    with Served(tmp_path, stored=frames(59), contracts="") as served:
        item = period(served, "by=bill&day=2026-03-29")
        assert (item["from"], item["to"]) == ("2026-03-01", "2026-04-01")
        # The day of 23 hours is whole, and the only Sunday; the 30th is running.
        rest = item["kinds"][2]
        assert (rest["kind"], rest["days"], rest["energy_wh"], rest["cost_a_day"]) == ("rest", 1, 1380, None)
        assert (item["is_running"], item["is_partial"], item["known_from"]) == (True, True, "2026-03-28")
        assert item["degree_days"] is None


def test_an_empty_ledger_has_no_period(tmp_path: Path) -> None:
    with Served(tmp_path, stored=[]) as empty:
        assert empty.items("/api/v1/period?by=year") == []
