"""Discovery messages of one meter: publishes its entities, and removes those it no longer has. Pure.

The retained message is read back from the broker when the edge starts: so an edge that has lost its memory knows the
entities of an earlier life, and removes those that the meter no longer has, only where the meter has provably changed.
"""

from typing import Final

from tictally_edge.home_assistant.edge_device import DiscoverySettings
from tictally_edge.home_assistant.entities import (
    SUPPLIER_REGISTERS,
    component_key,
    components,
    meter_device,
    peak_time_key,
)
from tictally_edge.home_assistant.meter_profile import Profile, ProfileWatch
from tictally_edge.home_assistant.translations import DERIVED, PEAK_TIMES
from tictally_edge.topics.naming import Naming, RetainedMessage
from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.home_assistant import Discovered, config_topic, discovery_json, read_discovery
from tictally_shared.labels import CATALOGUE

# The entities that this version can publish, of any meter.
_KNOWN_KEYS: Final = frozenset(
    {*(component_key(label.name) for label in CATALOGUE), *map(peak_time_key, PEAK_TIMES), *DERIVED}
)


class Announcer:
    """One meter's discovery message.

    Attributes:
        topic: where it is published.

    Args:
        announcing: how it is published.
        naming: under which names the meter is published.
        number: the meter's own.
    """

    def __init__(self, announcing: DiscoverySettings, naming: Naming, number: str) -> None:
        self._announcing, self._naming, self._number = announcing, naming, number
        self._meter = naming.key or number
        self.topic = config_topic(f"tictally_{self._meter}", announcing.prefix)
        self._watch = ProfileWatch(naming.hidden)
        self._retained: Discovered | None = None
        self._current = ""
        self._profile: Profile | None = None  # published last

    def note_retained(self, payload: bytes) -> None:
        """Note the message retained on the broker, from this life or an earlier one."""
        if not self._current:
            self._retained = read_discovery(payload)

    def current(self) -> list[RetainedMessage]:
        """Return the message once more: the broker, or a hub, may have lost it."""
        return [RetainedMessage(self.topic, self._current)] if self._current else []

    def add(self, validated: ValidatedFrame, *, is_complete: bool) -> None:
        """Take a frame.

        Args:
            validated: the frame.
            is_complete: whether it shows everything that its meter sends.
        """
        self._watch.add(validated, is_complete=is_complete)

    def update(self) -> list[RetainedMessage]:
        """Return the message where it has changed; to be called once the retained one has been read."""
        if self._watch.profile is None or self._watch.profile == self._profile:
            return []
        self._profile = self._watch.profile
        payload = self._payload(self._profile)
        if payload == self._current:
            return []
        self._current, self._retained = payload, read_discovery(payload.encode())
        return self.current()

    def _payload(self, profile: Profile) -> str:
        naming, how = self._naming, self._announcing
        device = meter_device(profile, self._number, naming, how)
        present = {each.key: each for each in components(profile, self._meter, naming.topics, how.language)}
        removed: dict[str, str] = {}
        if (retained := self._retained) is not None:
            gone = {key: each for key, each in retained.components.items() if key not in present}
            removed = {key: platform for key, platform in retained.removed.items() if key not in present}
            if retained.hardware == device.hardware:
                # The meter is unchanged: a frame without a label removes nothing, another version only what it never
                # publishes. The name of a register, once learned, is not learned again at once.
                unchanged = {key: each for key, each in gone.items() if key in _KNOWN_KEYS and self._may_show(key)}
                present |= unchanged
                gone = {key: each for key, each in gone.items() if key not in unchanged}
                if profile.option is None:
                    present |= {
                        component_key(name): retained.components[component_key(name)]
                        for name in SUPPLIER_REGISTERS - profile.names.keys()
                        if component_key(name) in retained.components
                    }
            removed |= {key: each.platform for key, each in gone.items()}
        return discovery_json(device, list(present.values()), removed)

    def _may_show(self, key: str) -> bool:
        return key not in map(component_key, self._naming.hidden)
