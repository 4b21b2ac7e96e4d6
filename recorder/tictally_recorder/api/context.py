"""What answers are made from, for all routes: settings, ledger, terms, what the loop tells, and the present."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from importlib.metadata import version
from typing import Final, TypeVar
from zoneinfo import ZoneInfo  # noqa: TC003 - of an attribute

from tictally_recorder.api.cached_cost import Told  # noqa: TC001 - of an attribute
from tictally_recorder.api.cached_energy import Rows  # noqa: TC001 - of an attribute
from tictally_recorder.api.period_cache import HoursOfDay, Offers, PeriodCache
from tictally_recorder.api.problem_details import Problem
from tictally_recorder.api.worker_pool import WorkerPool
from tictally_recorder.cost.model import Terms
from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.ingest.broadcast import Broadcast
from tictally_recorder.ingest.events import Inbox, ReloadConfig, WriteCommand
from tictally_recorder.ledger import Ledger, LedgerError, LedgerReader, LedgerUnavailable, Site
from tictally_recorder.settings import Settings

_LOOK_AT_FILES_S: Final = 5.0
_SAFE_WITHIN_S: Final = 10.0
# Seven years of days and their months; a day takes some kilobytes, a whole comparison ten times as much.
_DAYS_KEPT: Final = 4_000
_COMPARISONS_KEPT: Final = 32

_T = TypeVar("_T")


class Context:
    """One for all requests.

    Args:
        settings: the recorder's.
        broadcast: what its loop tells.
        inbox: of its loop.
        now: the present, aware.

    Attributes:
        settings: the recorder's.
        broadcast: what its loop tells.
        desk: where answers are worked out.
        energies: kept of days and months.
        costs: kept of periods.
        profiles: kept of days.
        offers: kept of whole comparisons.
        version: of the program.
        tz: whose days are meant.
    """

    def __init__(
        self,
        settings: Settings,
        broadcast: Broadcast,
        inbox: Inbox,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings = settings
        self.broadcast = broadcast
        self.tz: ZoneInfo = settings.zone  # which it is takes a millisecond to find out
        self.pool = WorkerPool(settings.ledger)
        self.energies: PeriodCache[Rows] = PeriodCache(_DAYS_KEPT)
        self.costs: PeriodCache[Told] = PeriodCache(_DAYS_KEPT)
        self.profiles: PeriodCache[HoursOfDay] = PeriodCache(_DAYS_KEPT)
        self.offers: PeriodCache[Offers] = PeriodCache(_COMPARISONS_KEPT)
        self.version = version("tictally-recorder")
        self._inbox = inbox
        self._now = now
        self._closing: list[Callable[[], None]] = []
        self._watched = WatchedTerms(settings.contracts_file, settings.tariffs_folder)
        self._lock = threading.Lock()
        self._looked_s = float("-inf")
        self._generation = 0

    @property
    def now(self) -> datetime:
        """The present."""
        return self._now()

    @property
    def today(self) -> date:
        """The local day."""
        return self.now.astimezone(self.tz).date()

    def terms(self, sites: Sequence[Site]) -> tuple[Terms | None, str | None, int]:
        """Contracts and price lists, or None and why; and a number that is another whenever they are others.

        Args:
            sites: all of the ledger.
        """
        with self._lock:
            now_s = time.monotonic()
            if now_s - self._looked_s >= _LOOK_AT_FILES_S:
                self._generation += self._watched.look(sites)
                self._looked_s = now_s
            return self._watched.terms, self._watched.problem, self._generation

    def reload_terms(self) -> None:
        """Contracts and price lists may be others: look at once, here and in the loop."""
        self._looked_s = float("-inf")
        self._inbox.put(ReloadConfig())

    async def write(self, work: Callable[[Ledger], _T]) -> _T:
        """Have the recorder's loop write something; returns when it is safe.

        Raises:
            LedgerError: it could not be written.
            LedgerUnavailable: it was not written in time; it may yet be.
        """
        event = WriteCommand(work)
        self._inbox.put(event)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(event.done), _SAFE_WITHIN_S)  # type: ignore[arg-type]
        except TimeoutError:
            raise LedgerUnavailable("the recorder has not stored it in time; send it again") from None

    def when_closing(self, work: Callable[[], None]) -> None:
        """Have something done when HTTP ends."""
        self._closing.append(work)

    def close(self) -> None:
        """HTTP ends."""
        for work in self._closing:
            work()
        self.pool.close()


def sites_of(reader: LedgerReader, asked: str | None) -> list[Site]:
    """The sites that are meant: one, by its id or a meter of it, or all.

    Raises:
        Problem: there is no such site.
    """
    sites = reader.sites()
    if asked is None:
        return sites
    found = [site for site in sites if asked == site.id or any(asked == meter.key for meter in site.meters)]
    if not found:
        raise Problem(404, f"there is no site {asked[:40]!r} here", parameter="site")
    return found


def problem_of(error: LedgerError) -> Problem:
    """What a ledger that cannot be read is to a client."""
    if isinstance(error, LedgerUnavailable):
        return Problem(503, str(error), headers={"retry-after": "2"})
    return Problem(503, str(error), headers={"retry-after": "60"})
