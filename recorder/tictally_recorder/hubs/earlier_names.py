"""Clears what earlier settings of the recorder left retained: topics of another name or base, and discovery messages.

The ledger remembers under which names the recorder was on the broker, and which entities it has announced. A restored
ledger forgets them: the recorder that has these names may still run.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from math import inf
from typing import ClassVar, Final, Self

from tictally_recorder.hubs.site_device import site_device_id
from tictally_recorder.hubs.site_publisher import SITE_TOPICS
from tictally_recorder.hubs.site_updater import SITES_NOTE
from tictally_recorder.ledger import Ledger
from tictally_recorder.maintenance import Turn, Wake
from tictally_recorder.settings import Settings
from tictally_shared.home_assistant import PREFIX, config_topic
from tictally_shared.topics import Topics

NOTE: Final = "hub-names"


@dataclass(frozen=True, slots=True)
class HubNames:
    """Names that decide on which topics a recorder publishes.

    Attributes:
        base: base topic.
        name: of the recorder.
        prefix: topic below which devices are announced, or None.
    """

    base: str
    name: str
    prefix: str | None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """By the recorder's settings."""
        return cls(settings.topics.base, settings.name, settings.discovery if settings.is_discoverable else None)

    def topics(self, sites: list[str]) -> Iterator[str]:
        """Everything that may be retained under these names.

        Args:
            sites: that have been published.
        """
        topics = Topics(self.base)
        yield from (topics.recorder(self.name, what) for what in ("availability", "health"))
        yield from (topics.site(site, what) for site in sites for what in SITE_TOPICS)
        if self.prefix is not None:
            yield config_topic(f"tictally_recorder_{self.name}", self.prefix)
            yield from (config_topic(site_device_id(site), self.prefix) for site in sites)


@dataclass(frozen=True, slots=True)
class HubMemory:
    """What the ledger remembers.

    Attributes:
        names: under which the recorder was, except those that have been cleared.
        entities: key → platform of the recorder's entities that were ever announced.
    """

    names: frozenset[HubNames] = frozenset()
    entities: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str | None) -> Self:
        """From its JSON form; empty where there is none."""
        if text is None:
            return cls()
        body = json.loads(text)
        return cls(frozenset(HubNames(**each) for each in body["names"]), body["entities"])

    def to_json(self) -> str:
        """The JSON form."""
        names = sorted(map(asdict, self.names), key=str)
        return json.dumps({"names": names, "entities": dict(sorted(self.entities.items()))})


class EarlierNamesStep:
    """Clears the topics of earlier names once there is a connection.

    Args:
        ledger: remembers them.
        present: the names that hold.
        entities: key → platform of the recorder's entities that are announced now.
        publish: sends a retained message: topic, payload.
    """

    name: ClassVar[str] = "earlier names"
    needs_idle: ClassVar[bool] = False

    def __init__(
        self, ledger: Ledger, present: HubNames, entities: Mapping[str, str], publish: Callable[[str, str], object]
    ) -> None:
        self._ledger, self._present, self._entities, self._publish = ledger, present, entities, publish
        self.due_s = 0.0

    def run(self, turn: Turn) -> bool:
        """Clear what is obsolete, and remember what holds."""
        if not turn.is_connected:
            return True
        before = HubMemory.read(self._ledger.get_value(NOTE))
        # Where nothing is remembered, hubs may still show a device below the default prefix.
        earlier = before.names or {HubNames(self._present.base, self._present.name, PREFIX)}
        sites = (self._ledger.get_value(SITES_NOTE) or "").split()
        held = set(self._present.topics(sites))
        for topic in sorted({topic for names in earlier for topic in names.topics(sites)} - held):
            self._publish(topic, "")
        after = HubMemory(frozenset({self._present}), {**before.entities, **self._entities})
        if after != before:
            self._ledger.put_value(NOTE, after.to_json())
        self.due_s = inf
        return True

    def wake(self, reason: Wake) -> None:
        """Another broker may have them, too."""
        if reason is Wake.CONNECTED:
            self.due_s = 0.0
