"""Chaos in its form of a minute: everything runs, faults come and go, and the ledger holds what the meters sent."""

import os
import re
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from devel.child_process import ChildProcess

ROOT = Path(__file__).parent.parent.parent
FAULTS_MINUTES = 1.0
RECOVERY_S = 120
# Every program's start and end, the faults, the meters' last frames and the recovery.
WITHIN_S = 300
END_S = 30


def test_chaos_loses_nothing_and_invents_nothing(tmp_path: Path) -> None:
    seed = os.environ.get("TICTALLY_CHAOS_SEED")  # ./run test chooses one and prints it
    process = subprocess.Popen(
        [
            *(
                sys.executable,
                "-m",
                "chaos",
                "--minutes",
                str(FAULTS_MINUTES),
                "--recovery-timeout",
                str(RECOVERY_S),
                "--hurry",
            ),
            *(["--seed", seed] if seed else []),
        ],
        cwd=ROOT,
        env={"PATH": f"{os.environ['PATH']}:/usr/sbin", "TMPDIR": str(tmp_path), "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        output, _ = process.communicate(timeout=WITHIN_S)
    except subprocess.TimeoutExpired:
        process.terminate()  # it takes down whatever it has started
        output, _ = process.communicate(timeout=END_S)
    assert process.returncode == 0, output  # its seed stands in the first line
    assert re.search(r"^seed \d+$", output, re.MULTILINE)
    assert "the same: nothing lost, nothing invented" in output
    assert int(re.search(r"│ all +│ (\d+)", output)[1]) >= 5  # type: ignore[index]
    assert list(tmp_path.iterdir()) == []


def test_ending_chaos_ends_every_program(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    log_folder = tmp_path_factory.mktemp("log")
    environ = {"PATH": f"{os.environ['PATH']}:/usr/sbin", "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "chaos", "--minutes", "5"]
    with ChildProcess("chaos", command, log_folder / "chaos.log", environ, ROOT) as process:
        end = time.monotonic() + END_S
        while not running(tmp_path) and time.monotonic() < end:
            time.sleep(0.1)
        assert running(tmp_path)
        assert process.stop(timeout_s=END_S) == 2
    assert not running(tmp_path)
    assert list(tmp_path.iterdir()) == []


def running(folder: Path) -> list[str]:
    """Processes that have a file of this folder open."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it may end meanwhile
            opened = [str(each.readlink()) for each in (process / "fd").iterdir() if each.is_symlink()]
            if process.name != str(os.getpid()) and any(each.startswith(f"{folder}/") for each in opened):
                found.append(process.name)
    return found
