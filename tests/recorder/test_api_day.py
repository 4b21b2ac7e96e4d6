"""A single day: what it added up to, when it had how many hours, what happened, and other days beside it."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from api_serving import METER, NOON, Served, frames
from cost_building import PARIS

from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

NOON_MS = int(NOON.timestamp()) * 1000


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """From 28 March 2026, midnight, to the 30th, 11:00: 60 Wh an hour; on the 29th the clocks go forward."""
    with Served(tmp_path_factory.mktemp("day")) as found:
        yield found


def day_of(served: Served, day: str) -> dict[str, Any]:
    (item,) = served.items(f"/api/v1/day?day={day}")
    return item


def test_a_day_is_the_sum_of_its_hours(served: Served) -> None:
    item = day_of(served, "2026-03-28")
    total = served.items("/api/v1/cost?from=2026-03-28&to=2026-03-29")[-1]
    assert (item["energy_wh"], item["injection_wh"], item["cost"]) == (1440, 288, total["rounded"])
    assert len(item["hours"]) == 24
    assert sum(hour["energy_wh"] for hour in item["hours"]) == 1440
    assert sum(float(hour["cost"]) for hour in item["hours"]) == pytest.approx(float(item["cost_energy"]), abs=0.006)
    assert item["beside"] == []


def test_the_day_on_which_clocks_go_forward_has_23_hours(served: Served) -> None:
    item = day_of(served, "2026-03-29")
    hours = [hour["from"][11:] for hour in item["hours"]]
    assert hours[:3] == ["00:00:00+01:00", "01:00:00+01:00", "03:00:00+02:00"]
    assert (len(hours), item["energy_wh"]) == (23, 23 * 60)
    assert (item["from"], item["to"]) == ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00")
    (before,) = item["beside"]
    assert (before["which"], before["day"], before["energy_wh"]) == ("day", "2026-03-28", 1440)
    assert before["here_energy_wh"] == 23 * 60


def test_today_is_compared_with_as_much_of_the_day_before(served: Served) -> None:
    item = day_of(served, "2026-03-30")
    assert item["day"] == str(NOON.date())
    (before,) = item["beside"]
    # Until 12:00; eleven hours of the 29th had passed then.
    assert (before["energy_wh"], before["here_energy_wh"]) == (11 * 60, 12 * 60)


def test_the_highest_power_has_its_quarter_hour_or_the_meters_own_second(served: Served, tmp_path: Path) -> None:
    found = day_of(served, "2026-03-28")["maximum"]
    assert found == {"va": 1500 + 138, "at": "2026-03-28T23:00:00+01:00", "is_exact": False}
    reporting = [
        Frame(
            each.meter,
            each.edge,
            each.boot,
            each.seq,
            each.time_ms,
            each.mode,
            {**each.values, "SMAXSN-1": 5611},
            {"SMAXSN-1": "2026-03-28T19:47:23+01:00"},
        )
        for each in frames(30)
    ]
    with Served(tmp_path, stored=reporting) as other:
        maximum = day_of(other, "2026-03-28")["maximum"]
    assert maximum == {"va": 5611, "at": "2026-03-28T19:47:23+01:00", "is_exact": True}


def test_gaps_and_overloads_are_events(tmp_path: Path) -> None:
    def changed(each: Frame, hour: float) -> Frame:
        stge = "003A4481" if 5 <= hour < 6 else "003A4401"
        values = {**each.values, "STGE": stge}
        return Frame(each.meter, each.edge, each.boot, each.seq, each.time_ms, each.mode, values)

    hours = [(each, n / 6) for n, each in enumerate(frames(59))]
    with Served(tmp_path, stored=[changed(each, hour) for each, hour in hours if not 10 <= hour < 12]) as gappy:
        item = day_of(gappy, "2026-03-28")
    assert [(each["kind"], each["from"][11:16], each["to"][11:16]) for each in item["events"]] == [
        ("overload", "05:00", "06:00"),
        ("gap", "10:00", "12:00"),
    ]
    assert item["energy_wh"] == 1440


def test_power_is_by_minute_while_raw_frames_are_there_and_by_quarter_hour_after(tmp_path: Path) -> None:
    """In the last three hours a frame each 20 s."""
    dense = [
        Frame(METER, "cellar", "a1" * 8, 1000 + n, NOON_MS - 10_000_000 + 20_000 * n, Mode.STANDARD, values)
        for n in range(500)
        for values in [dict[str, int | str](EAST=1_003_540, SINSTS=300 + n % 3, SINSTI=0, LTARF="BASE", PREF=6)]
    ]
    with Served(tmp_path, stored=[*frames(57), *dense], now=NOON + timedelta(days=1), retention=True) as old:
        (raw,) = old.items("/api/v1/day/power?day=2026-03-30")
        (rolled,) = old.items("/api/v1/day/power?day=2026-03-28")
    assert (raw["step_s"], rolled["step_s"]) == (900, 900)  # frames each ten minutes have no curve by minute
    assert (len(raw["mean_va"]), len(rolled["mean_va"])) == (96, 96)
    assert (rolled["mean_va"][0], rolled["max_va"][0]) == ((1500 + 360) // 2, 1500)
    (tmp_path / "dense").mkdir()
    with Served(tmp_path / "dense", stored=dense) as new:
        (minutes,) = new.items("/api/v1/day/power?day=2026-03-30")
    assert (minutes["step_s"], len(minutes["mean_va"])) == (60, 1440)
    known = [each for each in zip(minutes["mean_va"], minutes["max_va"], strict=True) if each[0] is not None]
    assert set(known[1:-1]) == {(301, 302)}


def test_the_day_on_which_clocks_go_back_has_an_hour_twice(tmp_path: Path) -> None:
    begin_ms = int(datetime(2026, 10, 25, tzinfo=PARIS).timestamp()) * 1000
    stored = []
    for n in range(101):
        values: dict[str, int | str] = {"EAST": 1_000_000 + 100 * n, "SINSTS": 400, "LTARF": "BASE", "PREF": 6}
        stored.append(Frame(METER, "cellar", "a1" * 8, n + 1, begin_ms + n * 900_000, Mode.STANDARD, values))
    with Served(tmp_path, stored=stored, now=datetime(2026, 10, 26, 12, tzinfo=PARIS)) as autumn:
        item = day_of(autumn, "2026-10-25")
        (power,) = autumn.items("/api/v1/day/power?day=2026-10-25")
    assert [hour["from"][11:] for hour in item["hours"]][2:4] == ["02:00:00+02:00", "02:00:00+01:00"]
    assert (len(item["hours"]), item["energy_wh"]) == (25, 10_000)
    assert len(power["mean_va"]) in {100, 1500}


def test_a_day_without_frames_is_empty_and_one_that_is_none_is_rejected(served: Served) -> None:
    item = day_of(served, str(date(2019, 5, 1)))
    assert (item["energy_wh"], item["hours"], item["maximum"], item["cost"]) == (None, [], None, None)
    assert served.get("/api/v1/day?day=2026-02-30").status_code == 400
    assert served.get("/api/v1/day?day=0001-01-01").json()["parameter"] == "day"
