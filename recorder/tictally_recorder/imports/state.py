"""How importers stand, for health, doctor, API and command line: registry and ledger put together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tictally_recorder.finding import Finding, FindingCode, Level, Moments, Subject, SubjectKind
from tictally_recorder.imports.protocol import Importer
from tictally_recorder.imports.registry import importers
from tictally_recorder.ledger import ImportedFile, ImportRun, Ledger, LedgerError, LedgerReader
from tictally_recorder.maintenance import Turn
from tictally_recorder.settings import Settings
from tictally_shared.phrase import Phrase


@dataclass(frozen=True, slots=True)
class ImporterState:
    """An importer.

    Attributes:
        importer: itself.
        imported_ms: when a file of its own was last imported, or None.
        files: how many files of its own are imported.
    """

    importer: Importer
    imported_ms: int | None
    files: int

    @property
    def imported(self) -> str | None:
        """When a file of its own was last imported, ISO 8601 in UTC, or None."""
        return None if self.imported_ms is None else iso(self.imported_ms)

    def to_record(self) -> dict[str, object]:
        """The importer as API and command line show it."""
        about = {"name": self.importer.name, "title": self.importer.title, "form": self.importer.form}
        return {**about, **self.to_health()}

    def to_health(self) -> dict[str, object]:
        """`imported`, `files`, and `requires`, the package that is not installed, or null."""
        return {"imported": self.imported, "files": self.files, "requires": self.importer.requires}


def importer_states(runs: Sequence[ImportRun]) -> list[ImporterState]:
    """Every registered importer, in order of registration.

    Args:
        runs: of the ledger.
    """
    found = []
    for each in importers():
        own = [(run, file) for run in runs for file in run.files if file.importer == each.name]
        found.append(ImporterState(each, max((run.imported_ms for run, _ in own), default=None), len(own)))
    return found


def collect_importers(settings: Settings) -> tuple[ImporterState, ...]:
    """Every importer; without their runs where the ledger cannot be read, which is reported elsewhere."""
    try:
        with LedgerReader.open(settings.ledger) as reader:
            return tuple(importer_states(reader.import_runs()))
    except LedgerError:
        return tuple(importer_states(()))


def importer_findings(states: Iterable[ImporterState], moments: Moments) -> Iterator[Finding]:
    """A finding about each importer of which a file is imported; `tictally import list` shows the others.

    Args:
        states: of all importers.
        moments: writes times.
    """
    for state in states:
        if state.imported_ms is None:
            continue
        about = Subject(SubjectKind.IMPORTER, state.importer.name)
        if state.importer.requires is not None:
            missing = Phrase(FindingCode.IMPORTER_NEEDS_PACKAGE, {"package": state.importer.requires})
            yield Finding(about, Level.NOTE, missing)
            continue
        last = Phrase(FindingCode.LAST_IMPORT, {"day": moments.iso(state.imported_ms)[:10]})
        yield Finding(about, Level.OK, Phrase(FindingCode.IMPORTER_READY, {"form": state.importer.form, "last": last}))


class ImporterHealth:
    """State of each importer.

    Args:
        reader: of the ledger.
    """

    def __init__(self, reader: LedgerReader) -> None:
        self._reader = reader

    def health(self, _turn: Turn) -> dict[str, object]:
        """`importers` of the recorder's health, by name, and `import_runs`, how many there are.

        Of each importer `imported` is when a file was last imported, null if never, `files` how many there are, and
        `requires` the package that it needs and that is not installed, or null.
        """
        runs = self._reader.import_runs()
        states = {state.importer.name: state.to_health() for state in importer_states(runs)}
        return {"importers": states, "import_runs": len(runs)}


class ImportStep:
    """Recomputes what imports fill, where frames have come into or beside their gaps.

    Args:
        ledger: that holds both.
    """

    name = "imports"
    needs_idle = True
    due_s = 0.0

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def run(self, turn: Turn) -> bool:
        """Recompute one site's, at most every few seconds: late frames change the same gap again and again."""
        if self._ledger.recompute_imports():
            self.due_s = turn.now_s + _EVERY_S
        return True

    def wake(self, reason: object) -> None:
        """Nothing changes: the ledger marks what is to be done."""


_EVERY_S = 5.0


def run_records(runs: Sequence[ImportRun]) -> Iterator[dict[str, object]]:
    """Runs as API and command line show them, the newest first."""
    for run in reversed(runs):
        yield {
            "run": run.id,
            "site": run.site,
            "imported": iso(run.imported_ms),
            "from": iso(run.first_ms),
            "to": iso(run.last_ms),
            "files": [_file_record(file) for file in run.files],
        }


def _file_record(file: ImportedFile) -> dict[str, object]:
    return {
        "importer": file.importer,
        "name": file.name,
        "hash": file.hash,
        "delivery_point": file.delivery_point,
        "readings": file.readings,
        "intervals": file.intervals,
        "from": iso(file.first_ms),
        "to": iso(file.last_ms),
    }


def iso(time_ms: int) -> str:
    """A time to the second, ISO 8601 in UTC."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
