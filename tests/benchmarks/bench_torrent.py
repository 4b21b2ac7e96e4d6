"""What good frames suffer from a torrent of messages that are none: whether all are kept, and how late."""

import contextlib
import multiprocessing
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from real_broker import Hub, Mosquitto
from recording import Recorder, frame
from scripted_edge import ScriptedEdge

from tictally_shared.interval_set import IntervalSet

TOPIC = "tictally/edge/cellar/frame"
EVERY_S = 0.1
AT_ONCE = 1000


def main(*, short: bool) -> dict[str, float | int | str]:
    """Milliseconds from publishing a good frame to its being readable in the ledger, without and within a torrent.

    The edge answers requests: a broker whose queue is full of the torrent drops good messages too.
    """
    count = 4000 if short else 100_000
    sent: dict[int, float] = {}
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
        edge = stack.enter_context(ScriptedEdge(broker.port))
        stored = stack.enter_context(watching(recorder.ledger))
        for _ in range(20 if short else 200):
            send(edge, sent)
        recorder.wait_until(lambda counts: counts.frames == len(sent))
        quiet = len(sent)
        torrent = multiprocessing.get_context("spawn").Process(target=pour, args=(broker.port, count))
        torrent.start()
        stack.callback(torrent.kill)
        begin = time.monotonic()
        while torrent.is_alive():
            send(edge, sent)
        poured_s = time.monotonic() - begin
        with edge.publishing_health(every_s=5.0):
            recorder.wait_until(lambda counts: counts.frames == len(sent), within_s=600)
        set_aside = sum(recorder.wait_until(lambda _: True).rejected.values())
        set_aside_s = time.monotonic() - begin
    late = [round(1000 * (stored[seq] - sent[seq])) for seq in sorted(stored)]
    before, within = late[:quiet], late[quiet:]
    return {
        "malformed": count,
        "malformed_published_per_s": round(count / poured_s),
        "malformed_set_aside": set_aside,
        "malformed_set_aside_per_s": round(set_aside / set_aside_s),
        "good_within_the_torrent": len(within),
        "good_lost": len(sent) - len(stored),
        "good_asked_for_again": sum(len(IntervalSet(request["ranges"])) for request in edge.requests),
        "without_p50_ms": round(statistics.median(before)),
        "without_max_ms": max(before),
        "within_p50_ms": round(statistics.median(within)),
        "within_p99_ms": round(statistics.quantiles(within, n=100, method="inclusive")[98]),
        "within_max_ms": max(within),
    }


def send(edge: ScriptedEdge, sent: dict[int, float]) -> None:
    """The next good frame, and the pause after it."""
    seq = len(sent) + 1
    sent[seq] = time.monotonic()
    edge.send(seq, seq)
    time.sleep(EVERY_S)


def malformed(number: int) -> bytes:
    """No two alike, each wrong in one of the ways that there are."""
    return (
        b"%d" % number,
        b"\xff\xfe%d" % number,
        b'{"v":1,"seq":%d,"values":NaN}' % number,
        frame(number).replace('"EAST":', '"EAST":0.').encode(),
        frame(number, edge="attic").encode(),
        b'{"v":1,"edge":"cellar","n":%d}' % number + b" " * 8000,
        b"[" * 2000 + b"%d" % number,
    )[number % 7]


def pour(port: int, count: int) -> None:
    """Publishes as fast as the broker takes it."""
    with Hub(port) as hub:
        payloads = (malformed(number) for number in range(1_000_000, 1_000_000 + count))
        while batch := list(islice(payloads, AT_ONCE)):
            hub.publish(TOPIC, *batch)


@contextlib.contextmanager
def watching(ledger: Path) -> Iterator[dict[int, float]]:
    """Good frames by number: when each could first be read, looking a hundred times a second."""
    stored: dict[int, float] = {}
    is_over = threading.Event()

    def watch() -> None:
        connection = sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True)
        while not is_over.wait(0.01):
            rows = connection.execute("SELECT seq FROM frame WHERE id > ?", (len(stored),)).fetchall()
            stored.update({seq: time.monotonic() for (seq,) in rows})
        connection.close()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield stored
    finally:
        time.sleep(0.1)  # what is stored is seen
        is_over.set()
        watcher.join()
