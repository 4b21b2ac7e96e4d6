"""A fork of a process that has imported a program is the program as it starts by itself."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from forked_programs import ForkedProgram, ProgramForker
from real_edge import meter

from devel.child_process import ChildProcess


@pytest.fixture
def forker() -> Iterator[ProgramForker]:
    forker = ProgramForker({})
    yield forker
    forker.close()


@pytest.mark.parametrize("arguments", [("--version",), ("cost",), ("no-such-command",)])
def test_it_writes_and_ends_as_a_start_does(forker: ProgramForker, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "tictally_recorder", *arguments]
    environ = {"HOME": str(tmp_path), "TICTALLY_LEDGER": "none/ledger.sqlite", "TICTALLY_LANGUAGE": "fr"}
    started = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, check=False)
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        forked = forker.start(command, environ, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
    assert isinstance(forked, ForkedProgram)
    assert forked.wait(60) == started.returncode
    assert (tmp_path / "out").read_bytes() == started.stdout
    assert (tmp_path / "err").read_bytes() == started.stderr


def test_what_python_reads_first_is_started_by_itself(forker: ProgramForker, tmp_path: Path) -> None:
    command, environ = [sys.executable, "-m", "tictally_edge", "--version"], {"PYTHONVERBOSE": "1"}
    with (tmp_path / "log").open("wb") as log:
        program = forker.start(command, environ, cwd=None, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    assert program.wait(60) == 0
    assert "import 'site'" in (tmp_path / "log").read_text()


@pytest.mark.parametrize(("how", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGKILL, -9)])
def test_signals_reach_it(tmp_path: Path, how: signal.Signals, code: int) -> None:
    program = meter(tmp_path)
    program.start()
    assert isinstance(program.child, ChildProcess)
    while not (tmp_path / "line").is_symlink():
        assert program.pid
    assert program.stop(how) == code
