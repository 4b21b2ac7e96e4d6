"""The slow errands in their short forms: they run, and what they show holds."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ERRANDS = {
    "a healthy edge writes nothing": ["devel.soak", "--short", "writes"],
    "memory and open files stay flat": ["devel.soak", "--short", "weeks"],
    "decoding is measured": ["devel.bench", "--short", "decode"],
}


@pytest.mark.parametrize("errand", ERRANDS)
def test_an_errand_runs_and_what_it_shows_holds(errand: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *ERRANDS[errand]], cwd=ROOT, capture_output=True, text=True, check=False, timeout=240
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
