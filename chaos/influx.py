"""InfluxDB under fault, where `influxd` is on PATH: set up as its owner would, compared with the ledger at the end."""

import json
import shutil
import time
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from chaos.ledger_content import StoredFrame
from demo.broker import HOST
from devel.shifted_clock import inherited
from tictally_recorder.ledger import Quarter
from tictally_recorder.sinks.influxdb.client import Client, row_ms
from tictally_recorder.sinks.protocol import SinkError
from tictally_shared.labels import LABELS

_ORG: Final = "chaos"
_TOKEN: Final = "of-whoever-sets-up"  # noqa: S105 - of a server that lives as long as the run
_MINUTE_MS: Final = 60_000
# The minute's task, and what the sink does when it was late for it.
_SURE_AFTER_MS: Final = 30_000


def can_run() -> bool:
    """Whether influxd is on PATH. It is a static program that no shifted clock reaches, and then takes no part."""
    return shutil.which("influxd") is not None and not inherited()


class Influx:
    """One influxd's folder, port and owner.

    Attributes:
        command: what starts it.
        settings: of a recorder that copies into it.

    Args:
        folder: for its data.
        port: where it listens.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self._url = folder, f"http://{HOST}:{port}"
        paths = [f"--{each}-path={folder / each}" for each in ("bolt", "sqlite", "engine")]
        self.command = ["influxd", "--reporting-disabled", f"--http-bind-address={HOST}:{port}", *paths]
        self.settings = {
            "TICTALLY_INFLUXDB_URL": self._url,
            "TICTALLY_INFLUXDB_ORG": _ORG,
            "TICTALLY_INFLUXDB_SETUP_TOKEN": _TOKEN,
        }
        self._is_set_up = False

    def supervise(self) -> None:
        """Give one that is new its owner; a second of waiting at most."""
        if self._is_set_up:
            return
        who = {"username": "chaos", "password": "of-a-run-only", "org": _ORG, "bucket": "unused", "token": _TOKEN}
        try:
            if self._ask("GET", None)["allowed"]:
                self._ask("POST", who)
        except (OSError, ValueError):
            return  # it does not answer yet
        self._is_set_up = True

    def wipe(self) -> None:
        """Take all from it while it does not run."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._is_set_up = False

    def differences(self, frames: Iterable[StoredFrame], quarters: Iterable[Quarter]) -> list[str]:
        """Sentences about what it holds and what it should: each frame, the minutes that are over, the quarters."""
        client = Client(self._url, _TOKEN, _ORG)
        try:
            return list(_compare(client, list(frames), quarters))
        except SinkError as error:
            return [f"InfluxDB: {error}"]
        finally:
            client.close()

    def _ask(self, method: str, body: Mapping[str, str] | None) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - our own server
            f"{self._url}/api/v2/setup", json.dumps(body).encode() if body else None, method=method
        )
        with urllib.request.urlopen(request, timeout=1) as answer:  # noqa: S310
            return dict(json.loads(answer.read()))


def _compare(client: Client, frames: list[StoredFrame], quarters: Iterable[Quarter]) -> Iterator[str]:
    here = Counter(
        (row["edge"], row["meter"], row_ms(row), row["_value"])
        for row in client.query(_of("tictally_raw", "tic", "seq"))
    )
    should = Counter((frame.edge, frame.meter, frame.time_ms, str(frame.seq)) for frame in frames)
    yield from (f"InfluxDB lacks the frame {key}" for key in should - here)
    yield from (f"InfluxDB has a frame too many: {key}" for key in here - should)
    over_ms = (time.time_ns() // 1_000_000 - _SURE_AFTER_MS) // _MINUTE_MS * _MINUTE_MS
    minutes = Counter((frame.meter, frame.time_ms // _MINUTE_MS * _MINUTE_MS) for frame in frames)
    rows = client.query(_of("tictally_minute", "tic", "frames"))
    made = {(row["meter"], row_ms(row)): int(row["_value"]) for row in rows}
    for key in sorted(minutes.keys() | made.keys()):
        if key[1] < over_ms and minutes[key] != made.get(key, 0):
            yield f"InfluxDB has {made.get(key, 0)} frames in the minute {key} and should have {minutes[key]}"
    meters = {frame.meter_id: frame.meter for frame in frames}
    wanted = {(meters[each.meter_id], each.start_ms): each.n for each in quarters if each.meter_id in meters}
    rows = client.query(_of("tictally", "power_quarter", "frames"))
    held = {(row["meter"], row_ms(row)): int(row["_value"]) for row in rows}
    if held != wanted:
        yield f"InfluxDB's quarters have these frames: {held} and should have {wanted}"
    rows = client.query(_of("tictally", "energy_quarter", "last"))
    last = {(row["site"], row["register"], row_ms(row)): int(row["_value"]) for row in rows}
    for quarter in quarters:
        for register, runs in quarter.registers.items():
            key_of_row = (meters.get(quarter.meter_id, ""), register, quarter.start_ms)
            if runs[-1].last and last.get(key_of_row) != runs[-1].last and not _is_enclosed(register, quarter):
                yield f"InfluxDB has {key_of_row} at {last.get(key_of_row)} and should have {runs[-1].last}"


def _is_enclosed(register: str, quarter: Quarter) -> bool:
    """True if registers of the other mode counted before and after: they have what was counted meanwhile, too."""
    runs = quarter.registers[register]
    return any(
        LABELS[other].mode is not LABELS[register].mode
        and around[0].first_ms < runs[0].first_ms
        and runs[-1].last_ms < around[-1].last_ms
        for other, around in quarter.registers.items()
    )


def _of(bucket: str, measurement: str, field: str) -> str:
    return (
        f'from(bucket: "{bucket}") |> range(start: 0, stop: 2100-01-01T00:00:00Z) '
        f'|> filter(fn: (r) => r._measurement == "{measurement}" and r._field == "{field}")'
    )
