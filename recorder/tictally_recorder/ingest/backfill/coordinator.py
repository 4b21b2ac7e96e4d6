"""Compares the edges' health with the ledger and requests the frames that are missing in it."""

import json
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import ClassVar, Final

from tictally_recorder.ingest.backfill.edge_health import EdgeFrames, HealthError, parse_health
from tictally_recorder.ingest.backfill.planner import Known, Planner, floors_of, ranges_in
from tictally_recorder.ledger import Ledger
from tictally_recorder.maintenance import Turn, Wake
from tictally_shared.frames import KEY, MAX_BYTES
from tictally_shared.interval_set import IntervalSet
from tictally_shared.runtime.log import RateLimitedLogger

MAX_EDGES: Final = 1024
_REPORT_EVERY_S: Final = 60.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BackfillState:
    """How backfill stands.

    Attributes:
        missing: frames that are missing and being requested.
        ignored: health messages of edges that could not be read.
    """

    missing: int
    ignored: int


class BackfillCoordinator:
    """Requests missing frames from the edges, and notes in the ledger those that are lost.

    Its memory is bounded: of each edge the last health and what is missing, of 1024 edges.

    Args:
        ledger: that holds the frame numbers.
        send_request: sends an edge, by its name, a request.
        room: of a request to an edge, in bytes.
    """

    name: ClassVar[str] = "backfill"
    needs_idle: ClassVar[bool] = False
    due_s: ClassVar[float] = 0.0

    def __init__(
        self,
        ledger: Ledger,
        send_request: Callable[[str, str], object],
        room: Callable[[str], int] = lambda _edge: MAX_BYTES,
    ) -> None:
        self._ledger = ledger
        self._send_request = send_request
        self._room = room
        self._planners: dict[str, Planner] = {}  # the edge whose health came last is last
        self._healths: dict[str, EdgeFrames] = {}  # received since the last `tick`
        self._reported_s: dict[str, float] = {}
        self._limited_log = RateLimitedLogger(_log)
        self._ignored = 0

    @property
    def state(self) -> BackfillState:
        """How it stands now."""
        return BackfillState(sum(planner.missing for planner in self._planners.values()), self._ignored)

    def health(self, _turn: Turn) -> dict[str, object]:
        """`missing` and `healths_ignored` of the recorder's health."""
        state = self.state
        return {"missing": state.missing, "healths_ignored": state.ignored}

    def on_message(self, edge: str, what: str, payload: bytes, now_s: float) -> None:
        """Take in a live health or availability message of an edge, after the frames before it are stored."""
        if what == "health":
            try:
                self._healths[edge] = _read(edge, payload)
            except HealthError as error:
                self._ignored += 1
                self._limited_log.log(f"ignored the health of edge {edge[:32]!r}: {error}", now_s)
            if len(self._healths) > MAX_EDGES:
                del self._healths[next(iter(self._healths))]
        elif edge in self._planners:
            # It has just come or gone: a request that was under way may not have reached it.
            self._planners[edge].forget_request()

    def wake(self, reason: Wake) -> None:
        """Forget the requests under way on a new connection: those sent on the old one may have reached nobody."""
        if reason is Wake.CONNECTED:
            for planner in self._planners.values():
                planner.forget_request()

    def run(self, turn: Turn) -> bool:
        """Request what is missing, where there is a connection."""
        if turn.is_connected:
            self.tick(turn.now_s)
        return True

    def tick(self, now_s: float) -> None:
        """Request what is missing, note what is lost.

        Raises:
            LedgerUnavailable: to be called again later; nothing is forgotten.
        """
        for edge in list(self._healths):
            self._update_planner(edge, self._healths[edge], now_s)
            del self._healths[edge]
        self._report_conflicts(now_s)
        for edge, planner in self._planners.items():
            if not planner.is_idle:
                self._follow_plan(edge, planner, now_s)

    def _update_planner(self, edge: str, health: EdgeFrames, now_s: float) -> None:
        before = self._planners.get(edge)
        known = self._known(edge, health.boots.keys() | (before.boots if before is not None else set()))
        planner = self._planners.pop(edge, None) or Planner(self._floors(edge, health, known))
        planner.update(health, known, now_s)
        self._planners[edge] = planner
        if len(self._planners) > MAX_EDGES:
            del self._planners[next(iter(self._planners))]

    def _report_conflicts(self, now_s: float) -> None:
        """Tell edges that use numbers twice to begin a new boot; once a minute each is enough."""
        for (edge, boot), seq in self._ledger.watch.take_conflicts().items():
            if not KEY.fullmatch(edge) or now_s - self._reported_s.get(edge, -_REPORT_EVERY_S) < _REPORT_EVERY_S:
                continue
            self._reported_s[edge] = now_s
            if len(self._reported_s) > MAX_EDGES:
                del self._reported_s[next(iter(self._reported_s))]
            self._limited_log.log(
                f"edge {edge!r} uses frame numbers twice: was it set back to an older state? No frame is lost; it is "
                "to begin a new boot",
                now_s,
            )
            self._send_request(edge, json.dumps({"boot": boot, "conflict": seq}))

    def _follow_plan(self, edge: str, planner: Planner, now_s: float) -> None:
        plan = planner.plan(self._known(edge, planner.boots), now_s, ranges_in(self._room(edge)))
        if plan.lost:
            self._ledger.mark_lost(edge, plan.lost)
            count = sum(map(len, plan.lost.values()))
            self._limited_log.log(f"{count} frames of edge {edge!r} are lost: the edge no longer holds them", now_s)
        if plan.request is not None:
            self._limited_log.log(f"requesting missing frames from edge {edge!r}", now_s, logging.INFO)
            self._send_request(edge, plan.request.to_json())

    def _known(self, edge: str, boots: Collection[str]) -> Known:
        numbers = self._ledger.recent_numbers(edge, boots)
        return {boot: IntervalSet((each.first, each.last) for each in ranges) for boot, ranges in numbers.items()}

    def _floors(self, edge: str, health: EdgeFrames, known: Known) -> dict[str, int]:
        """Where each boot begins for this ledger, as it was when it first received the edge's health."""
        note = f"floors:{edge}"
        noted = self._ledger.get_value(note)
        if noted is not None:
            return dict(json.loads(noted))
        floors = {boot: floor for boot, floor in floors_of(health, known).items() if floor > 1}
        self._ledger.put_value(note, json.dumps(floors))
        return floors


def _read(edge: str, payload: bytes) -> EdgeFrames:
    if not KEY.fullmatch(edge):
        raise HealthError("the edge's name is not [a-z0-9-]{1,32}")
    return parse_health(payload)
