"""`tictally sink refill` where no recorder runs: how it waits, and how it ends.

A scripted sink stands in for InfluxDB: what it answers decides how long the command sleeps between.
"""

from pathlib import Path

import pytest
from ledger_building import NOON_MS, frame, message
from typer.testing import CliRunner

from tictally_recorder.cli import refill as command
from tictally_recorder.cli.app import app
from tictally_recorder.ledger import Ledger, Outbox, TimeWindow
from tictally_recorder.problem import uncoded
from tictally_recorder.sinks.protocol import SinkError
from tictally_shared.phrase import Phrase

URL = "http://influxdb.invalid:8086"


class Scripted:
    """A sink that replicates everything in its last step.

    Args:
        path: of the ledger.
        steps: what each step returns or raises.
    """

    blocked: Phrase | None = None

    def __init__(self, path: Path, steps: list[float | SinkError]) -> None:
        self._outbox = Outbox.open(path, "influxdb")
        self._steps = iter(steps)
        self._left = len(steps)

    def step(self) -> float:
        self._left -= 1
        answer = next(self._steps)
        if isinstance(answer, SinkError):
            raise answer
        if not self._left:
            self._outbox.advance(self._outbox.cursor, 1, [], [])
            self._outbox.take_quarters(2**62, 96)
            self._outbox.confirm_taken()
        return answer


@pytest.mark.parametrize(
    ("steps", "slept_s"),
    [
        ([0.0, 0.0, 1.0], [0.0, 0.0]),
        ([1.0, 1.0, 0.0], [1.0, 1.0]),
        ([SinkError("busy", 0.0), SinkError("busy", 7.0), SinkError("busy"), 0.0], [1.0, 7.0, 4.0]),
    ],
    ids=["all is copied without a rest", "what waits is waited for", "a server that asks for no time gets some"],
)
def test_it_sleeps_while_there_is_nothing_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: list[float | SinkError], slept_s: list[float]
) -> None:
    path, slept = tmp_path / "ledger.sqlite", list[float]()
    with Ledger.open(path) as ledger:
        ledger.store([message(frame(1, NOON_MS, {"EAST": 1}))])
    monkeypatch.setattr("tictally_recorder.sinks.influxdb.sink.open_sink", lambda *_: Scripted(path, steps))
    monkeypatch.setattr(command, "_sleep", slept.append)
    environ = {"TICTALLY_LEDGER": str(path), "TICTALLY_INFLUXDB_URL": URL, "TICTALLY_INFLUXDB_TOKEN": "t"}
    done = CliRunner().invoke(app, ["sink", "refill"], env=environ | {"TICTALLY_INFLUXDB_ORG": "o"})
    assert (done.exit_code, "InfluxDB: replication complete." in done.output) == (0, True), done.output
    assert slept == pytest.approx(slept_s, abs=0.5)


def test_it_ends_with_the_reason_where_an_hour_cannot_be_aggregated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        ledger.store([message(frame(1, NOON_MS, {"EAST": 1}))])

    def scripted(*_: object) -> Scripted:
        sink = Scripted(path, [0.0, 1.0])
        sink.blocked = uncoded("InfluxDB's task has failed: no disk")
        sink._outbox.add_windows([TimeWindow(3_600_000, NOON_MS)])
        return sink

    monkeypatch.setattr("tictally_recorder.sinks.influxdb.sink.open_sink", scripted)
    monkeypatch.setattr(command, "_sleep", lambda _: False)
    environ = {"TICTALLY_LEDGER": str(path), "TICTALLY_INFLUXDB_URL": URL, "TICTALLY_INFLUXDB_TOKEN": "t"}
    done = CliRunner().invoke(app, ["sink", "refill"], env=environ | {"TICTALLY_INFLUXDB_ORG": "o"})
    warning = "but 1 minutes and hours are not aggregated yet: InfluxDB's task has failed: no disk"
    assert (done.exit_code, warning in done.output) == (0, True), done.output
