"""The API's answers against those of the commands and the ledger, with a real server and a real ledger."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from api_serving import HOUR_MS, METER, MIDNIGHT_MS, TOKEN, Served, frames

from tictally_recorder.cli.app import main
from tictally_shared.frames import Frame
from tictally_shared.labels import Mode


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("served")) as found:
        yield found


def printed(capsys: pytest.CaptureFixture[str], served: Served, *arguments: str) -> list[dict[str, object]]:
    """The JSON rows that a command prints."""
    main([*arguments, "--json", "--ledger", str(served.path)])
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("by", ["quarter", "hour", "day", "month", "year"])
@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-03-28", "2026-03-31"),
        ("2026-03-01", "2026-04-01"),
        ("2026-03-28T07:10", "2026-03-30T09:00"),
        ("2026-03-28T01:00", "2026-03-28T02:00"),
        ("2026-03-29", "2026-03-29T05:30"),
    ],
)
def test_energy_equals_the_commands_output(
    capsys: pytest.CaptureFixture[str], served: Served, by: str, start: str, end: str
) -> None:
    expected = printed(capsys, served, "energy", "--from", start, "--to", end, "--by", by)
    for _ in range(2):  # computed, then cached
        assert served.items(f"/api/v1/energy?from={start}&to={end}&by={by}&limit=5000") == expected
    assert expected


@pytest.mark.parametrize("by", ["day", "month", "year"])
def test_cost_equals_the_commands_output(capsys: pytest.CaptureFixture[str], served: Served, by: str) -> None:
    window = ("--from", "2026-03-28", "--to", "2026-03-31", "--by", by)
    expected = printed(capsys, served, "cost", *window)
    explained = printed(capsys, served, "cost", *window, "--explain")
    path = f"/api/v1/cost?from=2026-03-28&to=2026-03-31&by={by}"
    for _ in range(2):
        assert served.items(path) == expected
    assert served.items(f"{path}&explain=true") == explained
    assert [each["kind"] for each in expected].count("total") >= 1


def without_names(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of a comparison as the command has them: the API adds what each tariff is called in the language."""
    assert all(each["name"] for each in items)
    return [{name: value for name, value in each.items() if name != "name"} for each in items]


def test_bill_and_comparison_equal_the_commands_output(capsys: pytest.CaptureFixture[str], served: Served) -> None:
    window = ("--from", "2026-03-28", "--to", "2026-03-30")
    query = "from=2026-03-28&to=2026-03-30"
    assert served.items(f"/api/v1/bill?{query}") == printed(capsys, served, "bill", *window)
    as_billed = printed(capsys, served, "bill", *window, "--advance", "2")
    assert "as_billed" in as_billed[0]
    assert served.items(f"/api/v1/bill?{query}&advance=2") == as_billed
    expected = printed(capsys, served, "compare", *window)
    for _ in range(2):
        assert without_names(served.items(f"/api/v1/compare?{query}")) == expected
    offers = ("--offers", "--prices-on", "2026-06-01", "--chosen-day", "sun", "--off-peak", "22:00-06:00")
    wish = "offers=true&prices_on=2026-06-01&chosen_day=sun&off_peak=22:00-06:00"
    found = printed(capsys, served, "compare", *window, *offers)
    assert without_names(served.items(f"/api/v1/compare?{query}&{wish}")) == found
    assert {each["prices_on"] for each in found} == {"2026-06-01"}
    # What is assumed is part of the question: a kept answer to another one is none to this.
    kept = without_names(served.items(f"/api/v1/compare?{query}&offers=true&chosen_day=sun&off_peak=22:00-06:00"))
    assert {each["prices_on"] for each in kept} == {None}
    fewer = without_names(served.items(f"/api/v1/compare?{query}&chosen_day=sun&off_peak=22:00-06:00"))
    assert len(fewer) < len(kept)
    assert "edf-zen-weekend-plus-hc" in {each["tariff"] for each in found}


def test_a_late_colour_of_the_day_before_changes_a_kept_comparison(tmp_path: Path) -> None:
    """The night of the first day belongs to the Tempo day that began on the day before."""
    without = [
        replace(each, values={name: value for name, value in each.values.items() if name != "STGE"})
        for each in frames(59)
    ]
    query = "/api/v1/compare?from=2026-03-29&to=2026-03-30"

    def night_wh(served: Served) -> dict[str, int]:
        (tempo,) = [
            each for each in served.items(query) if (each["tariff"], each["power_kva"]) == ("edf-bleu-tempo", 6)
        ]
        return {period: wh for period, wh in tempo["energy_wh"].items() if wh and period.startswith("HC")}

    with Served(tmp_path, stored=without) as served:
        assert "HC ROUGE" not in night_wh(served)
        red_ms = MIDNIGHT_MS + 12 * HOUR_MS + 1000
        served.store([replace(without[0], seq=1000, time_ms=red_ms, values={"STGE": "033A4401"})])
        served.now += timedelta(minutes=5)
        served.recompute_cost()
        assert night_wh(served)["HC ROUGE"] == 300  # five hours: the clock is put forward


def test_money_is_a_string_and_times_have_both_ends_with_offset(served: Served) -> None:
    line = served.items("/api/v1/cost?from=2026-03-28&to=2026-03-29")[0]
    assert isinstance(line["amount"], str)
    assert Decimal(line["amount"]) == Decimal(line["price"]) * line["energy_wh"] / 1000
    row = served.items("/api/v1/energy?from=2026-03-29&to=2026-03-30")[0]
    assert (row["from"], row["to"]) == ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00")


def test_each_kwh_is_counted_once(served: Served) -> None:
    (row,) = served.items("/api/v1/use?from=2026-03-28&to=2026-03-29")
    assert (row["consumption_wh"], row["injection_wh"]) == (1440, 288)


def test_csv_has_the_rows_of_json(served: Served) -> None:
    query = "/api/v1/energy?from=2026-03-28&to=2026-03-31"
    rows = served.items(query)
    by_format, by_header = served.get(f"{query}&format=csv"), served.get(query, accept="text/csv")
    assert by_format.text == by_header.text
    assert by_format.headers["content-type"] == "text/csv; charset=utf-8"
    assert [int(row["energy"]) for row in csv.DictReader(io.StringIO(by_format.text))] == [
        row["energy"] for row in rows
    ]


def test_pages_add_up_to_the_whole_list(served: Served) -> None:
    whole = served.items("/api/v1/energy?from=2026-03-28&to=2026-03-30&by=hour")
    found, path, pages = [], "/api/v1/energy?from=2026-03-28&to=2026-03-30&by=hour&limit=10", 0
    while path:
        answer = served.get(path)
        body = answer.json()
        found += body["items"]
        pages += 1
        path = body["next"]
        assert path is None or answer.headers["link"] == f'<{path}>; rel="next"'
    assert found == whole
    assert pages > 5


def test_raw_frames_are_paged_too(served: Served) -> None:
    whole = served.items("/api/v1/readings/frames?from=2026-03-28&to=2026-03-31&label=power")
    found, path = [], "/api/v1/readings/frames?from=2026-03-28&to=2026-03-31&label=power&limit=100"
    while path:
        body = served.get(path).json()
        found += body["items"]
        path = body["next"]
    assert found == whole
    assert len(found) == 355
    assert found[0]["values"] == {"SINSTS": 1500}


def test_quarters_have_statistics(served: Served) -> None:
    rows = served.items("/api/v1/readings/quarters?from=2026-03-28&to=2026-03-28T00:15&label=power&label=EAST")
    assert [(row["label"], row["kind"], row["n"], row["mean"], row["min"], row["max"]) for row in rows] == [
        ("SINSTS", "live", 2, 930.0, 360, 1500),
        ("EAST", "register", None, None, None, None),
    ]


def test_a_past_window_has_an_etag_that_changes_with_late_data(tmp_path: Path) -> None:
    incomplete = [each for each in frames(59) if each.seq not in {30, 31, 32}]
    with Served(tmp_path, stored=incomplete) as served:
        path = "/api/v1/energy?from=2026-03-28&to=2026-03-29"
        first = served.get(path)
        tag = first.headers["etag"]
        assert tag.startswith('W/"')
        again = served.get(path, **{"if-none-match": tag})
        assert (again.status_code, again.content) == (304, b"")
        late = Frame(METER, "cellar", "a1" * 8, 31, MIDNIGHT_MS + 5 * HOUR_MS, Mode.STANDARD, {"EAST": 1_000_399})
        served.store([late])
        assert "etag" not in served.get(path).headers  # it may change at any moment
        served.now += timedelta(minutes=1)
        served.recompute_cost()
        after = served.get(path, **{"if-none-match": tag})
        assert after.status_code == 200
        assert after.headers["etag"] != tag
        assert after.json()["items"][0]["covered"] == first.json()["items"][0]["covered"] + 1


def test_a_window_with_today_has_no_etag(served: Served) -> None:
    for path in ("/api/v1/energy", "/api/v1/cost", "/api/v1/energy?from=2026-03-01&by=month", "/api/v1/now"):
        answer = served.get(path)
        assert "etag" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"


def test_changed_contracts_are_reloaded(tmp_path: Path) -> None:
    with Served(tmp_path, contracts="") as served:
        path = "/api/v1/cost?from=2026-03-28&to=2026-03-29"
        (total,) = [each for each in served.items(path) if each["kind"] == "total"]
        assert total["amount"] is None
        assert "there is no contract" in total["reasons"][0]["text"]
        (site,) = served.items("/api/v1/sites")
        assert "[[contract]]" in site["how_to_begin"]
        assert site["contracts_readable"]
        assert site["first_contract"] == {
            "file": str(tmp_path / "contracts.toml"),
            "lines": ["[[contract]]", 'tariff = "edf-bleu-base"', "power = 6", "from = 2026-03-28"],
        }
        (tmp_path / "contracts.toml").write_text(
            '[[contract]]\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2024-01-01\n'
        )
        served.context.reload_terms()
        (total,) = [each for each in served.items(path) if each["kind"] == "total"]
        assert total["quality"] != "unknown"


def test_an_invalid_contract_file_is_reported(tmp_path: Path) -> None:
    with Served(tmp_path, contracts="[[contract]\n") as served:
        answer = served.get("/api/v1/cost")
        assert answer.status_code == 503
        assert "contracts.toml" in answer.json()["detail"]
        sites = served.get("/api/v1/sites").json()
        assert "contracts.toml" in sites["problem"]["text"]
        assert [each["contracts_readable"] for each in sites["items"]] == [False]
        assert answer.json()["reason"]["code"] == "terms_file_rejected"
        assert served.items("/api/v1/energy")
        assert served.items("/api/v1/now")[0]["today"]["cost"] is None


def test_two_sites_are_separate(tmp_path: Path) -> None:
    other = frames(30, meter="021900000003", edge="barn", boot="b2" * 8)
    with Served(tmp_path, stored=[*frames(59), *other]) as served:
        assert [each["site"] for each in served.items("/api/v1/sites")] == [METER, "021900000003"]
        rows = served.items("/api/v1/energy?from=2026-03-28&to=2026-03-30&by=month&site=021900000003")
        assert {row["site"] for row in rows} == {"021900000003"}
        assert {row["site"] for row in served.items("/api/v1/energy?from=2026-03-28&by=month")} == {
            METER,
            "021900000003",
        }


def test_the_first_day_has_answers(tmp_path: Path) -> None:
    with Served(tmp_path, stored=[], contracts="") as served:
        for path in ("sites", "now", "energy", "use", "cost", "standby", "quality", "profile", "usual", "compare"):
            assert served.items(f"/api/v1/{path}") == []
        assert served.items("/api/v1/bill?from=2026-03-01&to=2026-03-02") == []
        assert served.items("/api/v1/readings/quarters") == served.items("/api/v1/readings/frames") == []


def test_tariffs_show_what_each_version_changed(served: Served) -> None:
    assert "edf-bleu-base" in [each["id"] for each in served.items("/api/v1/tariffs")]
    history = served.get("/api/v1/tariffs/edf-bleu-base?power=6").json()
    before, version = next(
        (old, new) for old, new in zip(history["versions"], history["versions"][1:], strict=False) if new["changes"]
    )
    assert history["versions"][0]["changes"] == []
    for change in version["changes"]:
        assert change["old"] != change["new"]
        assert change["power"] in {None, 6}
    assert before["from"] < version["from"]


def test_quality_shows_gaps_and_lost_frames(tmp_path: Path) -> None:
    incomplete = [each for each in frames(59) if not 60 <= each.seq < 72]
    with Served(tmp_path, stored=incomplete) as served:
        served.ledger.store([])
        body = served.get("/api/v1/quality?from=2026-03-28").json()
        (item,) = body["items"]
        (gap,) = item["gaps"]
        assert gap["quarters"] == item["quarters"] - item["covered"] == 8
        assert [edge["edge"] for edge in body["edges"]] == ["cellar"]


def test_the_profile_has_complete_hours_only(served: Served) -> None:
    rows = served.items("/api/v1/profile")
    assert {(row["weekday"], row["hour"]) for row in rows} >= {(6, 0), (7, 3), (7, 23)}
    assert (7, 2) not in {(row["weekday"], row["hour"]) for row in rows}  # skipped by the clock change
    assert {row["mean_w"] for row in rows} == {60.0}


def test_the_profile_leaves_out_an_hour_in_which_the_register_fell(tmp_path: Path) -> None:
    fallen = [
        each if each.seq < 57 else replace(each, values={**each.values, "EAST": int(each.values["EAST"]) - 900_000})
        for each in frames(59)
    ]
    with Served(tmp_path, stored=fallen) as served:
        rows = {(row["weekday"], row["hour"]): row["mean_w"] for row in served.items("/api/v1/profile")}
        assert (6, 9) not in rows
        assert (rows[6, 8], rows[6, 10]) == (60.0, 60.0)


def test_long_answers_are_compressed_and_streams_are_not(served: Served) -> None:
    compressed = served.get("/api/v1/energy?from=2026-03-28&by=hour", **{"accept-encoding": "gzip"})
    assert compressed.headers["content-encoding"] == "gzip"
    with served.client.stream("GET", "/api/v1/live", headers={"accept-encoding": "gzip"}) as stream:
        assert "content-encoding" not in stream.headers


def test_health_checks_report_ledger_broker_and_loop(served: Served) -> None:
    assert served.get("/healthz").json() == {"status": "alive"}
    answer = served.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["ledger"] == "ok"
    assert "tictally_frames_stored_total 355.0" in served.get("/metrics").text


def test_the_docs_page_loads_nothing_from_elsewhere(served: Served) -> None:
    page = served.get("/docs")
    assert "/api/v1/energy" in page.text
    assert "http" not in page.text.replace("/meterit", "").replace("http_", "")
    assert "<script" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'self'")


def test_reads_require_the_token_if_configured(tmp_path: Path) -> None:
    with Served(tmp_path, {"http_reads": "token"}) as served:
        for path in ("/api/v1/energy", "/api/v1/now", "/api/v1/live", "/metrics", "/api/v1/tariffs"):
            assert served.get(path).status_code == 401
            assert served.get(path, authorization="Bearer wrong-token-0123456").status_code == 401
        assert served.get("/api/v1/energy", authorization=f"Bearer {TOKEN}").status_code == 200
        assert served.get("/api/v1/now", cookie=f"tictally_token={TOKEN}").status_code == 200
        assert served.get("/healthz").status_code == 200
