"""Starts broker, recorder, meter and edge in a folder, and ends them so that nothing is lost or left behind."""

import os
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from demo import parts
from demo.broker import COMMON, HOST, configuration, free_port
from devel.child_process import ChildProcess

NAME: Final = "demo"
_START_S: Final = 30
_STOP_S: Final = 8.0
SUBSCRIBED_KVA: Final = 9
_PREFIX: Final = "TICTALLY_"
_CONTRACT: Final = '[[contract]]\ntariff = "{tariff}"\npower = {power}\nfrom = 2020-01-01\n'


class DemoStage:
    """The programs of a demo.

    Args:
        folder: an empty folder for everything they write.
        port: of 127.0.0.1, for the broker.
        meter: arguments of `tictally-edge simulate`.
        tariff: id of the bundled tariff of the meter's site, or None if that is unknown.
        stopped: waits that many seconds; returns True as soon as the demo is to end.
    """

    def __init__(
        self, folder: Path, port: int, meter: Sequence[str], tariff: str | None, stopped: Callable[[float], bool]
    ) -> None:
        self.ledger = folder / "ledger.sqlite"
        self.port = port
        self.http_port = free_port()
        self._folder = folder
        self._meter = meter
        self._tariff = tariff
        self._stopped = stopped
        self._link = folder / "meter"
        self._parts: dict[str, ChildProcess] = {}

    @property
    def page(self) -> str:
        """The address of the page."""
        return f"http://{HOST}:{self.http_port}/"

    @staticmethod
    def program(name: str) -> str:
        """The path of a program of this installation."""
        return str(Path(sys.executable).parent / name)

    def start_broker(self) -> None:
        """Start mosquitto and wait until it listens.

        Raises:
            PartError: it does not come up.
        """
        file = self._folder / "mosquitto.conf"
        file.write_text(configuration(COMMON.read_text(), self.port, self._folder))
        self._start("mosquitto", ["mosquitto", "-c", str(file)])
        self._wait("mosquitto", self._listens)

    def start_recorder(self, online: Callable[[], bool]) -> None:
        """Start the recorder and wait until it is online: a frame sent before its first session would be lost.

        Raises:
            PartError: it does not come up.
        """
        if self._tariff is not None:
            contract = _CONTRACT.format(tariff=self._tariff, power=SUBSCRIBED_KVA)
            (self._folder / "contracts.toml").write_text(contract)
        self._start("recorder", [self.program("tictally"), "record"])
        self._wait("recorder", online)

    def start_meter(self) -> None:
        """Start the meter, which may take some seconds to count through its past."""
        self._start("meter", [self.program("tictally-edge"), "simulate", "--link", str(self._link), *self._meter])

    def start_edge(self) -> None:
        """Start the edge when the meter's line is there.

        Raises:
            PartError: the meter does not come up.
        """
        self._wait("meter", self._link.exists)
        self._start("edge", [self.program("tictally-edge"), "run"])

    def check(self) -> None:
        """Check that every program runs.

        Raises:
            PartError: one ended.
        """
        for part in self._parts.values():
            parts.check(part)

    def stop(self, *names: str) -> None:
        """Stop these programs, in this order; none named: all, each before the one it needs."""
        for name in names or ("meter", "edge", "recorder", "mosquitto"):
            if name in self._parts:
                with suppress(TimeoutError):
                    self._parts.pop(name).stop(timeout_s=_STOP_S)

    def _start(self, name: str, command: Sequence[str]) -> None:
        if not self._stopped(0):
            part = ChildProcess(name, command, self._folder / f"{name}.log", self._environ(), self._folder)
            parts.start(part)
            self._parts[name] = part

    def _wait(self, name: str, ready: Callable[[], bool]) -> None:
        if name in self._parts:
            parts.wait_until(ready, self._parts[name], _START_S, self._stopped)

    def _environ(self) -> dict[str, str]:
        # The settings of a real installation on this machine are not the demo's.
        environ = {name: value for name, value in os.environ.items() if not name.startswith(_PREFIX)}
        edge = {"PORT": str(self._link), "NAME": NAME, "CLOCK": "trust", "JOURNAL": str(self._folder / "journal")}
        recorder = {"NAME": NAME, "LEDGER": str(self.ledger), "STATE": str(self._folder / "state")}
        recorder |= {"HTTP_PORT": str(self.http_port), "COMMIT_S": "0"}
        broker = {"MQTT_HOST": HOST, "MQTT_PORT": str(self.port)}
        environ |= {f"{_PREFIX}EDGE_{name}": value for name, value in (edge | broker).items()}
        return environ | {f"{_PREFIX}{name}": value for name, value in (recorder | broker).items()}

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) == 0
