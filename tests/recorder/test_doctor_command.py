"""`tictally doctor` as a user runs it, over a real ledger and a real broker."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_broker import Hub, Mosquitto
from recording import BOOT, Recorder, frame
from scripted_edge import ScriptedEdge

from demo.broker import free_port
from tictally_recorder.cli.app import main
from tictally_recorder.doctor.broker_probe import Outcome, probe
from tictally_recorder.finding import FindingCode
from tictally_recorder.ingest.broker import BrokerAddress
from tictally_recorder.jobs import JobState
from tictally_recorder.jobs.state import state_key
from tictally_recorder.ledger import Ledger
from tictally_recorder.problem import uncoded
from tictally_shared.phrase import Phrase


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")


@pytest.fixture
def running(own_broker: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """A running recorder, whose settings the command has too."""
    monkeypatch.setenv("TICTALLY_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("TICTALLY_MQTT_HOST", "127.0.0.1")
    monkeypatch.setenv("TICTALLY_MQTT_PORT", str(own_broker.port))
    with Recorder(tmp_path, own_broker.port) as recorder, Hub(own_broker.port) as hub:
        hub.subscribe("tictally/recorder/nas/availability")
        hub.wait_for("tictally/recorder/nas/availability", "online")
        yield recorder


def frame_of_now(seq: int) -> str:
    return frame(seq, time_ms=time.time_ns() // 1_000_000)


def test_a_healthy_installation_is_reported_and_a_problem_has_advice(
    running: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    with ScriptedEdge(running.port) as edge:
        edge.frames = {(BOOT, seq): frame_of_now(seq) for seq in range(1, 6)}
        edge.publish("availability", "online")
        with Hub(running.port) as hub:
            hub.publish("tictally/edge/cellar/frame", *edge.frames.values(), "no frame")
        edge.publish_health()
        running.wait_until(lambda counts: counts.frames == 5 and bool(counts.rejected))
        assert main(["doctor"]) == 0
        well = capsys.readouterr().out
        assert "!!" not in well
        assert "ok edge cellar: it is online; its newest frame is from " in well
        assert "-- ledger: 1 message rejected for json; the newest arrived " in well
        edge.publish("availability", "offline")
        running.stop()
        assert main(["doctor", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [(each["about"], each["level"]) for each in found if each["level"] == "trouble"] == [
        ("recorder", "trouble"),
        ("edge cellar", "trouble"),
    ]
    assert all(each["advice"] for each in found if each["level"] == "trouble")


def test_it_disturbs_neither_recorder_nor_session(running: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    main(["doctor"])
    capsys.readouterr()
    with ScriptedEdge(running.port) as edge:
        edge.send(1, 20)
        running.wait_until(lambda counts: counts.frames == 20)
    assert running.log.count("connected to the broker") == 1


def test_a_link_to_a_ledger_is_followed(
    running: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "link.sqlite").symlink_to(running.ledger)
    monkeypatch.setenv("TICTALLY_LEDGER", str(tmp_path / "link.sqlite"))
    main(["doctor", "--json"])
    found = {each["about"]: each["level"] for each in json.loads(capsys.readouterr().out)}
    assert found["recorder"] == "ok"


def test_a_missing_ledger_and_broker_are_two_problems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    monkeypatch.setenv("TICTALLY_MQTT_HOST", "127.0.0.1")
    monkeypatch.setenv("TICTALLY_MQTT_PORT", str(port))
    assert main(["doctor", "--ledger", str(tmp_path / "absent.sqlite")]) == 1
    out = capsys.readouterr().out
    assert f"!! ledger: there is no ledger at {tmp_path}/absent.sqlite" in out
    assert f"!! broker: the broker at 127.0.0.1:{port} cannot be reached: Connection refused\n   → check" in out


def test_a_backup_dated_years_ahead_hides_no_failing_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger, folder = tmp_path / "ledger.sqlite", tmp_path / "usb"
    for name, value in (("NAME", "nas"), ("LEDGER", ledger), ("BACKUP", folder), ("MQTT_PORT", free_port())):
        monkeypatch.setenv(f"TICTALLY_{name}", str(value))
    folder.mkdir()
    (folder / "tictally-nas-20990101T040000Z.backup").touch()
    with Ledger.open(ledger) as opened:
        state = JobState(problem=uncoded("no space is left"), memory={"folder": str(folder)})
        opened.put_value(state_key("backup"), state.to_json())
    assert main(["doctor", "--json"]) == 1
    found = [each for each in json.loads(capsys.readouterr().out) if each["about"] == "backup"]
    assert (found[0]["level"], found[0]["text"]) == ("trouble", "no space is left; there is none yet")


def test_a_broker_probe_reports_how_far_it_came(own_broker: Mosquitto) -> None:
    with Hub(own_broker.port) as hub:
        hub.publish("t/edge/a/frame", "live")
    with ScriptedEdge(own_broker.port, base="t", name="a") as edge:
        edge.publish("availability", "online")
    seen = probe(BrokerAddress("127.0.0.1", own_broker.port), ["t/edge/+/availability", "t/edge/+/frame"])
    assert (seen.outcome, seen.retained) == (Outcome.CONNECTED, {"t/edge/a/availability": b"online"})
    own_broker.stop()
    own_broker.extra = "allow_anonymous false"
    own_broker.start()
    refused = probe(BrokerAddress("127.0.0.1", own_broker.port, "user", "wrong"), ["#"])
    assert (refused.outcome, refused.reason) == (Outcome.DENIED, "Not authorized")
    nowhere = probe(BrokerAddress("broker.invalid", 1883), ["#"])
    assert (nowhere.outcome, nowhere.reason) == (Outcome.HOST_UNKNOWN, Phrase(FindingCode.NO_SUCH_HOST))
