"""The scheduler of maintenance steps: what is due, in the time that messages leave, and what a failure costs."""

from dataclasses import dataclass, field

import pytest

from tictally_recorder.ledger import LedgerUnavailable
from tictally_recorder.maintenance import MaintenanceScheduler, Turn, Wake
from tictally_recorder.maintenance import scheduler as scheduler_module


@dataclass
class Step:
    """A step that notes its runs.

    Attributes:
        pieces: of work that it has left; it does one after another while it has time.
    """

    name: str = "step"
    needs_idle: bool = True
    due_s: float = 0.0
    pieces: int = 1
    error: Exception | None = None
    turns: list[Turn] = field(default_factory=list)
    wakes: list[Wake] = field(default_factory=list)

    def run(self, turn: Turn) -> bool:
        self.turns.append(turn)
        if self.error is not None:
            raise self.error
        while self.pieces:
            self.pieces -= 1
            if not turn.has_time():
                return self.pieces == 0
        return True

    def wake(self, reason: Wake) -> None:
        self.wakes.append(reason)


def test_only_what_is_due_runs_in_its_order() -> None:
    runs: list[str] = []
    steps = [Step("first"), Step("later", due_s=11.0), Step("last")]
    scheduler = MaintenanceScheduler(steps, lambda: True)
    scheduler.run(10.0, is_connected=True)
    runs += [step.name for step in steps if step.turns]
    assert runs == ["first", "last"]
    scheduler.run(11.0, is_connected=False)
    assert [len(step.turns) for step in steps] == [2, 1, 2]
    assert [turn.is_connected for turn in steps[0].turns] == [True, False]


def test_an_arriving_message_ends_an_idle_step_and_delays_no_other() -> None:
    is_idle = True

    @dataclass
    class Interrupted(Step):
        def run(self, turn: Turn) -> bool:
            nonlocal is_idle
            is_idle = False
            return super().run(turn)

    long, patient, urgent = Interrupted(pieces=5), Step("patient"), Step("urgent", needs_idle=False)
    scheduler = MaintenanceScheduler([long, patient, urgent], lambda: is_idle)
    scheduler.run(0.0, is_connected=True)
    assert (long.pieces, len(patient.turns), len(urgent.turns)) == (4, 0, 1)


@pytest.mark.parametrize(("budget_s", "left"), [(60.0, 0), (0.0, 9)])
def test_a_step_has_a_budget(monkeypatch: pytest.MonkeyPatch, budget_s: float, left: int) -> None:
    monkeypatch.setattr(scheduler_module, "BUDGET_S", budget_s)
    step = Step(pieces=10)
    MaintenanceScheduler([step], lambda: True).run(0.0, is_connected=True)
    assert step.pieces == left


def test_a_failing_step_is_retried_later_and_delays_no_other() -> None:
    broken, other = Step("broken", error=ZeroDivisionError("unforeseen")), Step("other")
    scheduler = MaintenanceScheduler([broken, other], lambda: True)
    for now_s in (0.0, 59.0, 60.0, 179.0, 180.0):
        scheduler.run(now_s, is_connected=True)
    assert [turn.now_s for turn in broken.turns] == [0.0, 60.0, 180.0]
    assert len(other.turns) == 5
    assert scheduler.problems == {"broken": "internal error: ZeroDivisionError: unforeseen"}
    assert other.turns[-1].problems == scheduler.problems
    broken.error = None
    scheduler.run(1000.0, is_connected=True)
    assert scheduler.problems == {}


def test_edited_files_are_tried_at_once() -> None:
    broken = Step(error=ZeroDivisionError())
    scheduler = MaintenanceScheduler([broken], lambda: True)
    scheduler.run(0.0, is_connected=True)
    scheduler.wake(Wake.CONNECTED)
    scheduler.run(1.0, is_connected=True)
    assert len(broken.turns) == 1
    scheduler.wake(Wake.CONFIG_CHANGED)
    scheduler.run(2.0, is_connected=True)
    assert len(broken.turns) == 2
    assert broken.wakes == [Wake.CONNECTED, Wake.CONFIG_CHANGED]


def test_a_ledger_that_is_unavailable_is_for_the_caller() -> None:
    first, second = Step(error=LedgerUnavailable("locked")), Step()
    scheduler = MaintenanceScheduler([first, second], lambda: True)
    with pytest.raises(LedgerUnavailable):
        scheduler.run(0.0, is_connected=True)
    assert (second.turns, scheduler.problems) == ([], {})
    first.error = None
    scheduler.run(0.0, is_connected=True)
    assert (len(first.turns), len(second.turns)) == (2, 1)
