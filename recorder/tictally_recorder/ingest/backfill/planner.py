"""Which frames to request from one edge, and which of them are lost. Pure: the clock is an argument.

A frame is missing where its edge holds it, does not have it still to send, and the ledger does not know its number. An
edge's messages come in the order in which it sent them, so that is seen in one health already; for brokers that keep
another order it must be so in two, one after another, before anything follows from it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tictally_recorder.ingest.backfill.edge_health import EdgeFrames
from tictally_shared.interval_set import IntervalSet
from tictally_shared.runtime.backoff import Backoff

MAX_RANGES: Final = 256
# Some seconds of an edge's time, and a second of the recorder's.
MAX_FRAMES: Final = 2000
MAX_ATTEMPTS: Final = 3
_PATIENCE_S: Final = (60.0, 3600.0)
# An edge publishes its health once a minute; one that has published none for longer cannot answer.
_SILENT_S: Final = 150.0
_NOTHING: Final = IntervalSet()
# Of a request's JSON: of itself, and of a range with two numbers of 19 digits.
_REQUEST_BYTES: Final = 48
_RANGE_BYTES: Final = 42

Known = Mapping[str, IntervalSet]
"""Boot → the numbers of which the ledger knows what became of them, those that are lost included."""


@dataclass(frozen=True, slots=True)
class Request:
    """The frames that are requested from an edge.

    Attributes:
        boot: whose.
        numbers: at most 2000, in at most 256 ranges.
    """

    boot: str
    numbers: IntervalSet

    def to_json(self) -> str:
        """The payload of `…/edge/<edge>/resend`."""
        return json.dumps({"boot": self.boot, "ranges": [list(each) for each in self.numbers]}, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done now.

    Attributes:
        request: to be sent, or None.
        lost: boot → numbers to be noted as lost; repeated until the ledger knows them.
    """

    request: Request | None = None
    lost: Mapping[str, IntervalSet] = field(default_factory=dict)


@dataclass(slots=True)
class _PendingRequest:
    boot: str
    left: IntervalSet
    attempts_before: int
    at_s: float
    progress_s: float


def ranges_in(room: int) -> int:
    """How many ranges a request of so many bytes may have, at least one."""
    return max(1, min(MAX_RANGES, (room - _REQUEST_BYTES) // _RANGE_BYTES))


def floors_of(health: EdgeFrames, known: Known) -> dict[str, int]:
    """Boot → its lowest number that an edge or the ledger has, when a ledger meets an edge for the first time.

    What was before that is not lost: this ledger was not yet recording.
    """
    floors = {}
    for boot in health.boots.keys() | known.keys():
        here = health.boots.get(boot)
        numbers = [known.get(boot, _NOTHING)] + ([here.held, here.backlog] if here is not None else [])
        none = here.last + 1 if here is not None else 1  # all of them were before this ledger
        floors[boot] = min((first for each in numbers for first, _ in each), default=none)
    return floors


class Planner:
    """Follows one edge's health messages.

    One request is under way at a time. It is answered when all its numbers are known. It has failed when none of them
    has come for longer than the patience, which doubles with each failure; its numbers are requested again when all
    others have been. A number that was requested three times without an answer is lost, and so is one that the edge no
    longer holds.

    Args:
        floors: boot → number below which nothing is missed; 1 for others.
    """

    def __init__(self, floors: Mapping[str, int] | None = None) -> None:
        self._floors = dict(floors or {})
        self._missing: dict[str, IntervalSet] = {}  # at the last health: the edge holds them
        self._gone: dict[str, IntervalSet] = {}  # at the last health: it does not
        self._wanted: dict[str, IntervalSet] = {}  # missing at two healths
        self._tried: dict[str, list[IntervalSet]] = {}  # of these, requested once, twice without an answer
        self._lost: dict[str, IntervalSet] = {}
        self._pending: _PendingRequest | None = None
        self._patience = Backoff(*_PATIENCE_S)
        self._health_s = 0.0

    @property
    def is_idle(self) -> bool:
        """True while nothing is missing, or lost and not noted."""
        return not (self._missing or self._gone or self._lost or self._pending)

    @property
    def missing(self) -> int:
        """Numbers that are missing and not noted as lost, as of the last `plan`."""
        return sum(len(ranges) for each in (self._missing, self._gone, self._lost) for ranges in each.values())

    @property
    def boots(self) -> set[str]:
        """The boots of which numbers are missing, or lost and not noted."""
        pending = {self._pending.boot} if self._pending is not None else set()
        return {*self._missing, *self._gone, *self._wanted, *self._lost, *pending}

    def update(self, health: EdgeFrames, known: Known, now_s: float) -> None:
        """Take a live health in, after the frames that came before it."""
        missing, gone = {}, {}
        for boot in [*known.keys() - health.boots.keys(), *health.boots]:
            here, has = health.boots.get(boot), known.get(boot, _NOTHING)
            before = self._missing.get(boot, _NOTHING)
            if here is not None:
                missing[boot] = here.held - here.backlog - has - self._lost.get(boot, _NOTHING)
            if here is None and health.is_whole:
                gone[boot] = self._up_to(boot, has | before) - has
            elif here is not None and not here.is_rounded:
                given = here.held | here.backlog | before | IntervalSet([(here.last, here.last)] if here.last else ())
                gone[boot] = self._up_to(boot, given) - here.held - here.backlog - has
            self._add_lost(boot, gone.get(boot, _NOTHING) & (self._gone.get(boot, _NOTHING) | before))
        self._wanted = _some({boot: ranges & self._missing.get(boot, _NOTHING) for boot, ranges in missing.items()})
        self._tried = {
            boot: [ranges & self._wanted[boot] for ranges in tried]
            for boot, tried in self._tried.items()
            if boot in self._wanted
        }
        self._missing = _some(missing)
        self._gone = _some({boot: ranges - self._lost.get(boot, _NOTHING) for boot, ranges in gone.items()})
        self._health_s = now_s

    def forget_request(self) -> None:
        """The request under way may have been lost: the edge or the connection has gone meanwhile."""
        self._pending = None

    def plan(self, known: Known, now_s: float, max_ranges: int = MAX_RANGES) -> Plan:
        """What is to be done now; the request, if there is one, counts as sent.

        Args:
            known: of the boots of `boots`.
            now_s: seconds on a clock that never steps.
            max_ranges: of a request.
        """
        for each in (self._missing, self._gone, self._wanted, self._lost):
            _forget(each, known)
        self._check_progress(known, now_s)
        request = None
        if self._pending is None and now_s - self._health_s <= _SILENT_S:
            request = self._next_request(now_s, max_ranges)
        return Plan(request, dict(self._lost))

    def _check_progress(self, known: Known, now_s: float) -> None:
        """Note whether the request under way is answered, or has failed."""
        pending = self._pending
        if pending is None:
            return
        left = pending.left - known.get(pending.boot, _NOTHING)
        if left != pending.left:
            pending.left, pending.progress_s = left, now_s
            self._patience.reset()
        if not left:
            self._pending = None
        elif now_s - pending.progress_s >= self._patience.delay_s and self._health_s > pending.at_s:
            self._pending = None
            self._patience.next_s()
            self._note_failure(pending)

    def _note_failure(self, pending: _PendingRequest) -> None:
        tried = self._tried.setdefault(pending.boot, [IntervalSet() for _ in range(1, MAX_ATTEMPTS)])
        if pending.attempts_before:
            tried[pending.attempts_before - 1] -= pending.left
        if pending.attempts_before < MAX_ATTEMPTS - 1:
            tried[pending.attempts_before] |= pending.left
            return
        self._add_lost(pending.boot, pending.left)
        for each in (self._missing, self._wanted):
            _forget(each, {pending.boot: pending.left})

    def _next_request(self, now_s: float, max_ranges: int) -> Request | None:
        for attempts in range(MAX_ATTEMPTS):
            for boot in self._wanted:
                pool = self._pool(boot, attempts)
                if pool:
                    numbers = pool.lowest(MAX_FRAMES, max_ranges)
                    self._pending = _PendingRequest(boot, numbers, attempts, now_s, now_s)
                    return Request(boot, numbers)
        return None

    def _pool(self, boot: str, attempts: int) -> IntervalSet:
        """Wanted numbers that were requested so many times without an answer."""
        wanted, tried = self._wanted[boot], self._tried.get(boot)
        if attempts:
            return wanted & tried[attempts - 1] if tried else _NOTHING
        for each in tried or ():
            wanted -= each
        return wanted

    def _up_to(self, boot: str, seen: IntervalSet) -> IntervalSet:
        """Every number that a boot must have given out."""
        top = max((last for _, last in seen), default=0)
        floor = self._floors.get(boot, 1)
        return IntervalSet([(floor, top)] if floor <= top else [])

    def _add_lost(self, boot: str, ranges: IntervalSet) -> None:
        if ranges:
            self._lost[boot] = self._lost.get(boot, _NOTHING) | ranges


def _forget(numbers: dict[str, IntervalSet], known: Known) -> None:
    for boot in list(numbers):
        numbers[boot] -= known.get(boot, _NOTHING)
        if not numbers[boot]:
            del numbers[boot]


def _some(numbers: Mapping[str, IntervalSet]) -> dict[str, IntervalSet]:
    return {boot: ranges for boot, ranges in numbers.items() if ranges}
