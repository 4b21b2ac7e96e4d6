"""What becomes of the copy when InfluxDB is killed, wiped or strict, and of frames that come days late."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cost_building import PARIS
from influx_harness import NOW_MS, SinkHarness, days_ago, hour, sink_harness
from ledger_building import DAY_MS, MINUTE_MS, frame
from real_influx import Influxd, influxd

from tictally_recorder.cost.recompute import CostRecomputer
from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.sinks.influxdb.provisioning import create_token, provision
from tictally_recorder.sinks.influxdb.windows import HOUR_MS, window_of
from tictally_recorder.sinks.protocol import SinkError
from tictally_shared.calendar import QUARTER_MS

LIST = """
id = "own"
supplier = "A small one"
names.en = "Own"
currency = "EUR"
periods = ["HC", "HP"]

[[version]]
from = {start}
source = "a letter"
confidence = "own"
energy.HC = {{ ttc = "0.10" }}
energy.HP = {{ ttc = "{price}" }}
subscription = "12"
"""


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Influxd]:
    found = influxd(tmp_path / "mortal", to_be_killed=True)
    found.start()
    yield found
    found.kill()


def prune(harness: SinkHarness) -> None:
    """Raw frames that have served go, as when time has passed."""
    harness.store([frame(900_000, NOW_MS - QUARTER_MS, {"EAST": 1_000_000})])
    harness.copy()
    while harness.ledger.apply_retention(NOW_MS):
        pass


def try_until_it_takes(harness: SinkHarness, within_s: float = 60.0) -> None:
    end_s = time.monotonic() + within_s
    while True:
        try:
            harness.copy()
        except SinkError:
            assert time.monotonic() < end_s
            time.sleep(0.2)
        else:
            return


def test_a_frame_five_days_late_corrects_its_minute_and_its_hour(server: Influxd, tmp_path: Path) -> None:
    frames = hour(days_ago(5))
    late = frames[30 * 3 : 31 * 3]
    with sink_harness(tmp_path, server, "five_days", raw_days=30) as harness:
        harness.store(each for each in frames if each not in late)
        harness.copy()
        prune(harness)
        before = harness.wrong_windows(frames)
        assert before != []
        harness.store(late, arrived_ms=NOW_MS)
        harness.copy()
        own = [key for key in harness.held("hour") if int(key[1]) < NOW_MS - DAY_MS]
        assert own
        wrong = [
            each for each in harness.wrong_windows(frames) if str(NOW_MS)[:5] not in each and "differences" not in each
        ]
        assert [each for each in wrong if not each.startswith("too many")] == []
        assert harness.wrong_ledger() == []


def test_a_frame_forty_days_late_corrects_its_quarter_and_nothing_is_rejected(server: Influxd, tmp_path: Path) -> None:
    frames = hour(days_ago(40))
    with sink_harness(tmp_path, server, "forty_days", raw_days=30) as harness:
        harness.store([*frames[:90], *hour(days_ago(1), first=5000)])
        harness.copy()
        before = harness.held("ledger")
        harness.store(frames[90:], arrived_ms=NOW_MS)
        harness.copy()
        assert harness.wrong_ledger() == []
        assert harness.held("ledger") != before
        (counts,) = harness.ledger.sinks()
        assert (counts.rejected, counts.windows) == (0, 0)
        assert min(int(key[1]) for key in harness.held("raw")) >= days_ago(1)


def test_what_a_killed_influxd_missed_is_replicated_when_it_is_back(mortal: Influxd, tmp_path: Path) -> None:
    frames = hour(days_ago(1))
    with sink_harness(tmp_path, mortal, "killed") as harness:
        harness.store(frames[:60])
        harness.copy()
        mortal.kill()
        harness.store(frames[60:])
        with pytest.raises(SinkError, match="cannot be reached"):
            harness.copy()
        assert harness.ledger.counts().frames == 180
        mortal.start()
        try_until_it_takes(harness)
        assert harness.wrong_windows(frames) == []
        assert harness.wrong_ledger() == []


def test_a_wiped_influxd_is_set_up_and_filled_again(mortal: Influxd, tmp_path: Path) -> None:
    old, frames = hour(days_ago(20)), hour(days_ago(1), first=1000)
    with sink_harness(tmp_path, mortal, "wiped") as harness:
        harness.store([*old, *frames])
        harness.copy()
        prune(harness)
        mortal.kill()
        mortal.wipe()
        mortal.start()
        try_until_it_takes(harness)
        assert harness.wrong_ledger() == []
        raw = {int(key[1]) for key in harness.held("raw")}
        assert {each.time_ms for each in frames} <= raw
        # Of what the ledger has no raw frames any more there are no minutes: a part of them would look like all.
        assert min(int(key[1]) for key in harness.held("minute")) == frames[0].time_ms // MINUTE_MS * MINUTE_MS
        assert not any("missing" in each for each in harness.wrong_windows(frames))
        # And none is made of the one frame that comes late for them.
        harness.store([frame(800_000, old[0].time_ms + 1, {"EAST": 1_000_000})], arrived_ms=NOW_MS)
        harness.copy()
        assert min(int(key[1]) for key in harness.held("hour")) == frames[0].time_ms


def test_rejected_points_are_stored_with_their_reason_and_replication_continues(
    server: Influxd, tmp_path: Path
) -> None:
    frames = hour(days_ago(1))
    with sink_harness(tmp_path, server, "rejected") as harness:
        harness.begin().step()
        # Somebody has written the same field with another type.
        harness.client.write("rejected_raw", [f"tic,meter=x,edge=y SINSTS=1.5 {frames[3].time_ms}000000"])
        harness.store(frames)
        harness.copy()
        (counts,) = harness.ledger.sinks()
        assert counts.rejected == 180
        assert counts.newest_rejected is not None
        assert "field type conflict" in counts.newest_rejected.reason
        assert "SINSTS=" in counts.newest_rejected.point
        raw = harness.held("raw")
        assert sum(key[-1] == "EAST" for key in raw) == 180
        assert harness.wrong_ledger() == []


def test_a_token_without_setup_rights_is_enough_once_everything_is_provisioned(server: Influxd, tmp_path: Path) -> None:
    frames = hour(days_ago(1))
    with sink_harness(tmp_path, server, "everyday") as admin:
        token = create_token(admin.client, admin.target.buckets, provision(admin.client, admin.target.buckets))
    (tmp_path / "other").mkdir()
    with sink_harness(tmp_path / "other", server, "everyday", token=token) as harness:
        harness.store([each for each in frames if each is not frames[90]])
        harness.copy()
        harness.store([frames[90]])
        harness.copy()
        assert harness.wrong_windows(frames) == []
        assert harness.wrong_ledger() == []
        others = server.ask("GET", "/api/v2/buckets", token=token)["buckets"]
        assert {each["name"] for each in others} == {each.name for each in harness.target.buckets}


@pytest.mark.parametrize(("who", "sentence"), [("wrong", "unauthorized access"), ("little", "has no bucket")])
def test_a_token_without_the_right_is_reported_in_one_sentence(
    server: Influxd, tmp_path: Path, who: str, sentence: str
) -> None:
    token = who
    if who == "little":
        org = server.ask("GET", "/api/v2/orgs?org=home")["orgs"][0]["id"]
        rights = [{"action": "read", "resource": {"type": "users", "orgID": org}}]
        body = {"orgID": org, "permissions": rights}
        token = server.ask("POST", "/api/v2/authorizations", body)["token"]
    with (
        sink_harness(tmp_path, server, f"may_not_{who}", token=token) as harness,
        pytest.raises(SinkError, match=sentence),
    ):
        harness.copy()


def test_a_period_named_later_leaves_no_row_without_its_name(server: Influxd, tmp_path: Path) -> None:
    start_ms = days_ago(1)
    values: list[tuple[int, dict[str, int | str]]] = [
        (start_ms + n * MINUTE_MS, {"EASF01": 1000 + n, "NTARF": "01"}) for n in range(180)
    ]
    with sink_harness(tmp_path, server, "named_later") as harness:
        harness.store(frame(1 + n, at_ms, each) for n, (at_ms, each) in enumerate(values))
        harness.copy()
        assert {key[2] for key in harness.held("ledger") if key[0] == "energy_quarter"} == {"period=none"}
        harness.store([frame(500, start_ms - 1, {"EASF01": 1000, "NTARF": "01", "LTARF": 'HEURE "CREUSE"'})])
        harness.copy()
        assert {key[3] for key in harness.held("ledger") if key[0] == "energy_day"} == {'period=HEURE "CREUSE"'}
        assert harness.wrong_ledger() == []


def test_a_cost_that_becomes_unknown_leaves_no_amount_and_no_former_period(server: Influxd, tmp_path: Path) -> None:
    with sink_harness(tmp_path, server, "unknown_cost") as harness:
        (tmp_path / "tariffs").mkdir()
        prices, contracts = tmp_path / "tariffs" / "own.toml", tmp_path / "contracts.toml"
        prices.write_text(LIST.format(start="2020-01-01", price="0.20"))
        contracts.write_text('[[contract]]\ntariff = "own"\nfrom = 2020-01-01\n')
        recomputer = CostRecomputer(
            harness.ledger, harness.reader, WatchedTerms(contracts, tmp_path / "tariffs", PARIS), PARIS
        )

        def recompute() -> None:
            recomputer.begin()
            while recomputer.step(lambda: NOW_MS):
                pass
            harness.copy()

        begin_ms = days_ago(6)
        texts: dict[str, int | str] = {"NGTF": "H PLEINE/CREUSE", "NTARF": "01"}
        harness.store(
            frame(1 + n, begin_ms + n * HOUR_MS, {"EASF01": 1000 * n + 7, "EASF02": 500 * n + 7, **texts})
            for n in range(100)
        )
        recompute()
        assert harness.wrong_ledger() == []
        assert sum(key[0] == "cost_day" and key[-1] == "amount" for key in harness.held("ledger")) >= 9
        # Dearer, then from the day after tomorrow only, then with other names of its periods.
        prices.write_text(LIST.format(start="2020-01-01", price="0.30"))
        recompute()
        assert harness.wrong_ledger() == []
        future = datetime.now(UTC).date() + timedelta(days=2)
        prices.write_text(LIST.format(start=future, price="0.30"))
        recompute()
        assert harness.wrong_ledger() == []
        held = [key for key in harness.held("ledger") if key[0] == "cost_day"]
        assert not any(key[-1] == "amount" for key in held)
        contracts.write_text('[[contract]]\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2020-01-01\n')
        recompute()
        assert harness.wrong_ledger() == []
        assert {key[5] for key in harness.held("ledger") if key[0] == "cost_day"} == {
            "period=BASE",
            "period=subscription",
        }


def test_a_site_that_has_joined_another_leaves_no_rows(server: Influxd, tmp_path: Path) -> None:
    start_ms = days_ago(1)
    with sink_harness(tmp_path, server, "joined") as harness:
        harness.store(frame(1 + n, start_ms + n * MINUTE_MS, {"EAST": 100 + n}, meter="111") for n in range(60))
        harness.store(
            frame(1 + n, start_ms + HOUR_MS + n * MINUTE_MS, {"EAST": n}, meter="222", edge="e") for n in range(60)
        )
        harness.copy()
        assert any("site=222" in key for key in harness.held("ledger"))
        harness.ledger.join_sites("222", "111")
        harness.copy()
        assert harness.wrong_ledger() == []
        assert not any("site=222" in key for key in harness.held("ledger"))


def test_without_the_right_to_tasks_everything_but_hours_is_replicated(server: Influxd, tmp_path: Path) -> None:
    frames = hour(days_ago(1))
    with sink_harness(tmp_path, server, "no_tasks") as admin:
        place = provision(admin.client, admin.target.buckets)
        token = create_token(admin.client, admin.target.buckets, replace(place, task_ids={}))
    (tmp_path / "other").mkdir()
    with sink_harness(tmp_path / "other", server, "no_tasks", token=token) as harness:
        harness.store(frames)
        sink = harness.begin()
        while sink.step() == 0.0 or not replace(harness.ledger.sinks()[0], windows=0).is_done:
            pass
        assert window_of(frames[0].time_ms, HOUR_MS) in sink._outbox.windows()
        assert harness.wrong_ledger() == []
        assert harness.held("hour") == {}
        later = sink_harness(tmp_path / "other", server, "no_tasks")
    with later as harness:
        harness.copy()
        assert harness.wrong_windows(frames) == []
