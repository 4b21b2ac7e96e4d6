"""What a doctor has looked at: ledger, broker, edges."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from tictally_recorder.doctor.broker_probe import Visit
from tictally_recorder.jobs import JobReport
from tictally_recorder.ledger import LedgerCounts, NumberRange, RejectionSummary, SinkCounts, Site
from tictally_recorder.reason import Reason
from tictally_recorder.sinks.findings import SinkFacts


@dataclass(frozen=True, slots=True)
class LedgerFacts:
    """A ledger that could be read.

    Attributes:
        path: of its file.
        size_bytes: of the file and its write-ahead log.
        free_bytes: what the disk has left.
        version: of the ledger's form.
        problems: what its integrity check says, nothing where it is whole.
        recorder: process that records into it: its pid, or `unknown`; None where there is none.
        counts: its figures.
        rejected: the rejected messages, by reason.
        numbers: edge → boot → what became of its numbers.
        newest_ms: edge → time of its newest frame, None where it has none.
        sites: with their meters.
        sinks: the sinks' backlogs.
    """

    path: Path
    size_bytes: int
    free_bytes: int
    version: int
    problems: tuple[str, ...]
    recorder: str | None
    counts: LedgerCounts
    rejected: tuple[RejectionSummary, ...]
    numbers: Mapping[str, Mapping[str, list[NumberRange]]]
    newest_ms: Mapping[str, int | None]
    sites: tuple[Site, ...]
    sinks: tuple[SinkCounts, ...] = ()


@dataclass(frozen=True, slots=True)
class PaidFacts:
    """By what a site pays today.

    Attributes:
        site: its id.
        version: of the price list that holds, or None.
        reason: why there is none, or None.
        overdue_since: the day on which a revision of the list was due that is not known, or None.
        contradictions: where the contract differs from what the meter announces, a sentence each.
    """

    site: str
    version: str | None
    reason: Reason | None = None
    overdue_since: date | None = None
    contradictions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CostFacts:
    """How cost stands.

    Attributes:
        problem: a file of the user that cannot be used, a sentence, or None.
        paid: of each site; none where a file cannot be used.
    """

    problem: str | None = None
    paid: tuple[PaidFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class EdgeFacts:
    """What an edge has left at the broker.

    Attributes:
        availability: `online` or `offline`, or None.
        health: its newest health, or None.
    """

    availability: str | None = None
    health: bytes | None = None


@dataclass(frozen=True, slots=True)
class BackupFacts:
    """What there is of nightly backups.

    Attributes:
        folder: that they are put into, None where none is set.
        made_ms: when the newest in it was made, None where there is none.
        due_ms: when the last one should have been made.
        problem: why the folder cannot be used, or why the recorder made none, a sentence; else None.
        is_on_ledgers_disk: the folder lies on the same file system as the ledger.
    """

    folder: Path | None = None
    made_ms: int | None = None
    due_ms: int = 0
    problem: str | None = None
    is_on_ledgers_disk: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it.

    Attributes:
        now_ms: this machine's clock.
        ledger: or the sentence that says why it cannot be read.
        broker: its address.
        visit: what it said.
        edges: those that have left something there.
        cost: contracts and price lists.
        backup: None where it was not looked at.
        sinks: the configured ones.
        jobs: every registered job; none where the ledger cannot be read.
    """

    now_ms: int
    ledger: LedgerFacts | str
    broker: str
    visit: Visit
    edges: Mapping[str, EdgeFacts] = field(default_factory=dict)
    cost: CostFacts = CostFacts()
    backup: BackupFacts | None = None
    sinks: tuple[SinkFacts, ...] = ()
    jobs: tuple[JobReport, ...] = ()
