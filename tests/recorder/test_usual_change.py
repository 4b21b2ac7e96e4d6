"""When the next period is likely to begin: at the time of day at which the meter changed to it lately."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from api_serving import CONTRACT, METER, Served
from cost_building import PARIS

from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

NOW = datetime(2026, 3, 20, 19, 1, tzinfo=PARIS)
OFF_PEAK = {"01", "HC.."}
HPHC = CONTRACT.replace("edf-bleu-base", "edf-bleu-hphc")


def hourly(mode: Mode, *, late: bool = False, days: int = 9) -> list[Frame]:
    """A frame each hour; off-peak from 22:00, or on some days from 23:00, to 6:00."""
    found: list[Frame] = []
    at, wh = NOW.replace(hour=0, minute=0) - timedelta(days=days), {"HC": 1_000_000, "HP": 2_000_000}
    while at <= NOW:
        begins = 23 if late and at.day % 2 else 22
        name = "HC" if at.hour >= begins or at.hour < 6 else "HP"
        values: dict[str, int | str] = {"PAPP": 400, "OPTARIF": "HC..", "HCHC": wh["HC"], "HCHP": wh["HP"]}
        values["PTEC"] = f"{name}.."
        if mode is Mode.STANDARD:
            values = {"SINSTS": 400, "PREF": 6, "EASF01": wh["HC"], "EASF02": wh["HP"], "EAST": sum(wh.values())}
            values |= {"NGTF": "H PLEINE/CREUSE", "LTARF": f"HEURE {name}", "NTARF": "01" if name == "HC" else "02"}
        found.append(Frame(METER, "cellar", "a1" * 8, len(found) + 1, int(at.timestamp()) * 1000, mode, values))
        wh[name] += 400
        at += timedelta(hours=1)
    return found


@pytest.mark.parametrize("mode", Mode)
def test_the_next_period_begins_when_it_did_on_the_last_days(tmp_path: Path, mode: Mode) -> None:
    with Served(tmp_path, stored=hourly(mode), now=NOW, contracts=HPHC) as served:
        (item,) = served.items("/api/v1/overview")
        price = item["prices"]["next_price"]
        assert (item["prices"]["period"], item["prices"]["next_period"]) == ("HP", "HC")
        assert (item["prices"]["next_period_at"], item["prices"]["is_usual"]) == ("2026-03-20T22:00+01:00", True)
        assert float(price) < float(item["prices"]["price"])


@pytest.mark.parametrize("stored", [hourly(Mode.STANDARD, late=True), hourly(Mode.STANDARD, days=2)])
def test_changes_at_other_times_or_on_too_few_days_show_nothing(tmp_path: Path, stored: list[Frame]) -> None:
    with Served(tmp_path, stored=stored, now=NOW.replace(hour=20), contracts=HPHC) as served:
        (item,) = served.items("/api/v1/overview")
    assert item["prices"]["next_period"] in {None, "HP"}  # that of the morning is at one time


def test_hours_of_the_contract_are_no_guess(tmp_path: Path) -> None:
    contract = HPHC + 'off_peak = ["21:30-05:30"]\n'
    with Served(tmp_path, stored=hourly(Mode.STANDARD), now=NOW, contracts=contract) as served:
        (item,) = served.items("/api/v1/overview")
    assert (item["prices"]["next_period_at"], item["prices"]["is_usual"]) == ("2026-03-20T21:30+01:00", False)


@pytest.mark.parametrize("mode", Mode)
def test_where_days_have_colours_nothing_is_likely(tmp_path: Path, mode: Mode) -> None:
    """A week of blue days would make 22:00 the beginning of blue hours, on a red day as well."""
    days = []
    for each in hourly(mode):
        values = dict(each.values)
        name = "HC" if values.get("NTARF", values.get("PTEC")) in OFF_PEAK else "HP"
        is_red = datetime.fromtimestamp(each.time_ms / 1000, PARIS).date() == NOW.date()
        if mode is Mode.STANDARD:
            values |= {"NGTF": "TEMPO", "LTARF": f"{name}  {'ROUGE' if is_red else 'BLEU'}"}
        else:
            values |= {"BBRHCJB": values.pop("HCHC"), "BBRHPJB": values.pop("HCHP")}
            values |= {"OPTARIF": "BBR(", "PTEC": f"{name}J{'R' if is_red else 'B'}"}
        days.append(replace(each, values=values))
    with Served(tmp_path, stored=days, now=NOW, contracts="") as served:
        (item,) = served.items("/api/v1/overview")
    assert (item["prices"]["next_period"], item["prices"]["is_usual"]) == (None, False)
