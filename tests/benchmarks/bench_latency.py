"""How long after a frame's last byte on the wire a subscriber has it, and the ledger holds it."""

import contextlib
import json
import sqlite3
import statistics
import tempfile
import threading
import time
from bisect import bisect_right
from pathlib import Path

import real_edge
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from real_broker import Hub, Mosquitto
from recording import Recorder

from tictally_shared.frames import parse_time_ms

TOPIC = "tictally/edge/pi/frame"
# Notes of meter and edge stand for the same moment, to within what a busy machine does to either.
NOTED_LATE_MS = 200


def main(*, short: bool) -> dict[str, float | int | str]:
    """Milliseconds, in the middle and at the 99th of a hundred, for a standard line at its own pace."""
    measured_s = 10 if short else 180
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        broker = Mosquitto(folder)
        broker.start()
        stack.callback(broker.stop)
        recorder = Recorder(folder, broker.port)
        recorder.start()
        stack.callback(recorder.stop)
        with Hub(broker.port) as hub:
            hub.subscribe("tictally/recorder/nas/availability")
            hub.wait_for("tictally/recorder/nas/availability", "online")
        heard: dict[int, tuple[int, int]] = {}
        stack.callback(subscriber(broker.port, heard).loop_stop)
        meter = real_edge.meter(folder, "--truth", str(folder / "truth"))
        edge = real_edge.edge(folder, str(folder / "line"), broker.port)
        for process in (meter, edge):
            process.start()
            stack.callback(process.end)
            process.wait_for_output("line")
        time.sleep(8)  # imports and the first frames, which wait for their number
        first = max(heard)
        stored = stored_at(recorder.ledger, measured_s)
        notes = (folder / "truth").read_text().splitlines(keepends=True)
    sent = [parse_time_ms(json.loads(note)["sent"]) for note in notes if note.endswith("\n")]
    frames = {seq: ended_ms(sent, heard[seq][0]) for seq in stored if seq > first and seq in heard}
    to_subscriber = [heard[seq][1] - end_ms for seq, end_ms in frames.items()]
    to_ledger = [stored[seq] - end_ms for seq, end_ms in frames.items()]
    return {
        "frames": len(frames),
        "to_subscriber_p50_ms": round(statistics.median(to_subscriber)),
        "to_subscriber_p99_ms": percentile_99(to_subscriber),
        "to_ledger_p50_ms": round(statistics.median(to_ledger)),
        "to_ledger_p99_ms": percentile_99(to_ledger),
    }


def subscriber(port: int, heard: dict[int, tuple[int, int]]) -> Client:
    """An ordinary client, which notes for each frame's number the time it names and the time of its arrival."""

    def note(_client: Client, _data: object, message: MQTTMessage) -> None:
        frame = json.loads(message.payload)
        heard[frame["seq"]] = (parse_time_ms(frame["time"]), now_ms())

    listening = threading.Event()
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.on_message = note
    client.on_subscribe = lambda *_: listening.set()
    client.connect("127.0.0.1", port)
    client.subscribe(TOPIC, qos=1)
    client.loop_start()
    assert listening.wait(10)
    return client


def stored_at(ledger: Path, seconds: float) -> dict[int, int]:
    """Frame number → when another process could read it first, looking two hundred times a second."""
    found: dict[int, int] = {}
    connection = sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True)
    (newest,) = connection.execute("SELECT max(seq) FROM frame").fetchone()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        rows = connection.execute("SELECT seq FROM frame WHERE seq > ? ORDER BY seq", (newest,)).fetchall()
        found |= {seq: now_ms() for (seq,) in rows}
        newest = max(found, default=newest)
        time.sleep(0.005)
    connection.close()
    return found


def ended_ms(sent: list[int], time_ms: int) -> int:
    """When the frame that an edge dated so was out."""
    return sent[bisect_right(sent, time_ms + NOTED_LATE_MS) - 1]


def percentile_99(values: list[int]) -> int:
    return round(statistics.quantiles(values, n=100, method="inclusive")[98])


def now_ms() -> int:
    return time.time_ns() // 1_000_000
