"""What the doctor has collected: facts about ledger, broker, edges, cost, backups, sinks, jobs, imports and tariffs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from tictally_recorder.doctor.broker_probe import ProbeResult
from tictally_recorder.doctor.reconciliation import ReconciledSite
from tictally_recorder.imports.state import ImporterState
from tictally_recorder.jobs import JobReport
from tictally_recorder.ledger import IgnoredSite, LedgerCounts, NumberRange, RejectionSummary, SinkCounts, Site
from tictally_recorder.reason import Reason
from tictally_recorder.sinks.findings import SinkFacts
from tictally_recorder.tariffs.errors import InFileError, TariffError
from tictally_recorder.tariffs.providers.state import ProviderState
from tictally_shared.phrase import Phrase


@dataclass(frozen=True, slots=True)
class LedgerFacts:
    """A ledger that could be read.

    Attributes:
        path: of its file.
        size_bytes: of the file and its write-ahead log.
        free_bytes: free space of its disk.
        version: of its schema.
        problems: findings of its integrity check.
        recorder: process that records into it: its pid, or `unknown`; None if there is none.
        counts: its figures.
        rejected: the rejected messages, by reason.
        numbers: edge → boot → status of its frame numbers.
        newest_ms: edge → time of its newest frame, None if it has none.
        sites: with their meters.
        sinks: the sinks' backlogs.
        ignored: sites that are recorded no more.
        conflicts: edge → frames whose numbers it had used before.
        is_readable_by_all: every user of the machine may read the file.
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
    ignored: tuple[IgnoredSite, ...] = ()
    conflicts: Mapping[str, int] = field(default_factory=dict)
    is_readable_by_all: bool = False


@dataclass(frozen=True, slots=True)
class PaidFacts:
    """The tariff version of a site today.

    Attributes:
        site: its id.
        version: in force, or None.
        reason: why there is none, or None.
        overdue_since: day on which an unknown revision was due, or None.
        not_revised: why an earlier version than the newest is in force at the contract's power, or None.
        contradictions: differences between the contract and what the meter reports.
    """

    site: str
    version: str | None
    reason: Reason | None = None
    overdue_since: date | None = None
    contradictions: tuple[Phrase, ...] = ()
    not_revised: Reason | None = None


@dataclass(frozen=True, slots=True)
class CostFacts:
    """State of the cost computation.

    Attributes:
        problem: the contracts or tariffs that cannot be used at all, or None.
        paid: by site; empty in that case.
        broken: files that cannot be used, with tariffs that contracts are on.
        unused: those with tariffs that no contract is on.
        taxes: those of taxes.
    """

    problem: InFileError | None = None
    paid: tuple[PaidFacts, ...] = ()
    broken: tuple[TariffError, ...] = ()
    unused: tuple[TariffError, ...] = ()
    taxes: tuple[TariffError, ...] = ()


@dataclass(frozen=True, slots=True)
class EdgeFacts:
    """The retained messages of an edge.

    Attributes:
        availability: `online` or `offline`, or None.
        health: its newest health, or None.
    """

    availability: str | None = None
    health: bytes | None = None


@dataclass(frozen=True, slots=True)
class BackupFacts:
    """State of the nightly backups.

    Attributes:
        folder: destination, or None if none is set.
        made_ms: time of the newest one in it, or None.
        due_ms: when the last one was due.
        problem: why the folder cannot be used, or why the recorder made none; else None.
        is_on_ledgers_disk: the folder is on the same file system as the ledger.
    """

    folder: Path | None = None
    made_ms: int | None = None
    due_ms: int = 0
    problem: Phrase | None = None
    is_on_ledgers_disk: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts.

    Attributes:
        now_ms: this machine's clock.
        ledger: or why it cannot be read.
        broker: its address.
        probe: the result of connecting to it.
        edges: those with retained messages there.
        cost: contracts and tariffs.
        backup: None if it was not examined.
        sinks: the configured ones.
        jobs: every registered job; none where the ledger cannot be read.
        providers: every tariff provider.
        recorder_health: the recorder's newest health that is retained, or None.
        importers: every importer.
        reconciled: sites of whose last month Enedis has shown days.
    """

    now_ms: int
    ledger: LedgerFacts | Phrase
    broker: str
    probe: ProbeResult
    edges: Mapping[str, EdgeFacts] = field(default_factory=dict)
    cost: CostFacts = CostFacts()
    backup: BackupFacts | None = None
    sinks: tuple[SinkFacts, ...] = ()
    jobs: tuple[JobReport, ...] = ()
    providers: tuple[ProviderState, ...] = ()
    recorder_health: bytes | None = None
    importers: tuple[ImporterState, ...] = ()
    reconciled: tuple[ReconciledSite, ...] = ()
