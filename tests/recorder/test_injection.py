"""Injection, production and self-consumption: each figure against sums by hand."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from api_serving import METER, Served
from solar_home import PANELS, Quarter, quarters, served_solar

from tictally_recorder.energy.balance import Balance, balance_of
from tictally_recorder.energy.grid import GridQuarter
from tictally_recorder.ledger import Produced

MAY_AND_JUNE = "from=2026-05-01&to=2026-07-01"
KEYS: dict[str, Callable[[datetime], object]] = {
    "day": lambda at: at.date(),
    "month": lambda at: (at.year, at.month),
    "year": lambda at: at.year,
}


@pytest.fixture(scope="module", params=["topic", "meter"])
def solar(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The same home twice: its production from the topic of an inverter, or from a meter of the panels' own."""
    with served_solar(tmp_path_factory.mktemp("solar"), request.param) as served:
        yield served


def expected(some: Iterable[Quarter], source: str) -> dict[str, Any]:
    """The record of some quarter-hours, by hand; a meter's energy is known across the hours of its silence."""
    found = list(some)
    known = [each for each in found if each.is_heard or source == "meter"]
    produced, injected = sum(each.produced for each in known), sum(each.injection for each in known)
    consumed, own = sum(each.consumption for each in known), produced - injected
    all_injected = sum(each.injection for each in found)
    return {
        "consumption_wh": sum(each.consumption for each in found),
        "injection_wh": all_injected,
        "income": f"{Decimal(all_injected) / 10000:.2f}",
        "production_wh": produced,
        "both_quarters": len(known),
        "self_consumed_wh": own,
        "self_consumption": round(own / produced, 4) if produced else None,
        "self_production": round(own / (consumed + own), 4),
        "is_contradictory": False,
    }


def source_of(served: Served) -> str:
    return "meter" if served.settings.get("production_meter") else "topic"


@pytest.mark.parametrize("by", ["day", "month", "year"])
def test_each_period_has_the_sums_of_its_quarter_hours(solar: Served, by: str) -> None:
    grouped: dict[object, list[Quarter]] = defaultdict(list)
    for each in quarters():
        grouped[KEYS[by](each.at)].append(each)
    items = solar.items(f"/api/v1/injection?site={METER}&{MAY_AND_JUNE}&by={by}")
    assert len(items) == len(grouped)
    for item, of_period in zip(items, grouped.values(), strict=True):
        wanted = expected(of_period, source_of(solar))
        assert {name: item[name] for name in wanted} == wanted, item["from"]
        assert item["quarters"] == len(of_period)  # that are over


def test_hours_have_them_too(solar: Served) -> None:
    items = solar.items(f"/api/v1/injection?site={METER}&from=2026-06-02&to=2026-06-03&by=hour")
    assert len(items) == 24
    for hour, item in enumerate(items):
        of_hour = [each for each in quarters() if (each.at.month, each.at.day, each.at.hour) == (6, 2, hour)]
        known = [each for each in of_hour if each.is_heard]
        assert item["injection_wh"] == sum(each.injection for each in of_hour)
        assert item["income"] == f"{Decimal(item['injection_wh']) / 10000:.2f}"
        if known or source_of(solar) == "topic":
            # The meter's silence ends two seconds into an hour.
            wanted = pytest.approx(sum(each.produced for each in known), abs=source_of(solar) == "meter")
            assert item["production_wh"] == (wanted if known else None)
            assert item["both_quarters"] == len(known)


def test_the_total_counts_what_both_cover_and_names_its_source(solar: Served) -> None:
    answer = solar.get(f"/api/v1/injection?site={METER}&{MAY_AND_JUNE}&by=month").json()
    (total,) = answer["totals"]
    wanted = expected(quarters(), source_of(solar))
    assert {name: total[name] for name in wanted} == wanted
    (source,) = answer["sources"]
    assert (source["kind"], source["meter"]) == (source_of(solar), PANELS if source_of(solar) == "meter" else None)
    assert source["until"].startswith("2026-06-06T1")
    # The meter was silent for two hours: what it counted in them is known, and spread evenly.
    assert total["production_estimated"] is (source_of(solar) == "meter")


def test_surplus_by_month_and_hour_is_the_mean_of_its_hours(solar: Served) -> None:
    sums: dict[tuple[int, int], list[int]] = defaultdict(list)
    for each in quarters():
        sums[each.at.month, each.at.hour].append(each.injection)
    items = solar.items(f"/api/v1/injection/profile?site={METER}")
    found = {(each["month"], each["hour"]): (each["mean_w"], each["hours"]) for each in items}
    assert found == {
        key: (round(sum(values) / (len(values) / 4), 1), len(values) // 4)
        for key, values in sums.items()
        if len(values) >= 4
    }


def test_sites_say_whether_they_inject_and_have_a_production_source(solar: Served) -> None:
    sites = {each["site"]: each for each in solar.items("/api/v1/sites")}
    assert (sites[METER]["injects"], sites[METER]["has_production"]) == (True, True)
    if PANELS in sites:
        assert (sites[PANELS]["injects"], sites[PANELS]["has_production"]) == (True, False)


def test_without_a_source_there_is_injection_and_income_alone(tmp_path: Path) -> None:
    with served_solar(tmp_path, None) as served:
        answer = served.get(f"/api/v1/injection?{MAY_AND_JUNE}&by=year").json()
        assert [each["has_production"] for each in served.items("/api/v1/sites")] == [False]
        assert served.get("/api/v1/injection?by=week").status_code == 400
        assert served.get("/api/v1/injection?by=hour&from=2020-01-01&to=2026-01-01").status_code == 400
        assert served.items("/api/v1/injection?from=2019-01-01&to=2019-02-01") == []
    (item,) = answer["items"]
    assert item["injection_wh"] == sum(each.injection for each in quarters())
    assert (item["production_wh"], item["self_consumption"], item["self_production"]) == (None, None, None)
    assert answer["sources"] == []


def test_a_site_that_only_consumes_injects_nothing(tmp_path: Path) -> None:
    with Served(tmp_path, stored=[]) as served:
        assert served.items("/api/v1/injection") == []


def grid(consumption: int | None, injection: int | None, number: int = 0) -> GridQuarter:
    return GridQuarter(number * 900_000, consumption, injection, is_covered=True)


@pytest.mark.parametrize(
    ("consumption", "injection", "produced", "own", "shares"),
    [
        (0, 600, 1_000_000, 400, (0.4, 1.0)),
        (300, 0, 200_000, 200, (1.0, 0.4)),
        (300, 0, 0, 0, (None, 0.0)),
        (0, 0, 0, 0, (None, None)),
        (100, 500, 400_000, None, (None, None)),  # more injected than produced
        (None, 500, 400_000, None, (None, None)),
    ],
)
def test_shares_are_the_formulas(
    consumption: int | None, injection: int, produced: int, own: int | None, shares: tuple[float | None, float | None]
) -> None:
    found = balance_of([grid(consumption, injection)], {0: Produced(produced)})
    assert found.self_consumed_wh == own
    assert (found.self_consumption, found.self_production) == shares
    assert found.is_contradictory is (produced < injection * 1000 and consumption is not None)


def test_quarter_hours_without_production_count_in_no_share() -> None:
    found = balance_of([grid(1000, 0, 1), grid(100, 100, 2)], {2: Produced(500_400)})
    assert found == Balance(500_400, 1, 1, 100, 100, 500_400)
    assert (found.production_wh, found.self_consumed_wh) == (500, 400)
    assert found + Balance() == found
