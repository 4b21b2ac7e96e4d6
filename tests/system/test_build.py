"""`./run build`: what a user's machine has after it."""

import os
import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
INDEX = "https://pypi.org/simple/hatchling/"
PARTS = ("run", "devel", "pyproject.toml", "uv.lock", "README.md", "shared", "edge", "recorder")
MOST_BYTES = 150_000_000


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone after `./run build`, on a machine without uv, with wheels of an older version in it."""
    try:
        urllib.request.urlopen(INDEX, timeout=10).close()
    except (urllib.error.URLError, TimeoutError):
        pytest.skip("the package index cannot be reached")
    folder = tmp_path_factory.mktemp("clone")
    ignored = shutil.ignore_patterns("__pycache__", "dist", ".venv*")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=ignored)
        else:
            shutil.copy2(ROOT / part, folder / part)
    (folder / "dist" / "wheelhouse").mkdir(parents=True)
    for old in ("tictally_edge-0.0.9-py3-none-any.whl", "tictally_shared-0.0.9.tar.gz", "wheelhouse/other.whl"):
        (folder / "dist" / old).touch()
    environ = {**os.environ, "PATH": without_uv(os.environ["PATH"])}
    done = subprocess.run([folder / "run", "build"], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def without_uv(path: str) -> str:
    return os.pathsep.join(each for each in path.split(os.pathsep) if not (Path(each) / "uv").exists())


def test_a_build_leaves_no_wheel_of_an_earlier_one(clone: Path) -> None:
    made = sorted(path.name for path in (clone / "dist").iterdir())
    assert [name.partition("-")[0] for name in made if name.endswith(".whl")] == [
        "tictally_edge",
        "tictally_recorder",
        "tictally_shared",
    ]
    assert not any("0.0.9" in name or name.startswith(".build") for name in made)
    assert (clone / "dist" / "wheelhouse" / "other.whl").exists()


def test_a_build_installs_no_tools_of_developers(clone: Path) -> None:
    assert not (clone / ".venv").exists()
    assert sum(path.lstat().st_size for path in clone.rglob("*") if path.is_file()) < MOST_BYTES


def test_a_build_that_fails_keeps_the_wheels_of_the_earlier_one(clone: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(clone, tmp_path / "copy", ignore=shutil.ignore_patterns(".venv-uv"), symlinks=True)
    (copy / "recorder" / "pyproject.toml").write_text("[broken", encoding="utf-8")
    before = sorted(path.name for path in (copy / "dist").iterdir())
    environ = {**os.environ, "PATH": f"{clone / '.venv-uv' / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([copy / "run", "build"], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert sorted(path.name for path in (copy / "dist").iterdir()) == before
