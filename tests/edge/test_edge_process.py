"""The edge as a process: real pseudo-terminals, a real broker, kills."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import real_edge
from enedis_files import lines_of, write
from real_broker import Hub, Mosquitto
from real_edge import Process

from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.lines import simulated_frames
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_shared.frames import parse_time_ms
from tictally_shared.labels import Mode

NUMBER = "021961000001"
Start = Callable[[Process], Process]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Process] = []

    def begin(process: Process) -> Process:
        started.append(process)
        process.start()
        return process

    yield begin
    for process in started:
        process.end()


def next_frame(hub: Hub, base: str, within_s: float = 60.0) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(hub.wait_for(f"{base}/edge/pi/frame", within_s=within_s))
    return body


@pytest.mark.parametrize("mode", ["standard", "historique"])
def test_a_line_becomes_topics_and_frames(tmp_path: Path, broker: Mosquitto, start: Start, mode: str) -> None:
    base = f"line-{mode}"
    start(real_edge.meter(tmp_path, "--mode", mode, "--number", NUMBER)).wait_for_output("line")
    with Hub(broker.port) as hub:
        hub.subscribe(f"{base}/#")
        edge = start(real_edge.edge(tmp_path, str(tmp_path / "line"), broker.port, base_topic=base))
        assert hub.wait_for(f"{base}/edge/pi/availability") == "online"
        frame = next_frame(hub, base)
        register = "EAST" if mode == "standard" else "HCHC"
        assert (frame["seq"], frame["mode"], frame["meter"]) == (1, mode, NUMBER)
        assert frame["values"][register] > 0
        assert next_frame(hub, base)["seq"] == 2
        assert edge.stop() == 0
        assert hub.wait_for(f"{base}/edge/pi/availability", "offline") == "offline"
    with Hub(broker.port) as late:
        late.subscribe(f"{base}/{NUMBER}/#")
        assert late.wait_for(f"{base}/{NUMBER}/availability") == "offline"
        late.subscribe(f"{base}/{NUMBER}/{register}")
        assert int(late.wait_for(f"{base}/{NUMBER}/{register}")) >= frame["values"][register]
    with Hub(broker.port) as late:
        late.subscribe(f"{base}/edge/pi/health")
        health = json.loads(late.wait_for(f"{base}/edge/pi/health"))
        assert health["mode"] == mode
        assert health["parity"] is True
        assert health["rejected"] == {}
        assert [each["boot"] for each in health["boots"]] == [frame["boot"]]


def test_a_power_factor_that_was_learned_is_read_back_from_the_broker(
    tmp_path: Path, broker: Mosquitto, start: Start
) -> None:
    with Hub(broker.port) as hub:
        hub.publish(f"factor/{NUMBER}/power_factor", "0.500", retain=True)
        hub.subscribe(f"factor/{NUMBER}/+")
        source = f"sim:hphc?mode=standard&number={NUMBER}"
        start(real_edge.edge(tmp_path, source, broker.port, base_topic="factor"))
        apparent = int(hub.wait_for(f"factor/{NUMBER}/SINSTS"))
        assert 0.3 < int(hub.wait_for(f"factor/{NUMBER}/active_power")) / apparent < 0.7
    with Hub(broker.port) as late:
        late.subscribe(f"factor/{NUMBER}/power_factor")
        assert 0.3 < float(late.wait_for(f"factor/{NUMBER}/power_factor")) < 0.7


def test_frames_of_an_outage_come_after_a_kill_and_numbers_go_on(
    tmp_path: Path, own_broker: Mosquitto, start: Start
) -> None:
    source = f"sim:hphc?number={NUMBER}"
    with Hub(own_broker.port) as hub:
        hub.subscribe("tictally/edge/pi/frame")
        edge = start(real_edge.edge(tmp_path, source, own_broker.port))
        seen = [next_frame(hub, "tictally") for _ in range(4)]
    own_broker.stop()
    edge.wait_for_output("cannot be reached", within_s=60)
    (tail,) = (tmp_path / "journal").glob("wal")
    before = tail.stat().st_size
    while tail.stat().st_size < before + 3000:  # two or three frames that nobody took
        pass
    edge.stop(signal.SIGKILL)
    own_broker.start()
    with Hub(own_broker.port) as hub:
        hub.subscribe("tictally/edge/pi/frame")
        start(real_edge.edge(tmp_path, source, own_broker.port))
        numbers = {frame["seq"] for frame in seen}
        again = next_frame(hub, "tictally")
        while not {*range(1, max(*numbers, again["seq"]) + 1)} <= numbers | {again["seq"]} or again["seq"] < 8:
            assert again["boot"] == seen[0]["boot"]
            numbers.add(again["seq"])
            again = next_frame(hub, "tictally")


def test_a_line_that_is_unplugged_is_read_again_when_it_is_back(
    tmp_path: Path, broker: Mosquitto, start: Start
) -> None:
    base = "unplugged"
    meter = start(real_edge.meter(tmp_path, "--number", NUMBER))
    meter.wait_for_output("line")
    with Hub(broker.port) as hub:
        hub.subscribe(f"{base}/edge/pi/frame")
        edge = start(real_edge.edge(tmp_path, str(tmp_path / "line"), broker.port, base_topic=base))
        before = next_frame(hub, base)
        meter.stop()
        edge.wait_for_output("Retrying")
        start(real_edge.meter(tmp_path, "--number", NUMBER))
        after = next_frame(hub, base)
        while after["time"] <= before["time"]:
            after = next_frame(hub, base)
        assert after["boot"] == before["boot"]


def test_a_port_that_is_missing_is_a_sentence_and_a_retry(tmp_path: Path, broker: Mosquitto, start: Start) -> None:
    edge = start(real_edge.edge(tmp_path, str(tmp_path / "line"), broker.port, base_topic="missing"))
    edge.wait_for_output("there is no such device; is the dongle plugged in? Retrying.")
    with Hub(broker.port) as hub:
        hub.subscribe("missing/#")
        start(real_edge.meter(tmp_path))
        assert next_frame(hub, "missing")["seq"] == 1
    assert edge.output.count("Retrying") == 1
    assert "Traceback" not in edge.output


def test_a_second_edge_on_one_port_is_a_sentence_and_the_first_goes_on(
    tmp_path: Path, broker: Mosquitto, start: Start
) -> None:
    start(real_edge.meter(tmp_path)).wait_for_output("line")
    port = str(tmp_path / "line")
    start(real_edge.edge(tmp_path, port, broker.port, base_topic="first")).wait_for_output("meter found")
    (tmp_path / "second").mkdir()
    second = start(real_edge.edge(tmp_path / "second", port, broker.port, base_topic="second"))
    second.wait_for_output("another program has it open")
    with Hub(broker.port) as hub:
        hub.subscribe("first/#")
        assert next_frame(hub, "first")["seq"] > 0
    third = start(real_edge.edge(tmp_path, port, broker.port, base_topic="third"))
    assert third.wait() == 1
    assert "is in use by another edge" in third.output


def test_a_recording_is_published_whole_and_then_the_edge_ends(tmp_path: Path, broker: Mosquitto, start: Start) -> None:
    meter = SimulatedMeter(
        SimulatedContract.TEMPO, Mode.HISTORIQUE, start=datetime(2026, 1, 12, tzinfo=UTC), number=NUMBER
    )
    recording = tmp_path / "line.bin"
    recording.write_bytes(b"".join(line for _, (_, line) in zip(range(30), simulated_frames(meter), strict=False)))
    with Hub(broker.port) as hub:
        hub.subscribe("recording/edge/pi/frame")
        edge = start(real_edge.edge(tmp_path, f"file:{recording}?pace=fast", broker.port, base_topic="recording"))
        frames = [next_frame(hub, "recording") for _ in range(30)]
        assert [frame["seq"] for frame in frames] == list(range(1, 31))
        assert all("BBRHCJB" in frame["values"] for frame in frames)
        assert edge.wait(15) == 0


def test_what_has_no_pace_waits_for_the_broker(tmp_path: Path, own_broker: Mosquitto, start: Start) -> None:
    """Else three weeks would be read in seconds, and the first of them be gone from the journal."""
    curve = write(tmp_path / "curve.csv", lines_of(datetime(2025, 6, 1, tzinfo=UTC), [500] * 24 * 22, 60))
    source = f"sim:base?curve={curve}&interval=900&pace=fast&mode=historique&number={NUMBER}"
    own_broker.stop()
    edge = start(real_edge.edge(tmp_path, source, own_broker.port))
    edge.wait_for_output("cannot be reached")
    time.sleep(1)
    assert NUMBER not in (tmp_path / "journal" / "wal").read_text()
    edge.stop()
    own_broker.start()
    with Hub(own_broker.port) as hub:
        hub.subscribe("tictally/edge/pi/frame")
        start(real_edge.edge(tmp_path, source, own_broker.port))
        seen = {next_frame(hub, "tictally")["seq"] for _ in range(22 * 96 + 1)}
    assert seen == set(range(1, 22 * 96 + 2))


YEAR_MS = 365 * 86_400_000


def edge_with_clock(folder: Path, off_ms: int, port: str, broker_port: int, **settings: str) -> Process:
    """An edge on a machine whose wall clock is off, as `folder/clock` shows at any moment."""
    (folder / "clock").write_text(str(off_ms))
    process = real_edge.edge(folder, port, broker_port, **settings)
    process.command = [str(Path(real_edge.__file__).with_name("wrong_clock.py")), str(folder / "clock")]
    process.is_module = False
    return process


def wait_for_waiting(folder: Path, size: int) -> None:
    path, end = folder / "journal" / "undated", time.monotonic() + 60
    while not path.exists() or path.stat().st_size < size:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_frames_wait_for_a_clock_that_is_right_over_a_kill_too(tmp_path: Path, broker: Mosquitto, start: Start) -> None:
    # Historique mode has no clock of its own that could agree.
    source = f"sim:hphc?mode=historique&number={NUMBER}"
    with Hub(broker.port) as hub:
        hub.subscribe("clock/#")
        edge = start(edge_with_clock(tmp_path, -YEAR_MS, source, broker.port, base_topic="clock", clock="auto"))
        health = json.loads(hub.wait_for("clock/edge/pi/health"))
        assert hub.wait_for(f"clock/{NUMBER}/OPTARIF") == "HC.."  # label topics do not wait
        wait_for_waiting(tmp_path, 1500)
        edge.stop(signal.SIGKILL)
    assert (health["clock"], health["clock_waits_for"]) == (None, "proof")
    assert health["boots"] == []
    began = time.time()
    with Hub(broker.port) as hub:
        hub.subscribe("clock/edge/pi/frame")
        start(edge_with_clock(tmp_path, 0, source, broker.port, base_topic="clock", clock="trust"))
        frames = [next_frame(hub, "clock") for _ in range(5)]
    assert sorted(frame["seq"] for frame in frames) == [1, 2, 3, 4, 5]
    times = [parse_time_ms(frame["time"]) / 1000 for frame in frames]
    assert sum(each < began for each in times) >= 2
    assert all(began - 60 < each < time.time() for each in times)


def test_a_clock_that_is_a_year_off_dates_nothing_until_it_is_right(
    tmp_path: Path, broker: Mosquitto, start: Start
) -> None:
    start(real_edge.meter(tmp_path, "--number", NUMBER)).wait_for_output("line")  # its DATE is right
    began = time.time()
    with Hub(broker.port) as hub:
        hub.subscribe("year/#")
        port = str(tmp_path / "line")
        edge = start(edge_with_clock(tmp_path, -YEAR_MS, port, broker.port, base_topic="year", clock="auto"))
        hub.wait_for(f"year/{NUMBER}/EAST", within_s=60)
        wait_for_waiting(tmp_path, 2500)
        (tmp_path / "clock").write_text("0")  # a time server sets it right
        frames = [next_frame(hub, "year") for _ in range(5)]
        (tmp_path / "clock").write_text(str(YEAR_MS))  # and somebody sets it wrong
        frames += [next_frame(hub, "year") for _ in range(2)]
    times = sorted(parse_time_ms(frame["time"]) / 1000 for frame in frames)
    assert all(began - 1 < each < time.time() + 1 for each in times)
    assert len(set(times)) == len(times)
    edge.stop()
    with Hub(broker.port) as late:
        late.subscribe("year/edge/pi/health")
        health = json.loads(late.wait_for("year/edge/pi/health"))
    assert (health["clock"], health["clock_steps"]) == ("meter", 2)
    assert health["clock_waits_for"] == "proof_after_step"
    assert abs(health["meter_clock_drift_s"]) < 5
