"""While the cost of years is computed, current figures come first, and again with each round."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_building import DAY_MS, METER, frame, message
from recorder_loop import Loop, recorder_loop, turn

from tictally_recorder.ledger import Ledger

CONTRACT = '[[contract]]\ntariff = "flat"\nfrom = 2020-01-01\n'
TARIFF = """
id = "flat"
supplier = "Somebody"
currency = "EUR"
periods = ["BASE"]
names.en = "Flat"
[[version]]
from = 2000-01-01
source = "a letter"
confidence = "own"
energy.BASE = { ttc = "1" }
subscription = "0"
"""
DAYS = 60


class Rounds:
    """The maintenance steps of cost and sites; each call has time for one unit of work."""

    def __init__(self, ledger: Ledger, loop: Loop) -> None:
        self._ledger = ledger
        self._loop = loop
        self._seq = 0

    def store(self, *frames: tuple[int, int]) -> None:
        for at_ms, wh in frames:
            self._seq += 1
            self._ledger.store([message(frame(self._seq, at_ms, {"EAST": wh}, meter=METER))])

    def run(self, now_s: float) -> dict[str, str]:
        """Run the steps once; return the retained messages by the last level of their topic."""
        cost = self._loop.step("cost")
        now = turn(now_s, time.time_ns() // 1_000_000, is_connected=True)
        if cost.due_s <= now_s:
            cost.run(now)
        self._loop.step("sites").run(now)
        return {topic.rsplit("/", maxsplit=1)[-1]: text for topic, text in self._loop.connection.payloads.items()}

    @property
    def days_left(self) -> int:
        left: int = self._loop.health()["cost_days_left"]
        return left


@pytest.fixture
def rounds(tmp_path: Path) -> Iterator[Rounds]:
    (tmp_path / "tariffs").mkdir()
    (tmp_path / "tariffs" / "flat.toml").write_text(TARIFF)
    (tmp_path / "contracts.toml").write_text(CONTRACT)
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger, recorder_loop(tmp_path, ledger) as loop:
        yield Rounds(ledger, loop)


def test_during_a_long_round_current_figures_are_published_and_updated(rounds: Rounds) -> None:
    now_ms = time.time_ns() // 1_000_000
    rounds.store(*((now_ms - day * DAY_MS, 0) for day in range(DAYS, 0, -1)), (now_ms - 2000, 0), (now_ms - 1000, 1000))
    published = rounds.run(1000.0)
    assert (published["cost_today"], published["cost_total"]) == ("1.00", "1.00")
    assert rounds.days_left > 0
    rounds.store((now_ms, 3000))
    assert rounds.run(1014.0)["cost_today"] == "1.00"
    assert rounds.run(1015.0)["cost_today"] == "3.00"
    assert rounds.days_left > 0
    for now_s in range(1016, 1030):
        rounds.run(now_s)
    assert rounds.days_left == 0
