"""Moving house, as docs/moving.md has it: another Pi with the journal and key, another NAS with the ledger."""

import shutil
import subprocess
import sys
from pathlib import Path

import real_edge
from real_broker import Hub, Mosquitto
from recording import BOOT, Recorder
from scripted_edge import ScriptedEdge

from tictally_recorder.ledger import LedgerReader, integrity

KEY = "house"
AWAY_S = 40


def run(*arguments: str | Path, home: Path) -> None:
    command = [sys.executable, "-m", "tictally_recorder", *map(str, arguments)]
    subprocess.run(command, check=True, env={"HOME": str(home)}, stdout=subprocess.DEVNULL)


def frames_of(ledger: Path, edge: str) -> dict[str, int]:
    """Boot → how many of its frames are stored."""
    with LedgerReader.open(ledger) as reader:
        return {
            boot: sum(each.last - each.first + 1 for each in ranges)
            for boot, ranges in reader.frame_numbers(edge).items()
        }


def test_another_pi_sends_the_old_ones_frames_under_the_same_meter(own_broker: Mosquitto, tmp_path: Path) -> None:
    old, new = tmp_path / "old-pi", tmp_path / "new-pi"
    for each in (old, new):
        each.mkdir()
    recorder = Recorder(tmp_path, own_broker.port)
    with recorder, Hub(own_broker.port) as hub:
        recorder.wait_for_log("connected to the broker")
        hub.subscribe("tictally/edge/pi/frame")
        first = real_edge.edge(old, "sim:base?mode=standard", own_broker.port, meter=KEY, state=str(old / "state"))
        first.start()
        for _ in range(3):
            hub.wait_for("tictally/edge/pi/frame", within_s=60)
        # The broker goes away: what the old Pi reads now is in its journal only.
        own_broker.stop()
        first.wait_for_output("broker", within_s=AWAY_S)
        first.stop()
        recorder.wait_until(lambda counts: counts.frames >= 3)
        # Another machine: nothing of /run, the folder of its state, the same settings.
        shutil.copytree(old / "state", new / "state")
        own_broker.start()
        second = real_edge.edge(new, "sim:base?mode=standard", own_broker.port, meter=KEY, state=str(new / "state"))
        second.start()
        try:
            hub.wait_for("tictally/edge/pi/frame", within_s=60)
            recorder.wait_until(lambda counts: counts.frames >= 8, within_s=60)
        finally:
            second.end()
    with LedgerReader.open(recorder.ledger) as reader:
        assert [site.id for site in reader.sites()] == [KEY]
        assert len(reader.sites()[0].meters) == 1
        assert reader.counts().lost == 0
        # From the first on, without a gap: the new one sent what the old one read while the broker was away.
        for ranges in reader.frame_numbers("pi").values():
            assert [each.first for each in ranges] == [1]


def test_another_nas_restored_from_a_backup_loses_no_frame_sent_meanwhile(
    own_broker: Mosquitto, tmp_path: Path
) -> None:
    old, new = tmp_path / "old-nas", tmp_path / "new-nas"
    for each in (old, new):
        each.mkdir()
    with ScriptedEdge(own_broker.port) as edge:
        with Recorder(old, own_broker.port) as recorder:
            recorder.wait_for_log("connected to the broker")
            edge.send(1, 50)
            recorder.wait_until(lambda counts: counts.frames == 50)
            run("backup", tmp_path / "moving.backup", "--ledger", recorder.ledger, home=tmp_path)
            edge.send(51, 60)
            recorder.wait_until(lambda counts: counts.frames == 60)
            recorder.stop()
        edge.send(61, 70)
        run("restore", tmp_path / "moving.backup", "--ledger", new / "ledger.sqlite", home=tmp_path)
        with Recorder(new, own_broker.port) as moved, edge.publishing_health():
            moved.wait_until(lambda counts: counts.frames == 70, within_s=60)
            moved.stop()
    assert frames_of(moved.ledger, "cellar") == {BOOT: 70}
    assert integrity(moved.ledger) == []


def test_another_nas_continues_with_the_moved_ledger(own_broker: Mosquitto, tmp_path: Path) -> None:
    """The old one is stopped for good, so the MQTT session may go along: what came meanwhile waits at the broker."""
    old, new = tmp_path / "old-nas", tmp_path / "new-nas"
    for each in (old, new):
        each.mkdir()
    with ScriptedEdge(own_broker.port) as edge:
        with Recorder(old, own_broker.port) as recorder:
            recorder.wait_for_log("connected to the broker")
            edge.send(1, 50)
            recorder.wait_until(lambda counts: counts.frames == 50)
            recorder.stop()
        assert not list(old.glob("*-wal"))
        edge.send(51, 60)
        shutil.copy(recorder.ledger, new / "ledger.sqlite")
        with Recorder(new, own_broker.port) as moved:
            moved.wait_until(lambda counts: counts.frames == 60)
            moved.stop()
    assert edge.requests == []
    assert integrity(moved.ledger) == []
