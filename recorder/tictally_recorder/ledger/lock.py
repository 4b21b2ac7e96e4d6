"""One recorder per ledger: locks that the system releases when their holder dies, however it dies."""

import errno
import fcntl
import os
import struct
from pathlib import Path
from typing import Final, NamedTuple

from tictally_recorder.ledger.errors import LedgerError, LedgerGone, LedgerInUse, LedgerUnavailable
from tictally_recorder.problem import ProblemCode
from tictally_shared.phrase import Phrase

# No rights for others: a ledger shows when somebody is at home. Less by the umask.
MODE: Final = 0o640
# Far behind any byte of the file, and behind those that SQLite locks (2^30 and the 511 after it).
_LOCKED_BYTE: Final = 1 << 62
_FLOCK: Final = "@hhqqi4x"  # struct flock, see fcntl(2)
_HELD: Final = frozenset({errno.EAGAIN, errno.EACCES})
_VANISHED: Final = frozenset({errno.ENOENT, errno.ENOTDIR})


class FileId(NamedTuple):
    """A file, whatever its names: device and inode."""

    device: int
    inode: int


class Lock:
    """Holds `<path>.lock` until it is closed; the file stays and names the last holder's pid.

    Raises:
        LedgerInUse: another process holds it.
        LedgerError: the file cannot be created.
    """

    def __init__(self, path: Path) -> None:
        path = path.resolve()  # a link and its target are one ledger
        lock = path.with_name(f"{path.name}.lock")
        try:
            self._fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, MODE)
        except OSError as error:
            remedy = f"this user must be allowed to write in {path.parent}"
            raise LedgerError(f"the ledger {path} cannot be locked: {error.strerror}; {remedy}") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._fd, 32, 0).decode(errors="replace").strip()
            os.close(self._fd)
            raise LedgerInUse(
                Phrase(ProblemCode.LEDGER_IN_USE, {"path": str(path), "process": holder or "?"})
            ) from None
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def close(self) -> None:
        """Release the lock; a second call does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class FileLock:
    """Locks the ledger's file itself, so that another name of it (a hard link) is no way in; creates it if missing.

    It is also how a ledger is found to be no longer where it was: a file that was deleted or replaced stays open, and
    whatever is written to it is gone when its last user ends. Close it after SQLite's connections: closing any
    descriptor of a file drops the locks that SQLite has there (sqlite.org/howtocorrupt.html §2.2).

    Args:
        path: of the ledger.

    Raises:
        LedgerInUse: another process holds it.
        LedgerError: the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()
        self._log = self._path.with_name(f"{self._path.name}-wal")
        self._log_id: FileId | None = None
        try:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, MODE)
        except OSError as error:
            raise LedgerError(f"the ledger {path} cannot be opened: {error.strerror}") from error
        self._id = _id_of(os.fstat(self._fd))
        try:
            wanted = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, _LOCKED_BYTE, 1, 0)
            fcntl.fcntl(self._fd, fcntl.F_OFD_SETLK, wanted)
        except OSError as error:
            if error.errno not in _HELD:
                return  # a file system without such locks
            os.close(self._fd)
            raise LedgerInUse(
                f"the ledger {path} is in use by another recorder, under another name: it has hard links"
            ) from None

    def check(self) -> None:
        """Check that the ledger's names are still those of the files that are open.

        Raises:
            LedgerGone: they are not: what is written now would be lost.
            LedgerUnavailable: that cannot be found out now.
        """
        self._check(self._path, self._id)
        if self._log_id is None:
            self._log_id = self._find(self._log)  # SQLite makes it with the first transaction
        else:
            self._check(self._log, self._log_id)

    def close(self) -> None:
        """Release the lock; a second call does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _check(self, path: Path, known: FileId) -> None:
        found = self._find(path)
        if found != known:
            raise LedgerGone(f"{path} was {'deleted' if found is None else 'replaced'} while it was in use")

    @staticmethod
    def _find(path: Path) -> FileId | None:
        try:
            return _id_of(path.stat())
        except OSError as error:
            if error.errno in _VANISHED:
                return None
            raise LedgerUnavailable(f"the ledger {path} cannot be reached: {error.strerror}") from error


def create_private(path: Path) -> None:
    """Create a file for SQLite, which would let everybody read it; one that exists stays as it is.

    Raises:
        OSError: it cannot be created.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, MODE))


def _id_of(status: os.stat_result) -> FileId:
    return FileId(status.st_dev, status.st_ino)
