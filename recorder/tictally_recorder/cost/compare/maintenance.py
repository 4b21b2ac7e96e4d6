"""The maintenance step that keeps what comparisons need."""

from typing import ClassVar, Final

from tictally_recorder.cost.compare.kept import ConsumptionKeeper
from tictally_recorder.maintenance import Turn, Wake

# A day ends once a day; late frames, imports and other prices have their cost computed again at any time.
_ROUND_S: Final = 60.0


class ComparisonStep:
    """Keeps the consumption of past days, once their cost is computed.

    Args:
        keeper: of the ledger's consumption.
    """

    name: ClassVar[str] = "comparison"
    needs_idle: ClassVar[bool] = True

    def __init__(self, keeper: ConsumptionKeeper) -> None:
        self._keeper = keeper
        self._round_s = 0.0
        self._is_under_way = False

    @property
    def due_s(self) -> float:
        """At once while a round is under way, else when the next one begins."""
        return 0.0 if self._is_under_way else self._round_s

    def run(self, turn: Turn) -> bool:
        """Keep what the budget allows, a few days at a time."""
        if turn.now_s >= self._round_s:
            self._keeper.begin(turn.now_ms)
            self._round_s, self._is_under_way = turn.now_s + _ROUND_S, True
        while self._keeper.step():
            if not turn.has_time():
                return False
        self._is_under_way = False
        return True

    def wake(self, reason: Wake) -> None:
        """Nothing changes: consumption depends on frames only."""
