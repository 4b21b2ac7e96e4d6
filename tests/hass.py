"""A real Home Assistant for tests: started on an empty folder, set up and queried through its own interfaces.

The command is in `TICTALLY_HASS`, or is `hass` on PATH; where there is neither, nothing that needs it can be tested.
"""

import json
import os
import re
import shlex
import shutil
import time
from collections.abc import Callable, Collection
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from websockets.sync.client import ClientConnection, connect

from demo.broker import free_port
from devel.child_process import ChildProcess

WITHIN_S = 60.0
_START_WITHIN_S, _STOP_WITHIN_S = 120.0, 60.0
_CLIENT: Final = "http://127.0.0.1/"
_MQTT_5_SINCE, _ONE_SOURCE_A_METER_SINCE = 2026, 2026

_CONFIGURATION: Final = """\
homeassistant:
  name: Home
  latitude: 48.85
  longitude: 2.35
  elevation: 35
  unit_system: metric
  currency: EUR
  country: FR
  time_zone: Europe/Paris
http:
  server_host: 127.0.0.1
  server_port: {port}
api:
websocket_api:
recorder:
  commit_interval: 1
history:
energy:
logger:
  default: warning
"""

_POWERS: Final = {"W": "power", "VA": "apparent_power"}
_NO_VALUE: Final = (None, "unavailable", "unknown")

_COMPLAINT: Final = re.compile(r"\S+ \S+ (?:WARNING|ERROR|CRITICAL) \([^)]*\) \[([^\]]*)\] (.*)")
_OF_OURS: Final = re.compile("mqtt|sensor|recorder|statistic|energy|websocket_api|tictally", re.IGNORECASE)
# A warning about an unreachable broker is no complaint about a message.
_BROKER_AWAY: Final = re.compile(
    "Error (?:returned from|talking to) MQTT|(?:Disconnected from|Failed to connect to) MQTT"
)


def command() -> list[str]:
    """The command that starts Home Assistant; empty where it is not installed."""
    if given := os.environ.get("TICTALLY_HASS"):
        return shlex.split(given)
    found = shutil.which("hass")
    return [found] if found else []


@dataclass
class HomeAssistant:
    """Starts on `start`, on the same port every time; its state is in `folder`. `more`: further configuration."""

    folder: Path
    port: int = 0
    more: str = ""
    _process: ChildProcess | None = field(default=None, repr=False)
    _socket: ClientConnection | None = field(default=None, repr=False)
    _open_sockets: ExitStack = field(default_factory=ExitStack, repr=False)
    _asked: int = 0
    _token: str = field(default="", repr=False)

    def start(self) -> None:
        """Start it, the first time with an owner, and wait until it runs."""
        is_new = not self.port
        self.port = self.port or free_port()
        (self.folder / "configuration.yaml").write_text(
            _CONFIGURATION.format(port=self.port) + self.more, encoding="utf-8"
        )
        arguments = ["--config", str(self.folder), "--skip-pip", "--log-no-color"]
        self._process = ChildProcess("Home Assistant", [*command(), *arguments], self._log, folder=self.folder)
        self._process.start()
        if is_new:
            self._make_owner()
        self._wait_until(lambda: self.is_open or self._open(), "opened its WebSocket", _START_WITHIN_S)
        self._wait_until(lambda: self.ask("get_config")["state"] == "RUNNING", "ran", _START_WITHIN_S)
        assert not self.ask("get_config")["recovery_mode"], self.output
        # Newer ones try the port for five minutes, then start again without it, unless somebody shows that it is right.
        self._ask("http/config/promote")

    def stop(self) -> None:
        """End it; it saves its state."""
        self._open_sockets.close()
        self._socket = None
        if self._process is not None:
            with suppress(TimeoutError):
                self._process.stop(timeout_s=_STOP_WITHIN_S)
            self._process = None

    def add_broker(self, port: int) -> None:
        """Add the MQTT integration as a user does, in its form."""
        flows = "/api/config/config_entries/flow"
        form = self._post(flows, {"handler": "mqtt", "show_advanced_options": False})
        answers: dict[str, Any] = {"broker": "127.0.0.1", "port": port}
        if self.year >= _MQTT_5_SINCE:
            other = {"set_client_cert": False, "set_ca_cert": "off", "transport": "tcp"}
            answers |= {"protocol": "5", "other_settings": other}
        done = self._post(f"{flows}/{form['flow_id']}", answers)
        assert done["type"] == "create_entry", done

    def finish_onboarding(self) -> None:
        """Skip what its page asks a new owner, so that a browser is shown the dashboards."""
        for step, answers in (
            ("core_config", {}),
            ("analytics", {}),
            ("integration", {"client_id": _CLIENT, "redirect_uri": _CLIENT}),
        ):
            self._post(f"/api/onboarding/{step}", answers)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def year(self) -> int:
        """The first part of its version."""
        return int(self.ask("get_config")["version"].split(".")[0])

    @property
    def output(self) -> str:
        """Everything it wrote."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def complaints(self) -> list[str]:
        """Its warnings that a message of ours may have caused."""
        found = [_COMPLAINT.match(line) for line in self.output.splitlines()]
        relevant = [each for each in found if each is not None and _OF_OURS.search(each.group(1) + each.group(2))]
        return [each.group() for each in relevant if not _BROKER_AWAY.match(each.group(2))]

    @property
    def states(self) -> dict[str, dict[str, Any]]:
        """Entity id → its state and attributes."""
        return {each["entity_id"]: each for each in self.ask("get_states")}

    @property
    def entities(self) -> dict[str, dict[str, Any]]:
        """Unique id → entity of the MQTT integration, disabled ones too."""
        listed = self.ask("config/entity_registry/list")
        return {each["unique_id"]: each for each in listed if each["platform"] == "mqtt"}

    @property
    def statistic_ids(self) -> set[str]:
        """Ids of the entities that have or can have long-term statistics."""
        return {each["statistic_id"] for each in self.ask("recorder/list_statistic_ids")}

    def entity_id(self, unique_id: str) -> str:
        """What it calls an entity: another name in each version and language. Its unique id is ours.

        Raises:
            KeyError: there is none.
        """
        return str(self.entities[unique_id]["entity_id"])

    def state(self, unique_id: str) -> dict[str, Any] | None:
        """An entity's state and attributes, or None where it has none."""
        entity = self.entities.get(unique_id)
        return None if entity is None else self.states.get(entity["entity_id"])

    def value(self, unique_id: str) -> str | None:
        """An entity's value; None where there is no such entity, it is disabled, unavailable, or knows nothing yet."""
        value = (self.state(unique_id) or {}).get("state")
        return None if value in _NO_VALUE else str(value)

    def wait_for_values(self, *unique_ids: str, within_s: float = WITHIN_S) -> None:
        """Wait until entities have values."""
        without_value = set(unique_ids)

        def has_all() -> bool:
            without_value.difference_update([each for each in without_value if self.value(each) is not None])
            return not without_value

        self._wait_until(has_all, f"showed all of {unique_ids}", within_s)

    def wait_for(self, unique_id: str, value: str | None, within_s: float = WITHIN_S) -> None:
        """Wait until an entity has this value."""
        self._wait_until(lambda: self.value(unique_id) == value, f"showed {unique_id} as {value}", within_s)

    def wait_until(self, is_so: Callable[[], object], what: str, within_s: float = WITHIN_S) -> None:
        """Wait for anything else."""
        self._wait_until(is_so, what, within_s)

    def set_state(self, entity_id: str, state: str) -> None:
        """Set the state of an entity that no integration has."""
        self._post(f"/api/states/{entity_id}", {"state": state})

    def import_statistics(self, entity_id: str, value: float, unit: str = "kWh") -> None:
        """Give an entity a past: what makes it known to the energy dashboard without five minutes' waiting.

        Args:
            entity_id: a register or a sum, or with the unit `W` a power.
            value: of the past hour.
            unit: the entity's.
        """
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
        is_mean = unit in _POWERS
        row = dict.fromkeys(("mean", "min", "max"), value) if is_mean else {"state": value, "sum": 0.0}
        self.import_rows(entity_id, [{"start": hour.isoformat()} | row], unit)

    def import_rows(self, entity_id: str, rows: list[dict[str, Any]], unit: str) -> None:
        """Give an entity a past of its own, hour by hour.

        Args:
            entity_id: a register or a sum, or with a unit of power a power.
            rows: `start`, and `state` and `sum`, or `mean`, `min` and `max`.
            unit: the entity's.
        """
        is_mean = unit in _POWERS
        mean: dict[str, Any] = {"has_mean": is_mean}
        if self.year >= _MQTT_5_SINCE:
            mean = {"mean_type": int(is_mean), "unit_class": {"kWh": "energy", **_POWERS}.get(unit)}
        about = {"statistic_id": entity_id, "source": "recorder", "name": None, "unit_of_measurement": unit}
        self.ask("recorder/import_statistics", metadata=about | {"has_sum": not is_mean} | mean, stats=rows)

    def energy_problems(
        self,
        consumption: Collection[str],
        injection: Collection[str] = (),
        *,
        price: str | None = None,
        total: str | None = None,
        power: str | None = None,
    ) -> list[Any]:
        """Put registers into the energy dashboard, and give what it has against them.

        Args:
            consumption: entities.
            injection: entities.
            price: of a kWh that is consumed, an entity.
            total: of what was paid for what is consumed, an entity.
            power: of the grid, an entity; older versions have no place for it.
        """
        sources: list[dict[str, Any]]
        paid = {"stat_cost": total, "entity_energy_price": price, "number_energy_price": None}
        if self.year >= _ONE_SOURCE_A_METER_SINCE:
            sources = [
                {"type": "grid", "stat_energy_from": each, "cost_adjustment_day": 0, **paid} for each in consumption
            ]
            sources += [{"type": "grid", "stat_energy_to": each, "cost_adjustment_day": 0} for each in injection]
            sources[0] |= {"power_config": {"stat_rate": power}} if power is not None else {}
        else:
            unpaid = {"stat_compensation": None, "entity_energy_price": None, "number_energy_price": None}
            flow_from = [{"stat_energy_from": each, **paid} for each in consumption]
            flow_to = [{"stat_energy_to": each, **unpaid} for each in injection]
            sources = [{"type": "grid", "flow_from": flow_from, "flow_to": flow_to, "cost_adjustment_day": 0}]
        self.ask("energy/save_prefs", energy_sources=sources, device_consumption=[])
        return [problem for source in self.ask("energy/validate")["energy_sources"] for problem in source]

    def ask(self, what: str, **about: object) -> Any:  # noqa: ANN401 - as many shapes as questions
        """The answer to a WebSocket command."""
        answer = self._ask(what, **about)
        assert answer["success"], answer
        return answer["result"]

    def _ask(self, what: str, **about: object) -> dict[str, Any]:
        assert self._socket is not None, "it does not run"
        self._asked += 1
        self._socket.send(json.dumps({"id": self._asked, "type": what, **about}))
        answer: dict[str, Any] = json.loads(self._socket.recv(WITHIN_S))
        assert answer["id"] == self._asked, answer
        return answer

    @property
    def is_open(self) -> bool:
        """True while its WebSocket is connected."""
        return self._socket is not None

    @property
    def _log(self) -> Path:
        return self.folder / "output.log"

    def _open(self) -> bool:
        try:
            there = connect(f"ws://127.0.0.1:{self.port}/api/websocket", max_size=None, proxy=None)
            socket = self._open_sockets.enter_context(there)
        except (OSError, TimeoutError):
            return False
        socket.recv(WITHIN_S)
        socket.send(json.dumps({"type": "auth", "access_token": self._token}))
        assert json.loads(socket.recv(WITHIN_S))["type"] == "auth_ok"
        self._socket, self._asked = socket, 0
        return True

    def _make_owner(self) -> None:
        owner = {"client_id": _CLIENT, "name": "Owner", "username": "owner", "password": "owner", "language": "en"}
        made: list[str] = []

        def is_made() -> bool:
            try:
                made.append(self._post("/api/onboarding/users", owner)["auth_code"])
            except (OSError, HTTPException, LookupError):  # it is not yet there, or not yet that far
                return False
            return True

        self._wait_until(is_made, "took its owner", _START_WITHIN_S)
        grant = {"grant_type": "authorization_code", "code": made[0], "client_id": _CLIENT}
        self._token = self._post("/auth/token", grant, is_form=True)["access_token"]

    def _post(self, path: str, body: dict[str, Any], *, is_form: bool = False) -> Any:  # noqa: ANN401
        kind = "application/x-www-form-urlencoded" if is_form else "application/json"
        headers = {"Content-Type": kind} | ({"Authorization": f"Bearer {self._token}"} if self._token else {})
        connection = HTTPConnection("127.0.0.1", self.port, timeout=WITHIN_S)
        try:
            connection.request("POST", path, urlencode(body) if is_form else json.dumps(body), headers)
            answer = connection.getresponse()
            if answer.status >= 400:
                raise LookupError(f"{path}: {answer.status} {answer.read()!r}")
            return json.loads(answer.read())
        finally:
            connection.close()

    def _wait_until(self, is_so: Callable[[], object], what: str, within_s: float) -> None:
        end = time.monotonic() + within_s
        while not is_so():
            assert self._process is not None
            assert self._process.pid is not None, self.output[-3000:]
            assert time.monotonic() < end, f"Home Assistant never {what}; its log: {self.complaints}"
            time.sleep(0.2)
