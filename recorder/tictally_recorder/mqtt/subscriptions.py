"""Which topics the recorder hears, and what a message's topic says."""

from collections.abc import Sequence
from typing import Final

from tictally_shared.topics import Topics

_HEARD: Final = ("frame", "health", "availability")


def edge_filters(topics: Topics, edges: Sequence[str]) -> list[str]:
    """The filters of what some edges say; none named: all of them."""
    return [topics.edge(edge, what) for edge in edges or ("+",) for what in _HEARD]


def edge_and_what(topic: str) -> tuple[str, str]:
    """The edge that a topic names, whatever its base, and what the edge says there; both empty for another topic."""
    match topic.split("/")[-3:]:
        case ["edge", edge, what] if what in _HEARD:
            return edge, what
    return "", ""
