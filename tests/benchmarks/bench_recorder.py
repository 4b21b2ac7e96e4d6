"""How fast the recorder makes frames durable that wait on a real broker, and how much room they take."""

import contextlib
import sqlite3
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from real_broker import Hub, Mosquitto
from recording import Recorder
from simulated_ledger import Truth, messages, store

from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_recorder.ledger import Ledger, Message
from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

START = datetime(2026, 1, 12, 6, tzinfo=UTC)
QUARTERS_PER_YEAR = 4 * 8766


def main(*, short: bool) -> dict[str, float | int | str]:
    """Frames per second from the broker into the ledger; bytes per frame and per year of quarters."""
    count = 2000 if short else 40_000
    meter = SimulatedMeter(SimulatedContract.HPHC, Mode.STANDARD, start=START)
    frames = list(islice(messages(meter, None, START + timedelta(days=9), Truth()), count))
    results: dict[str, float | int | str] = {
        "frames": count,
        "bytes_per_message": round(sum(len(frame.payload) for frame in frames) / count),
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seconds = _drained_s(folder, frames)
        results["durable_frames_per_s"] = round(count / seconds)
        results["ledger_bytes_per_raw_frame"] = round((folder / "ledger.sqlite").stat().st_size / count)
    with tempfile.TemporaryDirectory() as name:
        results["longest_prune_ms"] = _pruned_ms(Path(name))
        results |= _quarters(Path(name), days=3 if short else 60)
    return results


def _drained_s(folder: Path, frames: list[Message]) -> float:
    """From the recorder's first stored batch to its last, all frames waiting on the broker."""
    broker = Mosquitto(folder)
    broker.start()
    recorder = Recorder(folder, broker.port)
    with contextlib.ExitStack() as stack:
        stack.callback(broker.stop)
        recorder.start()
        with Hub(broker.port) as hub:
            hub.subscribe("tictally/recorder/nas/availability")
            hub.wait_for("tictally/recorder/nas/availability", "online")
            recorder.stop()  # its session stays, and the broker queues for it
            for i in range(0, len(frames), 1000):
                hub.publish("tictally/edge/pi/frame", *(frame.payload for frame in frames[i : i + 1000]))
        recorder.start()
        stack.callback(recorder.stop)
        first, begin = recorder.wait_until(lambda counts: counts.frames > 0).frames, time.perf_counter()
        recorder.wait_until(lambda counts: counts.frames >= len(frames), within_s=300)
        return (time.perf_counter() - begin) * len(frames) / max(len(frames) - first, 1)


def _pruned_ms(folder: Path) -> float:
    """The longest that messages wait while a quarter of an hour is pruned that the line filled."""
    path = folder / "pruned.sqlite"
    meter = SimulatedMeter(SimulatedContract.HPHC, Mode.STANDARD, start=START)
    longest_s = 0.0
    with Ledger.open(path) as ledger:
        store(ledger, messages(meter, None, START + timedelta(hours=1), Truth()))
        now_ms = _go_on(ledger, START + timedelta(days=3))
        more = True
        while more:
            begin = time.perf_counter()
            more = ledger.apply_retention(now_ms)
            longest_s = max(longest_s, time.perf_counter() - begin)
    return round(longest_s * 1000, 1)


def _quarters(folder: Path, days: int) -> dict[str, float | int | str]:
    """The ledger's size by the year when raw frames are pruned as they age; frames are fewer than on a line."""
    path = folder / "ledger.sqlite"
    meter = SimulatedMeter(SimulatedContract.HPHC, Mode.STANDARD, start=START)
    with Ledger.open(path) as ledger:
        frames = messages(meter, 10.0 if days < 10 else 60.0, START + timedelta(days=days), Truth())
        while batch := list(islice(frames, 500)):
            ledger.store(batch)
            while ledger.apply_retention(batch[-1].arrived_ms):
                pass
        size = ledger.counts().size_bytes
        now_ms = _go_on(ledger, START + timedelta(days=days + 3))
        while ledger.apply_retention(now_ms):
            pass
        frame_count = ledger.counts().frames
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (quarters, packed) = connection.execute("SELECT count(*), sum(length(packed)) FROM quarter").fetchone()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    in_use = (pages - free) * 4096
    return {
        "quarters": quarters,
        "frames_in_them": frame_count,
        "ledger_bytes_with_two_days_of_frames": size,
        "packed_bytes_per_quarter": round(packed / quarters, 1),
        "ledger_bytes_per_quarter": round(in_use / quarters, 1),
        "ledger_mb_per_year_of_quarters": round(in_use / quarters * QUARTERS_PER_YEAR / 1e6, 2),
    }


def _go_on(ledger: Ledger, now: datetime) -> int:
    """Another meter's frame, by which the ledger sees what time it is; the time in milliseconds."""
    now_ms = int(now.timestamp() * 1000)
    frame = Frame("021900000009", "attic", "00000000000000a1", 1, now_ms, Mode.STANDARD, {"EAST": 1})
    ledger.store([Message("attic", frame.to_json().encode(), now_ms, "tictally/edge/attic/frame")])
    return now_ms
