"""The part of the loop that keeps cost and nights, and tells them: in short steps, while nothing else waits."""

import time
from collections.abc import Callable
from typing import Final

from tictally_recorder.cost.keeper import CostKeeper
from tictally_recorder.cost.watch import WatchedTerms
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_recorder.mqtt.health import Costing
from tictally_recorder.settings import Settings
from tictally_recorder.site.publisher import Publish, SitePublisher
from tictally_recorder.site.teller import SiteTeller
from tictally_recorder.standby.keeper import NightKeeper

_ROUND_S: Final = 15.0
# A night ends once a day; late frames of one may come at any time.
_NIGHTS_S: Final = 300.0


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
        self._publisher = SitePublisher(settings.topics, settings.site_device, publish)
        self._teller = SiteTeller(
            ledger, reader, self._keeper, self._publisher, settings.zone, settings.idle_minutes * 60_000
        )
        self._nights = NightKeeper(ledger, reader, settings.zone)
        self._round_s = self._nights_s = 0.0
        self._is_under_way = False

    @property
    def state(self) -> Costing:
        """For health."""
        return Costing(self._keeper.left, self._keeper.problem, self._publisher.tariff_ages)

    def connected(self) -> None:
        """The broker knows nothing: all is told at the next look."""
        self._publisher.connected()
        self.hurry()

    def hurry(self) -> None:
        """Begin a round at the next look."""
        self._round_s = 0.0

    def hub_began(self) -> None:
        """A hub is told of all sites again."""
        self._publisher.announce_again()

    def tend(self, now_s: float, goes_on: Callable[[], bool], *, tells: bool) -> None:
        """Take some steps of a round, or begin one. Raises as the ledger's methods do.

        Args:
            now_s: by a clock that never steps.
            goes_on: asked before each further step.
            tells: False while there is nobody to tell.
        """
        if now_s >= self._round_s and not self._is_under_way:
            self._keeper.begin()
            if now_s >= self._nights_s:
                self._nights.begin()
                self._nights_s = now_s + _NIGHTS_S
            self._round_s, self._is_under_way = now_s + _ROUND_S, True
        while self._is_under_way:
            if not self._keeper.step(_now_ms) and not self._nights.step():
                self._is_under_way = False
                if tells:
                    self._teller.read(_now_ms())
            elif not goes_on():
                break
        if tells:
            self._teller.tell(_now_ms())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
