"""What all requests share (`Context`), and what one request reads from (`ReadSession`)."""

import asyncio
import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib.metadata import version
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from tictally_recorder.api.period_cache import PeriodCache
from tictally_recorder.api.problem_details import Problem, unavailable
from tictally_recorder.api.settings import HttpSettings
from tictally_recorder.api.uploads import Uploads
from tictally_recorder.api.worker_pool import WorkerPool
from tictally_recorder.cost.day_course import DayCourse
from tictally_recorder.cost.day_totals import DayTotal
from tictally_recorder.cost.model import CostRow, Terms
from tictally_recorder.cost.power import DayLoad
from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.energy import EnergyRow
from tictally_recorder.energy.grid import DayGrid
from tictally_recorder.imports.background import BackgroundImports
from tictally_recorder.ingest.broadcast import Broadcast
from tictally_recorder.ingest.events import Inbox, ReloadConfig, WriteCommand
from tictally_recorder.jobs import JobScheduler
from tictally_recorder.ledger import Ledger, LedgerReader, LedgerUnavailable, Site
from tictally_recorder.providers.pvpc.settings import PvpcSettings, pvpc_file
from tictally_recorder.providers.series_file import CurrentSeries
from tictally_recorder.settings import Settings
from tictally_recorder.tariffs.catalogue import TariffCatalogue
from tictally_recorder.tariffs.errors import InFileError

_CHECK_FILES_S: Final = 5.0
_WRITE_TIMEOUT_S: Final = 10.0
# Seven years of days and their months. A day takes a few kilobytes, a comparison ten times as much.
_MAX_DAYS: Final = 4_000
_MAX_COMPARISONS: Final = 32
# Two years of days, of some kilobytes each.
_MAX_LOADS: Final = 800
# A day by quarter-hour takes twenty kilobytes; the overview looks at nine of them.
_MAX_COURSES: Final = 100

_T = TypeVar("_T")

EnergyRows = tuple[EnergyRow, ...]
HourlyEnergy = tuple[tuple[int, int], ...]
"""(local hour, Wh) of the hours of a day that have frames throughout."""
Comparison = tuple[dict[str, object], ...]
"""The records of a comparison of tariffs."""


@dataclass(frozen=True, slots=True)
class CostPeriod:
    """The cost of a period.

    Attributes:
        first: the first day of the calendar period, which the site's first day may cut.
        records: of its lines and totals.
        doubtful: the rows whose amount is unknown or provisional.
        estimated_days: those on which energy is estimated.
    """

    first: date = date.min
    records: tuple[dict[str, object], ...] = ()
    doubtful: tuple[CostRow, ...] = ()
    estimated_days: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Caches:
    """Results of past days: a cache for each kind."""

    energy: PeriodCache[EnergyRows] = field(default_factory=lambda: PeriodCache(_MAX_DAYS, tuple))
    cost: PeriodCache[CostPeriod] = field(default_factory=lambda: PeriodCache(_MAX_DAYS, CostPeriod))
    profile: PeriodCache[HourlyEnergy] = field(default_factory=lambda: PeriodCache(_MAX_DAYS, tuple))
    comparison: PeriodCache[Comparison] = field(default_factory=lambda: PeriodCache(_MAX_COMPARISONS, tuple))
    totals: PeriodCache[DayTotal] = field(default_factory=lambda: PeriodCache(_MAX_DAYS, DayTotal))
    standby: dict[str, tuple[Hashable, Mapping[str, object]]] = field(default_factory=dict)
    grids: PeriodCache[DayGrid] = field(default_factory=lambda: PeriodCache(_MAX_DAYS, DayGrid))
    loads: PeriodCache[DayLoad] = field(default_factory=lambda: PeriodCache(_MAX_LOADS, DayLoad))
    courses: PeriodCache[DayCourse] = field(default_factory=lambda: PeriodCache(_MAX_COURSES, DayCourse))


@dataclass(frozen=True, slots=True)
class CurrentTerms:
    """Contracts and tariffs as they are now.

    Attributes:
        terms: None while the contracts cannot be used.
        problem: a file for which something has no cost, and why; None if there is none.
        version: another number for other terms.
        catalogue: all tariffs, also while another file cannot be used; None if a bundled one is broken.
    """

    terms: Terms | None
    problem: InFileError | None
    version: int
    catalogue: TariffCatalogue | None

    def required(self) -> Terms:
        """The terms.

        Raises:
            Problem: the contracts cannot be used.
        """
        if self.terms is None:
            reason = self.problem.reason if self.problem else None
            raise unavailable(f"cost cannot be computed: {self.problem}", retry_after_s=60, reason=reason)
        return self.terms


class Context:
    """Shared by all requests.

    Args:
        settings: of the recorder.
        broadcast: what the recorder's loop publishes.
        inbox: of the recorder's loop.
        now: the clock; returns an aware datetime.
        jobs: those that this process runs; None: it runs none.

    Attributes:
        settings: of the recorder.
        http: settings of the HTTP server.
        broadcast: what the recorder's loop publishes.
        pool: the threads that read the ledger.
        caches: results of past days.
        version: of the program.
        tz: the recorder's time zone.
        now: the clock.
        jobs: those that this process runs.
        pvpc: the fetched prices of PVPC, or None if none are.
        imports: those that clients start.
        uploads: files that clients send.
    """

    def __init__(
        self,
        settings: Settings,
        broadcast: Broadcast,
        inbox: Inbox,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        jobs: JobScheduler | None = None,
    ) -> None:
        self.settings = settings
        self.http = settings.section(HttpSettings)
        self.broadcast = broadcast
        self.tz: ZoneInfo = settings.zone  # resolving it takes a millisecond
        self.pool = WorkerPool(settings.ledger)
        self.caches = Caches()
        self.version = version("tictally-recorder")
        self.now = now
        self.jobs = jobs
        zone = settings.section(PvpcSettings).zone
        self.pvpc = None if zone is None else CurrentSeries(pvpc_file(settings, zone))
        self.imports = BackgroundImports(settings)
        self.uploads = Uploads(settings.ledger, self.http.upload_mb * 1_000_000)
        self._inbox = inbox
        self._on_close: list[Callable[[], None]] = []
        self._watched = WatchedTerms(settings.contracts_file, settings.tariffs_folder, settings.zone)
        self._lock = threading.Lock()
        self._checked_s = float("-inf")
        self._terms_version = 0

    def session(self, reader: LedgerReader, site: str | None = None) -> "ReadSession":
        """What a request reads from.

        Args:
            reader: the ledger.
            site: id of a site or key of a meter; None: every site.

        Raises:
            Problem: there is no such site.
        """
        all_sites = sites = reader.sites()
        if site is not None:
            sites = [each for each in sites if site == each.id or any(site == meter.key for meter in each.meters)]
            if not sites and any(site == each.site.id for each in reader.ignored_sites()):
                raise Problem(404, f"site {site[:40]} is ignored, see tictally site ignore --undo", parameter="site")
            if not sites:
                raise Problem(404, f"no site or meter {site[:40]!r}; /api/v1/sites lists them", parameter="site")
        now = self.now()
        return ReadSession(reader, self, sites, all_sites, now, now.astimezone(self.tz).date(), self.tz)

    def current_terms(self, sites: Sequence[Site]) -> CurrentTerms:
        """Contracts and tariffs as they are now; changed files are noticed within five seconds.

        Args:
            sites: all of the ledger.
        """
        with self._lock:
            now_s = time.monotonic()
            if now_s - self._checked_s >= _CHECK_FILES_S:
                self._terms_version += self._watched.look(sites)
                self._checked_s = now_s
            watched = self._watched
            return CurrentTerms(watched.terms, watched.problem, self._terms_version, watched.catalogue)

    def reload_terms(self) -> None:
        """Check the files of contracts and tariffs at once, here and in the recorder's loop."""
        self._checked_s = float("-inf")
        self._inbox.put(ReloadConfig())

    async def write(self, work: Callable[[Ledger], _T]) -> _T:
        """Run a write in the recorder's loop, which owns the ledger; returns when it is committed.

        Raises:
            LedgerError: it failed.
            LedgerUnavailable: it did not finish in time; it may still be committed.
        """
        command = WriteCommand(work)
        self._inbox.put(command)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(command.done), _WRITE_TIMEOUT_S)  # type: ignore[arg-type]
        except TimeoutError:
            raise LedgerUnavailable("the recorder has not stored it in time; send it again") from None

    def on_close(self, action: Callable[[], None]) -> None:
        """Register an action for the end of the HTTP server. It is called from another thread."""
        self._on_close.append(action)

    def close(self) -> None:
        """End streams and start no more work; work in progress is not awaited."""
        for action in self._on_close:
            action()
        self.pool.close()
        self.imports.close()
        self.uploads.discard()


@dataclass(frozen=True, slots=True)
class ReadSession:
    """What one request reads from, in a thread of the pool.

    Attributes:
        reader: the ledger.
        context: shared by all requests.
        sites: those of the request.
        all_sites: of the ledger.
        now: time of the request, aware.
        today: its local day.
        tz: the recorder's time zone.
    """

    reader: LedgerReader
    context: Context
    sites: Sequence[Site]
    all_sites: Sequence[Site]
    now: datetime
    today: date
    tz: ZoneInfo

    @property
    def now_ms(self) -> int:
        """Time of the request in milliseconds since 1970."""
        return int(self.now.timestamp() * 1000)

    def current_terms(self) -> CurrentTerms:
        """Contracts and tariffs as they are now."""
        return self.context.current_terms(self.all_sites)
