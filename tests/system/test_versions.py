"""One version number for the workspace, and a lock that anybody can install from."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
PROJECTS = ["pyproject.toml", "shared/pyproject.toml", "edge/pyproject.toml", "recorder/pyproject.toml"]


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / name).read_text())


VERSION = _toml("pyproject.toml")["project"]["version"]


@pytest.mark.parametrize("name", PROJECTS)
def test_every_distribution_has_the_workspaces_version(name: str) -> None:
    assert _toml(name)["project"]["version"] == VERSION


@pytest.mark.parametrize("name", ["edge/pyproject.toml", "recorder/pyproject.toml"])
def test_edge_and_recorder_require_shared_of_their_own_version(name: str) -> None:
    assert f"tictally-shared=={VERSION}" in _toml(name)["project"]["dependencies"]


def test_the_changelog_has_the_version() -> None:
    assert f"\n## {VERSION}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_lock_names_only_the_public_index() -> None:
    packages = _toml("uv.lock")["package"]
    registries = {package["source"].get("registry") for package in packages} - {None}
    files = [
        file["url"] for package in packages for file in [*package.get("wheels", []), package.get("sdist", {})] if file
    ]
    assert registries == {"https://pypi.org/simple"}
    assert files
    assert all(url.startswith("https://files.pythonhosted.org/") for url in files)


@pytest.mark.parametrize("machine", ["armv7l", "aarch64"])
def test_dependencies_of_the_edge_have_wheels_for_a_pi(machine: str) -> None:
    packages = {package["name"]: package for package in _toml("uv.lock")["package"]}
    waiting, seen, without = ["tictally-edge"], set[str](), list[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        package = packages[name]
        waiting += [needed["name"] for needed in package.get("dependencies", [])]
        wheels = [wheel["url"].rpartition("/")[2] for wheel in package.get("wheels", [])]
        if "registry" in package["source"] and not any(_installs_on(wheel, machine) for wheel in wheels):
            without.append(name)
    assert {"pyserial", "paho-mqtt", "pydantic-core"} <= seen
    assert without == []


def _installs_on(wheel: str, machine: str) -> bool:
    _, python, abi, platform = wheel.removesuffix(".whl").rsplit("-", 3)
    if platform == "any":
        return True
    return "manylinux" in platform and machine in platform and (python == "cp311" or abi == "abi3")
