"""Both programs as services: their notifications to systemd, and their unit files."""

import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import real_edge
from recording import Recorder

from demo.broker import free_port
from tictally_edge.features import all_settings as edge_settings
from tictally_recorder.features import all_settings as recorder_settings
from tictally_shared.settings.sections import Setting, settings_in

ROOT = Path(__file__).parent.parent.parent
UNITS = ROOT / "deploy" / "systemd"
WATCHDOG_S = 0.9
SERVICES = ["edge", "recorder"]


class Manager:
    """A stand-in for systemd: the socket that receives a service's notifications."""

    def __init__(self, name: str) -> None:
        self.environ = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": str(int(WATCHDOG_S * 1_000_000))}
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(f"\0{name[1:]}" if name.startswith("@") else name)

    def receive(self, within_s: float = 60.0) -> str:
        """The next message, or an empty string if none arrives."""
        self.socket.settimeout(within_s)
        try:
            return self.socket.recv(4096).decode()
        except TimeoutError:
            return ""

    def receive_until(self, words: str) -> str:
        while message := self.receive():
            if words in message:
                return message
        pytest.fail(f"no notification contains {words}")

    def drain(self) -> None:
        while self.receive(0.01):
            pass


@pytest.fixture
def manager(tmp_path: Path, name: str) -> Iterator[Manager]:
    # systemd's own socket is a path, a container manager's may be abstract: each service tests one.
    manager = Manager(str(tmp_path / "notify") if name == "edge" else f"@{tmp_path}/notify")
    yield manager
    manager.socket.close()


Service = real_edge.Process | Recorder


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str, dict[str, str]], Service]]:
    """Start a service without a broker, and an edge without a port."""
    started: list[Service] = []

    def begin(name: str, environ: dict[str, str]) -> Service:
        service: Service
        if name == "edge":
            service = real_edge.edge(tmp_path, str(tmp_path / "no-port"), free_port())
            service.environ.update(environ)
        else:
            service = Recorder(tmp_path, free_port(), settings=environ)
        started.append(service)
        service.start()
        return service

    yield begin
    for service in started:
        assert service._process is None or service._process.pid is None


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_notifies_readiness_a_watchdog_pulse_and_stopping(
    name: str, manager: Manager, start: Callable[[str, dict[str, str]], Service]
) -> None:
    service = start(name, manager.environ)
    try:
        assert manager.receive().startswith("READY=1\nSTATUS=")
        assert "broker" in manager.receive_until("WATCHDOG=1\nSTATUS=")
        began = time.monotonic()
        for _ in range(3):
            manager.receive_until("WATCHDOG=1")
        took_s = time.monotonic() - began
        assert 0.8 * WATCHDOG_S < took_s < 5  # the recorder's loop comes round once a second
        assert service._process is not None
        service._process.send_signal(signal.SIGSTOP)
        time.sleep(0.1)
        manager.drain()
        assert manager.receive(1.5) == ""
        service._process.send_signal(signal.SIGCONT)
        manager.receive_until("WATCHDOG=1")
    finally:
        assert service.stop() == 0
    manager.receive_until("STOPPING=1")


@pytest.mark.parametrize("name", SERVICES)
def test_a_watchdog_that_is_meant_for_another_process_gets_no_pulse(
    name: str, manager: Manager, start: Callable[[str, dict[str, str]], Service]
) -> None:
    service = start(name, {**manager.environ, "WATCHDOG_PID": "1"})
    assert manager.receive().startswith("READY=1")
    assert manager.receive().startswith("STATUS=")
    assert service.stop() == 0
    manager.receive_until("STOPPING=1")


def healthy(folder: Path, within_s: int, pulse: Path) -> tuple[int, str]:
    """The health check of the images with another path, without its action on a hanging process."""
    text = (ROOT / "deploy" / "docker" / "healthy").read_text()
    assert "\nkill -9 -1 " in text
    deed = r"^(kill -9 -1|.*docker-init).*$"
    script = re.sub(deed, "", text.replace("/run/tictally/pulse", str(pulse)), flags=re.MULTILINE)
    assert "kill" not in script
    (folder / "healthy").write_text(script)
    done = subprocess.run(["sh", folder / "healthy", str(within_s)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_is_healthy_while_the_loop_of_its_program_comes_round(
    name: str, tmp_path: Path, start: Callable[[str, dict[str, str]], Service]
) -> None:
    pulse = tmp_path / "pulse"
    assert healthy(tmp_path, 60, pulse) == (1, "it has not begun yet\n")
    service = start(name, {"PULSE_FILE": str(pulse), "WATCHDOG_USEC": str(int(WATCHDOG_S * 1_000_000))})
    try:
        end = time.monotonic() + 60
        while not pulse.exists():
            assert time.monotonic() < end
            time.sleep(0.05)
        time.sleep(3)
        status, output = healthy(tmp_path, 1, pulse)
        assert (status, "broker" in output) == (0, True), output
        assert service._process is not None
        service._process.send_signal(signal.SIGSTOP)
        time.sleep(3)
        status, output = healthy(tmp_path, 1, pulse)
        assert (status, "it hangs" in output) == (1, True), output
        service._process.send_signal(signal.SIGCONT)
    finally:
        assert service.stop() == 0


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("name", SERVICES)
def test_systemd_accepts_every_unit(name: str, tmp_path: Path) -> None:
    unit = tmp_path / f"tictally-{name}.service"
    text = (UNITS / unit.name).read_text()
    unit.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", text, flags=re.MULTILINE))
    output = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    about_it = [line for line in output.stderr.splitlines() if unit.name in line or str(unit) in line]
    assert about_it == []


@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_starts_an_existing_command(name: str) -> None:
    scripts = tomllib.loads((ROOT / name / "pyproject.toml").read_text())["project"]["scripts"]
    unit = (UNITS / f"tictally-{name}.service").read_text()
    (command,) = re.findall(r"^ExecStart=/usr/local/bin/(.+)$", unit, re.MULTILINE)
    program, *arguments = command.split()
    assert program in scripts
    package = scripts[program].partition(".")[0]
    shown = subprocess.run([sys.executable, "-m", package, *arguments, "--help"], capture_output=True, check=False)
    assert shown.returncode == 0


@pytest.mark.parametrize(
    ("name", "prefix", "settings"),
    [
        ("edge", "TICTALLY_EDGE_", settings_in(edge_settings())),
        ("recorder", "TICTALLY_", settings_in(recorder_settings())),
    ],
)
def test_environment_files_name_existing_settings(name: str, prefix: str, settings: dict[str, Setting]) -> None:
    lines = [line for line in (UNITS / f"{name}.env").read_text().splitlines() if line and not line.startswith("#")]
    names = {line.partition("=")[0].removeprefix(prefix).removesuffix("_FILE").lower() for line in lines}
    assert names
    assert names <= settings.keys()
