"""One run: faults as planned, then recovery, then the comparison."""

import heapq
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from chaos import quarters
from chaos.compare import Findings, Known, compare
from chaos.ledger_content import read_ledger
from chaos.plan import Fault
from chaos.stage import EDGES, Stage
from chaos.truth import read_frame_log
from tictally_recorder.ledger import LedgerError

_TICK_S: Final = 0.1
_CLEAN_S: Final = 4.0
_LAST_FRAMES_S: Final = 3.0
_CUT_S: Final = 0.2
_HEALTH_S: Final = 2.5
_COMPARE_INTERVAL_S: Final = 2.0
_MIN_BACKUPS: Final = 12


@dataclass(frozen=True, slots=True)
class Recovery:
    """What happens after the faults.

    Attributes:
        timeout_s: how long it may take.
        is_hurried: True to let the edges reconnect twice and again, which makes them publish their health at once
            instead of within a minute; a recorder requests missing frames after two health messages.
    """

    timeout_s: float
    is_hurried: bool = False


@dataclass(slots=True)
class Outcome:
    """The result of a run.

    Attributes:
        faults: kind → how many.
        findings: edge → result of the comparison.
        differences: sentences, those of the findings among them.
        recovered_s: from the last fault's end until nothing was missing any more, or None if something is.
        ended_s: program → how long it took to end.
        ended_by_itself: program → how often it did.
    """

    faults: Counter[str]
    findings: dict[str, Findings] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    recovered_s: float | None = None
    ended_s: dict[str, float] = field(default_factory=dict)
    ended_by_itself: dict[str, int] = field(default_factory=dict)


def run(
    stage: Stage,
    faults: Sequence[Fault],
    duration_s: float,
    recovery: Recovery,
    report: Callable[[str], None],
) -> Outcome:
    """Run faults and recovery.

    Args:
        stage: everything runs.
        faults: in order.
        duration_s: of the faults.
        recovery: how long it may take, and how.
        report: called with each event.
    """
    _inject(stage, faults, duration_s, report)
    begin_s = time.monotonic()
    report("the faults are over; the meters send a little longer, and missing frames are backfilled")
    if recovery.is_hurried:
        _hurry(stage)
    _supervise_for(stage, _CLEAN_S)  # an unproved clock sees the meter's DATE
    stage.silence()
    _supervise_for(stage, _LAST_FRAMES_S)
    outcome = evaluate(stage, faults)
    while outcome.differences and time.monotonic() - begin_s < recovery.timeout_s:
        if recovery.is_hurried:
            _hurry(stage)  # what was not connected before may be now
        _supervise_for(stage, _COMPARE_INTERVAL_S)
        outcome = evaluate(stage, faults)
    recovered_s = None if outcome.differences else time.monotonic() - begin_s
    ended_by_itself = {each.name: each.ended_by_itself for each in stage.programs if each.ended_by_itself}
    try:
        ended_s = stage.end()
    except TimeoutError as error:
        ended_s = {}
        outcome.differences.append(str(error))
    if recovered_s is not None:
        last = evaluate(stage, faults)  # of what is on disk now that nothing runs
        last.differences += outcome.differences
        outcome = last
    outcome.recovered_s, outcome.ended_s, outcome.ended_by_itself = recovered_s, ended_s, ended_by_itself
    return outcome


def evaluate(stage: Stage, faults: Sequence[Fault]) -> Outcome:
    """Compare the present state."""
    outcome = Outcome(Counter(fault.kind.name for fault in faults))
    try:
        ledger = read_ledger(stage.ledger)
    except (LedgerError, sqlite3.Error) as error:
        outcome.differences.append(f"the ledger cannot be read: {error}")
        return outcome
    for edge in EDGES:
        stored = [frame for frame in ledger.frames if frame.edge == edge]
        known = Known(stage.watch.spans(edge), stage.full.get(f"journal-{edge}", ()), ledger.lost.get(edge, 0))
        found = outcome.findings[edge] = compare(read_frame_log(stage.notes(edge)), known, stored)
        outcome.differences += [f"{edge}: {each}" for each in found.differences]
    outcome.differences += quarters.differences(ledger.frames, ledger.quarters)
    # When nothing runs any more it cannot be queried, and the ledger has not changed since it was.
    if stage.influx is not None and stage.influxd is not None and stage.influxd.pid is not None:
        outcome.differences += stage.influx.differences(ledger.frames, ledger.quarters)
    if ledger.unprocessed:
        outcome.differences.append(f"{ledger.unprocessed} messages were rejected or deferred")
    return outcome


def _inject(stage: Stage, faults: Sequence[Fault], duration_s: float, report: Callable[[str], None]) -> None:
    begin_s = time.monotonic()
    order = count()
    due: list[tuple[float, int, str, Callable[[], object]]] = []

    def begin(fault: Fault) -> None:
        end = fault.kind.begin(stage)
        heapq.heappush(due, (fault.until_s, next(order), f"  over: {_title(fault)}", end))

    for fault in faults:
        heapq.heappush(due, (fault.at_s, next(order), _title(fault), lambda fault=fault: begin(fault)))  # type: ignore[misc]
    backup_every_s = duration_s / _MIN_BACKUPS
    next_backup_s = 0.0
    while due or time.monotonic() - begin_s < duration_s:
        now_s = time.monotonic() - begin_s
        while due and due[0][0] <= now_s:
            _, _, sentence, act = heapq.heappop(due)
            report(f"{now_s:6.1f} s  {sentence}")
            act()
        if now_s >= next_backup_s:
            stage.back_up_ledger()
            next_backup_s += backup_every_s
        stage.supervise()
        time.sleep(_TICK_S)


def _hurry(stage: Stage) -> None:
    for _ in range(2):
        for edge in EDGES:
            stage.gates[edge].cut()
        _supervise_for(stage, _CUT_S)
        for edge in EDGES:
            stage.gates[edge].restore()
        _supervise_for(stage, _HEALTH_S)


def _title(fault: Fault) -> str:
    return f"{fault.kind.name} ({', '.join(sorted(fault.kind.holds))})"


def _supervise_for(stage: Stage, seconds: float) -> None:
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        stage.supervise()
        time.sleep(_TICK_S)
