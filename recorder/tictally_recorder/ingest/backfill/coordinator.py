"""Holes heal: the edges' healths are held against the ledger, and what it lacks is asked for."""

import json
import logging
from collections.abc import Callable
from typing import Final

from tictally_recorder.ingest.backfill import EdgeHealth, HealthError, Known, Planner, floors_of, parse_health
from tictally_recorder.ingest.health import BackfillState
from tictally_recorder.ledger import Ledger
from tictally_shared.frames import KEY
from tictally_shared.interval_set import IntervalSet
from tictally_shared.runtime.log import RateLimitedLogger

MOST_EDGES: Final = 1024
_log = logging.getLogger(__name__)


class BackfillCoordinator:
    """Asks edges for the frames that the ledger lacks, and notes in it those that are lost.

    What it keeps in memory is bounded: of each edge the last health and what is missing, of 1024 edges.

    Args:
        ledger: what is known.
        ask: sends an edge, by its name, a request.
    """

    def __init__(self, ledger: Ledger, ask: Callable[[str, str], None]) -> None:
        self._ledger = ledger
        self._ask = ask
        self._planners: dict[str, Planner] = {}  # those heard last come last
        self._heard: dict[str, EdgeHealth] = {}  # since the last `tend`
        self._limited_log = RateLimitedLogger(_log)
        self._ignored = 0

    @property
    def state(self) -> BackfillState:
        """How it stands now."""
        return BackfillState(sum(planner.missing for planner in self._planners.values()), self._ignored)

    def hear(self, edge: str, what: str, payload: bytes, now_s: float) -> None:
        """Take in a live message of an edge's, health or availability, after the frames before it are stored."""
        if what == "health":
            try:
                self._heard[edge] = _read(edge, payload)
            except HealthError as error:
                self._ignored += 1
                self._limited_log.log(f"the health of edge {edge[:32]!r} is ignored: {error}", now_s)
            if len(self._heard) > MOST_EDGES:
                del self._heard[next(iter(self._heard))]
        elif edge in self._planners:
            # It has just come or gone: a request that was under way may not have reached it.
            self._planners[edge].forget_request()

    def forget_requests(self) -> None:
        """The connection is a new one: what was sent on the old one may not have reached anybody."""
        for planner in self._planners.values():
            planner.forget_request()

    def tend(self, now_s: float) -> None:
        """Ask for what is missing, note what is lost.

        Raises:
            LedgerUnavailable: to be called again later; nothing is forgotten.
        """
        for edge in list(self._heard):
            self._take_in(edge, self._heard[edge], now_s)
            del self._heard[edge]
        for edge, planner in self._planners.items():
            if not planner.is_idle:
                self._follow(edge, planner, now_s)

    def _take_in(self, edge: str, health: EdgeHealth, now_s: float) -> None:
        known = self._known(edge)
        planner = self._planners.pop(edge, None) or Planner(self._floors(edge, health, known))
        planner.hear(health, known, now_s)
        self._planners[edge] = planner
        if len(self._planners) > MOST_EDGES:
            del self._planners[next(iter(self._planners))]

    def _follow(self, edge: str, planner: Planner, now_s: float) -> None:
        plan = planner.plan(self._known(edge), now_s)
        if plan.lost:
            self._ledger.mark_lost(edge, plan.lost)
            count = sum(map(len, plan.lost.values()))
            self._limited_log.log(f"{count} frames of edge {edge!r} are lost: the edge has them no longer", now_s)
        if plan.request is not None:
            self._limited_log.log(f"edge {edge!r} is asked for frames that are missing here", now_s, logging.INFO)
            self._ask(edge, plan.request.to_json())

    def _known(self, edge: str) -> Known:
        numbers = self._ledger.numbers(edge)
        return {boot: IntervalSet((each.first, each.last) for each in ranges) for boot, ranges in numbers.items()}

    def _floors(self, edge: str, health: EdgeHealth, known: Known) -> dict[str, int]:
        """Where each boot begins for this ledger, as it was when it first heard of the edge's health."""
        note = f"floors:{edge}"
        noted = self._ledger.recall(note)
        if noted is not None:
            return dict(json.loads(noted))
        floors = {boot: floor for boot, floor in floors_of(health, known).items() if floor > 1}
        self._ledger.remember(note, json.dumps(floors))
        return floors


def _read(edge: str, payload: bytes) -> EdgeHealth:
    if not KEY.fullmatch(edge):
        raise HealthError("the edge's name is not [a-z0-9-]{1,32}")
    return parse_health(payload)
