"""A backup made while recording, restored on an empty machine, has the energy of its moment; backfill adds the rest."""

import json
import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from real_broker import Mosquitto
from recording import BOOT, START_MS, Recorder, frame
from scripted_edge import ScriptedEdge

from tictally_recorder.ledger import Ledger, LedgerReader, Message, integrity

CONTRACT = '[[contract]]\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2026-01-01\n'
LAST = 4000


def queried(what: str, ledger: Path, *, to: str) -> list[dict[str, Any]]:
    """The rows of a command, by day, over all time."""
    arguments = [what, "--from", "2026-01-01", "--to", to, "--by", "day", "--json", "--ledger", str(ledger)]
    command = [sys.executable, "-m", "tictally_recorder", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={"HOME": str(ledger.parent)})
    found: list[dict[str, Any]] = json.loads(done.stdout)
    assert found
    return found


def backed_up(ledger: Path, target: Path) -> None:
    command = [sys.executable, "-m", "tictally_recorder", "backup", str(target), "--ledger", str(ledger)]
    subprocess.run(command, check=True, env={"HOME": str(ledger.parent)}, stdout=subprocess.DEVNULL)


def numbers(ledger: Path) -> list[tuple[int, int]]:
    with LedgerReader.open(ledger) as reader:
        return [(each.first, each.last) for each in reader.frame_numbers("cellar")[BOOT]]


@contextmanager
def sending(edge: ScriptedEdge, rng: random.Random) -> Iterator[None]:
    """Send frames a few at a time, some late, some twice, some never."""
    order = [seq for seq in range(1, LAST + 1) if not 1500 <= seq < 1600]
    for at in rng.sample(range(len(order)), 200):
        other = min(at + rng.randrange(400), len(order) - 1)
        order[at], order[other] = order[other], order[at]

    def send() -> None:
        for begin in range(0, len(order), 20):
            seqs = [*order[begin : begin + 20], order[rng.randrange(begin + 1)]]
            edge._publish("frame", *(edge.frames[BOOT, seq] for seq in seqs))

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@pytest.mark.parametrize("seed", [1, 2])
def test_the_restored_energy_is_of_the_moment_of_the_backup_and_backfill_completes_it(
    own_broker: Mosquitto, tmp_path: Path, seed: int
) -> None:
    old, new, reference = (tmp_path / name for name in ("old", "new", "reference"))
    for each in (old, reference):
        each.mkdir()
        (each / "contracts.toml").write_text(CONTRACT)
    rng = random.Random(seed)
    with ScriptedEdge(own_broker.port) as edge:
        edge.frames = {(BOOT, seq): frame(seq, time_ms=START_MS + seq * 15_000) for seq in range(1, LAST + 1)}
        with Recorder(old, own_broker.port) as recorder:
            recorder.wait_for_log("connected to the broker")
            with sending(edge, rng):
                recorder.wait_until(lambda counts: counts.frames > 800)
                backed_up(recorder.ledger, tmp_path / "b")
                after = recorder.wait_until(lambda counts: counts.frames > 0).frames
            recorder.stop()
        # The old machine is gone; the new one has only the file.
        command = [sys.executable, "-m", "tictally_recorder", "restore", str(tmp_path / "b")]
        new.mkdir()
        subprocess.run([*command, "--ledger", str(new / "ledger.sqlite")], check=True, stdout=subprocess.DEVNULL)
        ledger = new / "ledger.sqlite"
        moment = numbers(ledger)
        had = [seq for first, last in moment for seq in range(first, last + 1)]
        assert 800 < len(had) <= after < LAST
        # The energy of a ledger that got just these frames, in order.
        with Ledger.open(reference / "ledger.sqlite") as plain:
            plain.store(
                Message(
                    "cellar", edge.frames[BOOT, seq].encode(), START_MS + seq * 15_000, "tictally/edge/cellar/frame"
                )
                for seq in had
            )
        for what, to in (("energy", "2027-01-01"), ("cost", "2027-01-01")):
            assert queried(what, ledger, to=to) == queried(what, reference / "ledger.sqlite", to=to), what
        assert queried("energy", ledger, to="2027-01-01")[0]["first"] == 1_000_000 + 10 * had[0]
        with Recorder(new, own_broker.port) as restored, edge.publishing_health():
            restored.wait_until(lambda counts: counts.frames == LAST, within_s=60)
            restored.stop()
    assert numbers(ledger) == [(1, LAST)]
    assert integrity(ledger) == []
    rows = queried("energy", ledger, to="2027-01-01")
    assert sum(row["energy"] for row in rows) == 10 * (LAST - 1)
    assert {row["estimated"] for row in rows} == {False}
    with closing(sqlite3.connect(old / "ledger.sqlite")) as connection:
        (old_id,) = connection.execute("SELECT value FROM meta WHERE name = 'client_id'").fetchone()
    with closing(sqlite3.connect(ledger)) as connection:
        assert connection.execute("SELECT value FROM meta WHERE name = 'client_id'").fetchone() != (old_id,)
