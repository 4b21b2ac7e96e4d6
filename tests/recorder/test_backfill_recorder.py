"""Backfill completes the ledger of a new, stopped or restored recorder, and after a broker lost its queue."""

import json
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import real_edge
from real_broker import Hub, Mosquitto
from recording import BOOT, Recorder
from scripted_edge import ScriptedEdge

from tictally_recorder.ledger import LedgerReader, NumberRange, Status
from tictally_shared.interval_set import IntervalSet

OTHER = "00000000000000a1"


@pytest.fixture
def recorder(own_broker: Mosquitto, tmp_path: Path) -> Iterator[Recorder]:
    with Recorder(tmp_path, own_broker.port) as running:
        yield running


@pytest.fixture
def hub(own_broker: Mosquitto) -> Iterator[Hub]:
    with Hub(own_broker.port) as client:
        client.subscribe("tictally/recorder/nas/#")
        yield client


@pytest.fixture
def edge(own_broker: Mosquitto) -> Iterator[ScriptedEdge]:
    with ScriptedEdge(own_broker.port) as client:
        yield client


def wait_until_online(hub: Hub) -> None:
    hub.wait_for("tictally/recorder/nas/availability", "online", within_s=60)


def stop(recorder: Recorder, hub: Hub) -> None:
    recorder.stop()
    hub.wait_for("tictally/recorder/nas/availability", "offline")


def numbers(ledger: Path, boot: str = BOOT) -> list[int]:
    """The numbers of all raw frames of a boot, in order, read from the file."""
    with closing(sqlite3.connect(ledger)) as connection:
        select = "SELECT seq FROM frame JOIN boot ON boot.id = frame.boot WHERE boot.boot = ? ORDER BY seq"
        return [seq for (seq,) in connection.execute(select, (boot,))]


def ranges_of(ledger: Path, edge: str) -> list[NumberRange]:
    with LedgerReader.open(ledger) as reader:
        return [each for ranges in reader.frame_numbers(edge).values() for each in ranges]


def test_a_new_recorder_gets_the_edges_whole_journal(recorder: Recorder, hub: Hub, edge: ScriptedEdge) -> None:
    wait_until_online(hub)
    edge.hold(700, 1100, OTHER)
    edge.hold(1, 2500)
    with edge.publishing_health():
        counts = recorder.wait_until(lambda counts: counts.frames == 2901)
    assert counts.lost == 0
    assert numbers(recorder.ledger) == list(range(1, 2501))
    assert numbers(recorder.ledger, OTHER) == list(range(700, 1101))
    assert recorder.log.count("requesting missing frames from edge 'cellar'") == 1
    assert edge.requests == [
        {"boot": OTHER, "ranges": [[700, 1100]]},
        {"boot": BOOT, "ranges": [[1, 2000]]},
        {"boot": BOOT, "ranges": [[2001, 2500]]},
    ]


def test_a_recorder_restored_from_an_older_copy_gets_the_later_frames(
    recorder: Recorder, hub: Hub, edge: ScriptedEdge
) -> None:
    wait_until_online(hub)
    edge.send(1, 100)
    recorder.wait_until(lambda counts: counts.frames == 100)
    stop(recorder, hub)
    copy = recorder.folder / "copy.sqlite"
    shutil.copy(recorder.ledger, copy)
    recorder.start()
    wait_until_online(hub)
    edge.send(101, 300)
    recorder.wait_until(lambda counts: counts.frames == 300)
    stop(recorder, hub)  # cleanly: stored frames are acknowledged, so the broker does not resend them
    for part in recorder.folder.glob("ledger.sqlite*"):
        part.unlink()
    shutil.copy(copy, recorder.ledger)
    recorder.start()
    wait_until_online(hub)
    edge.send(301, 310)
    with edge.publishing_health():
        recorder.wait_until(lambda counts: counts.frames == 310)
    assert edge.requests == [{"boot": BOOT, "ranges": [[101, 300]]}]
    assert numbers(recorder.ledger) == list(range(1, 311))


def test_frames_that_a_broker_lost_with_its_disk_are_requested_again(
    own_broker: Mosquitto, recorder: Recorder, hub: Hub
) -> None:
    wait_until_online(hub)
    with ScriptedEdge(own_broker.port) as edge:
        edge.send(1, 50)
        recorder.wait_until(lambda counts: counts.frames == 50)
        stop(recorder, hub)
        edge.send(51, 200)  # acknowledged by the broker
    own_broker.stop(signal.SIGKILL)
    (own_broker.folder / "mosquitto.db").unlink(missing_ok=True)
    own_broker.start()
    with ScriptedEdge(own_broker.port, frames=edge.frames) as edge:
        recorder.start()
        wait_until_online(hub)
        edge.send(201, 220)
        with edge.publishing_health():
            recorder.wait_until(lambda counts: counts.frames == 220)
        assert edge.requests == [{"boot": BOOT, "ranges": [[51, 200]]}]
    assert numbers(recorder.ledger) == list(range(1, 221))


def test_frames_dropped_by_a_full_queue_are_requested_again(
    own_broker: Mosquitto, recorder: Recorder, hub: Hub
) -> None:
    wait_until_online(hub)
    stop(recorder, hub)
    own_broker.stop()
    own_broker.extra = "allow_anonymous true\nmax_queued_bytes 40000"
    own_broker.start()
    with ScriptedEdge(own_broker.port) as edge:
        edge.send(1, 600)
        edge.publish_health()  # is dropped too
        recorder.start()
        dropped = 600 - recorder.wait_until(lambda counts: 0 < counts.frames < 600).frames
        wait_until_online(hub)
        edge.send(601, 602)
        with edge.publishing_health():
            recorder.wait_until(lambda counts: counts.frames == 602)
        assert dropped > 100
    assert numbers(recorder.ledger) == list(range(1, 603))


def test_frames_that_the_edge_no_longer_has_are_lost_and_logged(
    recorder: Recorder, hub: Hub, edge: ScriptedEdge
) -> None:
    wait_until_online(hub)
    edge.send(1, 10)
    recorder.wait_until(lambda counts: counts.frames == 10)
    edge.frames.clear()
    edge.hold(31, 40)
    with edge.publishing_health():
        recorder.wait_for_log("20 frames of edge 'cellar' are lost: the edge no longer holds them")
        assert recorder.wait_until(lambda counts: counts.frames == 20).lost == 20
    assert ranges_of(recorder.ledger, "cellar") == [
        NumberRange(1, 10, Status.STORED),
        NumberRange(11, 30, Status.LOST),
        NumberRange(31, 40, Status.STORED),
    ]
    edge.send(15, 15)  # from a copy unknown so far
    assert recorder.wait_until(lambda counts: counts.frames == 21).lost == 19


def test_a_retained_health_message_triggers_no_request(recorder: Recorder, hub: Hub, edge: ScriptedEdge) -> None:
    wait_until_online(hub)
    edge.hold(1, 30)
    with edge.publishing_health():
        recorder.wait_until(lambda counts: counts.frames == 30)
    edge.hold(31, 60)
    stop(recorder, hub)
    for part in recorder.folder.glob("ledger.sqlite*"):
        part.unlink()
    edge.requests.clear()
    recorder.options = ("--new-ledger",)
    recorder.start()
    wait_until_online(hub)
    edge.publish_health()  # one live message; the retained one before it does not count
    edge.send(61, 61)
    recorder.wait_until(lambda counts: counts.frames == 1)
    time.sleep(1.5)  # a tick, at which it would have sent a request
    assert edge.requests == []


def test_invalid_health_messages_are_counted_and_do_no_harm(recorder: Recorder, hub: Hub, edge: ScriptedEdge) -> None:
    wait_until_online(hub)
    garbage = ["", "offline", "[" * 9000, '{"boots": [[1]]}', '{"boots": [{"boot": "x"}]}', "x" * 70_000]
    for payload in garbage:
        edge.publish("health", payload)
        edge.send(len(edge.frames) + 1, len(edge.frames) + 1)
        recorder.wait_until(lambda counts: counts.frames == len(edge.frames))
    edge.hold(7, 9)
    with edge.publishing_health():
        recorder.wait_until(lambda counts: counts.frames == 9)
    recorder.wait_for_log("ignored the health of edge 'cellar': not JSON")
    assert "Traceback" not in recorder.log


def test_a_returning_edge_gets_the_request_again(recorder: Recorder, hub: Hub, edge: ScriptedEdge) -> None:
    wait_until_online(hub)
    edge.answers = False
    edge.send(1, 4)
    edge.hold(5, 11)
    with edge.publishing_health():
        end = time.monotonic() + 60
        while not edge.requests and time.monotonic() < end:
            time.sleep(0.05)
        assert edge.requests == [{"boot": BOOT, "ranges": [[5, 11]]}]
        edge.answers = True
        edge.publish("availability", "online")
        recorder.wait_until(lambda counts: counts.frames == 11)
    assert edge.requests == 2 * [{"boot": BOOT, "ranges": [[5, 11]]}]


def test_missing_and_lost_frames_are_in_the_recorders_health(
    own_broker: Mosquitto, recorder: Recorder, hub: Hub
) -> None:
    wait_until_online(hub)
    with ScriptedEdge(own_broker.port, answers=False) as edge:
        edge.send(1, 4)
        recorder.wait_until(lambda counts: counts.frames == 4)
        edge.frames.clear()
        edge.hold(7, 11)
        with edge.publishing_health():
            recorder.wait_until(lambda counts: counts.lost == 2)
            edge.publish("health", "nothing of the kind")
            recorder.wait_for_log("ignored the health of edge 'cellar': not JSON")
        own_broker.stop()
        own_broker.start()  # health is published on every connect
        wait_until_online(hub)
        health = json.loads(hub.wait_for("tictally/recorder/nas/health"))
        while health["healths_ignored"] == 0:  # the broker retained an earlier one
            health = json.loads(hub.wait_for("tictally/recorder/nas/health"))
    assert {name: health[name] for name in ("missing", "lost")} == {"missing": 5, "lost": 2}
    assert health["healths_ignored"] in {
        1,
        2,
    }  # the broker may have stopped before the acknowledgement, and sends it again
    assert health["lag_s"] > 0


def has_no_gap(ranges: list[NumberRange]) -> bool:
    return [first for first, _ in IntervalSet((each.first, each.last) for each in ranges)] == [1]


def run_for_a_moment(edge: real_edge.Process, hub: Hub) -> None:
    """An edge publishes its health when it starts and stops; the recorder reads at most one per second."""
    edge.start()
    hub.wait_for("tictally/edge/pi/health", within_s=60)
    time.sleep(1.5)
    edge.stop()
    hub.wait_for("tictally/edge/pi/availability", "offline")


def test_a_real_edge_fills_a_new_ledger(own_broker: Mosquitto, tmp_path: Path, hub: Hub) -> None:
    edge = real_edge.edge(tmp_path, "sim:hphc?interval=0.1", own_broker.port)
    for what in ("availability", "health"):
        hub.subscribe(f"tictally/edge/pi/{what}")
    try:
        run_for_a_moment(edge, hub)
        # A separate hub: a request may arrive while the test waits for something else.
        with Hub(own_broker.port) as requests, Recorder(tmp_path, own_broker.port) as recorder:
            requests.subscribe("tictally/edge/pi/resend")
            wait_until_online(hub)
            for _ in range(2):  # on a busy machine the recorder may read two messages as one
                run_for_a_moment(edge, hub)
            edge.start()
            request = json.loads(requests.wait_for("tictally/edge/pi/resend"))
            assert request["ranges"][0][0] == 1
            recorder.wait_until(lambda _: has_no_gap(ranges_of(recorder.ledger, "pi")))
    finally:
        edge.end()
