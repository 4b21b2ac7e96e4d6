"""Edges and simulated meters as processes of their own."""

import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

from devel.child_process import ChildProcess

STOP_WITHIN_S = 60.0


@dataclass
class Process:
    """A program under test, its output in a file."""

    command: list[str]
    log: Path
    environ: dict[str, str] = field(default_factory=dict)
    is_module: bool = True
    _process: ChildProcess | None = field(default=None, repr=False)

    def start(self) -> None:
        program = [sys.executable, *(["-m"] if self.is_module else []), *self.command]
        environ = {"PATH": os.environ["PATH"], **self.environ}
        self._process = ChildProcess(self.command[0], program, self.log, environ)
        self._process.start()

    @property
    def child(self) -> ChildProcess:
        assert self._process is not None
        return self._process

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it; its exit code."""
        return self.child.stop(how, STOP_WITHIN_S)

    def wait(self, within_s: float = STOP_WITHIN_S) -> int:
        return self.child.wait(within_s)

    def end(self) -> None:
        """Leave nothing behind, also after a test that failed."""
        if self._process is not None:
            self._process.kill()

    @property
    def pid(self) -> int:
        assert self.child.pid is not None
        return self.child.pid

    @property
    def output(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def wait_for_output(self, words: str, within_s: float = 60.0) -> None:
        self.child.wait_for_output(words, within_s)


def edge(folder: Path, port: str, broker_port: int, **settings: str) -> Process:
    """`tictally-edge run`, its journal and log in a folder."""
    environ = {
        "TICTALLY_EDGE_PORT": port,
        "TICTALLY_EDGE_NAME": "pi",
        "TICTALLY_EDGE_CLOCK": "trust",
        "TICTALLY_EDGE_JOURNAL": str(folder / "journal"),
        "TICTALLY_EDGE_MQTT_HOST": "127.0.0.1",
        "TICTALLY_EDGE_MQTT_PORT": str(broker_port),
        **{f"TICTALLY_EDGE_{name.upper()}": value for name, value in settings.items()},
    }
    return Process(["tictally_edge", "run"], folder / "edge.log", environ)


def meter(folder: Path, *arguments: str) -> Process:
    """`tictally-edge simulate`, its port at `folder/line`."""
    return Process(["tictally_edge", "simulate", "--link", str(folder / "line"), *arguments], folder / "meter.log")
