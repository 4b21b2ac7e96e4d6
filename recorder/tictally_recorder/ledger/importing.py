"""Imports and undoes runs, also while a recorder runs: all of a run or nothing, in one transaction."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from tictally_recorder.ledger.connection import open_for_writing, require, transaction, translate_sqlite_errors
from tictally_recorder.ledger.cost_store import Costs
from tictally_recorder.ledger.errors import LedgerError
from tictally_recorder.ledger.meters import ADD_SITE, LabelIds
from tictally_recorder.ledger.model import Site
from tictally_recorder.ledger.observations.model import ImportRun, ObservedFile
from tictally_recorder.ledger.observations.rebuild import is_covered, rebuild
from tictally_recorder.ledger.observations.store import delete_run, import_runs, put_run
from tictally_recorder.ledger.reader import LedgerReader
from tictally_recorder.ledger.sites import all_sites, drop_meters_without_frames, site_id
from tictally_recorder.ledger.temperatures import put_temperatures
from tictally_recorder.problem import ProblemCode
from tictally_shared.frames import KEY
from tictally_shared.phrase import Phrase

# A meter without frames: any frame is newer than its last and older than its first.
_FIRST_MS, _LAST_MS = 2**62, 0
_ADD_METER: Final = "INSERT INTO meter (key, serial, site, first_ms, last_ms) VALUES (?, NULL, ?, ?, ?)"


class Importing:
    """The ledger within one transaction.

    Attributes:
        reader: sees what has been imported or undone so far.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._labels = LabelIds(connection)
        self.reader = LedgerReader(connection)

    def sites(self) -> list[Site]:
        """Every site, by id."""
        return all_sites(self._connection)

    def runs(self) -> list[ImportRun]:
        """Every run, the oldest first."""
        return import_runs(self._connection)

    def put(self, site: str, imported_ms: int, files: Sequence[ObservedFile]) -> int:
        """Import files; returns the run's number.

        Args:
            site: its id, the key of its meter where it is new.
            imported_ms: milliseconds since 1970.
            files: at least one, each with observations.

        Raises:
            LedgerError: the site is new, and its id can be the key of no meter; or it is ignored.
        """
        found = site_id(self._connection, site)
        if found is None or self._is_without_meters(found):
            found = self._add_site(site)
        elif site not in {each.id for each in self.sites()}:
            raise LedgerError(Phrase(ProblemCode.SITE_IGNORED, {"site": site[:40]}))
        run = put_run(self._connection, self._labels, found, imported_ms, files)
        # It takes seconds for years of history, and a job imports a day that frames have all of, every day.
        if not all(is_covered(self._connection, found, file.first_ms, file.last_ms) for file in files):
            rebuild(self._connection, self._labels, found)
        return run

    def put_weather(self, temperatures: Mapping[int, int]) -> int:
        """Store outdoor temperatures of the weather service, which replace earlier ones; returns how many changed.

        Args:
            temperatures: hour since 1970 → hundredths of a degree.
        """
        return put_temperatures(self._connection, temperatures)

    def undo(self, run: int) -> ImportRun:
        """Delete a run and all that came of it; a site that only imports knew ends with the last of them.

        Raises:
            LedgerError: there is no such run.
        """
        known = {each.id: each for each in self.runs()}
        if run not in known:
            raise LedgerError(Phrase(ProblemCode.RUN_UNKNOWN, {"run": run, "runs": tuple(map(str, known))}))
        found = site_id(self._connection, known[run].site)
        delete_run(self._connection, run)
        if found is not None:
            rebuild(self._connection, self._labels, found)
            if not any(each.site == known[run].site for each in self.runs()):
                drop_meters_without_frames(self._connection, found)
                self._drop_if_empty(found)
        return known[run]

    def _add_site(self, site: str) -> int:
        if not KEY.fullmatch(site):
            raise LedgerError(Phrase(ProblemCode.NO_METER_KEY, {"site": site[:40]}))
        ((found,),) = self._connection.execute(ADD_SITE, (site,)).fetchall()
        self._connection.execute(_ADD_METER, (site, found, _FIRST_MS, _LAST_MS))
        return int(found)

    def _drop_if_empty(self, site: int) -> None:
        if self._is_without_meters(site):
            Costs(self._connection).drop_site(site)
            self._connection.execute("DELETE FROM sink_cost WHERE site = ?", (site,))
            # What was written about it stays for the next import, or the first frame.
            unnoted = "DELETE FROM site WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM note WHERE site = ?1)"
            self._connection.execute(unnoted, (site,))

    def _is_without_meters(self, site: int) -> bool:
        return self._connection.execute("SELECT 1 FROM meter WHERE site = ?", (site,)).fetchone() is None


@contextmanager
def importing(path: Path, *, is_dry_run: bool = False) -> Iterator[Importing]:
    """Import or undo within the block; all of it is committed together, or nothing.

    Args:
        path: the ledger.
        is_dry_run: True commits nothing.

    Raises:
        LedgerError: there is no ledger.
        LedgerUnavailable: it is busy.
    """
    require(path)
    with closing(open_for_writing(path)) as connection, _tried(connection) if is_dry_run else transaction(connection):
        yield Importing(connection)


@contextmanager
def _tried(connection: sqlite3.Connection) -> Iterator[None]:
    """Roll back all statements of the block."""
    with translate_sqlite_errors():
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")
