"""`tictally record` with an InfluxDB beside it, and `tictally sink`: as a user has them."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from certificates import make_certificate
from ledger_building import NOON_MS, frame, message
from real_broker import Mosquitto
from real_influx import ORG, TOKEN, Influxd, skip_on_another_date
from recording import Recorder

from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_recorder.sinks.influxdb.client import Client
from tictally_recorder.sinks.protocol import SinkError


def environ(ledger: Path, settings: Mapping[str, str]) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(ledger.parent), "TICTALLY_LEDGER": str(ledger), **settings}


def tictally(*command: str, ledger: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tictally_recorder", *command],
        env=environ(ledger, settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def filled(path: Path, frames: int = 100, every_ms: int = 60_000) -> Path:
    with Ledger.open(path) as ledger:
        ledger.store(message(frame(1 + n, NOON_MS + n * every_ms, {"EAST": 100 + n})) for n in range(frames))
    return path


def count(server: Influxd, bucket: str, measurement: str, field: str) -> int:
    flux = (
        f'from(bucket: "{bucket}") |> range(start: 0, stop: 2100-01-01T00:00:00Z) '
        f'|> filter(fn: (r) => r._measurement == "{measurement}" and r._field == "{field}")'
    )
    with closing(Client(server.url, TOKEN, ORG)) as client:
        return len(client.query(flux))


def test_a_ledger_is_filled_into_an_empty_influxdb_without_a_recorder(server: Influxd, tmp_path: Path) -> None:
    path = filled(tmp_path / "ledger.sqlite")
    own = server.settings | {"TICTALLY_INFLUXDB_PREFIX": "by_hand"}
    assert "Nothing has been replicated yet" in tictally("sink", "status", ledger=path, **own).stdout
    done = tictally("sink", "refill", ledger=path, **own)
    assert (done.returncode, done.stdout) == (0, "InfluxDB: replication complete.\n"), done.stderr
    assert count(server, "by_hand", "energy_quarter", "energy_wh") == 7
    status = tictally("sink", "status", ledger=path, **own)
    assert status.returncode == 0, status.stderr
    assert "Every frame has been replicated." in status.stdout
    # A part once more; what was there stays.
    more = tictally("sink", "refill", "--from", "2026-11-21T13:30", "--to", "2026-11-21T14:00", ledger=path, **own)
    assert (more.returncode, more.stdout) == (0, "InfluxDB: replication complete.\n"), more.stderr
    assert count(server, "by_hand", "energy_quarter", "energy_wh") == 7


def test_a_killed_refill_resumes(server: Influxd, tmp_path: Path) -> None:
    frames = 20_000
    path = filled(tmp_path / "ledger.sqlite", frames, every_ms=50)
    own = server.settings | {"TICTALLY_INFLUXDB_PREFIX": "broken_off"}
    command = [sys.executable, "-m", "tictally_recorder", "sink", "refill"]
    with subprocess.Popen(command, env=environ(path, own), stderr=subprocess.PIPE, text=True) as refill:
        assert refill.stderr is not None
        for progress in refill.stderr:
            if int(progress.split()[0]) < frames:  # "19500 frames, …"
                break
        refill.kill()
    with LedgerReader.open(path) as reader:
        (counts,) = reader.sinks()
    assert 0 < counts.frames < frames
    # What was copied before is not copied again: what is taken from it there stays away, until all is asked for.
    with closing(Client(server.url, TOKEN, ORG)) as client:
        client.delete("broken_off_raw", "tic", {"edge": "cellar"}, (NOON_MS, NOON_MS + 99))
    resumed = tictally("sink", "resume", ledger=path, **own)
    assert (resumed.returncode, resumed.stdout) == (0, "InfluxDB: replication complete.\n"), resumed.stderr
    assert count(server, "broken_off_raw", "tic", "seq") == frames - 2
    assert count(server, "broken_off", "energy_quarter", "energy_wh") == 2
    whole = tictally("sink", "refill", ledger=path, **own)
    assert (whole.returncode, whole.stdout) == (0, "InfluxDB: replication complete.\n"), whole.stderr
    assert count(server, "broken_off_raw", "tic", "seq") == frames


def test_only_an_influxdb_whose_certificate_the_authority_signed_is_filled(tmp_path: Path) -> None:
    skip_on_another_date()
    certificate, key = make_certificate(tmp_path, "influxdb")
    stranger, _ = make_certificate(tmp_path, "stranger")
    if shutil.which("influxd") is None:
        pytest.skip("no influxd on PATH to configure with a certificate")
    server = Influxd(tmp_path / "influxd", [f"--tls-cert={certificate}", f"--tls-key={key}"], ca=certificate)
    server.start()
    try:
        path = filled(tmp_path / "ledger.sqlite")
        for authority, sentence in ((str(stranger), "is not signed by the CA"), ("", "is not signed by the CA")):
            done = tictally("sink", "status", ledger=path, **server.settings, TICTALLY_INFLUXDB_CA=authority)
            assert (done.returncode, sentence in done.stderr) == (1, True), done.stderr
            assert "Traceback" not in done.stderr
        own = server.settings | {"TICTALLY_INFLUXDB_CA": str(certificate)}
        assert server.url.startswith("https:")
        done = tictally("sink", "refill", ledger=path, **own)
        assert (done.returncode, done.stdout) == (0, "InfluxDB: replication complete.\n"), done.stderr
        assert tictally("sink", "status", ledger=path, **own).returncode == 0
    finally:
        server.kill()


def test_setup_creates_what_is_missing_once_and_a_sufficient_token(server: Influxd, tmp_path: Path) -> None:
    path, file = filled(tmp_path / "ledger.sqlite"), tmp_path / "token"
    place = {key: value for key, value in server.settings.items() if not key.endswith("TOKEN")}
    setup = place | {"TICTALLY_INFLUXDB_SETUP_TOKEN": TOKEN, "TICTALLY_INFLUXDB_PREFIX": "set_up"}
    first = tictally("sink", "setup", "--new-token", str(file), ledger=path, **setup)
    assert first.returncode == 0, first.stderr
    assert "created bucket set_up_raw, retention 30 days" in first.stdout
    assert "created task set_up_hour" in first.stdout
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text().strip() not in first.stdout
    again = tictally("sink", "setup", ledger=path, **setup)
    assert "already up to date" in again.stdout
    assert "do not see new ones" not in again.stdout
    longer = tictally("sink", "setup", ledger=path, **setup | {"TICTALLY_INFLUXDB_RAW_DAYS": "40"})
    assert "changed the retention of bucket set_up_raw to 40 days" in longer.stdout
    assert "updated task set_up_minute" in longer.stdout
    daily = place | {"TICTALLY_INFLUXDB_TOKEN_FILE": str(file), "TICTALLY_INFLUXDB_PREFIX": "set_up"}
    assert tictally("sink", "status", ledger=path, **daily).returncode == 0
    assert tictally("sink", "refill", ledger=path, **daily).returncode == 0
    assert count(server, "set_up", "energy_day", "energy_wh") == 1
    there = tictally("sink", "setup", "--new-token", str(file), ledger=path, **setup)
    assert (there.returncode, "File exists" in there.stderr) == (2, True)
    # The token covers only existing resources, not recreated ones; setup and status both explain how to create another.
    (task,) = server.ask("GET", "/api/v2/tasks?name=set_up_hour")["tasks"]
    server.ask("DELETE", f"/api/v2/tasks/{task['id']}")
    made = tictally("sink", "setup", ledger=path, **setup)
    assert "do not see new ones; --new-token FILE" in made.stdout
    unprovisioned = tictally("sink", "status", ledger=path, **daily)
    assert (unprovisioned.returncode, "tictally sink setup --new-token FILE" in unprovisioned.stderr) == (1, True), (
        unprovisioned.stderr
    )


def test_without_a_configured_sink_there_is_nothing_to_show(tmp_path: Path) -> None:
    done = tictally("sink", "status", ledger=filled(tmp_path / "ledger.sqlite"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("no sink is configured, so the ledger is replicated nowhere")


def test_a_recorder_replicates_what_it_stores_and_reports_its_lag(
    server: Influxd, own_broker: Mosquitto, tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path, own_broker.port)
    filled(recorder.ledger)
    recorder.settings = server.settings | {"TICTALLY_INFLUXDB_PREFIX": "running"}
    with recorder:
        end_s = time.monotonic() + 60
        while not is_copied(recorder.ledger):
            assert time.monotonic() < end_s, recorder.log
            time.sleep(0.2)
        assert count(server, "running", "energy_quarter", "energy_wh") == 7
        end_s = time.monotonic() + 70
        while not count(server, "running_minute", "recorder_sink", "lag_s"):
            assert time.monotonic() < end_s, recorder.log
            time.sleep(0.5)
        watching = tictally("sink", "refill", ledger=recorder.ledger, **recorder.settings)
        assert (watching.returncode, watching.stdout) == (0, "Replication complete, except for live data.\n")
        findings = json.loads(tictally("doctor", "--json", ledger=recorder.ledger, **recorder.settings).stdout)
        assert [each["level"] for each in findings if each["about"] == "sink influxdb"] == ["ok", "ok"]
        assert recorder.stop() == 0
    assert TOKEN not in recorder.log


def is_copied(path: Path) -> bool:
    with LedgerReader.open(path) as reader:
        return any(each.is_done for each in reader.sinks())


def test_an_unreachable_influxdb_delays_nothing(own_broker: Mosquitto, tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)  # it takes connections and never answers
        recorder = Recorder(tmp_path, own_broker.port)
        filled(recorder.ledger, 10)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        recorder.settings = {
            "TICTALLY_INFLUXDB_URL": url,
            "TICTALLY_INFLUXDB_ORG": ORG,
            "TICTALLY_INFLUXDB_TOKEN": "secret-of-the-sink",
        }
        with recorder:
            recorder.wait_for_log("connected to the broker")
            begin_s = time.monotonic()
            assert recorder.stop(signal.SIGTERM) == 0
            assert time.monotonic() - begin_s < 10
        assert "secret-of-the-sink" not in recorder.log


@pytest.mark.parametrize(
    ("status", "headers", "retry_s"),
    [(429, {"Retry-After": "7"}, 7.0), (503, {"Retry-After": "120"}, 120.0), (503, {}, None), (500, {}, None)],
)
def test_the_retry_delay_of_a_busy_server_is_read(status: int, headers: dict[str, str], retry_s: float | None) -> None:
    class Busy(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b'{"message": "busy"}')

        def log_message(self, *_words: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Busy) as busy:
        threading.Thread(target=busy.handle_request, daemon=True).start()
        client = Client(f"http://127.0.0.1:{busy.server_port}", "t", ORG)
        with pytest.raises(SinkError, match="busy") as raised, closing(client):
            client.write("b", ["m f=1 1"])
    assert raised.value.retry_s == retry_s
