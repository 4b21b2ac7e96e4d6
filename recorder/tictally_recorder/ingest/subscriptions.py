"""Which topics the recorder subscribes to, and what a message's topic means."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from tictally_shared.topics import Topics

_SUBSCRIBED: Final = ("frame", "health", "availability")
_BIRTH: Final = "/status"


@dataclass(frozen=True, slots=True)
class IngestTopics:
    """The topics of a recorder's loop.

    Attributes:
        availability: where it publishes whether it is there.
        recorders: filter of what recorders publish of their state; one of the filters.
        filters: that it subscribes to.
        birth: where hubs publish `online` when they have started, or None if none is to be noticed.
        others: topics of other programs that features read; of the filters, too.
    """

    availability: str
    recorders: str
    filters: list[str]
    birth: str | None = None
    others: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        recorder: str,
        topics: Topics,
        edges: Sequence[str],
        birth: str | None = None,
        others: Sequence[str] = (),
    ) -> Self:
        """The topics of a recorder.

        Args:
            recorder: its name.
            topics: below the base topic.
            edges: whose frames are recorded; none: those of all edges.
            birth: as of the class.
            others: as of the class.
        """
        recorders = topics.recorder("+", "health")
        filters = [*edge_filters(topics, edges), recorders, *([] if birth is None else [birth]), *others]
        return cls(topics.recorder(recorder, "availability"), recorders, filters, birth, tuple(others))


def edge_filters(topics: Topics, edges: Sequence[str]) -> list[str]:
    """The filters of what some edges publish; none named: all of them."""
    return [topics.edge(edge, what) for edge in edges or ("+",) for what in _SUBSCRIBED]


def edge_and_what(topic: str) -> tuple[str, str]:
    """The edge that a topic names, below whatever base, and what is published there; both empty for another topic."""
    match topic.split("/")[-3:]:
        case ["edge", edge, what] if what in _SUBSCRIBED:
            return edge, what
    return "", ""


def is_birth(topic: str) -> bool:
    """True for a topic on which hubs publish that they have started: of all subscribed topics only those end so.

    Below any prefix: what a hub published below an earlier one may still wait at the broker.
    """
    return topic.endswith(_BIRTH)


def is_recorder_health(topic: str) -> bool:
    """True for the topic of a recorder's health, below whatever base."""
    match topic.split("/")[-3:]:
        case ["recorder", _, "health"]:
            return True
    return False
