"""A recorder's loop in the process of a test, run tick by tick."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from tictally_recorder.features import settings_with
from tictally_recorder.hubs.recorder_health import HealthStep
from tictally_recorder.ingest.broadcast import Broadcast
from tictally_recorder.ingest.broker import BrokerAddress
from tictally_recorder.ingest.events import Inbox
from tictally_recorder.ingest.loop import Ingest
from tictally_recorder.ingest.mqtt_client import Connection
from tictally_recorder.jobs import JobScheduler
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_recorder.maintenance import MaintenanceScheduler, MaintenanceStep, Turn
from tictally_recorder.service import RecorderResources, make_ingest
from tictally_recorder.settings import Settings
from tictally_recorder.sinks.replication import Replication
from tictally_shared.runtime.systemd import Notifier

AVAILABILITY = "tictally/recorder/nas/availability"
HEALTH = "tictally/recorder/nas/health"


class RecordedConnection(Connection):
    """A connection that records what goes out.

    Attributes:
        topics: of the messages, in their order.
        payloads: topic → the newest payload.
    """

    def __init__(self, ledger: Ledger, port: int, inbox: Inbox) -> None:
        super().__init__(BrokerAddress("127.0.0.1", port), ledger.client_id, (AVAILABILITY, "offline"), inbox)
        self.topics: list[str] = []
        self.payloads: dict[str, str] = {}

    def publish(self, topic: str, payload: str, *, retain: bool = True) -> bool:
        self.topics.append(topic)
        self.payloads[topic] = payload
        return super().publish(topic, payload, retain=retain)


@dataclass(frozen=True)
class Loop:
    """A loop with what it hangs on."""

    ingest: Ingest
    connection: RecordedConnection
    inbox: Inbox
    reader: LedgerReader

    @property
    def maintenance(self) -> MaintenanceScheduler:
        return self.ingest._parts.maintenance

    def step(self, name: str) -> MaintenanceStep:
        (found,) = (slot.step for slot in self.maintenance._slots if slot.step.name == name)
        return found

    def publish_health_soon(self) -> None:
        step = self.step("health")
        assert isinstance(step, HealthStep)
        step.publish_soon()

    def health(self) -> dict[str, Any]:
        """The fields of a health message."""
        self.publish_health_soon()
        self.step("health").run(turn(is_connected=True))
        body: dict[str, Any] = json.loads(self.connection.payloads[HEALTH])
        return body


def turn(now_s: float = 0.0, now_ms: int = 0, *, is_connected: bool = False) -> Turn:
    """One in which there is time for one piece of work."""
    return Turn(now_s, now_ms, is_connected, has_time=lambda: False, problems={})


@contextmanager
def recorder_loop(folder: Path, ledger: Ledger, port: int = 1, settings: Settings | None = None) -> Iterator[Loop]:
    """The loop of a recorder `nas` whose broker is at a port of this machine."""
    inbox: Inbox = SimpleQueue()
    connection = RecordedConnection(ledger, port, inbox)
    settings = settings or settings_with(name="nas", ledger=folder / "ledger.sqlite")
    with LedgerReader.open(settings.ledger) as reader:
        jobs = JobScheduler(settings, ledger.get_value)
        resources = RecorderResources(
            settings, ledger, reader, connection, inbox, Replication(settings), Broadcast(), jobs
        )
        yield Loop(make_ingest(resources, Notifier({})), connection, inbox, reader)
