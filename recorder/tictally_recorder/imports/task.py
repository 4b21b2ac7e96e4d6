"""An import, its dry run, or the undoing of a run, as one task with a result that JSON has."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

from tictally_recorder.imports.errors import ImportFileError
from tictally_recorder.imports.home_assistant_service import fetch_statistics, last_fetched
from tictally_recorder.imports.home_assistant_statistics import HomeAssistantDatabase, HomeAssistantSettings
from tictally_recorder.imports.outcome import Outcome, import_files, known_hashes, undo
from tictally_recorder.imports.read import FileRead, read_files
from tictally_recorder.imports.state import iso, run_records
from tictally_recorder.ledger import LedgerUnavailable
from tictally_recorder.problem import ProblemError
from tictally_recorder.settings import Settings
from tictally_recorder.translations import phrase_record

_ATTEMPTS: Final = 5
# Of a history that is mostly gaps.
_MOST_SHOWN: Final = 200

_T = TypeVar("_T")

Record = dict[str, Any]
Report = Callable[[str, int], None]
"""Takes the phase, `reading` or `storing`, and how many values have been read."""


class TaskKind(StrEnum):
    """What a task does."""

    CHECK = "check"
    IMPORT = "import"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class ImportTask:
    """What is to be done.

    Attributes:
        kind: an import, its dry run, or undoing.
        paths: of the files to import.
        site: its id; None: the only one, or that of the files' delivery point.
        run: to undo.
        is_home_assistant: instead of files, what Home Assistant has since the last such import.
    """

    kind: TaskKind
    paths: tuple[Path, ...] = ()
    site: str | None = None
    run: int = 0
    is_home_assistant: bool = False


def run_task(settings: Settings, task: ImportTask, now: datetime, report: Report) -> Record:
    """Do it; returns what it did, as `outcome_record` has it.

    Args:
        settings: the recorder's.
        task: what to do.
        now: when it is.
        report: called now and then.

    Raises:
        ImportFileError: a file cannot be used, or does not fit the site; nothing was written.
        FetchError: Home Assistant cannot be reached, or answers what cannot be used.
        LedgerError: the ledger cannot be read or written; nothing was written.
    """
    if task.kind is TaskKind.UNDO:
        report("storing", 0)
        undone, months = _while_busy(lambda: undo(settings, task.run))
        (record,) = run_records([undone])
        return {**_EMPTY, **record, "months": [each.to_record() for each in months]}
    known = known_hashes(settings.ledger, task.site)
    if task.is_home_assistant:
        report("reading", 0)
        since = last_fetched(settings.ledger, task.site)
        file = fetch_statistics(settings.section(HomeAssistantSettings), since, now)
        is_new = file.hash not in known
        read, skipped = [FileRead(HomeAssistantDatabase(), file)] if is_new else [], [] if is_new else [file.name]
    else:
        read, skipped = read_files(task.paths, settings, known, _Counter(report))
    names = [_without_folder(name, task.paths) for name in skipped]
    if not read:
        return {**_EMPTY, "skipped": names}
    report("storing", sum(len(each.file.observations) for each in read))
    is_dry_run = task.kind is TaskKind.CHECK
    outcome = _while_busy(lambda: import_files(settings, read, task.site, now, is_dry_run=is_dry_run))
    found = outcome_record(outcome, names)
    more_gaps = max(len(outcome.gaps) - _MOST_SHOWN, 0)
    more_contradicted = max(len(outcome.contradicted) - _MOST_SHOWN, 0)
    shown = {name: found[name][:_MOST_SHOWN] for name in ("gaps", "contradicted")}
    return {**found, **shown, "more_gaps": more_gaps, "more_contradicted": more_contradicted}


class _Counter:
    """Reports how many values have been read so far; called with how many more."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._values = 0

    def __call__(self, count: int) -> None:
        self._values += count
        self._report("reading", self._values)


def outcome_record(outcome: Outcome, skipped: Sequence[str]) -> Record:
    """What an import did, or would do; times in UTC.

    Args:
        outcome: of the files that were read.
        skipped: names of the files that were imported before, or are there twice.
    """
    (record,) = run_records([outcome.run])
    return {
        **record,
        "run": None if outcome.is_dry_run else outcome.run.id,
        "is_new_site": outcome.is_new_site,
        "skipped": list(skipped),
        "months": [each.to_record() for each in outcome.months],
        "gaps": _gap_records(outcome),
        "contradicted": [
            {"register": each.register, "at": iso(each.time_ms), "value": each.wh} for each in outcome.contradicted
        ],
    }


def _gap_records(outcome: Outcome) -> list[Record]:
    return [{"from": iso(each.start_ms), "to": iso(each.end_ms)} for each in outcome.gaps]


def error_record(error: ProblemError, paths: Sequence[Path]) -> Record:
    """Why a task failed: the file, or null, its line, or 0, and the problem as code, parameters and English text.

    Args:
        error: that it raised.
        paths: of its files.
    """
    file, line = (_without_folder(error.file, paths), error.line) if isinstance(error, ImportFileError) else (None, 0)
    return {"file": file, "line": line, "problem": phrase_record(error.problem)}


_EMPTY: Final[Record] = {
    **dict.fromkeys(("run", "site", "imported", "from", "to")),
    "files": [],
    "is_new_site": False,
    "skipped": [],
    "months": [],
    "gaps": [],
    "more_gaps": 0,
    "contradicted": [],
    "more_contradicted": 0,
}


def _without_folder(name: str, paths: Sequence[Path]) -> str:
    """A file's name as the user knows it: where the recorder has put it is of no use to anybody."""
    path = next((each for each in paths if name.startswith(str(each))), None)
    return name if path is None else path.name + name.removeprefix(str(path))


def _while_busy(work: Callable[[], _T]) -> _T:
    """Do something in the ledger, again while another program writes."""
    for attempt in range(1, _ATTEMPTS):
        try:
            return work()
        except LedgerUnavailable:
            time.sleep(float(attempt))
    return work()
