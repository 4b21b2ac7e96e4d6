"""deploy/grafana/start: dashboards in the household's time zone."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from deployed import DEPLOY

DASHBOARDS = DEPLOY / "grafana" / "dashboards"


def start(folder: Path, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    whole = [str(DEPLOY / "grafana" / "start"), str(DASHBOARDS), str(folder / "made"), *command]
    return subprocess.run(
        whole, env={"PATH": os.environ["PATH"], **environ}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("zone", ["Indian/Reunion", "America/Argentina/Buenos_Aires", "Etc/GMT+4", ""])
def test_every_dashboard_and_every_query_has_the_zone(zone: str, tmp_path: Path) -> None:
    done = start(tmp_path, "echo", "started", TICTALLY_TIMEZONE=zone)
    assert (done.returncode, done.stdout) == (0, "started\n")
    made = sorted(path.relative_to(tmp_path / "made") for path in (tmp_path / "made").rglob("*.json"))
    assert made == sorted(path.relative_to(DASHBOARDS) for path in DASHBOARDS.rglob("*.json"))
    queries = 0
    for path in made:
        text = (tmp_path / "made" / path).read_text()
        assert json.loads(text)["timezone"] == (zone or "Europe/Paris")
        assert ("Europe/Paris" in text) is (not zone)
        assert text == (DASHBOARDS / path).read_text().replace("Europe/Paris", zone or "Europe/Paris")
        queries += text.count(f'timezone.location(name: \\"{zone or "Europe/Paris"}\\")')
    assert queries > 20


def test_what_is_no_zone_is_named_and_nothing_starts(tmp_path: Path) -> None:
    done = start(tmp_path, "echo", "started", TICTALLY_TIMEZONE="Paris|e rm")
    assert (done.returncode, done.stdout) == (2, "")
    assert 'TICTALLY_TIMEZONE: "Paris|e rm" is not a time zone' in done.stderr
