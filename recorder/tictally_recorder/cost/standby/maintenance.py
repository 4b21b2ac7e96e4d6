"""The maintenance step that keeps nights' base load up to date."""

from typing import ClassVar, Final

from tictally_recorder.cost.standby.recompute import NightRecomputer
from tictally_recorder.maintenance import Turn, Wake

# A night ends once a day; late frames of one may come at any time.
_ROUND_S: Final = 300.0


class StandbyStep:
    """Computes the nights whose frames have changed, every five minutes.

    Args:
        keeper: of the ledger's nights.

    Attributes:
        revision: increases whenever nights may have changed.
    """

    name: ClassVar[str] = "standby"
    needs_idle: ClassVar[bool] = True

    def __init__(self, keeper: NightRecomputer) -> None:
        self._keeper = keeper
        self._round_s = 0.0
        self._is_under_way = False
        self.revision = 0

    @property
    def due_s(self) -> float:
        """At once while a round is under way, else when the next one begins."""
        return 0.0 if self._is_under_way else self._round_s

    def run(self, turn: Turn) -> bool:
        """Compute what the budget allows, a night at a time."""
        if turn.now_s >= self._round_s:
            self._keeper.begin()
            self._round_s, self._is_under_way = turn.now_s + _ROUND_S, True
        while self._keeper.step():
            self.revision += 1
            if not turn.has_time():
                return False
        self._is_under_way = False
        return True

    def wake(self, reason: Wake) -> None:
        """Nothing changes: nights depend on frames only."""
