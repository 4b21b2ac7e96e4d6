"""Takes each nightly backup elsewhere, as a job: a command of the user's gets its path.

The backup is made by another job, whose result does not depend on this one; and it stays where it is, whatever the
command does: a file that the command removes is put back from what is still open of it.
"""

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, ClassVar, Final

from tictally_recorder.backup.file_format import BackupError
from tictally_recorder.backup.repository import OwnBackups, list_backups
from tictally_recorder.backup.schedule import not_ahead_of
from tictally_recorder.backup.settings import FILE, BackupSettings, RemoteBackupSettings
from tictally_recorder.jobs.job import JobContext, JobError
from tictally_recorder.jobs.result import ResultCode
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.problem import ProblemCode
from tictally_recorder.settings import PREFIX, Settings
from tictally_shared.phrase import Phrase, Value
from tictally_shared.runtime.atomic_file import open_replacement

_KILL_LIMIT_S: Final = 10.0
_MAX_OUTPUT_BYTES: Final = 8192
_MAX_DETAIL_LENGTH: Final = 300


class RemoteBackupJob:
    """Hands the newest backup of a recorder to a command, once.

    Args:
        settings: the recorder's.
        folder: of its backups.
        command: as the user wrote it.
    """

    retry_s: ClassVar[tuple[float, float]] = (5 * 60.0, 3600.0)

    def __init__(self, settings: Settings, folder: Path, command: str) -> None:
        self._settings, self._folder = settings, folder
        self._words = shlex.split(command)
        # The command itself may have a password in it.
        self._digest = sha256(command.encode()).hexdigest()
        self._limit_minutes = settings.section(RemoteBackupSettings).limit_minutes
        self._own: OwnBackups | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def schedule(self) -> str:
        """Half an hour after a backup is due; in fact as soon as there is a new one."""
        return f"30 {self._settings.section(BackupSettings).hour} * * *"

    @property
    def time_limit_s(self) -> float:
        """Of the settings, and some seconds to kill it."""
        return self._limit_minutes * 60.0 + 2 * _KILL_LIMIT_S

    def check(self, context: JobContext) -> bool:
        """Whether the newest backup was not taken elsewhere yet.

        Raises:
            JobError: the folder or the program is not there.
            LedgerError: the ledger cannot be read.
        """
        context.waits_for = str(self._folder)
        if shutil.which(self._program) is None:
            raise JobError(self._not_started("there is no such program"))
        newest = self._newest(context)
        return newest is not None and context.memory != self._memory(newest)

    def run(self, context: JobContext) -> Phrase:
        """Hand it to the command.

        Raises:
            JobError: there is none, or the command failed.
            LedgerError: the ledger cannot be read.
        """
        context.waits_for = str(self._folder)
        newest = self._newest(context)
        if newest is None:
            raise JobError(Phrase(ProblemCode.REMOTE_BACKUP_NOTHING_YET, {"folder": str(self._folder)}))
        context.waits_for = self._program
        try:
            with newest.open("rb") as held:
                before = os.fstat(held.fileno())
                try:
                    self._hand_over(newest, context)
                finally:
                    self._restore(newest, held, before)
        except OSError as error:
            raise JobError(f"{newest} cannot be read: {error.strerror or error}") from None
        context.memory = self._memory(newest)
        return Phrase(ResultCode.REMOTE_BACKUP_TAKEN, {"program": self._program, "file": newest.name})

    def stop(self) -> None:
        """Kill the command; what it has copied in part is its own concern, and it is given the file again."""
        self._kill()

    @property
    def _program(self) -> str:
        return self._words[0]

    def _memory(self, newest: Path) -> dict[str, str]:
        return {"sent": str(newest), "command": self._digest}

    def _newest(self, context: JobContext) -> Path | None:
        if self._own is None:
            with LedgerReader.open(self._settings.ledger) as reader:
                self._own = OwnBackups(reader.created)
        try:
            backups = self._own.select(list_backups(self._folder, self._settings.name))
        except BackupError as error:
            raise JobError(str(error)) from None
        newest = max(not_ahead_of(backups, context.now_ms), default=None)
        return None if newest is None else backups[newest]

    def _hand_over(self, newest: Path, context: JobContext) -> None:
        with tempfile.TemporaryFile() as output:
            try:
                process = self._process = subprocess.Popen(  # noqa: S603 - the user's own
                    [word.replace(FILE, str(newest)) for word in self._words],
                    env=_environment(os.environ),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise JobError(self._not_started(str(error.strerror or error))) from None
            if context.stopping.is_set():  # `stop` may have come before there was a process to kill
                self._kill()
            try:
                status = process.wait(self._limit_minutes * 60.0)
            except subprocess.TimeoutExpired:
                self._kill()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_KILL_LIMIT_S)
                about: dict[str, Value] = {"minutes": self._limit_minutes}
                raise JobError(self._problem(ProblemCode.REMOTE_BACKUP_TOO_LONG, newest, about)) from None
            if status and context.stopping.is_set():
                raise JobError(Phrase(ProblemCode.RECORDER_STOPPED))
            if status:
                detail = _last_line(output) or "it wrote nothing"
                failed: dict[str, Value] = {"status": status, "detail": detail}
                raise JobError(self._problem(ProblemCode.REMOTE_BACKUP_FAILED, newest, failed))

    def _restore(self, newest: Path, held: BinaryIO, before: os.stat_result) -> None:
        """Put the file back where the command has removed or replaced it.

        Args:
            newest: the file.
            held: opened before.
            before: what it was then.

        Raises:
            JobError: the command did so, or has changed its content.
        """
        if newest.exists() and _identity(newest.stat()) == _identity(before):
            return
        outcome = ProblemCode.REMOTE_BACKUP_FILE_LOST
        if _content(os.fstat(held.fileno())) == _content(before):
            held.seek(0)
            with suppress(OSError), open_replacement(newest, mode=before.st_mode & 0o777) as file:
                shutil.copyfileobj(held, file)
                outcome = ProblemCode.REMOTE_BACKUP_FILE_RESTORED
        about: dict[str, Value] = {"restored": Phrase(outcome)}
        raise JobError(self._problem(ProblemCode.REMOTE_BACKUP_CHANGED_FILE, newest, about)) from None

    def _kill(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            with suppress(ProcessLookupError):  # it has just ended
                os.killpg(process.pid, signal.SIGKILL)

    def _not_started(self, detail: str) -> Phrase:
        return Phrase(ProblemCode.REMOTE_BACKUP_NOT_STARTED, {"program": self._program, "detail": detail})

    def _problem(self, code: ProblemCode, newest: Path, about: Mapping[str, Value]) -> Phrase:
        return Phrase(code, {"program": self._program, "file": newest.name, **about})


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The recorder's, without its settings, of which some are secrets, and without what is its service manager's."""
    manager = ("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC")
    return {name: value for name, value in environ.items() if not name.startswith(PREFIX) and name not in manager}


def _content(stat: os.stat_result) -> tuple[int, int]:
    return stat.st_size, stat.st_mtime_ns


def _identity(stat: os.stat_result) -> tuple[int, ...]:
    return stat.st_dev, stat.st_ino, *_content(stat)


def _last_line(output: BinaryIO) -> str:
    output.seek(0, os.SEEK_END)
    output.seek(max(output.tell() - _MAX_OUTPUT_BYTES, 0))
    lines = output.read().decode(errors="replace").split("\n")
    written = [line.strip() for line in lines if line.strip()]
    return written[-1][:_MAX_DETAIL_LENGTH] if written else ""


def make(settings: Settings) -> RemoteBackupJob | None:
    """The job, or None where its settings want none."""
    folder, command = settings.section(BackupSettings).folder, settings.section(RemoteBackupSettings).command
    return None if folder is None or command is None else RemoteBackupJob(settings, folder, command)
