"""One recorder per ledger: a lock that the system releases when its holder dies, however it dies."""

import fcntl
import os
from pathlib import Path

from tictally_recorder.ledger.errors import LedgerError, LedgerInUse


class Lock:
    """Holds `<path>.lock` until it is closed; the file stays and names the last holder's pid.

    Raises:
        LedgerInUse: another process holds it.
        LedgerError: the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        path = path.resolve()  # a link and its target are one ledger
        lock = path.with_name(f"{path.name}.lock")
        try:
            self._fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise LedgerError(f"the ledger {path} cannot be locked: {error.strerror}") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._fd, 32, 0).decode(errors="replace").strip()
            os.close(self._fd)
            raise LedgerInUse(f"the ledger {path} is in use by process {holder or 'unknown'}") from None
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def close(self) -> None:
        """Release the lock; a second call does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
