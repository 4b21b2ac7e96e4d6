"""The three wheels install into empty environments, with what the lock names, and run there."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.encode import with_parity
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_shared.labels import Mode

ROOT = Path(__file__).parent.parent.parent
UV = Path(sys.executable).parent / "uv"
INDEX = "https://pypi.org/simple/hatchling/"
FRAMES = 5


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the three wheels, and `requirements.txt` with the versions that the lock names."""
    try:
        urllib.request.urlopen(INDEX, timeout=10).close()
    except (urllib.error.URLError, TimeoutError):
        pytest.skip("the package index cannot be reached")
    folder = tmp_path_factory.mktemp("wheels")
    run(UV, "build", "--all-packages", "--wheel", "--out-dir", folder)
    locked = run(UV, "export", "--frozen", "--no-dev", "--no-hashes", "--no-emit-workspace")
    (folder / "requirements.txt").write_text(locked)
    return folder


def run(*command: str | Path, stdin: bytes = b"", cwd: Path = ROOT) -> str:
    done = subprocess.run(command, input=stdin, cwd=cwd, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def installed(wheels: Path, folder: Path, program: str) -> Path:
    """An environment of its own with one program's wheel, and beside it nothing but what that wheel asks for."""
    run(UV, "venv", "--python", sys.executable, folder)
    (wheel,) = wheels.glob(f"{program}-*.whl")
    python = folder / "bin" / "python"
    constraints = ("--find-links", wheels, "--constraint", wheels / "requirements.txt")
    run(UV, "pip", "install", "--python", python, "--only-binary", ":all:", *constraints, wheel, cwd=folder)
    return folder / "bin"


def test_there_are_three_wheels(wheels: Path) -> None:
    names = sorted(wheel.name.partition("-")[0] for wheel in wheels.glob("*.whl"))
    assert names == ["tictally_edge", "tictally_recorder", "tictally_shared"]


def test_the_edge_decodes_a_line_with_only_its_wheel_installed(wheels: Path, tmp_path: Path) -> None:
    meter = SimulatedMeter(SimulatedContract.TEMPO, Mode.STANDARD, start=datetime(2026, 1, 15, 12, tzinfo=UTC))
    line = with_parity(meter.frame() * FRAMES)
    programs = installed(wheels, tmp_path / "edge", "tictally_edge")
    shown = run(programs / "tictally-edge", "decode", "-", stdin=line, cwd=tmp_path).splitlines()
    assert [json.loads(frame)["meter"] for frame in shown] == [meter.number] * FRAMES


def test_the_recorder_answers_with_only_its_wheel_installed(wheels: Path, tmp_path: Path) -> None:
    programs = installed(wheels, tmp_path / "recorder", "tictally_recorder")
    (wheel,) = wheels.glob("tictally_recorder-*.whl")
    assert run(programs / "tictally", "--version", cwd=tmp_path).split()[1] == wheel.name.split("-")[1]
    assert "--by" in run(programs / "tictally", "energy", "--help", cwd=tmp_path)
    assert "edf-bleu-tempo" in run(programs / "tictally", "tariff", "list", "--ledger", "ledger.sqlite", cwd=tmp_path)
