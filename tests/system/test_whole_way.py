"""The whole way: bytes at a port, topics at an ordinary client, every frame in the ledger with its registers."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import real_edge
from real_broker import Hub, Mosquitto
from recording import Recorder

from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.lines import simulated_frames
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_shared.frames import parse_time_ms
from tictally_shared.labels import LABELS, Kind, Mode

CAPTURES = Path(__file__).parents[3] / "shared" / "captures"
FRAMES = 6
REAL = {
    "standard_mono_base_linky": {"EAST", "EASF01", "EASD01"},
    "historique_mono_hc": {"HCHC", "HCHP"},
}


@pytest.fixture(params=["standard", "historique", *REAL])
def line(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path, set[str]]:
    """A recording to loop: one that the simulator writes here, or a real meter's."""
    name: str = request.param
    if name in REAL:
        path = CAPTURES / f"{name}.bin"
        if not path.exists():
            pytest.skip("no captures beside the project")
        return name.replace("_", "-"), path, REAL[name]
    meter = SimulatedMeter(SimulatedContract.HPHC, Mode(name), start=datetime(2026, 1, 12, tzinfo=UTC))
    path = tmp_path / "line.bin"
    path.write_bytes(b"".join(each for _, (_, each) in zip(range(20), simulated_frames(meter), strict=False)))
    return name, path, {"EAST"} if name == "standard" else {"HCHC", "HCHP"}


@pytest.fixture
def parts(line: tuple[str, Path, set[str]], tmp_path: Path, broker: Mosquitto) -> Iterator[tuple[Recorder, str]]:
    base, capture, _ = line
    recorder = Recorder(tmp_path, broker.port, base)
    recorder.start()
    meter = real_edge.meter(tmp_path, "--capture", str(capture))
    edge = real_edge.edge(tmp_path, str(tmp_path / "line"), broker.port, base_topic=base)
    with Hub(broker.port) as hub:
        hub.subscribe(f"{base}/recorder/nas/availability")
        hub.wait_for(f"{base}/recorder/nas/availability", "online")
    meter.start()
    meter.wait_for_output("line")
    edge.start()
    yield recorder, base
    for each in (edge, meter):
        each.end()
    recorder.stop()


def test_a_line_is_published_as_topics_and_frames_and_stored_in_the_ledger(
    line: tuple[str, Path, set[str]], parts: tuple[Recorder, str], broker: Mosquitto
) -> None:
    _, _, registers = line
    recorder, base = parts
    with Hub(broker.port) as hub:
        hub.subscribe(f"{base}/edge/pi/frame")
        sent = [json.loads(hub.wait_for(f"{base}/edge/pi/frame", within_s=60)) for _ in range(FRAMES)]
    assert [frame["seq"] for frame in sent] == list(range(1, FRAMES + 1))
    assert all(registers <= frame["values"].keys() for frame in sent)
    with Hub(broker.port) as hub:
        for label in sorted(registers | {"STGE" if sent[0]["mode"] == "standard" else "OPTARIF"}):
            hub.subscribe(f"{base}/{sent[0]['meter']}/{label}")
            value = hub.wait_for(f"{base}/{sent[0]['meter']}/{label}")
            assert LABELS[label].kind is not Kind.REGISTER or int(value) >= sent[0]["values"][label]
    recorder.wait_until(lambda counts: counts.frames >= FRAMES)
    assert stored_frames(recorder.ledger)[:FRAMES] == [(frame["seq"], parse_time_ms(frame["time"])) for frame in sent]
    done = subprocess.run(
        [sys.executable, "-m", "tictally_recorder", "energy", "--from", "2020-01-01", "--json"],
        env={"TICTALLY_LEDGER": str(recorder.ledger)},
        capture_output=True,
        text=True,
        check=True,
    )
    last = {row["register"]: row["last"] for row in json.loads(done.stdout)}
    for register in registers & last.keys():
        assert last[register] >= sent[-1]["values"][register]
    assert last.keys() & registers


def stored_frames(path: Path) -> list[tuple[int, int]]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return list(connection.execute("SELECT seq, time_ms FROM frame ORDER BY seq"))
    finally:
        connection.close()
