"""Under which names an edge is on the broker now, and what earlier settings left retained there. Pure.

A setting that is changed leaves topics and discovery messages behind, which hubs would show for ever. So the edge
remembers its names, reads what is retained under those that no longer hold, and clears it. What another edge publishes
by now is left alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Protocol

from tictally_edge.home_assistant.edge_device import DiscoverySettings
from tictally_edge.topics.naming import Naming, RetainedMessage
from tictally_shared.home_assistant import PREFIX as DEFAULT_PREFIX
from tictally_shared.home_assistant import config_topic
from tictally_shared.topics import Topics

# Retained messages come at once; whoever else has these names publishes within this time.
_ROUND_S: Final = 6.0
# On one connection: clear, read once more, and once more where another edge still published the last of it.
_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True, order=True)
class Presence:
    """An edge or a meter on a broker.

    Attributes:
        base: base topic.
        name: of the edge; number or alias of the meter.
        prefix: topic below which it is announced, or None.
        is_edge: False for a meter.
        is_alias: True for a meter's alias, False for its number.
    """

    base: str
    name: str
    prefix: str | None
    is_edge: bool = False
    is_alias: bool = False

    @property
    def device(self) -> str | None:
        """Topic of its discovery message, or None."""
        return (
            None if self.prefix is None else config_topic(f"tictally_{'edge_' * self.is_edge}{self.name}", self.prefix)
        )

    @property
    def root(self) -> str:
        """The beginning of its topics."""
        return Topics(self.base).edge(self.name, "") if self.is_edge else Topics(self.base).derived(self.name, "")

    @property
    def filters(self) -> tuple[str, ...]:
        """Filters of its topics."""
        return (f"{self.root}+",) if self.is_edge else Topics(self.base).of_meter(self.name)


class PresenceMemory(Protocol):
    """Remembers presences across restarts."""

    def load(self) -> frozenset[Presence]:
        """Return what is remembered."""
        ...

    def save(self, known: frozenset[Presence]) -> None:
        """Remember these and no others."""
        ...


@dataclass(slots=True)
class _Obsolete:
    """A presence whose topics, or whose discovery message, no longer hold."""

    presence: Presence
    is_root_gone: bool
    device: str | None
    retained: set[str] = field(default_factory=set)
    is_in_use: bool = False
    is_read: bool = False

    @property
    def filters(self) -> list[str]:
        return [*(self.presence.filters if self.is_root_gone else ()), *([self.device] if self.device else [])]

    def owns(self, topic: str) -> bool:
        return topic == self.device or (self.is_root_gone and topic.startswith(self.presence.root))


class BrokerPresence:
    """The names of one edge.

    Attributes:
        naming: that hold now.
        announcing: how devices are published to hubs, or None.

    Args:
        memory: remembers the names, or None to clear nothing of earlier ones.
    """

    def __init__(
        self, naming: Naming, announcing: DiscoverySettings | None, memory: PresenceMemory | None = None
    ) -> None:
        self.naming, self.announcing, self._memory = naming, announcing, memory
        self._known = memory.load() if memory is not None else frozenset[Presence]()
        self._obsolete = [each for each in map(self._judge, sorted(self._known, key=str)) if each is not None]
        self._round_ends_at: float | None = None
        self._rounds_left = 0
        self._enter(naming.edge, is_edge=True)

    def enter_meter(self, meter: str) -> None:
        """Remember a meter that is published now, by its number or alias."""
        self._enter(meter, is_alias=self.naming.key is not None)

    def connected(self) -> None:
        """Begin anew: the broker may be another one."""
        self._rounds_left, self._round_ends_at = _ROUNDS, None

    def read(self, now_s: float) -> list[str]:
        """Return the filters to subscribe to: those of what is obsolete, where it is time to read that."""
        if self._round_ends_at is not None or not self._obsolete or not self._rounds_left:
            return []
        self._rounds_left -= 1
        self._round_ends_at = now_s + _ROUND_S
        for each in self._obsolete:
            each.retained.clear()
            each.is_in_use, each.is_read = False, True
        return [topic_filter for each in self._obsolete for topic_filter in each.filters]

    def note(self, topic: str, payload: bytes, *, is_retained: bool) -> None:
        """Note a message on one of the filters; others are ignored."""
        for each in self._obsolete:
            if payload and each.owns(topic):
                each.retained.add(topic)
                each.is_in_use |= not is_retained

    def clear(self, now_s: float) -> list[RetainedMessage]:
        """Return the messages that clear what was read, once there was time to read it.

        What has been cleared is read once more before it is forgotten.
        """
        if self._round_ends_at is None or now_s < self._round_ends_at:
            return []
        self._round_ends_at = None
        found = [each for each in self._obsolete if each.retained and not each.is_in_use]
        done = [each for each in self._obsolete if each.is_read and each not in found]
        self._obsolete = [each for each in self._obsolete if each not in done]
        self._remember(self._known - {each.presence for each in done})
        return [RetainedMessage(topic, "") for each in found for topic in sorted(each.retained)]

    def _enter(self, name: str, *, is_edge: bool = False, is_alias: bool = False) -> None:
        prefix = None if self.announcing is None else self.announcing.prefix
        present = Presence(self.naming.topics.base, name, prefix, is_edge, is_alias)
        if prefix != DEFAULT_PREFIX and self._memory is not None:
            # Also where nothing is remembered: hubs show a device of the default prefix for ever.
            self._add(Presence(present.base, name, DEFAULT_PREFIX, is_edge, is_alias))
        self._remember(self._known | {present})

    def _add(self, presence: Presence) -> None:
        obsolete = self._judge(presence)
        if obsolete is not None and obsolete.filters not in [each.filters for each in self._obsolete]:
            self._obsolete.append(obsolete)
            self._rounds_left = _ROUNDS

    def _remember(self, known: frozenset[Presence]) -> None:
        if known != self._known:
            self._known = known
            if self._memory is not None:
                self._memory.save(known)

    def _judge(self, presence: Presence) -> _Obsolete | None:
        """What of a presence no longer holds; an earlier meter of the same line stays as it is, offline."""
        naming = self.naming
        if presence.is_edge:
            is_named = presence.name == naming.edge
        else:
            is_named = presence.name == naming.key if presence.is_alias else naming.key is None
        is_root_gone = not is_named or presence.base != naming.topics.base
        prefix = None if self.announcing is None else self.announcing.prefix
        device = presence.device if not is_named or presence.prefix != prefix else None
        return _Obsolete(presence, is_root_gone, device) if is_root_gone or device else None


def remembered(entries: Iterable[object]) -> frozenset[Presence]:
    """Read presences from their JSON form; what is none of them is left out."""
    found = set()
    for entry in entries:
        match entry:
            case {
                "base": str(base),
                "name": str(name),
                "prefix": str() | None as prefix,
                "is_edge": bool(is_edge),
                "is_alias": bool(is_alias),
            }:
                found.add(Presence(base, name, prefix, is_edge, is_alias))
    return frozenset(found)
