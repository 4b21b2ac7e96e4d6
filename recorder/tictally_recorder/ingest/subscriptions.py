"""Which topics the recorder hears, and what a message's topic says."""

from collections.abc import Sequence
from typing import Final

from tictally_shared.topics import Topics

_HEARD: Final = ("frame", "health", "availability")
_BIRTH: Final = "/status"


def edge_filters(topics: Topics, edges: Sequence[str]) -> list[str]:
    """The filters of what some edges say; none named: all of them."""
    return [topics.edge(edge, what) for edge in edges or ("+",) for what in _HEARD]


def edge_and_what(topic: str) -> tuple[str, str]:
    """The edge that a topic names, whatever its base, and what the edge says there; both empty for another topic."""
    match topic.split("/")[-3:]:
        case ["edge", edge, what] if what in _HEARD:
            return edge, what
    return "", ""


def is_birth(topic: str) -> bool:
    """True for a topic on which hubs say that they have started: of all that is heard, those alone end so.

    Below any prefix: what a hub said below an earlier one may still wait at the broker.
    """
    return topic.endswith(_BIRTH)
