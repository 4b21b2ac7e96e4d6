"""The folder of nightly backups: their names, whose they are, and their retention."""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.backup.create import BackupResult, BackupSpec, back_up
from tictally_recorder.backup.file_format import BackupError, read_header
from tictally_recorder.backup.schedule import not_ahead_of
from tictally_recorder.problem import ProblemCode
from tictally_shared.calendar import local_day
from tictally_shared.phrase import Phrase
from tictally_shared.runtime.atomic_file import remove_stale_parts

# A ledger that was restored over another one finds the other's backups: older ones are no sign of a running recorder.
_RUNNING_MS: Final = 2 * 86_400_000
_DAYS, _WEEKS, _MONTHS = 7, 4, 12
_PERIODS: Final[tuple[tuple[int, Callable[[date], object]], ...]] = (
    (_DAYS, lambda day: day),
    (_WEEKS, lambda day: day.isocalendar()[:2]),
    (_MONTHS, lambda day: (day.year, day.month)),
)
_NAME: Final = re.compile(r"tictally-([a-z0-9-]{1,32})-(\d{8}T\d{6})Z\.backup", re.ASCII)
_TIMESTAMP: Final = "%Y%m%dT%H%M%S"


class OwnBackups:
    """Distinguishes a ledger's own backups from those of another ledger; reads each file once.

    Args:
        ledger_created: when the ledger was created, ISO 8601, or None if it has no such value.
    """

    def __init__(self, ledger_created: str | None) -> None:
        self._created = ledger_created
        self._read: dict[Path, str | None] = {}

    def select(self, backups: Mapping[int, Path]) -> dict[int, Path]:
        """The ledger's own backups; one that does not name its ledger counts as its own.

        Args:
            backups: time of creation in milliseconds since 1970 → file.
        """
        return {created_ms: path for created_ms, path in backups.items() if self._is_own(path)}

    def problem(self, backups: Mapping[int, Path], now_ms: int) -> Phrase | None:
        """The problem where another recorder writes its backups into the same folder, else None.

        Backups from before the ledger was created belong to a lost ledger: they stay, and are no problem.

        Args:
            backups: time of creation in milliseconds since 1970 → file.
            now_ms: milliseconds since 1970.
        """
        if self._created is None:
            return None
        since_ms = max(datetime.fromisoformat(self._created).timestamp() * 1000, now_ms - _RUNNING_MS)
        others = [each for each in not_ahead_of(backups, now_ms) if each > since_ms and not self._is_own(backups[each])]
        if not others:
            return None
        return Phrase(ProblemCode.BACKUP_FOLDER_SHARED, {"file": backups[max(others)].name})

    def _is_own(self, path: Path) -> bool:
        if path not in self._read:
            try:
                self._read[path] = read_header(path).ledger_created
            except BackupError:
                return True
        return self._created is None or self._read[path] in {None, self._created}


def retained(created_ms: Iterable[int], now_ms: int, tz: ZoneInfo) -> set[int]:
    """Which backups the retention keeps, by their times of creation.

    Days without a backup do not count: after months without a recorder, what it made before is still there.
    Backups dated ahead of the clock are retained by the same rule, but separately: either kind may be the right one,
    as the clock was wrong then or is wrong now.

    Args:
        created_ms: milliseconds since 1970.
        now_ms: this machine's clock.
        tz: the zone of days, weeks (from Monday) and months.
    """
    backups = set(created_ms)
    plausible = not_ahead_of(backups, now_ms)
    return _newest_of_periods(plausible, tz) | _newest_of_periods(backups - plausible, tz)


def _newest_of_periods(created_ms: set[int], tz: ZoneInfo) -> set[int]:
    newest_first = sorted(created_ms, reverse=True)
    found: set[int] = set()
    for most, period_of in _PERIODS:
        periods: set[object] = set()
        for each in newest_first:
            period = period_of(local_day(each, tz))
            if period not in periods and len(periods) < most:
                periods.add(period)
                found.add(each)
    return found


def list_backups(folder: Path, recorder: str | None) -> dict[int, Path]:
    """The nightly backups of a folder: time of creation in milliseconds since 1970 → file.

    Args:
        folder: to list.
        recorder: whose backups, by name; None for those of any recorder.

    Raises:
        BackupError: there is no such folder, or it cannot be read. It is never created: where a disk or a share is
            missing, that would fill the disk that it should be mounted on.
    """
    found = {}
    try:
        for path in folder.iterdir():
            named = _NAME.fullmatch(path.name)
            if named is not None and recorder in {None, named[1]}:
                with suppress(ValueError):
                    created = datetime.strptime(named[2], _TIMESTAMP).replace(tzinfo=UTC)
                    found[int(created.timestamp() * 1000)] = path
    except FileNotFoundError:
        raise BackupError(f"there is no folder {folder} for backups; is its disk or share mounted?") from None
    except OSError as error:
        raise BackupError(f"the folder {folder} for backups cannot be read: {error.strerror}") from None
    return found


def back_up_into(folder: Path, spec: BackupSpec, now: datetime) -> BackupResult:
    """Create a backup in the folder, then delete those of this ledger that the retention does not keep.

    Raises:
        BackupError: it cannot be created; the backups of before are still there.
        LedgerError: the ledger cannot be read.
    """
    list_backups(folder, spec.recorder)
    stamp = now.astimezone(UTC).replace(microsecond=0)
    result = back_up(spec, folder / f"tictally-{spec.recorder}-{stamp:{_TIMESTAMP}}Z.backup", stamp)
    _apply_retention(folder, spec, result)
    return result


def _apply_retention(folder: Path, spec: BackupSpec, result: BackupResult) -> None:
    now_ms = result.header.created_ms
    backups = OwnBackups(result.header.ledger_created).select(list_backups(folder, spec.recorder))
    # Whatever the clock shows, the backup just created is kept.
    keep = retained(backups, now_ms, spec.tz) | {now_ms}
    for path in [path for created_ms, path in backups.items() if created_ms not in keep]:
        # A failed deletion does not make the backup fail; the next night retries.
        with suppress(OSError):
            path.unlink()
    with suppress(OSError):
        remove_stale_parts(folder)
