"""The maintenance step that keeps cost up to date."""

from typing import ClassVar, Final

from tictally_recorder.cost.recompute import CostRecomputer
from tictally_recorder.maintenance import Turn, Wake

_ROUND_S: Final = 15.0


class CostStep:
    """Recomputes cost in rounds, each of which begins with the newest days.

    Args:
        keeper: of the ledger's cost.

    Attributes:
        revision: increases whenever figures of the present may have changed.
    """

    name: ClassVar[str] = "cost"
    needs_idle: ClassVar[bool] = True

    def __init__(self, keeper: CostRecomputer) -> None:
        self._keeper = keeper
        self._round_s = 0.0
        self._is_under_way = False
        self.revision = 0

    @property
    def due_s(self) -> float:
        """At once while a round is under way, else when the next one begins."""
        return 0.0 if self._is_under_way else self._round_s

    def run(self, turn: Turn) -> bool:
        """Begin a round where it is time, also in the middle of another one: the newest days come first again."""
        is_new = turn.now_s >= self._round_s
        if is_new:
            self._keeper.begin()
            self._round_s, self._is_under_way = turn.now_s + _ROUND_S, True
        while self._keeper.step(lambda: turn.now_ms):
            if not turn.has_time():
                self.revision += is_new
                return False
        self._is_under_way = False
        self.revision += 1
        return True

    def wake(self, reason: Wake) -> None:
        """Begin a round at once where figures are to be published again, or are other ones."""
        if reason is not Wake.HUB_STARTED:
            self._round_s = 0.0

    def health(self, turn: Turn) -> dict[str, object]:
        """`cost_days_left`, `cost_problem` and `has_cost_problem` of the recorder's health."""
        rejected = self._keeper.problem
        problem = turn.problems.get(self.name) or (str(rejected) if rejected else None)
        return {
            "cost_days_left": self._keeper.left,
            "cost_problem": problem,
            "has_cost_problem": problem is not None,
        }
