"""Prices ahead in the API: as on the topics, with null for what is not known."""

from datetime import timedelta
from pathlib import Path

from api_serving import METER, NOON, Served


def test_a_contract_with_off_peak_hours_tells_what_comes(tmp_path: Path) -> None:
    contract = (
        f'[[contract]]\nsite = "{METER}"\ntariff = "edf-bleu-hphc"\npower = 6\nfrom = 2024-01-01\n'
        'off_peak = ["22:00-06:00"]\n'
    )
    # No frame for an hour: the meter counts in no period now.
    with Served(tmp_path, contracts=contract, now=NOON + timedelta(hours=1)) as served:
        (item,) = served.items("/api/v1/prices")
    tomorrow = NOON.date() + timedelta(days=1)
    assert (item["site"], item["currency"], item["period"], item["next_period"]) == (METER, "EUR", "HP", "HC")
    assert item["next_price_at"] == item["next_period_at"] == f"{NOON.date()}T22:00+02:00"
    assert (item["cheapest_3h"], item["colour_tomorrow"]) == (f"{tomorrow}T00:00+02:00", None)
    assert [each["period"] for each in item["today"]] == ["HC", "HP", "HC"]
    assert item["price"] == item["today"][1]["price"]
    assert item["next_price"] == item["today"][2]["price"]


def test_without_a_contract_nothing_is_known(tmp_path: Path) -> None:
    with Served(tmp_path, contracts="") as served:
        (item,) = served.items(f"/api/v1/prices?site={METER}")
        assert served.get("/api/v1/prices?site=attic").status_code == 404
    assert {name for name, value in item.items() if value not in (None, [])} == {"site"}
