"""What the doctor finds about ledger, disk, recorder and backups. Pure."""

from collections.abc import Iterator
from typing import Final

from tictally_recorder.doctor.facts import BackupFacts, LedgerFacts
from tictally_recorder.finding import Finding, FindingCode, Level, Moments, Subject, SubjectKind
from tictally_recorder.ledger import RejectionSummary
from tictally_shared.phrase import Phrase, Value

_LEDGER: Final = Subject(SubjectKind.LEDGER)
_RECORDER: Final = Subject(SubjectKind.RECORDER)
_BACKUP: Final = Subject(SubjectKind.BACKUP)
# A year of quarters takes some megabytes, two days of raw frames some hundred.
_MIN_FREE_BYTES: Final = 500_000_000
# The backup of a large ledger takes a while on a small machine.
_MAX_BACKUP_DELAY_MS: Final = 3600_000
_MAX_DETAIL: Final = 80
_NEWEST_BACKUP: Final = FindingCode.NEWEST_BACKUP, FindingCode.NO_BACKUP_YET


def ledger_findings(ledger: LedgerFacts | Phrase, moments: Moments) -> Iterator[Finding]:
    """Whether the ledger is whole, has room, and is written to.

    Args:
        ledger: or why it cannot be read.
        moments: of now.
    """
    if isinstance(ledger, Phrase):
        yield Finding(_LEDGER, Level.TROUBLE, Phrase(FindingCode.LEDGER_UNREADABLE, {"detail": ledger}))
        return
    counts = ledger.counts
    about: dict[str, Value] = {
        "path": str(ledger.path),
        "version": ledger.version,
        "size": ledger.size_bytes,
        "count": counts.frames,
    }
    yield Finding(_LEDGER, Level.OK, Phrase(FindingCode.LEDGER_READABLE, about))
    for problem in ledger.problems:
        yield Finding(_LEDGER, Level.TROUBLE, Phrase(FindingCode.LEDGER_DAMAGED, {"detail": problem}))
    if not ledger.problems:
        yield Finding(_LEDGER, Level.OK, Phrase(FindingCode.LEDGER_INTACT))
    if ledger.is_readable_by_all:
        yield Finding(_LEDGER, Level.NOTE, Phrase(FindingCode.LEDGER_READABLE_BY_ALL, {"path": str(ledger.path)}))
    if ledger.free_bytes < _MIN_FREE_BYTES:
        yield Finding(_LEDGER, Level.TROUBLE, Phrase(FindingCode.DISK_FULL, {"free": ledger.free_bytes}))
    else:
        yield Finding(_LEDGER, Level.OK, Phrase(FindingCode.DISK_FREE, {"free": ledger.free_bytes}))
    if ledger.recorder is None:
        yield Finding(_RECORDER, Level.TROUBLE, Phrase(FindingCode.RECORDER_STOPPED))
    else:
        yield Finding(_RECORDER, Level.OK, Phrase(FindingCode.RECORDER_RUNS, {"process": ledger.recorder}))
    if counts.deferred:
        yield Finding(_LEDGER, Level.NOTE, Phrase(FindingCode.MESSAGES_DEFERRED, {"count": counts.deferred}))
    for each in ledger.rejected:
        yield Finding(_LEDGER, Level.NOTE, _rejected(each, moments))


def _rejected(rejected: RejectionSummary, moments: Moments) -> Phrase:
    parameters: dict[str, Value] = {"count": rejected.n, "reason": rejected.reason}
    if rejected.topic is None or rejected.detail is None or rejected.arrived_ms is None:
        return Phrase(FindingCode.MESSAGES_REJECTED, parameters)
    newest: dict[str, Value] = {
        "time": moments.iso(rejected.arrived_ms),
        "age": moments.age_s(rejected.arrived_ms),
        "topic": rejected.topic[:_MAX_DETAIL],
        "detail": rejected.detail[:_MAX_DETAIL],
    }
    return Phrase(FindingCode.MESSAGES_REJECTED_WITH_NEWEST, parameters | newest)


def backup_findings(backup: BackupFacts, moments: Moments) -> Iterator[Finding]:
    """Whether the nightly backup is made, and lies apart from the ledger."""
    if backup.folder is None:
        yield Finding(_BACKUP, Level.NOTE, Phrase(FindingCode.BACKUP_DISABLED))
        return
    folder, newest = str(backup.folder), moments.since(backup.made_ms, *_NEWEST_BACKUP)
    is_late = backup.made_ms is None or backup.made_ms < backup.due_ms
    if backup.problem is not None:
        # Where one was made by hand since, the recorder has not tried again yet: its failure is still reported.
        level = Level.TROUBLE if is_late else Level.NOTE
        failure = Phrase(FindingCode.BACKUP_FAILED, {"problem": backup.problem, "newest": newest})
        yield Finding(_BACKUP, level, failure)
    elif backup.made_ms is None:
        yield Finding(_BACKUP, Level.NOTE, Phrase(FindingCode.BACKUP_NONE_YET, {"folder": folder}))
    elif is_late and moments.now_ms - backup.due_ms > _MAX_BACKUP_DELAY_MS:
        yield Finding(_BACKUP, Level.TROUBLE, Phrase(FindingCode.BACKUP_LATE, {"newest": newest}))
    else:
        yield Finding(_BACKUP, Level.OK, Phrase(FindingCode.BACKUP_MADE, {"folder": folder, "newest": newest}))
    if backup.is_on_ledgers_disk:
        yield Finding(_BACKUP, Level.NOTE, Phrase(FindingCode.BACKUP_ON_LEDGERS_DISK, {"folder": folder}))
