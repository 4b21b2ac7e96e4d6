"""Two edges of one name, an edge set back to an older state, and a power cut while the recorder is away."""

import json
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
import real_edge
from real_broker import Hub, Mosquitto
from recording import Recorder

from tictally_recorder.ledger import LedgerReader

FRAMES = "tictally/edge/pi/frame"
Start = Callable[..., real_edge.Process]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[real_edge.Process] = []

    def begin(process: real_edge.Process) -> real_edge.Process:
        process.start()
        started.append(process)
        return process

    yield begin
    for process in started:
        process.end()


@pytest.fixture
def hub(own_broker: Mosquitto) -> Iterator[Hub]:
    with closing_hub(own_broker) as client:
        yield client


def closing_hub(broker: Mosquitto) -> Hub:
    return Hub(broker.port)


def numbers(ledger: Path) -> dict[str, list[tuple[int, int, str]]]:
    with LedgerReader.open(ledger) as reader:
        return {
            boot: [(each.first, each.last, each.status.name) for each in ranges]
            for boot, ranges in reader.frame_numbers("pi").items()
        }


def test_two_edges_of_one_name_report_it_and_take_turns(
    own_broker: Mosquitto, hub: Hub, tmp_path: Path, start: Start
) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    first = start(real_edge.edge(tmp_path / "first", "sim:base?number=021961000001", own_broker.port))
    hub.subscribe("tictally/edge/pi/health")
    hub.wait_for("tictally/edge/pi/health")
    second = start(real_edge.edge(tmp_path / "second", "sim:base?number=021961000002", own_broker.port))
    for edge in (first, second):
        edge.wait_for_output("Another edge has the name pi too", within_s=60)
        edge.wait_for_output("next attempt in 5 s", within_s=60)
    log = own_broker.folder / "mosquitto.log"
    before = log.read_text().count("already connected")
    time.sleep(12)
    assert log.read_text().count("already connected") - before <= 2
    health = {"name_conflicts": 0}
    while not health["name_conflicts"]:
        health = json.loads(hub.wait_for("tictally/edge/pi/health", within_s=70))


def test_an_edge_that_is_killed_and_comes_back_is_no_other_one(
    own_broker: Mosquitto, hub: Hub, tmp_path: Path, start: Start
) -> None:
    edge = start(real_edge.edge(tmp_path, "sim:base", own_broker.port))
    hub.subscribe("tictally/edge/pi/health")
    hub.wait_for("tictally/edge/pi/health")
    edge.stop(signal.SIGKILL)
    edge.start()
    hub.wait_for("tictally/edge/pi/health")
    own_broker.stop()
    own_broker.start()
    edge.wait_for_output("is gone; retrying", within_s=60)
    hub.wait_for("tictally/edge/pi/health", within_s=60)
    time.sleep(2)
    edge.stop()
    assert "Another edge" not in edge.output


def test_an_edge_set_back_to_an_older_state_loses_no_frame_and_begins_a_new_boot(
    own_broker: Mosquitto, hub: Hub, tmp_path: Path, start: Start
) -> None:
    journal = tmp_path / "journal"
    with Recorder(tmp_path, own_broker.port) as recorder:
        recorder.wait_for_log("connected to the broker")
        edge = start(real_edge.edge(tmp_path, "sim:base?mode=standard", own_broker.port))
        recorder.wait_until(lambda counts: counts.frames >= 3, within_s=60)
        shutil.copytree(journal, tmp_path / "snapshot")
        recorder.wait_until(lambda counts: counts.frames >= 8, within_s=60)
        edge.stop(signal.SIGKILL)
        before = recorder.wait_until(lambda counts: counts.frames >= 8).frames
        shutil.rmtree(journal)
        shutil.copytree(tmp_path / "snapshot", journal)
        # Without its health at the broker only the recorder can notice it.
        hub._client.publish("tictally/edge/pi/health", b"", qos=1, retain=True).wait_for_publish(10)
        edge.start()
        edge.wait_for_output("frames are numbered in a new boot from now on", within_s=60)
        end = time.monotonic() + 60
        while len(found := numbers(recorder.ledger)) < 2:
            assert time.monotonic() < end
            time.sleep(0.2)
        edge.stop()
        recorder.wait_for_log("edge 'pi' uses frame numbers twice")
        after = recorder.wait_until(lambda counts: counts.frames > before).frames
        with LedgerReader.open(recorder.ledger) as reader:
            conflicts = reader.conflicts()["pi"]
            stored = sum(last - first + 1 for ranges in numbers(recorder.ledger).values() for first, last, _ in ranges)
        assert conflicts >= 1
        assert after == stored + conflicts
        assert all(status == "STORED" for ranges in found.values() for _, _, status in ranges)


def test_an_edge_notices_by_its_own_health_that_it_was_set_back(
    own_broker: Mosquitto, hub: Hub, tmp_path: Path, start: Start
) -> None:
    edge = start(real_edge.edge(tmp_path, "sim:base?mode=standard", own_broker.port))
    hub.subscribe("tictally/edge/pi/health")
    hub.subscribe(FRAMES)
    boot = json.loads(hub.wait_for(FRAMES, within_s=60))["boot"]
    edge.stop(signal.SIGKILL)
    numbers_given = [{"boot": boot, "held": [[1, 500]], "backlog": [], "last": 500}]
    newer = json.dumps({"instance": "0123456789abcdef", "boots": numbers_given})
    hub._client.publish("tictally/edge/pi/health", newer, qos=1, retain=True).wait_for_publish(10)
    edge.start()
    edge.wait_for_output("frames are numbered in a new boot from now on", within_s=60)


def test_what_a_power_cut_destroys_while_the_recorder_is_away_counts_as_lost(
    own_broker: Mosquitto, tmp_path: Path, start: Start
) -> None:
    journal, recorder = tmp_path / "journal", Recorder(tmp_path, own_broker.port)
    with recorder, closing_hub(own_broker) as hub:
        recorder.wait_for_log("connected to the broker")
        hub.subscribe(FRAMES)
        port = "sim:base?mode=standard"
        edge = start(real_edge.edge(tmp_path, port, own_broker.port, state=str(tmp_path / "state")))
        recorder.wait_until(lambda counts: counts.frames >= 3, within_s=60)
        recorder.stop()
        last: dict[str, Any] = {}
        end = time.monotonic() + 15
        while time.monotonic() < end:  # the broker acknowledges them, and has them in memory
            try:
                last = json.loads(hub.wait_for(FRAMES, within_s=5))
            except (AssertionError, Empty):
                continue
        edge.stop(signal.SIGKILL)
        own_broker.stop(signal.SIGKILL)
    shutil.rmtree(journal)
    (own_broker.folder / "mosquitto.db").unlink(missing_ok=True)
    own_broker.start()
    edge.start()
    with recorder:
        counts = recorder.wait_until(lambda counts: counts.lost > 0, within_s=150)
    (ranges,) = (found for boot, found in numbers(recorder.ledger).items() if boot == last["boot"])
    assert [status for _, _, status in ranges] == ["STORED", "LOST"]
    assert ranges[-1][1] >= int(last["seq"]) - 1
    assert counts.lost == ranges[-1][1] - ranges[-1][0] + 1
