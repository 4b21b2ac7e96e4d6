"""A sink of one file appears wherever sinks do; several run side by side and fail independently."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from api_serving import Served
from file_sink import FilePlugin
from ledger_building import NOON_MS, frame, message
from real_broker import Hub, Mosquitto
from recording import Recorder
from recording import frame as live_frame

from demo.broker import free_port
from tictally_recorder.cli.app import main
from tictally_recorder.features import all_settings, load, settings_with
from tictally_recorder.hubs.recorder_device import announcement_of
from tictally_recorder.ingest.broadcast import Broadcast
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_recorder.problem import ProblemCode
from tictally_recorder.sinks.registry import configured, register
from tictally_recorder.sinks.replication import Replication, replicating
from tictally_shared.phrase import Phrase
from tictally_shared.settings import Origins, read_file
from tictally_shared.settings_error import SettingsError

FRAMES = 5
TESTS = str(Path(__file__).parents[1])


@pytest.fixture(autouse=True)
def plugin(monkeypatch: pytest.MonkeyPatch) -> Iterator[FilePlugin]:
    for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
        monkeypatch.delenv(name)
    plugin = FilePlugin()
    unregister = register(plugin)
    yield plugin
    unregister()


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The ledger of a recorder that replicates to the file; the commands have its settings."""
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as opened:
        opened.store(message(frame(1 + n, NOON_MS + n * 60_000, {"EAST": n})) for n in range(FRAMES))
    monkeypatch.setenv("TICTALLY_LEDGER", str(path))
    monkeypatch.setenv("TICTALLY_FILE_PATH", str(tmp_path / "lines.json"))
    return path


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(each) for each in path.read_text().splitlines()]


def test_its_settings_are_settings_of_the_recorder(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "TICTALLY_FILE_PATH": "/mnt/lines.json"}
    settings = load(Origins(environ, read_file), hostname="nas")
    assert [(each.name, each.destination(settings)) for each in configured(settings)] == [("file", "/mnt/lines.json")]
    (tmp_path / "wrong.toml").write_text('file_paht = "/mnt"\n')
    with pytest.raises(SettingsError, match=r"file_paht .* is not a setting; .*file_path"):
        load(Origins(environ, read_file, str(tmp_path / "wrong.toml")), hostname="nas")
    assert "section_FileSettings" in all_settings().model_fields


def test_two_of_one_name_are_an_error(plugin: FilePlugin) -> None:
    with pytest.raises(ValueError, match="two sinks are named file"):
        register(plugin)


def test_the_command_line_sets_it_up_refills_it_and_shows_it(
    ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    target = tmp_path / "lines.json"
    assert main(["sink", "setup"]) == 0
    assert main(["sink", "setup"]) == 0
    where = f"JSON lines at {target}"
    assert capsys.readouterr().out == f"{where}: created the file\n{where}: already up to date\n"
    assert main(["sink", "refill"]) == 0
    assert capsys.readouterr().out == "JSON lines: replication complete.\n"
    assert [each["seq"] for each in lines(target) if "seq" in each] == [*range(1, FRAMES + 1)]
    assert main(["sink", "status"]) == 0
    assert f"{where}:\n  Every frame has been replicated.\n" in capsys.readouterr().out
    assert main(["sink", "setup", "--new-token", str(tmp_path / "token")]) == 1
    assert "needs no token" in capsys.readouterr().err
    assert not (tmp_path / "token").exists()
    assert main(["sink", "status", "--sink", "influxdb"]) == 2
    assert "'influxdb' is not a configured sink" in capsys.readouterr().err
    assert ledger.exists()


def test_the_doctor_reports_what_is_missing(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TICTALLY_MQTT_PORT", str(free_port()))
    main(["doctor", "--json", "--ledger", str(ledger)])
    assert levels(capsys.readouterr().out) == ["ok"]
    monkeypatch.setenv("TICTALLY_FILE_PATH", str(tmp_path / "none" / "lines.json"))
    main(["doctor", "--json", "--ledger", str(ledger)])
    assert levels(capsys.readouterr().out) == ["trouble"]


def levels(out: str) -> list[str]:
    return [each["level"] for each in json.loads(out) if each["about"] == "sink file"]


def test_hubs_api_and_metrics_show_it(tmp_path: Path) -> None:
    settings = settings_with(name="nas", ledger=tmp_path / "ledger.sqlite", file_path=tmp_path / "lines.json")
    replication = Replication(settings, configured(settings))
    announced = announcement_of(settings, replication.titles)
    assert announced is not None
    assert {"sink_file_lag", "sink_file_problem"} <= json.loads(announced.payload)["components"].keys()
    with Served(tmp_path, broadcast=Broadcast(sinks=replication.states)) as served:
        served.ledger.use_sinks(["file"])
        (item,) = served.items("/api/v1/sinks")
        assert (item["name"], item["title"], item["problem"]) == ("file", "JSON lines", None)
        assert item["frames"] == len(served.stored)
        metrics = served.get("/metrics").text
        assert 'tictally_sink_up{sink="file"} 1.0' in metrics
        assert 'tictally_sink_points_rejected_total{sink="file"} 0.0' in metrics


def test_a_sink_that_fails_unexpectedly_does_not_stop_another(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Faulty(FilePlugin):
        name = "faulty"

        def open(self, _context: object) -> object:  # type: ignore[override]
            raise KeyError("a fault")

    monkeypatch.setattr("tictally_recorder.sinks.replication.configured", lambda _: [Faulty(), FilePlugin()])
    settings = settings_with(name="nas", ledger=ledger, file_path=tmp_path / "lines.json")
    with Ledger.open(ledger) as opened, replicating(settings, opened) as replication:
        end_s = time.monotonic() + 60
        while not (states := {each.name: each for each in replication.states(opened.sinks())})["file"].counts.is_done:
            assert time.monotonic() < end_s
            time.sleep(0.05)
        assert states["faulty"].counts.frames == FRAMES
        assert states["faulty"].problem == Phrase(ProblemCode.SINK_FAILED)
        assert states["file"].problem is None


def test_while_one_of_two_is_down_the_ledger_and_the_other_continue(own_broker: Mosquitto, tmp_path: Path) -> None:
    http = free_port()
    recorder = Recorder(tmp_path, own_broker.port, module="file_sink")
    recorder.settings = {
        "PYTHONPATH": TESTS,
        "TICTALLY_FILE_PATH": str(tmp_path / "lines.json"),
        "TICTALLY_INFLUXDB_URL": f"http://127.0.0.1:{free_port()}",
        "TICTALLY_INFLUXDB_ORG": "home",
        "TICTALLY_INFLUXDB_TOKEN": "none",
        "TICTALLY_HTTP": "on",
        "TICTALLY_HTTP_PORT": str(http),
    }
    with recorder, Hub(own_broker.port) as hub:
        recorder.wait_for_log("connected to the broker")
        hub.publish("tictally/edge/cellar/frame", *(live_frame(seq) for seq in range(1, FRAMES + 1)))
        recorder.wait_until(lambda counts: counts.frames == FRAMES)
        states = wait_for_states(http, FRAMES)
        assert (states["file"]["frames"], states["file"]["problem"]) == (0, None)
        assert states["influxdb"]["frames"] == FRAMES
        assert "cannot be reached" in str(states["influxdb"]["problem"])
        metrics = httpx.get(f"http://127.0.0.1:{http}/metrics").text
        assert 'tictally_sink_up{sink="file"} 1.0' in metrics
        assert 'tictally_sink_up{sink="influxdb"} 0.0' in metrics
        recorder.stop()
    assert [each["seq"] for each in lines(tmp_path / "lines.json") if "seq" in each] == [*range(1, FRAMES + 1)]
    with LedgerReader.open(recorder.ledger) as reader:
        assert {each.name: each.frames for each in reader.sinks()} == {"file": 0, "influxdb": FRAMES}


def wait_for_states(http: int, frames: int) -> dict[str, dict[str, object]]:
    """The state of each sink, once the file has all frames and InfluxDB has failed."""
    end_s = time.monotonic() + 60
    while True:
        answer = httpx.get(f"http://127.0.0.1:{http}/api/v1/sinks", timeout=60)
        found: dict[str, dict[str, object]] = {each["name"]: each for each in answer.json()["items"]}
        if found["file"]["frames"] == 0 and found["influxdb"]["problem"] and found["influxdb"]["frames"] == frames:
            return found
        assert time.monotonic() < end_s, found
        time.sleep(0.1)
