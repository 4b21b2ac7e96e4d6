"""What a changed setting of the recorder leaves retained on a real broker: nothing."""

import json
import sqlite3
import time
from pathlib import Path

import pytest
from real_broker import Hub, Mosquitto
from recorder_loop import recorder_loop, turn
from recording import METER, Recorder, frame

from tictally_recorder.backup.reset_identity import reset_identity
from tictally_recorder.features import settings_with
from tictally_recorder.hubs.earlier_names import NOTE
from tictally_recorder.hubs.recorder_device import RecorderDevice
from tictally_recorder.ledger import Ledger
from tictally_shared.topics import Topics

RECORDER, SITE = (f"homeassistant/device/tictally_{each}/config" for each in ("recorder_nas", f"site_{METER}"))
WITHIN_S = 60.0
CONTRACT = '[[contract]]\ntariff = "edf-bleu-base"\npower = 9\nfrom = 2023-01-01\n'


def retained(broker: Mosquitto) -> set[str]:
    with Hub(broker.port) as hub:
        hub.subscribe("#")
        return hub.retained()


def wait_until_retained(broker: Mosquitto, *topics: str) -> None:
    end = time.monotonic() + WITHIN_S
    while not set(topics) <= (found := retained(broker)):
        assert time.monotonic() < end, sorted(found)


def wait_until_cleared(broker: Mosquitto, *beginnings: str) -> None:
    end = time.monotonic() + WITHIN_S
    while left := [topic for topic in retained(broker) if topic.startswith(beginnings)]:
        assert time.monotonic() < end, sorted(left)


# The setting that changes, what is retained before, and the beginnings of what is not there after.
CHANGES: dict[str, tuple[dict[str, str], list[str], list[str]]] = {
    "discovery is switched off": ({"TICTALLY_DISCOVERY": "off"}, [RECORDER, SITE], ["homeassistant/"]),
    "another discovery prefix": ({"TICTALLY_DISCOVERY": "ha"}, [RECORDER, SITE], ["homeassistant/"]),
    "another name": (
        {"TICTALLY_NAME": "attic"},
        [RECORDER, "tictally/recorder/nas/health", "tictally/recorder/nas/availability"],
        [RECORDER, "tictally/recorder/nas/"],
    ),
    "another base topic": (
        {"TICTALLY_BASE_TOPIC": "home"},
        ["tictally/recorder/nas/health", f"tictally/site/{METER}/tariff"],
        ["tictally/recorder/", "tictally/site/"],
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_a_setting_removes_is_cleared(case: str, tmp_path: Path, own_broker: Mosquitto) -> None:
    changed, before, gone = CHANGES[case]
    (tmp_path / "contracts.toml").write_text(CONTRACT)
    with Recorder(tmp_path, own_broker.port) as recorder, Hub(own_broker.port) as hub:
        hub.subscribe("tictally/recorder/nas/health")
        hub.wait_for("tictally/recorder/nas/health")
        hub.publish("tictally/edge/cellar/frame", *(frame(n) for n in range(1, 40)))
        wait_until_retained(own_broker, *before)
        recorder.stop()
        recorder.settings |= changed
        recorder.start()
        wait_until_cleared(own_broker, *gone)
        base = changed.get("TICTALLY_BASE_TOPIC", "tictally")
        wait_until_retained(own_broker, f"{base}/recorder/{changed.get('TICTALLY_NAME', 'nas')}/health")
        wait_until_retained(own_broker, f"{base}/site/{METER}/tariff")


def test_entities_of_a_sink_or_a_job_that_is_switched_off_are_removed() -> None:
    def made(known: dict[str, str], **sinks: str) -> dict[str, dict[str, str]]:
        device = RecorderDevice("nas", Topics(), "homeassistant", "en", "1", sinks=sinks, known=known)
        found: dict[str, dict[str, str]] = json.loads(device.announcement().payload)["components"]
        return found

    known = {key: each["platform"] for key, each in made({}, influxdb="InfluxDB").items()}
    assert made(known)["sink_influxdb_lag"] == {"platform": "sensor"}
    assert made(known)["sink_influxdb_problem"] == {"platform": "binary_sensor"}
    assert made(known, influxdb="InfluxDB") == made({}, influxdb="InfluxDB")


def test_the_ledger_remembers_which_entities_were_announced(tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    backups.mkdir()
    own = {"name": "nas", "ledger": tmp_path / "ledger.sqlite"}
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        for settings in (settings_with(**own, backup=backups), settings_with(**own)):
            with recorder_loop(tmp_path, ledger, settings=settings) as loop:
                for step in ("discovery", "earlier names"):
                    loop.step(step).run(turn(is_connected=True))
                announced = json.loads(loop.connection.payloads[RECORDER])["components"]
            assert "job_backup_problem" in announced
    assert announced["job_backup_problem"] == {"platform": "binary_sensor"}


def test_nothing_is_published_twice_where_nothing_has_changed(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger, recorder_loop(tmp_path, ledger) as loop:
        for _ in range(2):
            loop.step("earlier names").run(turn(is_connected=True))
        assert loop.connection.topics == []


def test_a_restored_ledger_forgets_names_that_another_recorder_may_have(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger, recorder_loop(tmp_path, ledger) as loop:
        loop.step("earlier names").run(turn(is_connected=True))
        assert ledger.get_value(NOTE) is not None
    connection = sqlite3.connect(tmp_path / "ledger.sqlite")
    with connection:
        reset_identity(connection, None)
    connection.close()
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        assert ledger.get_value(NOTE) is None
