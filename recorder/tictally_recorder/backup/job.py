"""The nightly backup as a job: made by a process of its own, at low priority, and checked against the folder.

Everything that touches the folder happens in the job's thread: a share that hangs holds up nothing else.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Final

from tictally_recorder.backup.file_format import BackupError
from tictally_recorder.backup.repository import OwnBackups, list_backups
from tictally_recorder.backup.schedule import is_due, not_ahead_of
from tictally_recorder.backup.settings import NAME, BackupSettings
from tictally_recorder.jobs.job import JobContext, JobError
from tictally_recorder.jobs.result import ResultCode
from tictally_recorder.jobs.state import JobState, state_key
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.problem import ProblemCode
from tictally_recorder.settings import PREFIX, Settings
from tictally_shared.phrase import Phrase, Value

# A Pi with decades of many meters takes minutes.
_TIME_LIMIT_S: Final = 4 * 3600.0
# A process inside a call to a share whose server is away cannot even be killed.
_KILL_LIMIT_S: Final = 10.0


class BackupJob:
    """Makes the backups of a recorder.

    The backups in the folder decide whether one is due, not the job's own runs: a ledger that was restored elsewhere
    knows its backups, and one that was made by hand counts.

    Args:
        settings: the recorder's.
        folder: that backups are put into.
    """

    time_limit_s: ClassVar[float] = _TIME_LIMIT_S
    retry_s: ClassVar[tuple[float, float]] = (30 * 60.0, 30 * 60.0)

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._hour = settings.section(BackupSettings).hour
        self._own: OwnBackups | None = None
        self._process: subprocess.Popen[str] | None = None

    @property
    def schedule(self) -> str:
        """Every night at the hour of the settings."""
        return f"0 {self._hour} * * *"

    def check(self, context: JobContext) -> bool:
        """Whether the last night has no backup yet, after a look whether the folder is what it was.

        Raises:
            JobError: the folder is not there, has become empty, or another recorder uses it.
            LedgerError: the ledger cannot be read.
        """
        context.waits_for = str(self._folder)
        try:
            backups = self._own_backups(context)
            if is_due(backups, context.now_ms, self._hour, self._settings.zone):
                return True
            self._update(context)
        except BackupError as error:
            raise JobError(str(error)) from None
        return False

    def run(self, context: JobContext) -> Phrase:
        """Make one.

        Raises:
            JobError: it could not be made.
            LedgerError: the ledger cannot be read.
        """
        context.waits_for = str(self._folder)
        result = self._make(context)
        try:
            self._update(context)
        except BackupError as error:
            raise JobError(str(error)) from None
        return result

    def stop(self) -> None:
        """Kill the process: it leaves no partial backup, and those that are there stay."""
        process = self._process
        if process is not None:
            process.kill()

    def _own_backups(self, context: JobContext) -> Mapping[int, Path]:
        if context.memory.get("folder") != str(self._folder):
            context.memory = {"folder": str(self._folder)}
            context.last_success_ms = None
        if self._own is None:
            with LedgerReader.open(self._settings.ledger) as reader:
                self._own = OwnBackups(reader.created)
        backups = list_backups(self._folder, self._settings.name)
        # A share that is not mounted leaves an empty folder, on the very disk that backups shall outlive.
        if context.last_success_ms is not None and not list_backups(self._folder, None):  # of whatever name it had then
            raise JobError(Phrase(ProblemCode.BACKUP_FOLDER_EMPTY, {"folder": str(self._folder)}))
        return self._own.select(backups)

    def _update(self, context: JobContext) -> None:
        """Find out which backup is the newest, and whether another recorder puts its own there too."""
        own = self._own
        if own is None:
            return
        backups = list_backups(self._folder, self._settings.name)
        context.last_success_ms = max(not_ahead_of(own.select(backups), context.now_ms), default=None)
        problem = own.problem(backups, context.now_ms)
        if problem is not None:
            raise JobError(problem)

    def _make(self, context: JobContext) -> Phrase:
        if self._process is not None and self._process.poll() is None:
            raise JobError(Phrase(ProblemCode.BACKUP_FOLDER_HANGS, {"folder": str(self._folder)}))
        process = self._process = self._begin()
        try:
            output, _ = process.communicate(timeout=self.time_limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            if process.stdout is not None:
                process.stdout.close()  # what `communicate` leaves open
            with suppress(subprocess.TimeoutExpired):
                process.wait(_KILL_LIMIT_S)
            raise JobError(Phrase(ProblemCode.BACKUP_TOO_LONG, {"hours": round(self.time_limit_s / 3600)})) from None
        if process.returncode:
            last = output.strip().splitlines()[-1:] or [f"it ended with {process.returncode}"]
            if context.stopping.is_set():
                raise JobError(Phrase(ProblemCode.RECORDER_STOPPED))
            raise JobError(last[0].removeprefix("tictally: "))
        own = self._own or OwnBackups(None)
        made = own.select(list_backups(self._folder, self._settings.name))
        newest = made[max(made)]
        return Phrase(ResultCode.BACKUP_MADE, {"file": newest.name, "size": newest.stat().st_size})

    def _begin(self) -> subprocess.Popen[str]:
        try:
            return subprocess.Popen(  # this very program
                [sys.executable, "-m", "tictally_recorder", "backup"],
                env=_environment(os.environ, self._settings) | {"TICTALLY_LANGUAGE": "en"},  # it is stored
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        except OSError as error:
            about: dict[str, Value] = {"program": sys.executable, "detail": str(error.strerror or error)}
            raise JobError(Phrase(ProblemCode.BACKUP_NOT_STARTED, about)) from None


def _environment(environ: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """The settings as they are here, from wherever they came, and no secret."""
    manager = ("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC")
    inherited = {name: value for name, value in environ.items() if not name.startswith(PREFIX) and name not in manager}
    return inherited | {
        f"{PREFIX}NAME": settings.name,
        f"{PREFIX}LEDGER": str(settings.ledger),
        f"{PREFIX}TIMEZONE": settings.timezone,
        f"{PREFIX}TARIFFS": str(settings.tariffs_folder),
        f"{PREFIX}CONTRACTS": str(settings.contracts_file),
        f"{PREFIX}BACKUP": str(settings.section(BackupSettings).folder),
    }


def stored_state(get_value: Callable[[str], str | None], folder: Path) -> JobState:
    """The job's state as the ledger keeps it; a new one where that was of another folder.

    Args:
        get_value: reads the ledger's key-value store.
        folder: that backups are put into now.
    """
    state = JobState.from_json(get_value(state_key(NAME)))
    return state if state.memory.get("folder") == str(folder) else JobState()


def make(settings: Settings) -> BackupJob | None:
    """The job, or None where its settings want none."""
    folder = settings.section(BackupSettings).folder
    return None if folder is None else BackupJob(settings, folder)
