"""The sink put together and run beside the recorder."""

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from tictally_recorder.ledger import LedgerReader, Outbox
from tictally_recorder.sinks.influxdb.client import OF_SETUP, Client
from tictally_recorder.sinks.influxdb.config import Target
from tictally_recorder.sinks.influxdb.health_points import of_edge, of_recorder
from tictally_recorder.sinks.influxdb.ledger_source import LedgerRows
from tictally_recorder.sinks.influxdb.points import Point
from tictally_recorder.sinks.influxdb.sink import InfluxSink
from tictally_recorder.sinks.runner import Copier, Wait

NAME: Final = "influxdb"
"""What the sink is called in the ledger."""
# Said while InfluxDB is away; more would be of no use.
_SAID_AT_MOST: Final = 1000


class InfluxCopy:
    """A ledger's copy in InfluxDB, as the recorder sees it: it is started, told of health, and closed.

    Args:
        target: which InfluxDB.
        ledger: path of the ledger, which has a sink of this name.
        tz: whose days are meant.
        recorder: name of the recorder.
    """

    def __init__(self, target: Target, ledger: Path, tz: ZoneInfo, recorder: str) -> None:
        self._recorder = recorder
        self._said: deque[Point] = deque(maxlen=_SAID_AT_MOST)
        self._copier = Copier(lambda wait: sink_of(target, ledger, tz, wait, self._said))

    def start(self) -> None:
        """Begin."""
        self._copier.start()

    def say_health(self, health: Mapping[str, Any], refused: Mapping[str, int], now_ms: int) -> None:
        """Copy the recorder's health too.

        Args:
            health: its message.
            refused: reason → messages set aside.
            now_ms: when.
        """
        self._said.extend(of_recorder(self._recorder, health, refused, now_ms))

    def say_edge(self, edge: str, payload: bytes, arrived_ms: int) -> None:
        """Copy an edge's health too."""
        self._said.extend(of_edge(edge, payload, arrived_ms))

    @property
    def problem(self) -> str | None:
        """Why InfluxDB takes nothing, a sentence, or None while it does."""
        return self._copier.problem

    def close(self) -> None:
        """End; what is not copied yet is at the next start."""
        self._copier.close()


def sink_of(target: Target, ledger: Path, tz: ZoneInfo, wait: Wait, said: deque[Point]) -> InfluxSink:
    """The sink that copies a ledger; in the thread that uses it.

    Args:
        target: which InfluxDB.
        ledger: path of the ledger.
        tz: whose days are meant.
        wait: sleeps.
        said: points of health, which it takes.

    Raises:
        LedgerError: the ledger cannot be read, or has no such sink.
    """
    outbox = Outbox.open(ledger, NAME)
    rows = LedgerRows(LedgerReader.open(ledger), tz)
    client = Client(target.url, target.token, target.org, target.ca)
    setup = None
    if target.setup_token is not None:
        setup = Client(target.url, target.setup_token, target.org, target.ca, OF_SETUP)
    return InfluxSink(client, setup, target.buckets, outbox, rows, wait, said)
