"""The folder of nightly backups: their names, and those that go."""

import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tictally_recorder.backup.errors import BackupError
from tictally_recorder.backup.keeping import kept
from tictally_recorder.backup.own import Own
from tictally_recorder.backup.write import Made, Of, back_up, clear_parts

_NAME: Final = re.compile(r"tictally-([a-z0-9-]{1,32})-(\d{8}T\d{6})Z\.backup", re.ASCII)
_STAMP: Final = "%Y%m%dT%H%M%S"


def backups_in(folder: Path, recorder: str | None) -> dict[int, Path]:
    """When each of a recorder's nightly backups was made, milliseconds since 1970, and where it is.

    Args:
        folder: that they are in.
        recorder: its name; None: of any.

    Raises:
        BackupError: there is no such folder, or it cannot be read. It is never made: where a disk or a share is missing
            that would fill the disk which it should be mounted on.
    """
    found = {}
    try:
        for path in folder.iterdir():
            named = _NAME.fullmatch(path.name)
            if named is not None and recorder in {None, named[1]}:
                with suppress(ValueError):
                    made = datetime.strptime(named[2], _STAMP).replace(tzinfo=UTC)
                    found[int(made.timestamp() * 1000)] = path
    except FileNotFoundError:
        raise BackupError(f"the folder {folder} for backups is not there; is its disk or share mounted?") from None
    except OSError as error:
        raise BackupError(f"the folder {folder} for backups cannot be read: {error.strerror}") from None
    return found


def back_up_into(folder: Path, of: Of, now: datetime) -> Made:
    """Make a backup in the folder, then let those of this ledger go that need not stay.

    Raises:
        BackupError: it cannot be made; those that were there are still there.
        LedgerError: the ledger cannot be read.
    """
    backups_in(folder, of.recorder)
    stamp = now.astimezone(UTC).replace(microsecond=0)
    made = back_up(of, folder / f"tictally-{of.recorder}-{stamp:{_STAMP}}Z.backup", stamp)
    _tidy(folder, of, made)
    return made


def _tidy(folder: Path, of: Of, made: Made) -> None:
    now_ms = made.header.made_ms
    there = Own(made.header.began).of(backups_in(folder, of.recorder))
    # Whatever the clock says: what was made just now is there when that is told.
    stay = kept(there, now_ms, of.tz) | {now_ms}
    for path in [path for made_ms, path in there.items() if made_ms not in stay]:
        # One that does not go is no reason to say that there is no backup; the next night tries again.
        with suppress(OSError):
            path.unlink()
    clear_parts(folder, f".tictally-{of.recorder}-")
