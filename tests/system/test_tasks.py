"""The slow tasks in their short forms: they run, and their figures hold."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TASKS = {
    "a healthy edge writes nothing": ["devel.soak", "--short", "writes"],
    "memory and open files stay flat": ["devel.soak", "--short", "weeks"],
    "decoding is measured": ["devel.bench", "--short", "decode"],
}


@pytest.mark.parametrize("task", TASKS)
def test_a_task_runs_and_its_figures_hold(task: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *TASKS[task]], cwd=ROOT, capture_output=True, text=True, check=False, timeout=240
    )
    if "the counter does not move" in " ".join(done.stdout.replace("│", " ").split()):
        pytest.skip("the disk below the temporary folder does not count what is written to it")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "┃" in done.stdout


def test_the_stack_is_skipped_in_one_line_where_there_is_no_engine(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "devel.stack"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(tmp_path)},
    )
    assert (done.returncode, done.stdout) == (0, "stack: skipped, docker is not installed\n")
