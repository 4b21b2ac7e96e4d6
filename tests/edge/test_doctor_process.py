"""`tictally-edge doctor` as a command: a real line, a real broker, beside a running edge and without one."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import real_edge
from real_broker import Hub, Mosquitto
from real_edge import Process

from demo.broker import free_port
from tictally_edge.doctor.examine import examine
from tictally_edge.features import settings_with
from tictally_edge.finding import FindingCode, Subject
from tictally_edge.sources.device_check import check_device

NUMBER = "021961000001"
Start = Callable[[Process], Process]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Process] = []

    def begin(process: Process) -> Process:
        started.append(process)
        process.start()
        return process

    yield begin
    for process in started:
        process.end()


def doctor(edge: Process, *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The status and, by subject, what is found, asked with an edge's own settings."""
    done = subprocess.run(
        [sys.executable, "-m", "tictally_edge", "doctor", "--json", *arguments],
        env={"PATH": os.environ["PATH"], **edge.environ},
        capture_output=True,
        check=False,
    )
    assert done.stderr == b""
    shown = json.loads(done.stdout)
    assert all(finding["level"] == "ok" for finding in shown) is (done.returncode == 0)
    return done.returncode, {finding["about"]: finding for finding in shown}


def test_a_healthy_line_is_heard_while_no_edge_runs_and_the_journal_is_not_touched(
    tmp_path: Path, broker: Mosquitto, start: Start
) -> None:
    start(real_edge.meter(tmp_path, "--number", NUMBER, "--speed", "4")).wait_for_output("line")
    edge = real_edge.edge(tmp_path, str(tmp_path / "line"), broker.port, base_topic="doctor-alone", clock="trust")
    status, found = doctor(edge)
    assert found["line"]["text"].startswith("a clean signal: standard mode at 9600 baud")
    assert found["meter"]["text"].startswith("number ········0001, read ")
    assert f"127.0.0.1:{broker.port} accepts" in found["broker"]["text"]
    assert status == 0
    assert not (tmp_path / "journal").exists()


def test_a_running_edge_is_seen_and_asked_and_goes_on(tmp_path: Path, broker: Mosquitto, start: Start) -> None:
    start(real_edge.meter(tmp_path, "--number", NUMBER)).wait_for_output("line")
    edge = real_edge.edge(tmp_path, str(tmp_path / "line"), broker.port, base_topic="doctor-runs")
    edge.environ["PYTHONFAULTHANDLER"] = "1"  # no fork, whose command line is another: the doctor recognises it by that
    start(edge)
    with Hub(broker.port) as hub:
        hub.subscribe("doctor-runs/edge/pi/#")
        hub.wait_for("doctor-runs/edge/pi/health")
        before = json.loads(hub.wait_for("doctor-runs/edge/pi/frame"))["seq"]
        _, found = doctor(edge)
        assert f"the edge, process {edge.pid}" in found["port"]["text"]
        assert f"the edge, process {edge.pid}" in found["service"]["text"]
        assert f"in use by process {edge.pid}" in found["journal"]["text"]
        assert "meter" not in found
        after = json.loads(hub.wait_for("doctor-runs/edge/pi/frame"))["seq"]
    assert after > before
    assert "Retrying" not in edge.output


def test_what_is_wrong_is_reported_with_what_to_do(tmp_path: Path) -> None:
    edge = real_edge.edge(tmp_path, str(tmp_path / "line"), free_port())
    status, found = doctor(edge)
    assert status == 1
    assert "no such device" in found["port"]["text"]
    assert "cannot be reached: Connection refused" in found["broker"]["text"]
    assert "mosquitto has a listener" in found["broker"]["advice"]
    assert "TICTALLY_EDGE_MQTT_HOST and TICTALLY_EDGE_MQTT_PORT" in found["broker"]["advice"]


@pytest.mark.skipif(not Path("/sys/dev/char/1:3").exists(), reason="the kernel's list of devices is not mounted")
def test_a_device_that_is_no_terminal_is_no_serial_port() -> None:
    finding, edge = check_device("/dev/null")
    assert (finding.ok, finding.phrase.code, edge) == (False, FindingCode.PORT_NOT_SERIAL, None)


def test_a_wrong_password_is_reported(tmp_path: Path, own_broker: Mosquitto) -> None:
    own_broker.stop()
    own_broker.extra = "allow_anonymous false"
    own_broker.start()
    settings = {"mqtt_username": "edge", "mqtt_password": "wrong"}
    _, found = doctor(real_edge.edge(tmp_path, "sim:base", own_broker.port, **settings))
    assert found["broker"]["text"] == f"127.0.0.1:{own_broker.port} rejects user edge: Not authorized."
    assert found["port"]["level"] == "ok"


@pytest.mark.parametrize("mode", ["standard", "historique"])
def test_a_clock_that_the_meter_may_prove_is_no_trouble_where_no_line_was_heard(
    tmp_path: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tictally_edge.clock.kernel.KernelClock._is_synchronised", lambda _self: False)
    monkeypatch.setattr("tictally_edge.clock.kernel._reads_one", lambda _path: False)
    settings = settings_with(port="sim:hphc", name="pi", journal=tmp_path / "journal", mode=mode)
    (clock,) = [each for each in examine(settings) if each.subject is Subject.CLOCK]
    assert clock.ok == (mode == "standard")  # a meter in historique mode has no clock
