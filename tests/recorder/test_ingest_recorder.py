"""The recorder as a process between a real broker and a real ledger: nothing is lost, nothing is stored twice."""

import json
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from certificates import make_certificate
from real_broker import Hub, Mosquitto
from recording import METER, START_MS, Recorder, frame

from demo.broker import free_port
from tictally_recorder.ledger import Ledger, LedgerReader

TOPIC = "tictally/edge/cellar/frame"


@pytest.fixture
def recorder(own_broker: Mosquitto, tmp_path: Path) -> Iterator[Recorder]:
    with Recorder(tmp_path, own_broker.port) as running:
        yield running


@pytest.fixture
def hub(own_broker: Mosquitto) -> Iterator[Hub]:
    with Hub(own_broker.port) as client:
        yield client


def wait_until_subscribed(hub: Hub) -> None:
    hub.subscribe("tictally/recorder/nas/#")
    hub.wait_for("tictally/recorder/nas/availability", "online")


def numbers(ledger: Path) -> list[int]:
    """The number of every raw frame, in order, from the file itself."""
    with closing(sqlite3.connect(ledger)) as connection:
        return [seq for (seq,) in connection.execute("SELECT seq FROM frame ORDER BY seq")]


def test_frames_arrive_in_the_ledger(recorder: Recorder, hub: Hub) -> None:
    wait_until_subscribed(hub)
    hub.publish(TOPIC, *(frame(seq) for seq in range(1, 1201)))
    counts = recorder.wait_until(lambda counts: counts.frames == 1200)
    assert counts.newest_ms == {METER: START_MS + 1_200_000}
    assert numbers(recorder.ledger) == list(range(1, 1201))


def test_a_repeatedly_killed_recorder_loses_nothing(recorder: Recorder, hub: Hub) -> None:
    wait_until_subscribed(hub)
    for round_ in range(4):
        hub.publish(TOPIC, *(frame(seq) for seq in range(round_ * 500 + 1, round_ * 500 + 501)))
        recorder.stop(signal.SIGKILL)
        hub.wait_for("tictally/recorder/nas/availability", "offline")
        recorder.start()
        hub.wait_for("tictally/recorder/nas/availability", "online")
    recorder.wait_until(lambda counts: counts.frames == 2000)
    assert numbers(recorder.ledger) == list(range(1, 2001))


def test_a_broker_that_restarts_is_found_again(own_broker: Mosquitto, recorder: Recorder, hub: Hub) -> None:
    wait_until_subscribed(hub)
    hub.publish(TOPIC, *(frame(seq) for seq in range(1, 301)))
    own_broker.stop()
    own_broker.start()
    hub.wait_for("tictally/recorder/nas/availability", "online")
    hub.publish(TOPIC, *(frame(seq) for seq in range(301, 601)))
    recorder.wait_until(lambda counts: counts.frames == 600)
    assert "connection lost; trying again" in recorder.log


def test_frames_published_while_the_recorder_is_stopped_are_stored_later(recorder: Recorder, hub: Hub) -> None:
    wait_until_subscribed(hub)
    assert recorder.stop() == 0
    hub.wait_for("tictally/recorder/nas/availability", "offline")
    hub.publish(TOPIC, *(frame(seq) for seq in range(1, 1501)))
    recorder.start()
    recorder.wait_until(lambda counts: counts.frames == 1500)


def test_a_locked_ledger_catches_up_when_it_is_free(recorder: Recorder, hub: Hub) -> None:
    wait_until_subscribed(hub)
    with closing(sqlite3.connect(recorder.ledger, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        hub.publish(TOPIC, *(frame(seq) for seq in range(1, 1301)))
        recorder.wait_for_log("trying again; the broker keeps what is not stored yet")
        with LedgerReader.open(recorder.ledger) as reader:
            assert reader.counts().frames == 0
        other.execute("ROLLBACK")
    recorder.wait_until(lambda counts: counts.frames == 1300)
    assert numbers(recorder.ledger) == list(range(1, 1301))


def test_a_recorder_that_starts_while_the_ledger_is_locked_waits_for_it(recorder: Recorder, hub: Hub) -> None:
    wait_until_subscribed(hub)
    recorder.stop()
    with closing(sqlite3.connect(recorder.ledger, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        hub.publish(TOPIC, *(frame(seq) for seq in range(1, 11)))
        recorder.start()
        recorder.wait_for_log("database is locked; another program uses it: trying again")
        time.sleep(4)
        other.execute("ROLLBACK")
    recorder.wait_until(lambda counts: counts.frames == 10)
    recorder.stop()
    with closing(sqlite3.connect(recorder.ledger, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        before = recorder.log.count("trying again")
        recorder.start()
        while recorder.log.count("trying again") == before:
            time.sleep(0.05)
        assert recorder.stop() == 0  # a signal ends the wait


@pytest.mark.parametrize("replaced", [False, True])
def test_nothing_is_acknowledged_into_a_ledger_whose_file_is_gone(
    recorder: Recorder, hub: Hub, tmp_path: Path, *, replaced: bool
) -> None:
    wait_until_subscribed(hub)
    hub.publish(TOPIC, *(frame(seq) for seq in range(1, 51)))
    recorder.wait_until(lambda counts: counts.frames == 50)
    if replaced:
        Ledger.open(tmp_path / "other.sqlite").close()
        (tmp_path / "other.sqlite").replace(recorder.ledger)
    else:
        recorder.ledger.unlink()
    hub.publish(TOPIC, *(frame(seq) for seq in range(51, 251)))
    assert recorder.wait() == 1
    assert f"{recorder.ledger} was {'replaced' if replaced else 'deleted'} while it was in use" in recorder.log
    (rescued,) = tmp_path.glob("ledger.sqlite.rescued-*")
    rescued.replace(recorder.ledger)
    recorder.start()
    recorder.wait_until(lambda counts: counts.frames == 250)


def test_a_poisonous_message_costs_its_batch_no_valid_frame(recorder: Recorder, hub: Hub) -> None:
    poison: list[bytes | str] = [
        b"",
        b"\xff\xfe",
        b"\x00" * 100,
        "[" * 60_000,
        '{"v": ' + "9" * 10_000 + "}",
        '{"v": 1, "seq": NaN}',
        frame(1).replace('"EAST":1000010', '"EAST":1.5'),
        frame(2).replace('"EAST":1000020', '"EAST":1e999'),
        frame(1, edge="attic"),
        "x" * 200_000,
    ]
    wait_until_subscribed(hub)
    mixed: list[bytes | str] = []
    for seq in range(101, 301):
        mixed += [frame(seq), poison[seq % len(poison)]]
    hub.publish(TOPIC, *mixed)
    counts = recorder.wait_until(lambda counts: counts.frames == 200 and sum(counts.rejected.values()) >= len(poison))
    assert counts.deferred == 0
    hub.publish(TOPIC, frame(301))
    recorder.wait_until(lambda counts: counts.frames == 201)


def test_a_second_recorder_on_the_ledger_exits_with_one_sentence(recorder: Recorder) -> None:
    recorder.wait_for_log("connected to the broker")
    second = Recorder(recorder.folder, recorder.port, settings={"TICTALLY_LANGUAGE": "en"})
    before = len(recorder.log)
    second.start()
    assert second.wait() == 1
    logged = recorder.log[before:]
    assert logged.startswith("tictally: the ledger")
    assert "is in use by process" in logged
    assert logged.count("\n") == 1


def test_a_signal_stops_the_recorder_while_the_ledger_is_locked(recorder: Recorder, hub: Hub) -> None:
    wait_until_subscribed(hub)
    with closing(sqlite3.connect(recorder.ledger, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        hub.publish(TOPIC, frame(1))
        began_s = time.monotonic()
        assert recorder.stop() == 0
        assert time.monotonic() - began_s < 10
        other.execute("ROLLBACK")
    recorder.start()
    recorder.wait_until(lambda counts: counts.frames == 1)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stores_what_has_arrived_and_publishes_offline(
    recorder: Recorder, hub: Hub, how: signal.Signals
) -> None:
    wait_until_subscribed(hub)
    hub.publish(TOPIC, *(frame(seq) for seq in range(1, 401)))
    began_s = time.monotonic()
    assert recorder.stop(how) == 0
    assert time.monotonic() - began_s < 10
    hub.wait_for("tictally/recorder/nas/availability", "offline")
    assert "Traceback" not in recorder.log
    # The broker still holds what had not arrived, and does not send the rest again.
    recorder.start()
    recorder.wait_until(lambda counts: counts.frames == 400)


def test_a_recorder_without_a_broker_stops_on_a_signal(tmp_path: Path) -> None:
    port = free_port()
    with Recorder(tmp_path, port) as alone:
        alone.wait_for_log(f"the broker at 127.0.0.1:{port} cannot be reached: Connection refused; trying again")
        assert alone.stop() == 0


def test_health_has_what_was_stored(recorder: Recorder, hub: Hub) -> None:
    wait_until_subscribed(hub)
    hub.wait_for("tictally/recorder/nas/health")
    hub.publish(TOPIC, frame(1), frame(1), frame(2), "no frame")
    recorder.wait_until(lambda counts: counts.frames == 2)
    recorder.stop()
    hub.wait_for("tictally/recorder/nas/availability", "offline")
    recorder.start()  # health is published on every connect
    hub.wait_for("tictally/recorder/nas/availability", "online")
    health = json.loads(hub.wait_for("tictally/recorder/nas/health"))
    assert health["newest"] == {METER: "2026-09-21T14:13:22.000Z"}
    assert health.keys() == {
        "version", "started", "uptime_s", "stored", "repeated", "rejected", "stored_age_s", "is_idle", "deferred",
        "newest", "newest_frame", "ledger_bytes", "ledger_mb", "lost", "dead_letters", "missing", "healths_ignored",
        "lag_s", "cost_days_left", "cost_problem", "has_cost_problem", "tariff_ages", "jobs", "sinks",
        "maintenance_problems", "tariff_providers", "conflicts", "edges_at_limit", "instance", "ledger",
        "meters", "name_conflicts", "client_id_conflicts", "messages_withheld", "importers", "import_runs",
    }  # fmt: skip
    assert health["ledger_bytes"] > 0


def test_an_edge_that_is_no_longer_recorded_is_unsubscribed(recorder: Recorder, hub: Hub) -> None:
    wait_until_subscribed(hub)
    recorder.stop()
    hub.wait_for("tictally/recorder/nas/availability", "offline")
    recorder.settings["TICTALLY_EDGES"] = "cellar"
    recorder.start()
    hub.wait_for("tictally/recorder/nas/availability", "online")
    hub.publish("tictally/edge/attic/frame", frame(1, edge="attic", meter="021900000009"))
    hub.publish(TOPIC, frame(1))
    counts = recorder.wait_until(lambda counts: counts.frames >= 1)
    assert list(counts.newest_ms) == [METER]


def test_two_recorders_share_the_edges(own_broker: Mosquitto, hub: Hub, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    first = Recorder(tmp_path / "one", own_broker.port, settings={"TICTALLY_EDGES": "cellar", "TICTALLY_NAME": "one"})
    second = Recorder(tmp_path / "two", own_broker.port, settings={"TICTALLY_EDGES": "attic", "TICTALLY_NAME": "two"})
    with first, second:
        # A recorder publishes `online` after it has subscribed; its health may arrive earlier.
        for availability in ("tictally/recorder/one/availability", "tictally/recorder/two/availability"):
            hub.subscribe(availability)
            hub.wait_for(availability, "online")
    hub.publish(TOPIC, frame(1))
    hub.publish("tictally/edge/attic/frame", frame(1, edge="attic", boot="0" * 16, meter="021900000009"))
    with first, second:
        assert list(first.wait_until(lambda counts: counts.frames == 1).newest_ms) == [METER]
        assert list(second.wait_until(lambda counts: counts.frames == 1).newest_ms) == ["021900000009"]


def test_a_broker_with_a_window_of_one_is_drained(own_broker: Mosquitto, tmp_path: Path) -> None:
    own_broker.stop()
    own_broker.extra = "allow_anonymous true\nmax_inflight_messages 1"
    own_broker.start()
    with Hub(own_broker.port) as hub, Recorder(tmp_path, own_broker.port) as recorder:
        wait_until_subscribed(hub)
        hub.publish(TOPIC, *(frame(seq) for seq in range(1, 31)))
        assert recorder.wait_until(lambda counts: counts.frames == 30).rejected == {}


def test_only_a_broker_whose_certificate_the_authority_signed_is_connected_to(
    own_broker: Mosquitto, tmp_path: Path
) -> None:
    certificate, key = make_certificate(tmp_path, "broker")
    stranger, _ = make_certificate(tmp_path, "stranger")
    own_broker.stop()
    own_broker.extra = f"allow_anonymous true\ncertfile {certificate}\nkeyfile {key}"
    own_broker.start()
    recorder = Recorder(tmp_path, own_broker.port)
    for authority, line in (
        (str(certificate), "connected to the broker"),
        (str(stranger), "cannot be reached: its certificate is not signed by the CA certificate that is set"),
        ("", "closes the connection without an answer; is it an MQTT broker, and is TLS set on both sides?"),
    ):
        recorder.settings["TICTALLY_MQTT_CA"] = authority
        with recorder:
            recorder.wait_for_log(line)
            assert recorder.stop() == 0
