"""What others publish that concerns this edge: another edge of its name, its own past, recorders' availability."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tictally_shared.frames import FrameError, strict_json
from tictally_shared.instances import InstanceWatch
from tictally_shared.topics import Topics

_OFFLINE: Final = b"offline"
# A recorder that has been away for longer needs no copy on disk: the journal goes no further back.
_RECORDER_AWAY_S: Final = 14 * 86_400.0
_MOST_RECORDERS: Final = 64

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Recorder:
    is_online: bool
    since_s: float


class BrokerWatch:
    """Reads availability and health under this edge's name, and the availability of recorders.

    Attributes:
        filters: of the topics to subscribe to.
        instance: random name of this process.
        conflicts: how often another edge of this name was noticed.

    Args:
        topics: below which base.
        edge: this edge's name.
    """

    def __init__(self, topics: Topics, edge: str) -> None:
        self._health, self._availability = (topics.edge(edge, what) for what in ("health", "availability"))
        self._recorders = topics.recorder("+", "availability")
        self._edge = edge
        self._watch = InstanceWatch()
        self._is_acknowledged = False
        self._away: dict[str, _Recorder] = {}
        self.filters = [self._health, self._availability, self._recorders]
        self.instance = self._watch.instance
        self.conflicts = 0

    def on_connected(self) -> None:
        """A new connection stands, and nothing has been published on it yet."""
        self._watch.is_published = self._is_acknowledged

    def note_acknowledged(self) -> None:
        """The broker has acknowledged a health message of this process."""
        self._is_acknowledged = True

    def concerns(self, topic: str) -> bool:
        """Whether a message on a topic is for this."""
        return topic in {self._health, self._availability} or self._is_of_recorder(topic)

    def is_other_edge(self, topic: str, payload: bytes, *, retained: bool) -> bool:
        """Take in a message of another client; True if it shows that another edge uses this name."""
        if self._is_of_recorder(topic):
            return False
        if topic == self._availability:
            # The will of another edge, or its goodbye: this one's own is not published while it is connected.
            is_other = payload == _OFFLINE and not retained
        else:
            fields = health_fields(payload)
            is_other = bool(fields) and self._watch.is_other(fields.get("instance"), retained=retained)
        if is_other:
            self.conflicts += 1
            if self.conflicts == 1:
                log.error(
                    "Another edge has the name %s too: they end each other's connection. Give each a name of its own "
                    "(TICTALLY_EDGE_NAME), or stop one of them; until then this one stays away ever longer.",
                    self._edge,
                )
        return is_other

    def note_recorder(self, topic: str, payload: bytes, now_s: float) -> None:
        """Take in a message on a recorder's availability; others are ignored."""
        if not self._is_of_recorder(topic) or (topic not in self._away and len(self._away) >= _MOST_RECORDERS):
            return
        is_online, before = payload != _OFFLINE, self._away.get(topic)
        if before is None or before.is_online is not is_online:
            self._away[topic] = _Recorder(is_online, now_s)

    def is_recorder_away(self, now_s: float) -> bool:
        """Whether a recorder went offline within the last two weeks and has not come back."""
        return any(not each.is_online and now_s - each.since_s < _RECORDER_AWAY_S for each in self._away.values())

    def was_set_back(self, topic: str, payload: bytes, boot: str, last: int) -> bool:
        """Whether this edge's own health shows higher numbers of its boot than it has given: it was set back."""
        return topic == self._health and _last_of(health_fields(payload), boot) > last

    def _is_of_recorder(self, topic: str) -> bool:
        before, after = self._recorders.split("+")
        return topic.startswith(before) and topic.endswith(after)


def health_fields(payload: bytes) -> dict[str, Any]:
    """The fields of a health message; none if it is not one."""
    try:
        return strict_json(payload)
    except FrameError:
        return {}


def _last_of(health: Mapping[str, Any], boot: str) -> int:
    boots = health.get("boots")
    numbers = (
        [each.get("last") for each in boots if isinstance(each, dict) and each.get("boot") == boot]
        if isinstance(boots, list)
        else []
    )
    return max((number for number in numbers if isinstance(number, int)), default=0)
