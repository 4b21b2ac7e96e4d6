"""`./run test --at`: programs run on another date, and a wrong date is one line."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from real_influx import influxd

from chaos.programs import RestartingProgram
from devel.shifted_clock import ShiftError, parse_start, variables

ROOT = Path(__file__).parents[2]
SHOWS = """
import sys, time
from datetime import datetime, timezone
begin_s = time.monotonic()
time.sleep(0.2)
print(datetime.now(timezone.utc).isoformat(timespec="minutes"), time.monotonic() - begin_s > 0.15, begin_s)
"""
START = datetime(2028, 2, 29, 23, 50, tzinfo=UTC)


@pytest.fixture
def shift(tmp_path: Path) -> dict[str, str]:
    """What shifts a clock to 29 February 2028."""
    command = ["bash", "-c", ". devel/environment.sh && find_faketime"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    if not found:
        pytest.skip("libfaketime is not installed")
    return variables(Path(found), START, tmp_path)


def test_the_wall_clock_is_shifted_and_the_monotonic_clock_is_not(shift: dict[str, str]) -> None:
    before_s = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", SHOWS], env=os.environ | shift, capture_output=True, text=True, check=True
    )
    shown, slept, begin_s = done.stdout.split()
    assert START <= datetime.fromisoformat(shown) <= START.replace(minute=55)
    assert slept == "True"
    assert before_s < float(begin_s) < time.monotonic()


def test_a_program_with_an_environment_of_its_own_has_the_shifted_clock(
    shift: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in shift.items():
        monkeypatch.setenv(name, value)
    command = [sys.executable, "-c", SHOWS]
    program = RestartingProgram("shows", command, tmp_path / "shows.log", {"PATH": os.environ["PATH"]})
    program.start()
    end_s = time.monotonic() + 60
    while not (shown := program.output).endswith("\n"):
        assert time.monotonic() < end_s
        time.sleep(0.05)
    program.kill()
    assert shown.startswith("2028-02-29T23:5")


def test_tests_of_influxd_are_skipped_on_another_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKETIME", "+0")
    with pytest.raises(pytest.skip.Exception, match="influxd is a static program: its clock cannot be shifted"):
        influxd(tmp_path)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("2028-02-29", datetime(2028, 2, 29, 12).astimezone()),
        ("2027-03-28T01:58", datetime(2027, 3, 28, 1, 58).astimezone()),
        ("2027-03-28T00:58Z", datetime(2027, 3, 28, 0, 58, tzinfo=UTC)),
    ],
)
def test_a_date_is_its_noon_and_a_time_is_itself(text: str, start: datetime) -> None:
    assert parse_start(text) == start


def test_an_invalid_date_is_reported_in_one_line() -> None:
    with pytest.raises(ShiftError, match="--at: '2027-02-29' is neither a date"):
        parse_start("2027-02-29")
    done = subprocess.run(
        [sys.executable, "-m", "devel.shifted_clock", "absent.so", "soon"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
