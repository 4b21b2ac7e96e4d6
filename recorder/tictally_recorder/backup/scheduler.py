"""A backup every night: in a process of its own at low priority, started and awaited by a thread beside the loop.

Everything that touches the folder is here: a share that hangs holds up this thread and nobody else.
"""

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Event, Thread
from typing import ClassVar, Final, Self

from tictally_recorder.backup.errors import BackupError
from tictally_recorder.backup.repository import Own, backups_in
from tictally_recorder.backup.schedule import is_due, made_by
from tictally_recorder.backup.settings import BackupSettings
from tictally_recorder.ledger import Ledger, LedgerError, LedgerReader
from tictally_recorder.maintenance import Turn, Wake
from tictally_recorder.settings import PREFIX, Settings
from tictally_shared.frames import iso_utc

NOTE: Final = "backup"


@dataclass(frozen=True, slots=True)
class BackupState:
    """How nightly backups stand; it outlives the process as a note in the ledger.

    Attributes:
        folder: that they are put into.
        made_ms: when the newest was made, milliseconds since 1970, or None.
        problem: why the last night has none, a sentence, or None.
    """

    folder: str
    made_ms: int | None = None
    problem: str | None = None

    def to_note(self) -> str:
        """As the ledger keeps it."""
        return json.dumps(asdict(self))

    @classmethod
    def of_note(cls, note: str | None, folder: Path) -> Self:
        """What a note says of a folder; nothing where it is of another one."""
        if note is not None:
            noted = cls(**json.loads(note))
            if noted.folder == str(folder):
                return noted
        return cls(str(folder))


# What came while no recorder ran goes first.
_BEGINS_AFTER_S: Final = 10.0
_LOOKS_EVERY_S: Final = 60.0
_TRIES_AGAIN_AFTER_S: Final = 30 * 60.0
# A Pi with decades of many meters takes minutes; one that hangs is ended, and said.
_TAKES_AT_MOST_S: Final = 4 * 3600.0
# A call to a share whose server is away may never return, and a process inside one cannot even be killed.
_ENDS_WITHIN_S: Final = 10.0
_ANSWERS_WITHIN_S: Final = 5 * 60.0
_log = logging.getLogger(__name__)


class Nightly:
    """Makes the backups of a recorder.

    Args:
        settings: the recorder's.
        state: as it was noted last, of the folder for backups.
    """

    def __init__(self, settings: Settings, state: BackupState) -> None:
        self._settings = settings
        self._folder = Path(state.folder)
        self._state = state
        # Until when the look that is under way may take, on the monotonic clock; None between two.
        self._done_by_s: float | None = None
        self._own: Own | None = None
        self._ending = Event()
        self._process: subprocess.Popen[str] | None = None
        self._thread = Thread(target=self._run, name="nightly-backup", daemon=True)

    @property
    def state(self) -> BackupState:
        """As it is, also where the thread hangs in the folder; for whoever asks, who never waits."""
        done_by_s = self._done_by_s
        if done_by_s is None or time.monotonic() <= done_by_s:
            return self._state
        return replace(self._state, problem=f"the folder {self._folder} for backups does not answer")

    def start(self) -> None:
        """Begin, some seconds from now."""
        self._thread.start()

    def stop(self) -> None:
        """End it, and what it has begun: that leaves no backup, and those that are there stay."""
        self._ending.set()
        process = self._process
        if process is not None:
            process.kill()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def look(self, now_ms: int) -> bool:
        """Make one where it is due; True where all is well.

        Args:
            now_ms: milliseconds since 1970.
        """
        self._may_take(_ANSWERS_WITHIN_S)
        try:
            self._tell(self._looked(now_ms))
        except (BackupError, LedgerError) as error:
            self._tell(replace(self._state, problem=str(error)))
        except Exception as error:  # noqa: BLE001 - else the thread would end, and no night have a backup any more
            _log.exception("what a backup met")
            self._tell(replace(self._state, problem=f"an error that was not foreseen: {error!r}"))
        finally:
            self._done_by_s = None
        return self._state.problem is None

    def _looked(self, now_ms: int) -> BackupState:
        """How the folder is, after a backup was made where it is due."""
        own = self._own = self._own or self._of_ledger()
        there = backups_in(self._folder, self._settings.name)
        self._check_same_disk()
        if is_due(own.of(there), now_ms, self._settings.section(BackupSettings).hour, self._settings.zone):
            self._may_take(_TAKES_AT_MOST_S + _ANSWERS_WITHIN_S)
            self._make()
            self._may_take(_ANSWERS_WITHIN_S)
            there = backups_in(self._folder, self._settings.name)
        newest_ms = max(made_by(own.of(there), now_ms), default=None)
        return replace(self._state, made_ms=newest_ms, problem=own.problem(there, now_ms))

    def _of_ledger(self) -> Own:
        with LedgerReader.open(self._settings.ledger) as reader:
            return Own(reader.created)

    def _may_take(self, most_s: float) -> None:
        self._done_by_s = time.monotonic() + most_s

    def _check_same_disk(self) -> None:
        """A share that is not mounted leaves an empty folder, on the very disk that backups shall outlive."""
        if self._state.made_ms is not None and not backups_in(self._folder, None):  # whatever name it had then
            raise BackupError(
                f"the folder {self._folder} is empty, and backups were put there before; is its disk or share mounted? "
                "If it is a new one, `tictally backup` puts the first there"
            )

    def _run(self) -> None:
        wait_s = _BEGINS_AFTER_S
        while not self._ending.wait(wait_s):
            wait_s = _LOOKS_EVERY_S if self.look(time.time_ns() // 1_000_000) else _TRIES_AGAIN_AFTER_S

    def _tell(self, state: BackupState) -> None:
        if state.problem is not None and state.problem != self._state.problem:
            _log.warning("nightly backups: %s", state.problem)
        self._state = state

    def _make(self) -> None:
        if self._process is not None and self._process.poll() is None:
            raise BackupError(f"the folder {self._folder} does not answer: the backup begun in it cannot be ended")
        process = self._process = self._begin()
        try:
            said, _ = process.communicate(timeout=_TAKES_AT_MOST_S)
        except subprocess.TimeoutExpired:
            process.kill()
            if process.stdout is not None:
                process.stdout.close()  # what `communicate` leaves open
            with suppress(subprocess.TimeoutExpired):
                process.wait(_ENDS_WITHIN_S)
            raise BackupError(f"it was not done within {_TAKES_AT_MOST_S / 3600:.0f} hours") from None
        if process.returncode and not self._ending.is_set():
            last = said.strip().splitlines()[-1:] or [f"it ended with {process.returncode}"]
            raise BackupError(last[0].removeprefix("tictally: "))
        _log.info("%s", " ".join(said.split()))

    def _begin(self) -> subprocess.Popen[str]:
        try:
            return subprocess.Popen(  # this very program
                [sys.executable, "-m", "tictally_recorder", "backup"],
                env=_environment(os.environ, self._settings),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        except OSError as error:
            raise BackupError(f"its process cannot be started ({sys.executable}): {error.strerror or error}") from None


def nightly_backup(settings: Settings, ledger: Ledger) -> Nightly | None:
    """The nightly backup of a recorder, in the state in which it was noted last; None where there is no folder."""
    folder = settings.section(BackupSettings).folder
    return None if folder is None else Nightly(settings, BackupState.of_note(ledger.get_value(NOTE), folder))


class BackupStep:
    """Notes the state of the nightly backup in the ledger, where it outlives the process.

    Args:
        nightly: the backup, or None where none is made.
        ledger: where it is noted.
        on_change: called after the state has changed.
    """

    name: ClassVar[str] = "backup"
    needs_idle: ClassVar[bool] = False
    due_s: ClassVar[float] = 0.0

    def __init__(self, nightly: Nightly | None, ledger: Ledger, on_change: Callable[[], None]) -> None:
        self._nightly = nightly
        self._ledger = ledger
        self._on_change = on_change
        self._noted = None if nightly is None else nightly.state

    def run(self, _turn: Turn) -> bool:
        """Note the state where it has changed."""
        state = None if self._nightly is None else self._nightly.state
        if state is not None and state != self._noted:
            self._ledger.put_value(NOTE, state.to_note())
            self._noted = state
            self._on_change()
        return True

    def wake(self, reason: Wake) -> None:
        """Nothing changes: its thread has its own clock."""

    def health(self, _turn: Turn) -> dict[str, object]:
        """`last_backup`, `is_backup_failing` and `backup_problem` of the recorder's health."""
        state = self._noted
        return {
            "last_backup": None if state is None or state.made_ms is None else iso_utc(state.made_ms),
            "is_backup_failing": state is not None and state.problem is not None,
            "backup_problem": None if state is None else state.problem,
        }


def _environment(environ: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """What that process is told: the settings as they are here, from wherever they came, and no secret."""
    manager = ("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC")
    told = {name: value for name, value in environ.items() if not name.startswith(PREFIX) and name not in manager}
    return told | {
        f"{PREFIX}NAME": settings.name,
        f"{PREFIX}LEDGER": str(settings.ledger),
        f"{PREFIX}TIMEZONE": settings.timezone,
        f"{PREFIX}TARIFFS": str(settings.tariffs_folder),
        f"{PREFIX}CONTRACTS": str(settings.contracts_file),
        f"{PREFIX}BACKUP": str(settings.section(BackupSettings).folder),
    }
