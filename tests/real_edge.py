"""Edges and simulated meters as processes of their own."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

STOP_WITHIN_S = 6.0


@dataclass
class Process:
    """A program under test, its output in a file."""

    command: list[str]
    log: Path
    environ: dict[str, str] = field(default_factory=dict)
    is_module: bool = True
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *(["-m"] if self.is_module else []), *self.command],
                stdout=log,
                stderr=log,
                env={"PATH": os.environ["PATH"], **self.environ},
            )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ends it; gives its exit status."""
        assert self._process is not None
        self._process.send_signal(how)
        return self.wait()

    def wait(self, within_s: float = STOP_WITHIN_S) -> int:
        assert self._process is not None
        return self._process.wait(within_s)

    def end(self) -> None:
        """Leaves nothing behind, also after a test that failed."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def wait_until_said(self, words: str, within_s: float = 15.0) -> None:
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            if self.log.exists() and words in self.said:
                return
            time.sleep(0.05)
        pytest.fail(f"it never said {words!r}, but: {self.said}")


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
