"""Announces one meter to hubs, and takes back what it no longer has. Pure.

What stands announced is read back from the broker when the edge starts: an edge that has lost its memory knows what an
earlier life has announced, and takes away what the meter no longer has, only where the meter has provably changed.
"""

from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from tictally_edge.home_assistant.edge_device import edge_components, edge_device
from tictally_edge.home_assistant.entities import SUPPLIER_REGISTERS, component_key, components, meter_device
from tictally_edge.home_assistant.meter_profile import Profile, ProfileWatch
from tictally_edge.home_assistant.translations import DERIVED
from tictally_edge.settings import Settings
from tictally_edge.topics.naming import Naming
from tictally_edge.topics.retained_message import RetainedMessage
from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.home_assistant import Discovered, Language, config_topic, discovery_json, read_discovery
from tictally_shared.labels import CATALOGUE, DELIVERY_POINT

# What this program can announce, of any meter.
_ITS_OWN: Final = frozenset({*(component_key(label.name) for label in CATALOGUE), *DERIVED})


@dataclass(frozen=True, slots=True)
class DiscoverySettings:
    """How devices are announced.

    Attributes:
        prefix: below which hubs look for announcements.
        language: of names.
        version: of this program.
    """

    prefix: str
    language: Language
    version: str


def announcing_of(settings: Settings) -> DiscoverySettings | None:
    """How devices are announced by the edge's settings; None where discovery is off."""
    if not settings.is_discoverable:
        return None
    return DiscoverySettings(settings.discovery, settings.language, version("tictally-edge"))


def edge_discovery(announcing: DiscoverySettings, naming: Naming) -> RetainedMessage:
    """The announcement of the edge itself, which never changes while it runs."""
    device = edge_device(naming.edge, naming.topics, announcing.version, announcing.language)
    entities = edge_components(naming.edge, naming.topics, announcing.language)
    return RetainedMessage(config_topic(device.id, announcing.prefix), discovery_json(device, entities))


class Announcer:
    """One meter's announcement.

    Attributes:
        topic: where it stands.

    Args:
        announcing: how.
        naming: under which names the meter is published.
        number: the meter's own.
    """

    def __init__(self, announcing: DiscoverySettings, naming: Naming, number: str) -> None:
        self._announcing, self._naming, self._number = announcing, naming, number
        self._meter = naming.key or number
        self.topic = config_topic(f"tictally_{self._meter}", announcing.prefix)
        self._watch = ProfileWatch(frozenset() if naming.prm else frozenset({DELIVERY_POINT}))
        self._standing: Discovered | None = None
        self._said = ""
        self._profile: Profile | None = None  # of which it was said

    def found(self, payload: bytes) -> None:
        """What stands on the broker, from this life or an earlier one."""
        if not self._said:
            self._standing = read_discovery(payload)

    def again(self) -> list[RetainedMessage]:
        """The announcement once more: the broker, or a hub, may have lost it."""
        return [RetainedMessage(self.topic, self._said)] if self._said else []

    def hear(self, validated: ValidatedFrame, *, is_complete: bool) -> None:
        """Takes a frame in.

        Args:
            validated: the frame.
            is_complete: True where it shows all that its meter sends.
        """
        self._watch.hear(validated, is_complete=is_complete)

    def news(self) -> list[RetainedMessage]:
        """The announcement, where it is another than before; not to be asked before what stands there has been read."""
        if self._watch.profile is None or self._watch.profile == self._profile:
            return []
        self._profile = self._watch.profile
        payload = self._payload(self._profile)
        if payload == self._said:
            return []
        self._said, self._standing = payload, read_discovery(payload.encode())
        return self.again()

    def _payload(self, profile: Profile) -> str:
        naming, how = self._naming, self._announcing
        device = meter_device(profile, self._number, naming.key, naming.topics, naming.edge, how.version, how.language)
        present = {each.key: each for each in components(profile, self._meter, naming.topics, how.language)}
        removed: dict[str, str] = {}
        if (standing := self._standing) is not None:
            gone = {key: each for key, each in standing.components.items() if key not in present}
            removed = {key: platform for key, platform in standing.removed.items() if key not in present}
            if standing.hardware == device.hardware:
                # The meter is what it was: a frame that lacks a label takes nothing away, another version only what it
                # announces of no meter. A register's name that was learned is not learned again at once.
                kept = {key: each for key, each in gone.items() if key in _ITS_OWN and self._may_show(key)}
                present |= kept
                gone = {key: each for key, each in gone.items() if key not in kept}
                if profile.option is None:
                    present |= {
                        component_key(name): standing.components[component_key(name)]
                        for name in SUPPLIER_REGISTERS - profile.names.keys()
                        if component_key(name) in standing.components
                    }
            removed |= {key: each.platform for key, each in gone.items()}
        return discovery_json(device, list(present.values()), removed)

    def _may_show(self, key: str) -> bool:
        return self._naming.prm or key != component_key(DELIVERY_POINT)
