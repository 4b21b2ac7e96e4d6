"""The recorder as a system by HTTP: findings with advice in the reader's language, versions, disk, backups."""

import sqlite3
from pathlib import Path

import pytest
from api_serving import CONTRACT, Served

from tictally_recorder.ingest.broadcast import Broadcast


def test_what_is_wrong_is_listed_with_what_to_do_in_the_readers_language(tmp_path: Path) -> None:
    with Served(tmp_path, contracts=CONTRACT.replace("power = 6", "power = 9")) as served:
        served.broadcast.publish_status("cellar", "availability", b"offline", 0)
        english, french = (served.get(f"/api/v1/system?language={each}").json()["findings"] for each in ("en", "fr"))
    by_code = {each["code"]: each for each in french}
    assert [each["code"] for each in english] == [each["code"] for each in french]
    assert {"backup_disabled", "edge_offline", "contract_contradicted"} <= by_code.keys()
    assert english[0]["level"] == "trouble"  # which come first
    assert by_code["backup_disabled"]["advice"].startswith("donnez à TICTALLY_BACKUP un dossier")
    assert "kVA" in by_code["contract_contradicted"]["text"]
    assert all(each["level"] != "ok" for each in french)


def test_versions_disk_and_backups_are_shown(tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    backups.mkdir()
    with Served(tmp_path, settings={"backup": backups}) as served:
        found = served.get("/api/v1/system").json()
    assert found["versions"]["sqlite"] == sqlite3.sqlite_version
    assert found["versions"]["schema"] > 0
    assert 0 < found["disk"]["free_bytes"] <= found["disk"]["total_bytes"]
    assert found["backup"] == {
        "folder": str(backups),
        "made": None,
        "is_verified": False,
        "free_bytes": pytest.approx(found["disk"]["free_bytes"], rel=0.05),
    }


def test_a_folder_of_backups_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    with Served(tmp_path, settings={"backup": tmp_path / "unmounted"}, broadcast=Broadcast()) as served:
        found = served.get("/api/v1/system?language=xx").json()
    assert found["backup"]["free_bytes"] is None
    assert {each["about"] for each in found["findings"]} >= {"backup"}
