"""Announces one meter to hubs, and takes back what it no longer has. Pure.

What stands announced is read back from the broker when the edge starts: an edge that has lost its memory knows what an
earlier life has announced, and takes away what the meter no longer has, only where the meter has provably changed.
"""

from dataclasses import dataclass
from typing import Final

from tictally_edge.belief.believer import BelievedFrame
from tictally_edge.discovery.device import meter_device
from tictally_edge.discovery.edge_device import edge_components, edge_device
from tictally_edge.discovery.entities import components
from tictally_edge.discovery.watch import ProfileWatch
from tictally_edge.naming import Naming
from tictally_edge.publishing.publication import Publication
from tictally_shared.discovery import Announced, Language, config_topic, discovery_json, read_discovery

# What stands on the broker comes at once when it is asked for; where nothing stands, nothing comes.
_READ_WITHIN_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Announcing:
    """How devices are announced.

    Attributes:
        prefix: below which hubs look for announcements.
        language: of names.
        version: of this program.
    """

    prefix: str
    language: Language
    version: str


def own_announcement(announcing: Announcing, naming: Naming) -> Publication:
    """The announcement of the edge itself, which never changes while it runs."""
    device = edge_device(naming.edge, naming.topics, announcing.version, announcing.language)
    entities = edge_components(naming.edge, naming.topics, announcing.language)
    return Publication(config_topic(device.id, announcing.prefix), discovery_json(device, entities))


class Announcer:
    """One meter's announcement.

    Attributes:
        topic: where it stands.

    Args:
        announcing: how.
        naming: under which names the meter is published.
        number: the meter's own.
    """

    def __init__(self, announcing: Announcing, naming: Naming, number: str) -> None:
        self._announcing, self._naming, self._number = announcing, naming, number
        self._meter = naming.key or number
        self.topic = config_topic(f"tictally_{self._meter}", announcing.prefix)
        self._watch = ProfileWatch()
        self._standing: Announced | None = None
        self._said = ""
        self._read_until: float | None = None

    def found(self, payload: bytes) -> None:
        """What stands on the broker, from this life or an earlier one."""
        if not self._said:
            self._standing = read_discovery(payload)

    def again(self) -> list[Publication]:
        """The announcement once more: the broker, or a hub, may have lost it."""
        return [Publication(self.topic, self._said)] if self._said else []

    def hear(self, believed: BelievedFrame, at: float) -> list[Publication]:
        """What a frame changes.

        Args:
            believed: the frame.
            at: monotonic seconds.
        """
        before = self._watch.profile
        self._watch.hear(believed)
        if self._read_until is None:
            self._read_until = at + _READ_WITHIN_S
        if self._watch.profile is None or at < self._read_until or (self._said and self._watch.profile == before):
            return []
        payload = self._payload()
        if payload == self._said:
            return []
        self._said, self._standing = payload, read_discovery(payload.encode())
        return self.again()

    def _payload(self) -> str:
        profile, naming, how = self._watch.profile, self._naming, self._announcing
        if profile is None:
            return ""
        device = meter_device(profile, self._number, naming.key, naming.topics, naming.edge, how.version, how.language)
        present = {each.key: each for each in components(profile, self._meter, naming.topics, how.language)}
        removed: dict[str, str] = {}
        if (standing := self._standing) is not None:
            gone = {key: each for key, each in standing.components.items() if key not in present}
            removed = {key: platform for key, platform in standing.removed.items() if key not in present}
            if (standing.hardware, standing.version) == (device.hardware, device.version):
                present |= gone  # the meter is what it was: a frame that lacks a label takes nothing away
            else:
                removed |= {key: each.platform for key, each in gone.items()}
        return discovery_json(device, list(present.values()), removed)
