"""A recorder as a process of its own, and frames to feed it."""

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from devel.child_process import ChildProcess
from tictally_recorder.ledger import LedgerCounts, LedgerError, LedgerReader
from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

BOOT = "9f2c61d07ab3e514"
METER = "021900000002"
START_MS = 1_790_000_000_000

STOP_WITHIN_S = 60.0


def frame(seq: int, *, edge: str = "cellar", boot: str = BOOT, meter: str = METER, time_ms: int | None = None) -> str:
    """A frame's message; its register counts 10 Wh a frame, and frames are a second apart."""
    values: dict[str, int | str] = {"EAST": 1_000_000 + 10 * seq, "SINSTS": 3600, "LTARF": "BASE"}
    at_ms = START_MS + 1000 * seq if time_ms is None else time_ms
    return Frame(meter, edge, boot, seq, at_ms, Mode.STANDARD, values).to_json()


@dataclass
class Recorder:
    """`tictally record`, started with these settings alone.

    `module` is the Python module to run, `options` are those of record.
    """

    folder: Path
    port: int
    base: str = "tictally"
    settings: dict[str, str] = field(default_factory=dict)
    module: str = "tictally_recorder"
    options: tuple[str, ...] = ()
    _process: ChildProcess | None = field(default=None, repr=False)

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.sqlite"

    @property
    def log(self) -> str:
        return (self.folder / "recorder.log").read_text(encoding="utf-8")

    def start(self) -> None:
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TICTALLY_NAME": "nas",
            "TICTALLY_MQTT_HOST": "127.0.0.1",
            "TICTALLY_MQTT_PORT": str(self.port),
            "TICTALLY_BASE_TOPIC": self.base,
            "TICTALLY_LEDGER": str(self.ledger),
            "TICTALLY_HTTP": "off",  # several recorders cannot share a port
            "TICTALLY_COMMIT_S": "0",  # a test waits for its frames
        }
        command = [sys.executable, "-m", self.module, "record", *self.options]
        self._process = ChildProcess("recorder", command, self.folder / "recorder.log", environ | self.settings)
        self._process.start()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send it a signal and return its exit code."""
        assert self._process is not None
        code = self._process.stop(how, STOP_WITHIN_S)
        self._process = None
        return code

    def wait(self, within_s: float = STOP_WITHIN_S) -> int:
        assert self._process is not None
        return self._process.wait(within_s)

    def wait_until(self, is_so: Callable[[LedgerCounts], bool], within_s: float = 60.0) -> LedgerCounts:
        """Wait until the ledger's counts meet a condition, and return them."""
        counts = None
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            try:
                with LedgerReader.open(self.ledger) as reader:
                    counts = reader.counts()
            except LedgerError:
                counts = None  # not made yet
            if counts is not None and is_so(counts):
                return counts
            time.sleep(0.05)
        raise AssertionError(f"not within {within_s} s: {counts}\n{self.log}")

    def wait_for_log(self, text: str, within_s: float = 60.0, times: int = 1) -> None:
        end = time.monotonic() + within_s
        while self.log.count(text) < times:
            assert time.monotonic() < end, f"no {text!r} in:\n{self.log}"
            time.sleep(0.05)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process is not None:
            self._process.kill()
