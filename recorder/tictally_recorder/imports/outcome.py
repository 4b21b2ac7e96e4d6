"""What an import does to a ledger: imports files, and compares the months' energy before and after."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tictally_recorder.cost.model import Quality
from tictally_recorder.energy import EnergyQuery, Gap, energy, gaps
from tictally_recorder.energy.register_totals import Counted, consumption_total, injection_total
from tictally_recorder.imports.read import FileRead
from tictally_recorder.imports.target import target_site
from tictally_recorder.ledger import (
    Importing,
    ImportRun,
    LedgerReader,
    ObservedFile,
    RegisterReading,
    Site,
    importing,
)
from tictally_recorder.ledger.observations.course import Point, without_errors
from tictally_recorder.reports.imports import MonthChange
from tictally_recorder.settings import Settings
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import QUARTER_MS, By, next_period, period_start


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did, or would do.

    Attributes:
        run: with its files; its number is provisional where it was only tried.
        is_new_site: True if the ledger had no such site.
        months: those whose energy the run concerns, in order.
        gaps: without any observation within the run's time.
        contradicted: register readings that do not count, since those around them contradict them.
        is_dry_run: nothing was written.
    """

    run: ImportRun
    is_new_site: bool
    months: tuple[MonthChange, ...]
    gaps: tuple[Gap, ...]
    contradicted: tuple[RegisterReading, ...]
    is_dry_run: bool


def import_files(
    settings: Settings, files: Sequence[FileRead], site: str | None, now: datetime, *, is_dry_run: bool
) -> Outcome:
    """Import files in one transaction.

    Args:
        settings: the recorder's.
        files: at least one.
        site: its id; None: the only one, or that of the files' delivery point.
        now: when it is.
        is_dry_run: True writes nothing.

    Raises:
        ImportFileError: the files do not fit the site.
        LedgerError: there is no ledger, or it cannot be written; nothing was.
    """
    observed = [each.file for each in files]
    with importing(settings.ledger, is_dry_run=is_dry_run) as ledger:
        target = target_site(ledger, site, observed)
        is_new = target not in {each.id for each in ledger.sites()}
        window = _months_of(observed, settings)
        before = _by_month(ledger.reader, target, window, settings)
        number = ledger.put(target, round(now.timestamp() * 1000), observed)
        after = _by_month(ledger.reader, target, window, settings)
        run = next(each for each in ledger.runs() if each.id == number)
        months = tuple(_months(before, after))
        return Outcome(run, is_new, months, _gaps(ledger, run), tuple(_contradicted(observed)), is_dry_run)


def undo(settings: Settings, run: int) -> tuple[ImportRun, tuple[MonthChange, ...]]:
    """Undo a run; returns it, and the months that it concerned with their energy before and after undoing.

    Raises:
        LedgerError: there is no such run, or the ledger cannot be written; nothing was.
    """
    with importing(settings.ledger) as ledger:
        known = {each.id: each for each in ledger.runs()}
        site = known[run].site if run in known else ""
        window = _window(known[run].first_ms, known[run].last_ms, settings) if run in known else None
        before = _by_month(ledger.reader, site, window, settings) if window else {}
        undone = ledger.undo(run)
        after = _by_month(ledger.reader, site, window, settings) if window else {}
        return undone, tuple(_months(before, after))


def known_hashes(ledger: Path, site: str | None) -> list[str]:
    """The hashes of the files that are imported already, of a site or of all.

    Raises:
        LedgerError: there is no ledger.
    """
    with LedgerReader.open(ledger) as reader:
        return [file.hash for run in reader.import_runs() if site in {None, run.site} for file in run.files]


Figures = dict[tuple[datetime, Direction], tuple[int | None, Quality]]


def _by_month(reader: LedgerReader, site: str, window: tuple[datetime, datetime], settings: Settings) -> Figures:
    if site not in {each.id for each in reader.sites()}:
        return {}
    rows = energy(reader, EnergyQuery(site, *window, By.MONTH, settings.zone))
    found: Figures = {}
    for start_ms in sorted({row.start_ms for row in rows}):
        of_month = [row for row in rows if row.start_ms == start_ms]
        start = period_start(_moment(start_ms), By.MONTH, settings.zone).astimezone(settings.zone)
        for direction, total in (
            (Direction.CONSUMPTION, consumption_total(of_month)),
            (Direction.INJECTION, injection_total(of_month)),
        ):
            if total.parts:
                found[start, direction] = total.energy_wh if total.is_known else None, _quality(total)
    return found


def _months(before: Figures, after: Figures) -> Iterable[MonthChange]:
    for key in sorted(before.keys() | after.keys()):
        before_wh, _ = before.get(key, (None, None))
        after_wh, quality = after.get(key, (None, None))
        yield MonthChange(*key, before_wh, after_wh, quality)


def _quality(total: Counted) -> Quality:
    if total.unknown:
        return Quality.UNKNOWN
    return Quality.ESTIMATED if total.estimated else Quality.MEASURED


def _months_of(files: Sequence[ObservedFile], settings: Settings) -> tuple[datetime, datetime]:
    return _window(min(file.first_ms for file in files), max(file.last_ms for file in files), settings)


def _window(first_ms: int, last_ms: int, settings: Settings) -> tuple[datetime, datetime]:
    start = period_start(_moment(first_ms), By.MONTH, settings.zone)
    return start, next_period(period_start(_moment(last_ms - 1), By.MONTH, settings.zone), By.MONTH, settings.zone)


def _contradicted(files: Sequence[ObservedFile]) -> Iterator[RegisterReading]:
    """The readings of files that those around them contradict, by register, in order of time."""
    by_register: dict[str, dict[int, int]] = {}
    for file in files:
        for each in file.observations:
            if isinstance(each, RegisterReading):
                by_register.setdefault(each.register, {})[each.time_ms] = each.wh
    for register, readings in sorted(by_register.items()):
        points = [Point(time_ms, wh) for time_ms, wh in sorted(readings.items())]
        left = {each.time_ms for each in without_errors(points)}
        yield from (RegisterReading(register, *each) for each in points if each.time_ms not in left)


def _gaps(ledger: Importing, run: ImportRun) -> tuple[Gap, ...]:
    site = next(each for each in ledger.sites() if each.id == run.site)
    return tuple(_gaps_of(ledger.reader, site, run))


def _gaps_of(reader: LedgerReader, site: Site, run: ImportRun) -> Iterable[Gap]:
    start_ms = run.first_ms // QUARTER_MS * QUARTER_MS
    end_ms = -(-run.last_ms // QUARTER_MS) * QUARTER_MS
    return gaps(reader, site, start_ms, end_ms)


def _moment(time_ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)
