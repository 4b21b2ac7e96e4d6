"""What one edge may make the ledger hold: a broken or hostile edge must not cost the others anything."""

import logging
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_log = logging.getLogger(__name__)
_DAY_MS: Final = 24 * 3600 * 1000
_MOST_EDGES: Final = 1024


class Limit(StrEnum):
    """A limit that an edge can reach; also the reason of the messages that are rejected then."""

    METERS = "meters"
    BOOTS = "boots"
    DEFERRED = "deferred"
    CONFLICTS = "conflicts"


@dataclass(frozen=True, slots=True)
class EdgeLimits:
    """The limits of each edge.

    Attributes:
        meters: that it may have read, in all: it reads one at a time, and an exchange is rare.
        boots: that it may begin within 24 hours; an edge that is restarted every 20 s begins 4 320.
        deferred_bytes: of its messages that wait for a retry; eight hours of a frame a second.
        all_deferred_bytes: of those of all edges.
    """

    meters: int = 64
    boots: int = 5000
    deferred_bytes: int = 32 * 1024 * 1024
    all_deferred_bytes: int = 64 * 1024 * 1024


class EdgeWatch:
    """What edges have reached since the recorder started, and which of them use numbers twice. In memory, bounded.

    Args:
        limits: of each edge.
    """

    def __init__(self, limits: EdgeLimits) -> None:
        self.limits = limits
        self._began: dict[str, deque[int]] = {}
        self._reached: dict[str, set[Limit]] = {}
        self._conflicts: dict[tuple[str, str], int] = {}

    @property
    def reached(self) -> dict[str, list[Limit]]:
        """Edge → the limits that it has reached, both sorted."""
        return {edge: sorted(limits) for edge, limits in sorted(self._reached.items())}

    def admits_boot(self, edge: str, now_ms: int) -> bool:
        """Whether an edge may begin another boot; it counts as begun then."""
        began = self._began.pop(edge, None) or deque(maxlen=self.limits.boots)
        self._began[edge] = began  # the edge that began one last is last
        if len(self._began) > _MOST_EDGES:
            del self._began[next(iter(self._began))]
        if len(began) == self.limits.boots and now_ms - began[0] < _DAY_MS:
            self.note(edge, Limit.BOOTS)
            return False
        began.append(now_ms)
        return True

    def note(self, edge: str, limit: Limit) -> None:
        """Note that an edge has reached a limit."""
        if limit in self._reached.get(edge, ()) or len(self._reached) >= _MOST_EDGES:
            return
        self._reached.setdefault(edge, set()).add(limit)
        _log.warning("edge %.32r has reached its limit of %s: `tictally doctor` shows what to do", edge, limit)

    def note_conflict(self, edge: str, boot: str, seq: int) -> None:
        """Note that an edge has sent another frame under a number that it had used."""
        if len(self._conflicts) < _MOST_EDGES:
            self._conflicts[edge, boot] = seq

    def take_conflicts(self) -> dict[tuple[str, str], int]:
        """(edge, boot) → number, for the conflicts since the last call."""
        taken, self._conflicts = self._conflicts, {}
        return taken
