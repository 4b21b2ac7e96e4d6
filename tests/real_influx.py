"""A real InfluxDB for tests: `influxd` on PATH, else its container where there is a Docker engine."""

import json
import os
import shutil
import signal
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from demo.broker import free_port
from devel.child_process import ChildProcess
from devel.shifted_clock import inherited

ORG = "home"
TOKEN = "of-whoever-sets-up"  # noqa: S105 - of a server that lives as long as a test
_IMAGE = "influxdb:2.7"


class Influxd:
    """`influxd` in a folder of its own; set up with a token that has all rights.

    Attributes:
        port: where it listens, the same in each of its lives.

    Args:
        folder: for its data.
        options: of its command line.
        ca: the certificate that these let it show, or None where it speaks without TLS.
    """

    def __init__(self, folder: Path, options: Sequence[str] = (), ca: Path | None = None) -> None:
        self._folder, self._options = folder, options
        self._tls = None if ca is None else ssl.create_default_context(cafile=ca)
        self._process: ChildProcess | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """Settings of a recorder that replicates to it."""
        return {
            "TICTALLY_INFLUXDB_URL": self.url,
            "TICTALLY_INFLUXDB_ORG": ORG,
            "TICTALLY_INFLUXDB_TOKEN": TOKEN,
        }

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        data = self._folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        paths = [f"--{each}-path={data / each}" for each in ("bolt", "sqlite", "engine")]
        address = ["--http-bind-address", f"127.0.0.1:{self.port}"]
        self._process = ChildProcess(
            "influxd",
            ["influxd", "--reporting-disabled", *address, *paths, *self._options],
            self._folder / "influxd.log",
            {"PATH": os.environ["PATH"], "HOME": str(self._folder)},
        )
        self._process.start()
        self.wait_until_ready()
        self._set_up()

    def wait_until_ready(self, within_s: float = 60.0) -> None:
        end_s = time.monotonic() + within_s
        while True:
            try:
                assert self.ask("GET", "/health")["status"] == "pass"
            except OSError:
                assert time.monotonic() < end_s, "influxd does not answer"
                time.sleep(0.1)
            else:
                return

    def _set_up(self) -> None:
        if self.ask("GET", "/api/v2/setup")["allowed"]:
            who = {"username": "admin", "password": "of-a-test-only", "org": ORG, "bucket": "unused", "token": TOKEN}
            self.ask("POST", "/api/v2/setup", who)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self._process is not None:
            self._process.stop(how, 30)
            self._process = None

    def wipe(self) -> None:
        """Delete all its data while it is stopped."""
        shutil.rmtree(self._folder / "data")

    def bytes_of_buckets(self) -> dict[str, tuple[int, int]]:
        """Bucket → bytes of its data on disk, and of its fixed overhead."""
        names = {each["id"]: each["name"] for each in self.ask("GET", "/api/v2/buckets?limit=100")["buckets"]}
        found = {}
        for folder in (self._folder / "data" / "engine" / "data").iterdir():
            used = {each: each.stat().st_blocks * 512 for each in folder.rglob("*") if each.is_file()}
            data = sum(size for file, size in used.items() if file.suffix == ".tsm")
            found[names.get(folder.name, folder.name)] = (data, sum(used.values()) - data)
        return found

    @property
    def resident_mib(self) -> int:
        """Its resident memory."""
        assert self._process is not None
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") // 2**20

    @property
    def version(self) -> str:
        return str(self.ask("GET", "/health")["version"])

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, token: str = TOKEN) -> Any:  # noqa: ANN401 - whatever is asked for
        request = urllib.request.Request(  # noqa: S310 - ours
            f"{self.url}{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Token {token}", "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=60, context=self._tls) as answer:  # noqa: S310
            return json.loads(answer.read() or b"null")


class Container(Influxd):
    """InfluxDB in a container, which no test may kill or wipe."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - only where there is an engine

        self._container = DockerContainer(_IMAGE).with_bind_ports(8086, self.port)

    def start(self) -> None:
        self._container.start()
        self.wait_until_ready()
        self._set_up()

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        del how
        self._container.stop()


def influxd(folder: Path, *, to_be_killed: bool = False) -> Influxd:
    """One that is not started yet; where there is none the test is skipped.

    Args:
        folder: for its data.
        to_be_killed: True where the test kills or wipes it, for which it must be a process of ours.
    """
    skip_on_another_date()
    if shutil.which("influxd"):
        return Influxd(folder)
    if not to_be_killed and _has_docker():
        return Container(folder)
    pytest.skip("neither influxd on PATH nor a Docker engine")


def skip_on_another_date() -> None:
    """Skip the test under `./run test --at`."""
    if inherited():
        pytest.skip("influxd is a static program: its clock cannot be shifted")


def _has_docker() -> bool:
    docker = shutil.which("docker")
    return docker is not None and subprocess.run([docker, "info"], capture_output=True, check=False).returncode == 0
