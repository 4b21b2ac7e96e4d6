"""Readings by HTTP: meterit's calls, what they store in the ledger, and how it is marked."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from api_serving import NOON, TOKEN, Served
from hypothesis import given
from hypothesis import strategies as st

from tictally_recorder.api.compat.meterit.integrator import (
    MAX_GAP_MS,
    Integrator,
    StaleReadingError,
    TooManyStationsError,
)

AUTHORIZATION = f"Bearer {TOKEN}"
CONTRACTS = '[[contract]]\nsite = "021900000002"\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2024-01-01\n'
OF_STATION = '[[contract]]\nsite = "station-1"\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2024-01-01\n'
NO_STATION = "station_id must be a string of 1 to 64 characters, or an integer"
NOT_JSON = 'the body is not valid JSON; an example: {"watts": 123.4, "station_id": 1}'


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path, {"meterit": "token"}) as found:
        yield found


def post_reading(served: Served, watts: float, seconds: float, **more: object) -> dict[str, Any]:
    served.now = NOON + timedelta(seconds=seconds)
    answer = served.post({"watts": watts, "station_id": 1, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def readings(served: Served, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = served.get(f"/meterit/{query}", authorization=AUTHORIZATION).json()["readings"]
    return found


def test_a_reading_is_answered_after_it_is_stored(served: Served) -> None:
    assert post_reading(served, 123.4, 0) == {"status": 200, "message": "OK"}
    with closing(sqlite3.connect(served.path)) as connection:
        assert connection.execute("SELECT count(*) FROM meter WHERE key = 'station-1'").fetchone() == (1,)
    assert readings(served) == [
        {
            "id": readings(served)[0]["id"],
            "time_created": "2026-03-30T12:00:00+02:00",
            "watts": 123.4,
            "station_id": "1",
            "price": None,
        }
    ]


def test_powers_are_integrated_and_marked_as_estimated(served: Served) -> None:
    for second in range(0, 3601, 60):
        post_reading(served, 1000 + second / 3.6, second)  # from 1000 W to 2000 W
    (row,) = served.items("/api/v1/energy?site=station-1&from=2026-03-30")
    assert (row["register"], row["energy"], row["estimated"]) == ("EAST", 1500, True)
    assert [site["is_integrated"] for site in served.items("/api/v1/sites")] == [False, True]
    (line, *_) = served.items("/api/v1/cost?site=station-1")
    assert [each["code"] for each in line["reasons"]] == ["no_contract"]
    assert not served.items("/api/v1/energy?site=021900000002&from=2026-03-30")[0]["estimated"]


def test_cost_of_integrated_powers_is_estimated(tmp_path: Path) -> None:
    with Served(tmp_path, {"meterit": "token"}, contracts="", stored=[]) as served:
        for second in range(0, 3601, 60):
            post_reading(served, 1000, second)
        (tmp_path / "contracts.toml").write_text(OF_STATION)
        served.context.reload_terms()
        energy, subscription, total = served.items("/api/v1/cost?site=station-1")
        assert (energy["energy_wh"], energy["quality"]) == (1000, "estimated")
        assert subscription["quality"] == "measured"
        assert total["quality"] == "estimated"
        remarks = served.get("/api/v1/cost?site=station-1").json()["remarks"]
        assert [each["code"] for each in remarks if each["code"].startswith(("cost_est", "cost_int"))] == [
            "cost_integrated"
        ]
        (bill,) = served.items("/api/v1/bill?site=station-1&from=2026-03-30&to=2026-03-31")
        assert "bill_integrated" in str(bill["remarks"])
        assert "bill_estimated" not in str(bill["remarks"])


def test_zero_watts_are_a_reading(served: Served) -> None:
    post_reading(served, 0, 0)
    post_reading(served, 0.0, 5)
    assert [each["watts"] for each in readings(served)] == [0, 0]


def test_the_same_station_and_time_again_changes_nothing(served: Served) -> None:
    at = "2026-03-30T11:59:00+02:00"
    post_reading(served, 100, 0, time_created=at)
    post_reading(served, 100, 1, time_created="2026-03-30T11:59:30+02:00")
    post_reading(served, 100, 2, time_created=at)
    post_reading(served, 999, 3, time_created="2026-03-30T09:59:30Z")
    assert [each["watts"] for each in readings(served)] == [100, 100]


def test_an_older_reading_is_rejected_with_a_message(served: Served) -> None:
    post_reading(served, 100, 0)
    answer = served.post({"watts": 1, "station_id": 1, "time_created": "2026-03-30T11:00:00+02:00"})
    message = "station 1 already has a newer reading; the energy up to it is counted"
    assert (answer.status_code, answer.json()) == (400, {"status": 400, "message": message})


def test_nothing_is_counted_over_a_gap(served: Served) -> None:
    post_reading(served, 1000, 0)
    post_reading(served, 1000, 60)
    post_reading(served, 1000, 7260)
    post_reading(served, 1000, 7320)
    (row,) = served.items("/api/v1/energy?site=station-1&from=2026-03-30")
    assert row["energy"] == 33  # two minutes at 1000 W, of which the register shows whole Wh


def test_a_restarted_recorder_continues_its_register(tmp_path: Path) -> None:
    with Served(tmp_path, {"meterit": "token"}) as served:
        post_reading(served, 1000, 0)
        post_reading(served, 1000, 59)
    with Served(tmp_path, {"meterit": "token"}) as served:
        post_reading(served, 1000, 118)
        post_reading(served, 1000, 177)
        (row,) = served.items("/api/v1/energy?site=station-1&from=2026-03-30")
        assert row["energy"] == 49  # 177 s: a fraction of a Wh is not lost either
        with closing(sqlite3.connect(served.path)) as connection:
            numbers = connection.execute(
                "SELECT first, last FROM frame_number JOIN boot ON boot.id = frame_number.boot "
                "JOIN edge ON edge.id = edge WHERE name = 'http-readings'"
            ).fetchall()
        assert numbers == [(1, 4)]


def test_the_price_is_that_of_the_contract(tmp_path: Path) -> None:
    with Served(tmp_path, {"meterit": "token"}, contracts=CONTRACTS + OF_STATION) as served:
        post_reading(served, 100, 0)
        number = readings(served)[0]["price"]
        price = served.get("/meterit/current_price?station_id=1", authorization=AUTHORIZATION).json()["price"]
        assert isinstance(number, float)
        assert number == float(price)
        assert price == served.items("/api/v1/cost?from=2026-03-30&site=021900000002")[0]["price"]
        assert served.get("/meterit/current_price", authorization=AUTHORIZATION).json() == {"price": price}


def test_a_draft_tariff_with_a_mistake_changes_no_price(tmp_path: Path) -> None:
    with Served(tmp_path, {"meterit": "token"}, contracts=CONTRACTS + OF_STATION) as served:
        before = served.get("/meterit/current_price", authorization=AUTHORIZATION).json()
        (tmp_path / "tariffs").mkdir(exist_ok=True)
        (tmp_path / "tariffs" / "draft.toml").write_text('id = "draft"\nsupplier = ')
        served.context.reload_terms()
        assert served.get("/meterit/current_price", authorization=AUTHORIZATION).json() == before
        assert before["price"] is not None
        assert served.get("/api/v1/sites").json()["problem"] is None
        assert [each["quality"] for each in served.items("/api/v1/cost?from=2026-03-30")] == ["measured"] * 3


def test_limit_and_offset_are_counted_from_the_newest(served: Served) -> None:
    for second in range(5):
        post_reading(served, second, second)
    assert [each["watts"] for each in readings(served, "?limit=2&offset=1")] == [3, 2]
    assert served.get("/meterit/?limit=0", authorization=AUTHORIZATION).status_code == 400


def test_fifty_readings_are_the_default(served: Served) -> None:
    for second in range(60):
        post_reading(served, second, second)
    assert len(readings(served)) == 50


def test_ids_are_whole_numbers_that_stay_and_grow_with_time(served: Served) -> None:
    for second in range(3):
        post_reading(served, second, second)
    before = [each["id"] for each in readings(served)]
    assert all(type(each) is int and each < 2**53 for each in before)
    assert before == sorted(before, reverse=True)
    assert len({*before}) == 3
    post_reading(served, 9, 9)
    assert [each["id"] for each in readings(served)][1:] == before


@pytest.mark.parametrize("station", ["my-station", "Cuisine", "salle de bains", "é" * 64, "7"])
def test_a_station_may_be_any_string(served: Served, station: str) -> None:
    answer = served.post({"watts": "12.5", "station_id": station})
    assert answer.json() == {"status": 200, "message": "OK"}
    assert [(each["station_id"], each["watts"]) for each in readings(served)] == [(station, 12.5)]


def test_a_number_and_its_text_are_one_station(served: Served) -> None:
    post_reading(served, 100, 0)
    served.now = NOON + timedelta(seconds=5)
    assert served.post({"watts": 200, "station_id": "1"}).status_code == 200
    assert [each["station_id"] for each in readings(served)] == ["1", "1"]
    assert [each["site"] for each in served.items("/api/v1/sites")] == ["021900000002", "station-1"]


def test_readings_older_than_two_days_are_the_means_of_quarter_hours(served: Served) -> None:
    for minute in range(0, 60, 5):  # 12:00 to 12:55
        post_reading(served, 1000 + minute, 60 * minute)
    post_reading(served, 7, 3 * 86_400)
    post_reading(served, 8, 3 * 86_400 + 5)
    while served.ledger.apply_retention(int(served.now.timestamp() * 1000)):
        pass
    found = readings(served)
    assert [(each["time_created"][11:19], each["watts"]) for each in found] == [
        ("12:00:05", 8.0),
        ("12:00:00", 7.0),
        ("12:45:00", 1050.0),
        ("12:30:00", 1035.0),
        ("12:15:00", 1020.0),
        ("12:00:00", 1005.0),
    ]
    assert len({each["id"] for each in found}) == 6
    pages = [each for offset in range(7) for each in readings(served, f"?limit=1&offset={offset}")]
    assert pages == found


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"watts=1", NOT_JSON),
        (b"[1]", 'a reading is an object, such as {"watts": 123.4, "station_id": 1}'),
        (b"", NOT_JSON),
        (
            b'{"watts": NaN, "station_id": 1}',
            NOT_JSON,
        ),
        (b"[" * 9000, NOT_JSON),
        ({"station_id": 1}, "watts must be a number from 0 to 99999"),
        ({"watts": -1, "station_id": 1}, "watts must be a number from 0 to 99999"),
        ({"watts": "one", "station_id": 1}, "watts must be a number from 0 to 99999"),
        ({"watts": "-1", "station_id": 1}, "watts must be a number from 0 to 99999"),
        ({"watts": True, "station_id": 1}, "watts must be a number from 0 to 99999"),
        (
            b'{"watts": 1e99999999999999999999, "station_id": 1}',
            NOT_JSON,
        ),
        (
            b'{"watts": 1e-99999999999999999999, "station_id": 1}',
            NOT_JSON,
        ),
        (b'{"watts": 1e999999999, "station_id": 1}', "watts must be a number from 0 to 99999"),
        ({"watts": 1}, NO_STATION),
        ({"watts": 1, "station_id": 1.5}, NO_STATION),
        ({"watts": 1, "station_id": -1}, NO_STATION),
        ({"watts": 1, "station_id": True}, NO_STATION),
        ({"watts": 1, "station_id": ""}, NO_STATION),
        ({"watts": 1, "station_id": "a\nb"}, NO_STATION),
        ({"watts": 1, "station_id": "x" * 65}, NO_STATION),
        ({"watts": 1, "station_id": 10**70}, NO_STATION),
        (
            {"watts": 1, "station_id": 1, "time_created": "2026-03-30"},
            "time_created must be a time with offset, such as 2026-11-21T20:27:09+01:00",
        ),
        ({"watts": 1, "station_id": 1, "time_created": "2026-03-30T13:00:00+02:00"}, "time_created is in the future"),
    ],
)
def test_an_invalid_reading_is_a_400_with_a_message(served: Served, body: object, message: str) -> None:
    answer = served.post(body)
    assert (answer.status_code, answer.json()) == (400, {"status": 400, "message": message})
    assert readings(served) == []


def test_only_json_is_accepted(served: Served) -> None:
    answer = served.post({"watts": 1, "station_id": 1}, content_type="text/plain")
    assert answer.status_code == 400


def test_it_is_disabled_by_default(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        assert served.post({"watts": 1, "station_id": 1}).status_code == 404
        assert served.get("/meterit/ping", authorization=AUTHORIZATION).status_code == 404


def test_it_needs_the_token_or_an_allowed_address(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "near").mkdir()
    with Served(tmp_path / "far", {"meterit": "192.0.2.0/24"}) as served:
        assert served.post({"watts": 1, "station_id": 1}, token=None).status_code == 401
        assert served.post({"watts": 1, "station_id": 1}, token="wrong-token-0123456").status_code == 401  # noqa: S106
        assert served.get("/meterit/ping", cookie=f"tictally_token={TOKEN}").status_code == 401
        assert served.post({"watts": 1, "station_id": 1}).status_code == 200
    with Served(tmp_path / "near", {"meterit": "192.0.2.0/24, 127.0.0.0/8"}) as served:
        assert served.post({"watts": 1, "station_id": 1}, token=None).status_code == 200
        assert served.get("/meterit/ping").json() == {"status": 200, "message": "OK"}
        assert served.get("/meterit/force_get_prices").status_code == 401
        assert served.get("/meterit/force_get_prices", authorization=AUTHORIZATION).status_code == 200


def test_a_write_that_times_out_is_a_503(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tictally_recorder.api.context._WRITE_TIMEOUT_S", 0.2)
    answer = served.client.post(
        "/meterit/", json={"watts": 1, "station_id": 1}, headers={"authorization": AUTHORIZATION}
    )
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    served.run_write_commands()
    assert readings(served) == []  # a write that timed out is withdrawn


@given(st.lists(st.tuples(st.integers(1, MAX_GAP_MS), st.integers(0, 99_999_000)), min_size=1, max_size=30))
def test_the_register_is_the_area_under_the_lines_across_restarts(steps: list[tuple[int, int]]) -> None:
    integrator = Integrator.restore(None, lambda: "a" * 16)
    integrator.frame("1", 0, 0)
    at_ms, before, halves, register = 0, 0, 0, 0
    for gap_ms, milliwatts in steps:
        at_ms += gap_ms
        halves += (before + milliwatts) * gap_ms
        before = milliwatts
        integrator = Integrator.restore(integrator.to_json(), lambda: "b" * 16)
        register = int(integrator.frame("1", at_ms, milliwatts).values["EAST"])
    assert register == halves // 7_200_000_000
    with pytest.raises(StaleReadingError):
        integrator.frame("1", at_ms, 0)


def test_stations_are_bounded() -> None:
    integrator = Integrator.restore(None, lambda: "a" * 16)
    for station in range(64):
        integrator.frame(str(station), 0, 0)
    with pytest.raises(TooManyStationsError):
        integrator.frame("64", 0, 0)
    assert json.loads(integrator.to_json())["seq"] == 64
