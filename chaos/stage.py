"""Everything under fault: two meters with their edges, the broker behind gates, the recorder, and small disks."""

import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from chaos.gate import Gate
from chaos.influx import Influx, can_run
from chaos.ledger_content import read_ledger
from chaos.programs import RestartingProgram
from chaos.watch import Span, Watch
from demo.broker import COMMON, HOST, configuration, free_port
from tictally_recorder.backup.create import BackupSpec, back_up
from tictally_recorder.backup.file_format import BackupError
from tictally_recorder.backup.restore import restore
from tictally_recorder.ledger import LedgerError
from tictally_shared.calendar import zone
from tictally_shared.runtime import atomic_file

EDGES: Final = ("attic", "cellar")
CLOCKED: Final = "attic"
"""The edge of which the machine's clock can be set; its meter sends the date."""
_CLOCK: Final = Path(__file__).parent.parent / "tests" / "wrong_clock.py"
_METERS: Final = {
    "attic": ["--mode", "standard", "--contract", "hphc", "--number", "021961000011"],
    "cellar": ["--mode", "historique", "--contract", "hphc", "--number", "021961000012"],
}
_PARIS: Final = zone("Europe/Paris")
_START_S: Final = 20.0
_STOP_S: Final = 5.0
_LEDGER_DISK: Final = "48m"
_JOURNAL_DISK: Final = "16m"
_BACKUPS: Final = 10
_FOR_EVER_MS: Final = 1 << 48


class StageError(Exception):
    """Something that never came up; the message has its last lines."""


class Stage:
    """A context manager: on entering everything runs, on leaving nothing does.

    Attributes:
        broker: mosquitto, with the project's configuration.
        recorder: `tictally record`.
        edges: edge → `tictally-edge run`.
        meters: edge → its meter, which accepts orders.
        gates: edge, or `recorder` → its way to the broker.
        watch: records when the edges read.
        ledger: path of the ledger.
        full: disk → when there was no room on it.
        influx: InfluxDB, which the ledger is copied to, or None if there is no `influxd` on PATH.
        influxd: its program, or None.
        has_small_disks: False if no tmpfs could be mounted, which takes root.

    Args:
        folder: an empty folder for everything.
        seed: of the meters' households.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._seed = folder, seed
        self._stack = ExitStack()
        self._backups: list[Path] = []
        self.full: dict[str, list[Span]] = {}
        self._database = folder / "broker"
        self._clock = folder / "clock"
        self.ledger = folder / "ledger" / "ledger.sqlite"

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._set_up(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _set_up(self, stack: ExitStack) -> None:
        sizes = {"ledger": _LEDGER_DISK} | {f"journal-{edge}": _JOURNAL_DISK for edge in EDGES}
        mounted = [_mount(self._folder / name, size, stack) for name, size in sizes.items()]
        self.has_small_disks = all(mounted)
        self._database.mkdir()
        port = free_port()
        file = self._folder / "mosquitto.conf"
        file.write_text(configuration(COMMON.read_text(), port, self._database))
        self.broker = self._program(stack, "broker", ["mosquitto", "-c", str(file)], {})
        self.gates = {name: Gate(port) for name in (*EDGES, "recorder")}
        for gate in self.gates.values():
            stack.callback(gate.close)
        self.influx = Influx(self._folder / "influx", free_port()) if can_run() else None
        self.influxd = None if self.influx is None else self._program(stack, "influxd", self.influx.command, {})
        self.meters = {edge: self._meter(stack, edge) for edge in EDGES}
        self.recorder = self._recorder(stack)
        self.edges = {edge: self._edge(stack, edge) for edge in EDGES}
        self.watch = Watch(self.edges)
        stack.callback(self.watch.close)
        self._start(port)

    def _start(self, port: int) -> None:
        self.broker.start()
        self._wait("the broker listens", lambda: _listens(port), self.broker)
        if self.influxd is not None:
            self.influxd.start()
        self.recorder.start()
        for edge in EDGES:
            self.meters[edge].start()
            self._wait("its line is there", self.line(edge).exists, self.meters[edge])
            self.edges[edge].start()
        # From here on no frame waits for its meter's number, and the session that queues for the recorder is there.
        self._wait("frames of each edge are stored", self._has_frames, self.recorder)

    @property
    def programs(self) -> list[RestartingProgram]:
        """All of them."""
        copy = [] if self.influxd is None else [self.influxd]
        return [self.broker, *copy, self.recorder, *self.edges.values(), *self.meters.values()]

    def line(self, edge: str) -> Path:
        """The link that stands for the edge's port."""
        return self._folder / f"line-{edge}"

    def notes(self, edge: str) -> Path:
        """The frame log of its meter."""
        return self._folder / f"truth-{edge}"

    def wipe_broker(self) -> None:
        """Delete the broker's database while it does not run."""
        for each in self._database.iterdir():
            each.unlink()

    def back_up_ledger(self) -> None:
        """Make a backup while the recorder writes; with raw frames, by which truth is compared in the end."""
        backup = self._folder / f"{time.monotonic_ns()}.backup"
        of = BackupSpec(self.ledger, *self._beside_ledger, "chaos", _PARIS, is_complete=True)
        # Locked, or its disk is full: there is the one before.
        with suppress(LedgerError, BackupError):
            self._backups.append(back_up(of, backup, datetime.now(UTC)).path)
        for old in self._backups[:-_BACKUPS]:
            old.unlink(missing_ok=True)
        del self._backups[:-_BACKUPS]

    def put_ledger_back(self) -> None:
        """Restore the oldest backup while nobody has the ledger open."""
        if self._backups:
            # Its disk is full: the ledger that is there stays.
            with suppress(BackupError):
                done = restore(self._backups[0], self.ledger, *self._beside_ledger, datetime.now(UTC))
                if done.previous is not None:
                    done.previous.unlink()

    @property
    def _beside_ledger(self) -> tuple[Path, Path]:
        """Contracts and tariffs: none."""
        return self.ledger.with_name("contracts.toml"), self.ledger.with_name("tariffs")

    def fill(self, name: str) -> None:
        """Leave no room on a small disk."""
        now_ms = time.time_ns() // 1_000_000
        self.full.setdefault(name, []).append(Span(now_ms, _FOR_EVER_MS))
        with (self._folder / name / "ballast").open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(65536))
            except OSError:
                pass

    def empty(self, name: str) -> None:
        """Free the room again."""
        (self._folder / name / "ballast").unlink(missing_ok=True)
        self.full[name][-1].end_ms = time.time_ns() // 1_000_000

    def lock_ledger(self) -> sqlite3.Connection:
        """Lock the ledger as another program might; closing the connection unlocks it."""
        connection = sqlite3.connect(self.ledger, timeout=10, isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        return connection

    def set_clock(self, ahead_s: int) -> None:
        """Let the clock of the one edge's machine be wrong by so many seconds."""
        atomic_file.write_text(self._clock, str(ahead_s * 1000), is_durable=False)

    def supervise(self) -> None:
        """Restart what ended by itself."""
        for program in self.programs:
            program.restart_if_ended()
        if self.influx is not None:
            self.influx.supervise()

    def silence(self) -> None:
        """Silence the meters."""
        for meter in self.meters.values():
            meter.write_line("silence")

    def end(self) -> dict[str, float]:
        """End every program in order; how many seconds each took.

        Raises:
            TimeoutError: one took longer than five.
        """
        # InfluxDB is killed: how it ends is its own affair.
        ended = {each.name: each.stop_timed(_STOP_S) for each in (*self.edges.values(), self.recorder, self.broker)}
        if self.influxd is not None:
            self.influxd.kill()
        return ended

    def _meter(self, stack: ExitStack, edge: str) -> RestartingProgram:
        line = ["--link", str(self.line(edge)), "--truth", str(self.notes(edge)), "--orders"]
        household = ["--seed", str(self._seed + EDGES.index(edge))]
        command = ["tictally_edge", "simulate", *_METERS[edge], *household, *line]
        return self._program(stack, f"meter {edge}", _python(*command), {}, takes_input=True)

    def _edge(self, stack: ExitStack, edge: str) -> RestartingProgram:
        settings = {
            "TICTALLY_EDGE_PORT": str(self.line(edge)),
            "TICTALLY_EDGE_NAME": edge,
            "TICTALLY_EDGE_CLOCK": "trust",
            "TICTALLY_EDGE_JOURNAL": str(self._folder / f"journal-{edge}"),
            "TICTALLY_EDGE_MQTT_HOST": HOST,
            "TICTALLY_EDGE_MQTT_PORT": str(self.gates[edge].port),
        }
        if edge != CLOCKED:
            return self._program(stack, f"edge {edge}", _python("tictally_edge", "run"), settings)
        settings["TICTALLY_EDGE_CLOCK"] = "auto"
        self.set_clock(0)
        return self._program(stack, f"edge {edge}", [sys.executable, str(_CLOCK), str(self._clock)], settings)

    def _recorder(self, stack: ExitStack) -> RestartingProgram:
        settings = {
            "TICTALLY_NAME": "chaos",
            "TICTALLY_HTTP": "off",
            "TICTALLY_COMMIT_S": "3",
            "TICTALLY_LEDGER": str(self.ledger),
            "TICTALLY_MQTT_HOST": HOST,
            "TICTALLY_MQTT_PORT": str(self.gates["recorder"].port),
            **(self.influx.settings if self.influx is not None else {}),
        }
        return self._program(stack, "recorder", _python("tictally_recorder", "record"), settings)

    def _program(
        self,
        stack: ExitStack,
        name: str,
        command: list[str],
        settings: Mapping[str, str],
        *,
        takes_input: bool = False,
    ) -> RestartingProgram:
        environ = {"PATH": os.environ["PATH"], "HOME": str(self._folder), **settings}
        log = self._folder / f"{name.replace(' ', '-')}.log"
        program = RestartingProgram(name, command, log, environ, takes_input=takes_input)
        stack.callback(program.kill)
        return program

    def _has_frames(self) -> bool:
        try:
            return {frame.edge for frame in read_ledger(self.ledger).frames} == set(EDGES)
        except (LedgerError, sqlite3.Error):
            return False  # not made yet

    def _wait(self, what: str, is_so: Callable[[], bool], program: RestartingProgram) -> None:
        end_s = time.monotonic() + _START_S
        while not is_so():
            if time.monotonic() > end_s:
                raise StageError("\n".join([f"not in {_START_S:g} s: {what}", *program.last_lines(5)]))
            time.sleep(0.1)


def _mount(folder: Path, size: str, stack: ExitStack) -> bool:
    """A small disk in memory, or an ordinary folder where that cannot be."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid():
        return False
    # First of all: what is not mounted may be taken away, what is and is not known of stays for ever.
    stack.callback(subprocess.run, ["umount", "--lazy", str(folder)], capture_output=True, check=False)
    return subprocess.run(mount, capture_output=True, check=False).returncode == 0  # noqa: S603 - as written


def _python(*command: str) -> list[str]:
    return [sys.executable, "-m", *command]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
