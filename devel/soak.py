"""Long stretches in short time: what an outage, two weeks of health, and ten quiet minutes cost, as figures."""

import argparse
import contextlib
import json
import os
import re
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from rich.console import Console
from rich.table import Table

from chaos.programs import RestartingProgram
from demo.broker import COMMON, HOST, configuration, free_port
from tictally_edge.journal import segment
from tictally_shared.frames import parse_time_ms
from tictally_shared.interval_set import IntervalSet

Figures = dict[str, float | int | str]

_DAY_S: Final = 86_400
_INTERVAL_S: Final = 10
# A kernel may count what was written some seconds later.
_COUNTED_WITHIN_S: Final = 10.0
_LATE_S: Final = 10
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a disk in memory is what a runtime folder is
_WITHIN_S: Final = 3 * 3600.0
_TIME: Final = re.compile(rb'"time":"([^"]+)"')
_MIB: Final = 1024 * 1024


class Soaked(Exception):  # noqa: N818 - a finding of the run, not a fault of the program
    """An expectation that does not hold, with a sentence for a person."""


class Place:
    """BrokerConnection, edge and recorder in a folder of their own, the journal in memory.

    Attributes:
        broker: mosquitto, with the project's configuration.
        recorder: `tictally record`.
        port: of the broker.
        folder: on disk.
        memory: a folder in memory.
        ledger: path of the ledger.
    """

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tictally-soak-")))
        self.memory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tictally-soak-", dir=_MEMORY)))
        self.ledger = self.folder / "ledger.sqlite"
        self.port = free_port()
        file = self.folder / "mosquitto.conf"
        file.write_text(configuration(COMMON.read_text(), self.port, self.folder))
        self.broker = self._program("broker", ["mosquitto", "-c", str(file)], {})
        settings = {
            "TICTALLY_NAME": "soak",
            "TICTALLY_LEDGER": str(self.ledger),
            "TICTALLY_HTTP": "off",
            "TICTALLY_COMMIT_S": "0",
        }
        settings |= {"TICTALLY_MQTT_HOST": HOST, "TICTALLY_MQTT_PORT": str(self.port)}
        self.recorder = self._program("recorder", [sys.executable, "-m", "tictally_recorder", "record"], settings)

    def edge(self, port: str, journal: Path, **settings: str) -> RestartingProgram:
        """`tictally-edge run`, not started."""
        own = {"PORT": port, "NAME": "soak", "CLOCK": "trust", "JOURNAL": str(journal)}
        own |= {"MQTT_HOST": HOST, "MQTT_PORT": str(self.port), **settings}
        environ = {f"TICTALLY_EDGE_{name}": value for name, value in own.items()}
        return self._program("edge", [sys.executable, "-m", "tictally_edge", "run"], environ)

    def meter(self) -> Path:
        """A simulated meter at the line's pace; its port."""
        link = self.folder / "line"
        command = [sys.executable, "-m", "tictally_edge", "simulate", "--link", str(link)]
        self._program("meter", command, {}).start()
        wait_until("the meter's line is there", link.exists)
        return link

    def start_broker_and_recorder(self) -> None:
        """And wait until the recorder has made its ledger."""
        self.broker.start()
        self.recorder.start()
        wait_until("the recorder has a ledger", lambda: frames_of(self.ledger) is not None)

    def _program(self, name: str, command: list[str], settings: dict[str, str]) -> RestartingProgram:
        # Logs lie in memory too: what is counted is what the edge writes for its own sake.
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1", **settings}
        program = RestartingProgram(name, command, self.memory / f"{name.replace(' ', '-')}.log", environ)
        self._stack.callback(program.kill)
        return program


class Hub:
    """An ordinary client, which notes how old each label was when it came, and the edge's health."""

    def __init__(self, port: int) -> None:
        self.oldest_s = 0.0
        self.labels = 0
        self.health: dict[str, Any] = {}
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_connect = self._listen
        self._client.on_message = self._note
        self._client.reconnect_delay_set(1, 1)
        self._client.connect_async(HOST, port)
        self._client.loop_start()

    def _listen(self, *_: object) -> None:
        self._client.subscribe([("tictally/+/+", 1), ("tictally/edge/+/health", 1)])

    def _note(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        if message.topic.endswith("/health"):
            self.health = json.loads(message.payload)
        for name, value in getattr(message.properties, "UserProperty", ()):
            if name == "time":
                self.labels += 1
                self.oldest_s = max(self.oldest_s, time.time() - parse_time_ms(value) / 1000)

    def ranges(self, what: str) -> dict[str, IntervalSet]:
        """`held` or `backlog`, from the latest health message."""
        return {each["boot"]: IntervalSet(each[what]) for each in self.health.get("boots", ()) if each[what]}

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()


def outage(place: Place, *, short: bool) -> Iterator[Figures]:
    """Sixteen days without a broker at a frame every five seconds, two days more than the journal keeps; it returns."""
    journal = place.memory / "journal"
    interval_s = 30 if short else 5
    port = f"sim:hphc?ago={16 * _DAY_S}&interval={interval_s}"
    edge = place.edge(port, journal, STATE=str(place.folder / "state"))
    edge.start()
    aged: set[str] = set()

    def has_caught_up() -> bool:
        age_blocks(journal, aged)
        return newest_age_s(journal) < interval_s + _LATE_S

    wait_until("the edge has caught up with the present", has_caught_up)
    yield {
        "edge_peak_memory_mib": round(memory_kib(edge, "VmHWM") / 1024, 1),
        "journal_mib": round(size(journal) / _MIB, 2),
        "copy_on_disk_mib": round(size(place.folder / "state") / _MIB, 2),
    }
    hub = Hub(place.port)
    place.start_broker_and_recorder()
    wait_until("the edge publishes its health", lambda: hub.health)
    held = hub.ranges("held")
    begin = time.monotonic()
    yield {"frames_kept": sum(map(len, held.values())), "frames_dropped": hub.health["journal_dropped"]}
    wait_until("the ledger has what was kept", lambda: lacking(place.ledger, held) == 0)
    healed_s = time.monotonic() - begin
    wait_until("a hub sees a value", lambda: hub.labels)
    hub.close()
    yield {
        "healed_s": round(healed_s, 1),
        "label_messages": hub.labels,
        "oldest_label_s": round(hub.oldest_s, 1),
        "edge_peak_memory_after_mib": round(memory_kib(edge, "VmHWM") / 1024, 1),
        "recorder_peak_memory_mib": round(memory_kib(place.recorder, "VmHWM") / 1024, 1),
    }
    if hub.oldest_s > _LATE_S:
        raise Soaked(f"a hub was shown a value of {hub.oldest_s:.0f} s ago")


def writes(place: Place, *, short: bool) -> Iterator[Figures]:
    """Ten minutes at line rate with a broker that answers: what the edge writes to disk."""
    seconds = 15 if short else 600
    place.start_broker_and_recorder()
    line = str(place.meter())
    on_disk = place.edge(line, place.folder / "journal")
    on_disk.start()
    wait_until("frames are kept", lambda: frames_of(place.ledger))
    end = time.monotonic() + _COUNTED_WITHIN_S
    while not (moved := written(on_disk)) and time.monotonic() < end:
        time.sleep(0.2)
    yield {"written_with_the_journal_on_disk_bytes": moved}
    on_disk.stop(timeout_s=5)
    if not moved:
        raise Soaked("the counter does not move: this folder's disk does not count what is written to it")
    edge = place.edge(line, place.memory / "journal")
    edge.start()
    before = frames_of(place.ledger) or 0
    wait_until("frames are kept", lambda: (frames_of(place.ledger) or 0) > before + 5)
    written_before, memory_before = written(edge), memory_kib(edge, "VmRSS")
    frames_before = frames_of(place.ledger) or 0
    time.sleep(seconds)
    yield {
        "seconds": seconds,
        "frames": (frames_of(place.ledger) or 0) - frames_before,
        "written_bytes": written(edge) - written_before,
        "memory_before_kib": memory_before,
        "memory_after_kib": memory_kib(edge, "VmRSS"),
    }
    if written(edge) != written_before:
        raise Soaked("the edge wrote to disk while all was well")


def weeks(place: Place, *, short: bool) -> Iterator[Figures]:
    """Two weeks in a row without a fault: memory and open files of every process."""
    place.start_broker_and_recorder()
    journal = place.memory / "journal"
    span_s = _DAY_S // 4 if short else 14 * _DAY_S
    edge = place.edge(f"sim:hphc?interval={_INTERVAL_S}&ago={span_s}", journal)
    edge.start()
    programs = (edge, place.recorder, place.broker)
    samples: dict[str, list[tuple[int, int]]] = {program.name: [] for program in programs}

    def sampled() -> bool:
        for program in programs:
            samples[program.name].append((memory_kib(program, "VmRSS"), open_files(program)))
        return newest_age_s(journal) < _INTERVAL_S + _LATE_S

    wait_until("the edge has caught up with the present", sampled, every_s=0.5 if short else 2)
    wait_until(
        "the ledger has everything", lambda: (frames_of(place.ledger) or 0) >= span_s / _INTERVAL_S and sampled()
    )
    yield {"hours": span_s // 3600, "frames": frames_of(place.ledger) or 0, "samples": len(samples["edge"])}
    grew = []
    for name, taken in samples.items():
        second, last = taken[len(taken) // 4 : len(taken) // 2], taken[-max(len(taken) // 4, 1) :]
        early_kib, late_kib = (round(statistics.median(memory for memory, _ in each)) for each in (second, last))
        files = max(count for _, count in second), max(count for _, count in last)
        yield {f"{name}_memory_kib": f"{early_kib} → {late_kib}", f"{name}_open_files": f"{files[0]} → {files[1]}"}
        # A tenth is for caches that fill; a leak of one small object a frame would be more.
        if files[1] > files[0] + 2 or (late_kib > early_kib * 1.1 + 2048 and name != "broker"):
            grew.append(name)
    if grew and not short:
        raise Soaked(f"{', '.join(grew)} grew from the second quarter of the time to the last")


SHOWS: Final[dict[str, Callable[..., Iterator[Figures]]]] = {"outage": outage, "writes": writes, "weeks": weeks}


def wait_until(what: str, is_so: Callable[[], object], every_s: float = 0.2) -> None:
    """Wait for something.

    Raises:
        Soaked: it does not come.
    """
    end = time.monotonic() + _WITHIN_S
    while not is_so():
        if time.monotonic() > end:
            raise Soaked(f"not within {_WITHIN_S:.0f} s: {what}")
        time.sleep(every_s)


def newest_age_s(journal: Path) -> float:
    """How long ago the newest frame of a journal's tail was, by its own time."""
    tail = journal / "wal"
    times = _TIME.findall(tail.read_bytes()) if tail.exists() else []
    return time.time() - parse_time_ms(times[-1].decode()) / 1000 if times else float("inf")


def age_blocks(journal: Path, aged: set[str]) -> None:
    """Give each sealed block the date of its last frame: the time that is compressed counts for files too."""
    for path in journal.glob("*.segment"):
        if path.name not in aged:
            with contextlib.suppress(FileNotFoundError):  # dropped by now
                last_s = segment.unpack(path.read_bytes())[-1].time_ms / 1000
                os.utime(path, (last_s, last_s))
            aged.add(path.name)


def frames_of(ledger: Path) -> int | None:
    """How many raw frames a ledger has; None if there is none yet."""
    try:
        connection = sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True)
        with contextlib.closing(connection):
            return int(connection.execute("SELECT count(*) FROM frame").fetchone()[0])
    except sqlite3.Error:
        return None


def lacking(ledger: Path, held: dict[str, IntervalSet]) -> int:
    """How many of these frames a ledger has not."""
    connection = sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True)
    with contextlib.closing(connection):
        rows = connection.execute(
            "SELECT boot.boot, first, last FROM frame_number JOIN boot ON boot.id = frame_number.boot WHERE status = 1"
        ).fetchall()
    stored: dict[str, IntervalSet] = {}
    for boot, first, last in rows:
        stored.setdefault(boot, IntervalSet()).add(first, last)
    return sum(len(ranges) - len(ranges & stored.get(boot, IntervalSet())) for boot, ranges in held.items())


def memory_kib(program: RestartingProgram, which: str) -> int:
    """VmRSS, or VmHWM for the most there ever was (proc_pid_status(5))."""
    return _proc(program, "status", f"{which}:")


def written(program: RestartingProgram) -> int:
    """Bytes that went to a disk on its account (proc_pid_io(5))."""
    return _proc(program, "io", "write_bytes:")


def open_files(program: RestartingProgram) -> int:
    """How many descriptors it has."""
    return len(list(Path(f"/proc/{program.pid}/fd").iterdir()))


def _proc(program: RestartingProgram, file: str, word: str) -> int:
    lines = Path(f"/proc/{program.pid}/{file}").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(word)).split()[1])


def size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def main(argv: list[str] | None = None) -> int:
    """Runs shows one after another; 1 where something that should hold does not."""
    parser = argparse.ArgumentParser(prog="./run soak", description=__doc__)
    parser.add_argument("shows", nargs="*", metavar="SHOW", help=f"only these: {', '.join(SHOWS)}")
    parser.add_argument("--short", action="store_true", help="seconds each instead of ten minutes to an hour")
    args = parser.parse_args(argv)
    if unknown := set(args.shows) - SHOWS.keys():
        parser.error(f"there is no show {min(unknown)}; there are {', '.join(SHOWS)}")
    if shutil.which("mosquitto") is None:
        parser.error("mosquitto is not installed; ./run soak brings it along")
    table = Table("show", "figure", "value")
    status = 0
    for name in args.shows or SHOWS:
        with contextlib.ExitStack() as stack:
            try:
                for figures in SHOWS[name](Place(stack), short=args.short):
                    for figure, value in figures.items():
                        table.add_row(name, figure, str(value))
            except Soaked as error:
                table.add_row(name, "[bold red]does not hold", str(error))
                status = 1
    Console().print(table)
    return status


if __name__ == "__main__":
    sys.exit(main())
