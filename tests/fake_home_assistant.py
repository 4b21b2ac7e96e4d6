"""A fake Home Assistant: a local WebSocket server with the statistics commands, in the forms of two versions.

It stands for a real one where that is not installed (tests/system/test_home_assistant_statistics.py has the real ones):
what it accepts and refuses was written down from 2025.4.4 and 2026.11.0.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

TOKEN = "long-lived"  # noqa: S105
HOUR_MS = 3_600_000
OLD, NEW = "2025.4.4", "2026.11.0"


@dataclass
class FakeHomeAssistant:
    """What one Home Assistant has, and how it behaves.

    Attributes:
        version: that it reports and whose metadata it accepts.
        metadata: statistic → its description.
        rows: statistic → start of an hour in ms → (sum, state).
        commands: the names of all there were, in order.
        imported: the number of rows of each import, in order.
        is_admin: whether the token is an administrator's.
        late: how many reads still show what was there before an import.
        loses: it accepts imports and stores nothing.
        accepted: the token that it accepts.
    """

    version: str = NEW
    metadata: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: dict[str, dict[int, tuple[float, float | None]]] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    imported: list[int] = field(default_factory=list)
    is_admin: bool = True
    late: int = 0
    loses: bool = False
    accepted: str = TOKEN
    port: int = 0
    _queue: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator["FakeHomeAssistant"]:
        """While the block runs, it answers; always on the same port."""
        open_ones: list[ServerConnection] = []

        def handler(connection: ServerConnection) -> None:
            open_ones.append(connection)
            self._serve(connection)

        with serve(handler, "127.0.0.1", self.port) as server:
            self.port = server.socket.getsockname()[1]
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                for connection in open_ones:
                    connection.close()
                thread.join()

    def sums(self, name: str) -> list[float]:
        """The sums of a statistic, in order of time."""
        return [row[0] for _, row in sorted(self.rows[name].items())]

    def own(self, entity: str, first_ms: int, sums: list[float], state: float, unit: str = "kWh") -> None:
        """Statistics that it has compiled of an entity itself."""
        self.metadata[entity] = {"unit_of_measurement": unit, "name": None, "source": "recorder"}
        self.rows[entity] = {first_ms + n * HOUR_MS: (each, state + each) for n, each in enumerate(sums)}

    def _serve(self, connection: ServerConnection) -> None:
        try:
            connection.send(json.dumps({"type": "auth_required", "ha_version": self.version}))
            if json.loads(connection.recv())["access_token"] != self.accepted:
                connection.send(json.dumps({"type": "auth_invalid", "message": "Invalid access token or password"}))
                return
            connection.send(json.dumps({"type": "auth_ok", "ha_version": self.version}))
            for message in connection:
                asked = json.loads(message)
                self.commands.append(asked["type"])
                # What is not an answer may come at any time, and is for somebody else.
                connection.send(json.dumps({"id": 0, "type": "event", "event": {}}))
                connection.send(json.dumps({"id": asked["id"], "type": "result", **self._answer(asked)}))
        except ConnectionClosed:
            return

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = asked["type"].removeprefix("recorder/")
        if name in {"import_statistics", "clear_statistics"} and not self.is_admin:
            return _error("unauthorized", "Unauthorized")
        if name == "list_statistic_ids":
            return _result([self._listed(each, about) for each, about in self.metadata.items()])
        if name == "statistics_during_period":
            return _result(self._read(asked))
        if name == "clear_statistics":
            for each in asked["statistic_ids"]:
                self.metadata.pop(each, None)
                self.rows.pop(each, None)
            return _result(None)
        return self._import(asked)

    def _import(self, asked: dict[str, Any]) -> dict[str, Any]:
        about = asked["metadata"]
        wrong = {"mean_type", "unit_class"} if self.version == OLD else set()
        if wrong & about.keys() or (self.version == OLD and "has_mean" not in about):
            return _error("invalid_format", "extra keys not allowed @ data['metadata']['mean_type']")
        if ":" in about["statistic_id"] and about["source"] != about["statistic_id"].split(":")[0]:
            return _error("invalid_format", "Invalid source")
        if any(not each["start"].endswith(":00:00+00:00") for each in asked["stats"]):
            return _error("home_assistant_error", "Invalid timestamp")
        self.imported.append(len(asked["stats"]))
        if not self.loses:
            self._queue.append((self.late, asked))
        return _result(None)

    def _read(self, asked: dict[str, Any]) -> dict[str, Any]:
        due = [each for late, each in self._queue if not late]
        self._queue = [(late - 1, each) for late, each in self._queue if late]
        for each in due:
            self._store(each)
        first_ms, end_ms = _ms(asked["start_time"]), _ms(asked["end_time"])
        found = {}
        for name in asked["statistic_ids"]:
            rows = {at: row for at, row in sorted(self.rows.get(name, {}).items()) if first_ms <= at < end_ms}
            if asked["period"] == "month":  # its own: the last row of each, at the start of the month
                rows = {_month_ms(at): row for at, row in rows.items()}
            if rows:
                found[name] = [{"start": at, "end": at + HOUR_MS, "sum": r[0], "state": r[1]} for at, r in rows.items()]
        return found

    def _store(self, asked: dict[str, Any]) -> None:
        name = asked["metadata"]["statistic_id"]
        self.metadata[name] = asked["metadata"]
        for each in asked["stats"]:
            self.rows.setdefault(name, {})[_ms(each["start"])] = (each["sum"], each.get("state"))

    def _listed(self, name: str, about: dict[str, Any]) -> dict[str, Any]:
        unit = about["unit_of_measurement"]
        return {
            "statistic_id": name,
            "name": about["name"],
            "source": about["source"],
            "has_sum": True,
            "statistics_unit_of_measurement": unit,
            "display_unit_of_measurement": unit,
        }


def _result(found: object) -> dict[str, Any]:
    return {"success": True, "result": found}


def _error(code: str, message: str) -> dict[str, Any]:
    return {"success": False, "error": {"code": code, "message": message}}


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _month_ms(time_ms: int) -> int:
    at = datetime.fromtimestamp(time_ms / 1000, UTC)
    return round(at.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)
