"""The part of the loop that keeps cost and nights, and tells them: in short steps, while nothing else waits."""

import logging
import time
from collections.abc import Callable
from typing import Final

from tictally_recorder.cost.recompute import CostKeeper
from tictally_recorder.cost.standby.recompute import NightKeeper
from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.hubs.site_device import site_device_of
from tictally_recorder.hubs.site_publisher import Publish, SitePublisher
from tictally_recorder.hubs.site_updater import SiteUpdater
from tictally_recorder.ingest.health import CostState
from tictally_recorder.ledger import Ledger, LedgerError, LedgerReader
from tictally_recorder.settings import Settings

_ROUND_S: Final = 15.0
# A night ends once a day; late frames of one may come at any time.
_NIGHTS_S: Final = 300.0
# After an error that nobody foresaw: the first wait, and the longest.
_AGAIN_S: Final = (60.0, 3600.0)
_log = logging.getLogger(__name__)


class Cost:
    """Keeps and tells.

    Args:
        ledger: where cost is kept.
        reader: of the same ledger.
        settings: the recorder's.
        publish: what sends a message.
    """

    def __init__(self, ledger: Ledger, reader: LedgerReader, settings: Settings, publish: Publish) -> None:
        terms = WatchedTerms(settings.contracts_file, settings.tariffs_folder)
        self._keeper = CostKeeper(ledger, reader, terms, settings.zone)
        self._publisher = SitePublisher(settings.topics, site_device_of(settings), publish)
        self._teller = SiteUpdater(
            ledger, reader, self._keeper, self._publisher, settings.zone, settings.idle_minutes * 60_000
        )
        self._nights = NightKeeper(ledger, reader, settings.zone)
        self._round_s = self._nights_s = 0.0
        self._is_under_way = False
        self._again_s = self._wait_s = 0.0
        self._trouble: str | None = None

    @property
    def state(self) -> CostState:
        """For health."""
        return CostState(self._keeper.left, self._trouble or self._keeper.problem, self._publisher.tariff_ages)

    def connected(self) -> None:
        """The broker knows nothing: all is told at the next look."""
        self._publisher.connected()
        self.hurry()

    def hurry(self) -> None:
        """Begin a round at the next look."""
        self._round_s = self._again_s = 0.0

    def hub_began(self) -> None:
        """A hub is told of all sites again."""
        self._publisher.announce_again()

    def tend(self, now_s: float, goes_on: Callable[[], bool], *, tells: bool) -> None:
        """Take some steps of a round, or begin one. Raises as the ledger's methods do, and nothing else.

        Cost hangs on files that people write: whatever goes wrong with them, recording goes on, and cost is tried again
        after a while.

        Args:
            now_s: by a clock that never steps.
            goes_on: asked before each further step.
            tells: False while there is nobody to tell.
        """
        if now_s < self._again_s:
            return
        try:
            self._tend(now_s, goes_on, tells=tells)
        except LedgerError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told and tried again
            self._wait_s = min(max(2 * self._wait_s, _AGAIN_S[0]), _AGAIN_S[1])
            self._again_s, self._round_s, self._is_under_way = now_s + self._wait_s, 0.0, False
            self._trouble = f"an error of the program: {type(error).__name__}: {error}"
            _log.exception("cost is not kept, by an error of the program; it is tried again in %d s", self._wait_s)

    def _tend(self, now_s: float, goes_on: Callable[[], bool], *, tells: bool) -> None:
        is_new = False
        if now_s >= self._round_s:
            # Also in the middle of one, which may take hours: what is newest comes first again.
            self._keeper.begin()
            if now_s >= self._nights_s:
                self._nights.begin()
                self._nights_s = now_s + _NIGHTS_S
            self._round_s, self._is_under_way = now_s + _ROUND_S, True
            is_new = True
        while self._is_under_way:
            if not self._keeper.step(_now_ms) and not self._nights.step():
                self._is_under_way = False
                self._trouble, self._wait_s = None, 0.0
                if tells:
                    self._teller.read(_now_ms())
            elif not goes_on():
                if is_new and tells:
                    self._teller.read(_now_ms())
                break
        if tells:
            self._teller.tell(_now_ms())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
