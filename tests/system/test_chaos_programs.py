"""A signal that arrives while a program starts is handled, and the program can still be ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chaos.programs import RestartingProgram


class SignalledPopen(subprocess.Popen[bytes]):
    """Send a signal once the process exists and before its caller knows it."""

    pids: list[int] = []  # noqa: RUF012 - of one test

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - whatever Popen takes
        super().__init__(*args, **options)
        self.pids.append(self.pid)
        signal.raise_signal(signal.SIGTERM)


@pytest.fixture(autouse=True)
def _interrupting() -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGTERM, before)


def test_a_program_that_is_interrupted_while_it_starts_can_still_be_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "Popen", SignalledPopen)
    program = RestartingProgram(
        "sleeper", [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path / "log", dict(os.environ)
    )
    with pytest.raises(KeyboardInterrupt):
        program.start()
    (pid,) = SignalledPopen.pids
    assert program.pid == pid
    program.kill()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler


def test_a_program_starts_without_a_signal(tmp_path: Path) -> None:
    program = RestartingProgram(
        "sleeper", [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path / "log", dict(os.environ)
    )
    program.start()
    assert program.pid is not None
    program.kill()
    assert program.pid is None
