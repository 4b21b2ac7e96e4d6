"""The broker's start of the deployment: a damaged database does not keep it from starting. With a real mosquitto."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from real_broker import START_WITHIN_S, Hub

from demo.broker import free_port

START = Path(__file__).parents[2] / "mosquitto" / "start"
Run = Callable[[], subprocess.Popen[str]]
PORT = free_port()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    configuration = tmp_path / "mosquitto.conf"
    configuration.write_text(
        f"listener {PORT} 127.0.0.1\nallow_anonymous true\npersistence true\nuser root\n"
        f"persistence_location {tmp_path}/\nlog_dest stderr\n"
    )
    program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    assert program is not None, "mosquitto is not installed; ./run test brings it along"
    begun: list[subprocess.Popen[str]] = []

    def begin() -> subprocess.Popen[str]:
        command = ["/bin/sh", str(START), str(tmp_path / "mosquitto.db"), program, "-c", str(configuration)]
        # A shell cannot catch a signal that it was started to ignore, as below `nohup`.
        before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
        signal.signal(signal.SIGHUP, before)
        begun.append(process)
        return process

    yield begin
    for process in begun:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_until_open() -> None:
    end = time.monotonic() + START_WITHIN_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", PORT), timeout=1).close()
        except OSError:
            assert time.monotonic() < end, "mosquitto does not listen"
            time.sleep(0.05)
        else:
            time.sleep(0.3)  # it listens before its loop runs, and loses a signal that arrives in between
            return


def retain(payload: str) -> None:
    with Hub(PORT) as hub:
        hub._client.publish("kept", payload, qos=1, retain=True).wait_for_publish(10)


def stop(process: subprocess.Popen[str]) -> tuple[int, str]:
    process.terminate()
    _, log = process.communicate(timeout=START_WITHIN_S)
    return process.returncode, log


def test_a_sound_database_is_used_and_saved_at_the_end(run: Run, tmp_path: Path) -> None:
    for _ in range(2):
        process = run()
        wait_until_open()
        with Hub(PORT) as hub:
            hub.subscribe("kept")
            if (tmp_path / "mosquitto.db").exists():
                assert hub.wait_for("kept") == "value"
        retain("value")
        code, log = stop(process)
        assert code == 0
        assert "mosquitto version" in log
    assert {path.name for path in tmp_path.iterdir()} == {"mosquitto.conf", "mosquitto.db"}


@pytest.mark.parametrize("damage", [b"", b"short", b"\xa5" * 700])
def test_a_damaged_database_is_moved_aside_and_the_broker_starts(run: Run, tmp_path: Path, damage: bytes) -> None:
    process = run()
    wait_until_open()
    retain("value" * 200)
    stop(process)
    database = tmp_path / "mosquitto.db"
    damaged = damage or database.read_bytes()[:300]
    database.write_bytes(damaged)
    process = run()
    wait_until_open()
    retain("new")
    code, log = stop(process)
    assert code == 0
    assert "mosquitto's database is damaged: it is now" in log
    assert (tmp_path / "mosquitto.db.damaged").read_bytes() == damaged
    assert database.exists()


def test_another_error_moves_nothing(run: Run, tmp_path: Path) -> None:
    process = run()
    wait_until_open()
    retain("value")
    stop(process)
    with (tmp_path / "mosquitto.conf").open("a") as file:
        file.write("no_such_option 1\n")
    process = run()
    assert process.wait(START_WITHIN_S) != 0
    assert {path.name for path in tmp_path.iterdir()} == {"mosquitto.conf", "mosquitto.db"}


def test_a_reload_reaches_the_broker(run: Run) -> None:
    process = run()
    wait_until_open()
    for _ in range(5):  # one may come before its loop runs
        process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
    with Hub(PORT) as hub:
        assert hub.is_let_in
    code, log = stop(process)
    assert (code, "Reloading config" in log) == (0, True)
