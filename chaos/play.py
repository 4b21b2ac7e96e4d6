"""One run: faults as planned, then healing, then the verdict."""

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
from chaos.kept import read_ledger
from chaos.plan import Fault
from chaos.stage import EDGES, Stage
from chaos.truth import read_notes
from tictally_recorder.ledger import LedgerError

_TICK_S: Final = 0.1
_UNHARMED_S: Final = 4.0
_LAST_FRAMES_S: Final = 3.0
_BROKEN_S: Final = 0.2
_TOLD_S: Final = 2.5
_LOOK_EVERY_S: Final = 2.0
_FEWEST_BACKUPS: Final = 12


@dataclass(frozen=True, slots=True)
class Healing:
    """What happens after the faults.

    Attributes:
        patience_s: how long it may take.
        hurried: True to let the edges connect anew, twice and again, which makes them tell their health at once instead
            of within a minute; a recorder asks for what it has missed at two healths.
    """

    patience_s: float
    hurried: bool = False


@dataclass(slots=True)
class Outcome:
    """What a run came to.

    Attributes:
        faults: kind → how many.
        findings: edge → what the comparison found.
        differences: sentences, those of the findings among them.
        healed_s: from the last fault's end until nothing was missing any more, or None where something is.
        ended_s: program → how long it took to end.
        ended_by_itself: program → how often it did.
    """

    faults: Counter[str]
    findings: dict[str, Findings] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    healed_s: float | None = None
    ended_s: dict[str, float] = field(default_factory=dict)
    ended_by_itself: dict[str, int] = field(default_factory=dict)


def play(
    stage: Stage,
    faults: Sequence[Fault],
    duration_s: float,
    healing: Healing,
    say: Callable[[str], None],
) -> Outcome:
    """Run it.

    Args:
        stage: everything runs.
        faults: in order.
        duration_s: of the faults.
        healing: how long it may take, and how.
        say: is told what happens.
    """
    _do(stage, faults, duration_s, say)
    begin_s = time.monotonic()
    say("the faults are over; the meters speak a little longer, and all heals")
    if healing.hurried:
        _hurry(stage)
    _tend_for(stage, _UNHARMED_S)  # a clock that was doubted sees the meter's DATE
    stage.silence()
    _tend_for(stage, _LAST_FRAMES_S)
    outcome = judge(stage, faults)
    while outcome.differences and time.monotonic() - begin_s < healing.patience_s:
        if healing.hurried:
            _hurry(stage)  # what was not connected the time before may be by now
        _tend_for(stage, _LOOK_EVERY_S)
        outcome = judge(stage, faults)
    healed_s = None if outcome.differences else time.monotonic() - begin_s
    ended_by_itself = {each.name: each.ended_by_itself for each in stage.programs if each.ended_by_itself}
    try:
        ended_s = stage.end()
    except TimeoutError as error:
        ended_s = {}
        outcome.differences.append(str(error))
    if healed_s is not None:
        last = judge(stage, faults)  # of what is on disk now that nothing runs
        last.differences += outcome.differences
        outcome = last
    outcome.healed_s, outcome.ended_s, outcome.ended_by_itself = healed_s, ended_s, ended_by_itself
    return outcome


def judge(stage: Stage, faults: Sequence[Fault]) -> Outcome:
    """Compare as it stands now."""
    outcome = Outcome(Counter(fault.kind.name for fault in faults))
    try:
        ledger = read_ledger(stage.ledger)
    except (LedgerError, sqlite3.Error) as error:
        outcome.differences.append(f"the ledger cannot be read: {error}")
        return outcome
    for edge in EDGES:
        kept = [frame for frame in ledger.frames if frame.edge == edge]
        known = Known(stage.watch.spans(edge), stage.full.get(f"journal-{edge}", ()), ledger.lost.get(edge, 0))
        found = outcome.findings[edge] = compare(read_notes(stage.notes(edge)), known, kept)
        outcome.differences += [f"{edge}: {each}" for each in found.differences]
    outcome.differences += quarters.differences(ledger.frames, ledger.quarters)
    # When nothing runs any more it cannot be asked, and the ledger is that of the moment when it was.
    if stage.influx is not None and stage.influxd is not None and stage.influxd.pid is not None:
        outcome.differences += stage.influx.differences(ledger.frames, ledger.quarters)
    if ledger.set_aside:
        outcome.differences.append(f"{ledger.set_aside} messages are set aside, or wait to be tried again")
    return outcome


def _do(stage: Stage, faults: Sequence[Fault], duration_s: float, say: Callable[[str], None]) -> None:
    begin_s = time.monotonic()
    order = count()
    due: list[tuple[float, int, str, Callable[[], object]]] = []

    def begin(fault: Fault) -> None:
        end = fault.kind.begin(stage)
        heapq.heappush(due, (fault.until_s, next(order), f"  over: {_told(fault)}", end))

    for fault in faults:
        heapq.heappush(due, (fault.at_s, next(order), _told(fault), lambda fault=fault: begin(fault)))  # type: ignore[misc]
    backup_every_s = duration_s / _FEWEST_BACKUPS
    next_backup_s = 0.0
    while due or time.monotonic() - begin_s < duration_s:
        now_s = time.monotonic() - begin_s
        while due and due[0][0] <= now_s:
            _, _, sentence, act = heapq.heappop(due)
            say(f"{now_s:6.1f} s  {sentence}")
            act()
        if now_s >= next_backup_s:
            stage.back_up_ledger()
            next_backup_s += backup_every_s
        stage.tend()
        time.sleep(_TICK_S)


def _hurry(stage: Stage) -> None:
    for _ in range(2):
        for edge in EDGES:
            stage.gates[edge].cut()
        _tend_for(stage, _BROKEN_S)
        for edge in EDGES:
            stage.gates[edge].restore()
        _tend_for(stage, _TOLD_S)


def _told(fault: Fault) -> str:
    return f"{fault.kind.name} ({', '.join(sorted(fault.kind.holds))})"


def _tend_for(stage: Stage, seconds: float) -> None:
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        stage.tend()
        time.sleep(_TICK_S)
