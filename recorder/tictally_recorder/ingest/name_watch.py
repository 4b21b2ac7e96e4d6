"""Notices another recorder of the same name, or with a copy of the ledger, and puts both into health."""

import hashlib
import logging
import time
from typing import Any, Final

from tictally_recorder.ingest.mqtt_client import Connection
from tictally_recorder.ledger import Ledger
from tictally_recorder.maintenance import Turn
from tictally_shared.frames import FrameError, strict_json
from tictally_shared.instances import InstanceWatch
from tictally_shared.runtime.log import RateLimitedLogger

_EDGES_SHOWN: Final = 16
_MOST_RECORDERS: Final = 64
_DIGITS: Final = 16
_log = logging.getLogger(__name__)


class NameWatch:
    """Reads the health messages of recorders.

    Another one under this recorder's name has the same name. One with this ledger's client id has a copy of the ledger:
    the broker lets only one of them be connected, so that it is seen only by what it has left retained meanwhile.

    Args:
        name: of the recorder.
        topic: of its health.
        connection: to the broker.
        ledger: whose client id it has, and which knows the edges that have reached a limit.
    """

    def __init__(self, name: str, topic: str, connection: Connection, ledger: Ledger) -> None:
        self._name, self._topic = name, topic
        self._connection = connection
        self._ledger = ledger
        self._ledger_id = hashlib.sha256(ledger.client_id.encode()).hexdigest()[:_DIGITS]
        self._watch = InstanceWatch()
        self._seen: dict[str, object] = {}  # what others have left, as seen last
        self._limited_log = RateLimitedLogger(_log)
        self.count = 0

    def on_connected(self) -> None:
        """A new connection stands, and nothing has been published on it yet."""
        self._watch.is_published = self._connection.is_acknowledged(self._topic)

    def on_health(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """Take in a recorder's health message."""
        try:
            fields = strict_json(payload)
        except FrameError:
            return
        instance = fields.get("instance")
        if topic == self._topic:
            is_other = self._watch.is_other(instance, retained=retained)
        else:
            is_other = instance != self._watch.instance and self._is_new(topic, fields)
        if not is_other:
            return
        if fields.get("ledger") == self._ledger_id:
            self._connection.note_dispute()
            self._log(f"another recorder uses a copy of this ledger: {topic.split('/')[-2][:32]!r}")
        elif topic == self._topic:
            self.count += 1
            self._log(
                f"another recorder has the name {self._name!r} too, and both publish on the same topics: give each a "
                "name of its own (TICTALLY_NAME)"
            )

    def health(self, _turn: Turn) -> dict[str, object]:
        """Fields of the recorder's health, all since the process started.

        `instance`: random, of this process. `ledger`: hash of the ledger's client id. `name_conflicts`: health messages
        of another recorder of this name. `client_id_conflicts`: how often another recorder with a copy of this ledger
        was noticed. `messages_withheld`: larger than the broker accepts. `edges_at_limit`: edge → the limits that it
        has reached (meters, boots, deferred, conflicts), 16 edges at most.
        """
        reached = self._ledger.watch.reached
        return {
            "instance": self._watch.instance,
            "ledger": self._ledger_id,
            "name_conflicts": self.count,
            "client_id_conflicts": self._connection.disputes,
            "messages_withheld": self._connection.withheld,
            "edges_at_limit": {edge: list(reached[edge]) for edge in list(reached)[:_EDGES_SHOWN]},
        }

    def _is_new(self, topic: str, fields: dict[str, Any]) -> bool:
        """Whether a recorder of another name has published since its last message was seen; not at first sight."""
        content = fields.get("instance"), fields.get("uptime_s")
        before = self._seen.get(topic)
        if topic in self._seen or len(self._seen) < _MOST_RECORDERS:
            self._seen[topic] = content
        return before is not None and before != content

    def _log(self, sentence: str) -> None:
        self._limited_log.log(sentence, time.monotonic())
