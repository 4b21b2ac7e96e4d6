"""The folder of nightly backups: their names, and those that go."""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.backup.create import Made, Of, back_up, clear_parts
from tictally_recorder.backup.errors import BackupError
from tictally_recorder.backup.file_format import read_header
from tictally_recorder.backup.schedule import made_by

# A ledger that was restored here over another one finds that one's: they are no sign of a recorder that runs.
_RUNS_MS: Final = 2 * 86_400_000


class Own:
    """Tells a ledger's own backups from those of another; reads each file once.

    Args:
        began: when the ledger was begun, as it says, or None where it does not.
    """

    def __init__(self, began: str | None) -> None:
        self._began = began
        self._read: dict[Path, str | None] = {}

    def of(self, there: Mapping[int, Path]) -> dict[int, Path]:
        """Those of some backups that are its own; one that does not tell whose it is counts as such.

        Args:
            there: when each was made, milliseconds since 1970, and where it is.
        """
        return {made_ms: path for made_ms, path in there.items() if self._is_own(path)}

    def problem(self, there: Mapping[int, Path], now_ms: int) -> str | None:
        """A sentence where another recorder puts its backups there too, else None.

        Those from before the ledger was begun are of one that was lost: they stay, and are no problem.

        Args:
            there: when each was made, milliseconds since 1970, and where it is.
            now_ms: milliseconds since 1970.
        """
        if self._began is None:
            return None
        since_ms = max(datetime.fromisoformat(self._began).timestamp() * 1000, now_ms - _RUNS_MS)
        others = [each for each in made_by(there, now_ms) if each > since_ms and not self._is_own(there[each])]
        if not others:
            return None
        return (
            f"another recorder of this name puts its backups into this folder too ({there[max(others)].name}): "
            "give each a TICTALLY_NAME or a folder of its own"
        )

    def _is_own(self, path: Path) -> bool:
        if path not in self._read:
            try:
                self._read[path] = read_header(path).began
            except BackupError:
                return True
        return self._began is None or self._read[path] in {None, self._began}


_DAYS, _WEEKS, _MONTHS = 7, 4, 12
_PERIODS: Final[tuple[tuple[int, Callable[[date], object]], ...]] = (
    (_DAYS, lambda day: day),
    (_WEEKS, lambda day: day.isocalendar()[:2]),
    (_MONTHS, lambda day: (day.year, day.month)),
)


def kept(made_ms: Iterable[int], now_ms: int, tz: ZoneInfo) -> set[int]:
    """Those of some backups that stay, each told by when it was made.

    Days without one do not count: after months in which no recorder ran, what it made before is still there.
    Those dated ahead of the clock take no places of the others. Either may be the right ones, as the clock was wrong
    then or is wrong now: the same rule holds for each of the two kinds by itself.

    Args:
        made_ms: milliseconds since 1970.
        now_ms: this machine's clock.
        tz: whose days, weeks (from Monday) and months.
    """
    there = set(made_ms)
    by_now = made_by(there, now_ms)
    return _thinned(by_now, tz) | _thinned(there - by_now, tz)


def _thinned(made_ms: set[int], tz: ZoneInfo) -> set[int]:
    newest_first = sorted(made_ms, reverse=True)
    found: set[int] = set()
    for most, period_of in _PERIODS:
        periods: set[object] = set()
        for each in newest_first:
            period = period_of(datetime.fromtimestamp(each / 1000, UTC).astimezone(tz).date())
            if period not in periods and len(periods) < most:
                periods.add(period)
                found.add(each)
    return found


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
