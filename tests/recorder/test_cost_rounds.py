"""How the loop is served while cost of years is computed: the present is told first, and again and again."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_building import DAY_MS, METER, frame, message

from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_recorder.maintenance import Cost
from tictally_recorder.settings import Settings

CONTRACT = '[[contract]]\ntariff = "flat"\nfrom = 2020-01-01\n'
LIST = """
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
    """What a loop tells of cost, whose every look has time for one step."""

    def __init__(self, folder: Path) -> None:
        (folder / "tariffs").mkdir()
        (folder / "tariffs" / "flat.toml").write_text(LIST)
        (folder / "contracts.toml").write_text(CONTRACT)
        self.ledger = Ledger.open(folder / "ledger.sqlite")
        self.reader = LedgerReader.open(folder / "ledger.sqlite")
        self.told: dict[str, str] = {}
        settings = Settings(name="nas", ledger=folder / "ledger.sqlite")
        self.cost = Cost(self.ledger, self.reader, settings, self._publish)
        self._seq = 0

    def _publish(self, topic: str, payload: str) -> None:
        self.told[topic.rsplit("/", maxsplit=1)[-1]] = payload

    def hear(self, *frames: tuple[int, int]) -> None:
        for at_ms, wh in frames:
            self._seq += 1
            self.ledger.store([message(frame(self._seq, at_ms, {"EAST": wh}, meter=METER))])

    def look(self, now_s: float) -> dict[str, str]:
        self.cost.tend(now_s, lambda: False, tells=True)
        return self.told


@pytest.fixture
def rounds(tmp_path: Path) -> Iterator[Rounds]:
    made = Rounds(tmp_path)
    yield made
    made.reader.close()
    made.ledger.close()


def test_during_a_long_round_the_present_is_told_and_kept_up_to_date(rounds: Rounds) -> None:
    now_ms = time.time_ns() // 1_000_000
    rounds.hear(*((now_ms - day * DAY_MS, 0) for day in range(DAYS, 0, -1)), (now_ms - 2000, 0), (now_ms - 1000, 1000))
    assert rounds.look(1000.0)["cost_today"] == "1.00"
    assert rounds.cost.state.left > 0
    assert rounds.told["cost_total"] == "1.00"
    rounds.hear((now_ms, 3000))
    assert rounds.look(1014.0)["cost_today"] == "1.00"
    assert rounds.look(1015.0)["cost_today"] == "3.00"
    assert rounds.cost.state.left > 0
    for now_s in range(1016, 1030):
        rounds.look(now_s)
    assert rounds.cost.state.left == 0
