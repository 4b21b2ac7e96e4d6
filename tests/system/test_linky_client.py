"""Conso API's client from npm against the real server: all it needs is another host."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from api_serving import METER, NOON, Served

from tictally_recorder.api.compat.conso.tokens import TokenBook

PACKAGE = "linky@2.0.2"
PRM = "12345678901234"
HOST = "https://conso.boris.sh"


@pytest.fixture(scope="module")
def linky(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client's folder."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("there is no node")
    folder = tmp_path_factory.mktemp("linky")
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), PACKAGE]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{PACKAGE} does not come from the registry")
    if done.returncode:
        pytest.skip(f"{PACKAGE} does not come from the registry")
    return folder / "node_modules/linky/dist"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, linky: Path) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("served"), {"prms": f"{PRM}={METER}"}) as found:
        index = linky / "lib/index.js"
        text = index.read_text(encoding="utf-8")
        assert text.count(HOST) == 1
        index.write_text(text.replace(HOST, found.base), encoding="utf-8")
        yield found


@pytest.fixture(scope="module")
def token(served: Served) -> str:
    return TokenBook(served.folder).create([PRM], 1, NOON)[1]


def run(linky: Path, token: str, kind: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "HOME": str(linky), "NO_UPDATE_NOTIFIER": "1", "NODE_NO_WARNINGS": "1"}
    command = ["node", str(linky / "bin/index.cjs"), kind, "--token", token, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environ, timeout=60, check=False)


def fetched(linky: Path, token: str, kind: str, start: str, end: str) -> dict[str, Any]:
    done = run(linky, token, kind, "--start", start, "--end", end, "--format", "json", "--quiet")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@dataclass(frozen=True)
class Case:
    """A kind of data, its unit, how many values two days have of it, and the first of them where it is fixed."""

    kind: str
    unit: str
    values: int
    first: dict[str, str] | None = None


CASES = [
    Case("daily", "Wh", 2, {"value": "1440", "date": "2026-03-28"}),
    Case("dailyprod", "Wh", 2, {"value": "288", "date": "2026-03-28"}),
    Case("maxpower", "VA", 2, {"value": "1638", "date": "2026-03-28 23:00:00"}),
    Case("loadcurve", "W", 94),
    Case("loadcurveprod", "W", 94),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_each_kind_of_data_is_fetched_and_printed(linky: Path, token: str, case: Case) -> None:
    body = fetched(linky, token, case.kind, "2026-03-28", "2026-03-30")
    assert (body["usage_point_id"], body["reading_type"]["unit"]) == (PRM, case.unit)
    assert len(body["interval_reading"]) == case.values
    assert case.first is None or body["interval_reading"][0] == case.first
    pretty = run(linky, token, case.kind, "--start", "2026-03-28", "--end", "2026-03-30")
    assert pretty.returncode == 0
    assert f"Valeur ({case.unit})" in pretty.stdout
    assert pretty.stdout.count("■") > 0


def test_a_days_sum_is_what_the_registers_counted(linky: Path, served: Served, token: str) -> None:
    for day, after in (("2026-03-28", "2026-03-29"), ("2026-03-29", "2026-03-30")):
        (row,) = [
            row
            for row in served.items(f"/api/v1/energy?from={day}&to={after}")
            if row["register"] == "EAST" and row["from"].startswith(day)
        ]
        halves = fetched(linky, token, "loadcurve", day, after)["interval_reading"]
        (whole,) = fetched(linky, token, "daily", day, after)["interval_reading"]
        assert int(whole["value"]) == sum(int(each["value"]) for each in halves) / 2 == row["energy"]


def test_its_users_know_our_errors(linky: Path, served: Served, token: str) -> None:
    revoked, useless = TokenBook(served.folder).create([PRM], 1, NOON)
    TokenBook(served.folder).revoke(revoked.id)
    for bearer, start, end, code in (
        (useless, "2026-03-28", "2026-03-29", 401),
        (token, "2026-03-29", "2026-03-28", 400),
        (token, "2020-01-01", "2020-01-02", 404),
        (token, "2026-03-30", "2026-03-31", 404),  # today is no day yet
    ):
        done = run(linky, bearer, "daily", "--start", start, "--end", end)
        assert "Conso API a répondu avec une erreur" in done.stderr
        assert f"Code: {code}" in done.stderr
        assert f'"status": {code}' in done.stderr
    assert "no_data_found" in done.stderr
