"""A night is stored once it is over, independently of tariffs and contracts, and never replaced by fewer frames."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cost_building import PARIS, d
from ledger_building import DAY_MS, MINUTE_MS, frame, message

from tictally_recorder.cost.standby import night_of_day
from tictally_recorder.cost.standby.recompute import NightRecomputer
from tictally_recorder.ledger import Ledger, LedgerReader, Message

DAY = d("2026-11-21")
MIDNIGHT_MS, MORNING_MS = night_of_day(DAY, PARIS)


class Nights:
    """A recomputer with its ledger."""

    def __init__(self, folder: Path) -> None:
        self.ledger = Ledger.open(folder / "ledger.sqlite")
        self.reader = LedgerReader.open(folder / "ledger.sqlite")
        self.recomputer = NightRecomputer(self.ledger, self.reader, PARIS)
        self._seq = 0

    def store(self, va: int, start_ms: int, end_ms: int, *, arrived_ms: int | None = None) -> None:
        """Store a frame a minute."""
        self.ledger.store(self._frame(at_ms, va, arrived_ms) for at_ms in range(start_ms, end_ms, MINUTE_MS))

    def _frame(self, at_ms: int, va: int, arrived_ms: int | None) -> Message:
        self._seq += 1
        return message(frame(self._seq, at_ms, {"SINSTS": va, "EAST": 1}), arrived_ms=arrived_ms)

    def recompute(self) -> int:
        """Run one round and return the number of its steps."""
        self.recomputer.begin()
        steps = 0
        while self.recomputer.step():
            steps += 1
        return steps

    def apply_retention(self, now_ms: int) -> None:
        while self.ledger.apply_retention(now_ms):
            pass

    @property
    def stored(self) -> list[tuple[str, int, int]]:
        (site,) = self.reader.sites()
        found = self.reader.standby(site, d("2020-01-01"), d("2030-01-01"))
        return [(str(each.day), each.va, each.minutes) for each in found]


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Nights]:
    made = Nights(tmp_path)
    yield made
    made.reader.close()
    made.ledger.close()


def test_a_night_is_stored_when_it_is_over_and_not_computed_again(nights: Nights) -> None:
    nights.store(95, MIDNIGHT_MS, MORNING_MS)
    nights.recompute()
    assert nights.stored == []
    nights.store(800, MORNING_MS, MORNING_MS + 30 * MINUTE_MS)
    nights.recomputer = NightRecomputer(
        nights.ledger, nights.reader, PARIS
    )  # as after a restart, which remembers nothing
    assert nights.recompute() == 1
    assert nights.stored == [(str(DAY), 95, 360)]
    nights.store(900, MORNING_MS + 30 * MINUTE_MS, MORNING_MS + 60 * MINUTE_MS)
    assert nights.recompute() == 0


def test_the_first_round_after_the_night_stores_it_although_an_earlier_one_could_not(nights: Nights) -> None:
    nights.store(95, MIDNIGHT_MS, MORNING_MS)
    nights.recompute()
    nights.store(800, MORNING_MS, MORNING_MS + MINUTE_MS)
    nights.recompute()
    assert nights.stored == [(str(DAY), 95, 360)]


def test_late_frames_change_a_night_while_its_raw_frames_are_stored(nights: Nights) -> None:
    nights.store(95, MIDNIGHT_MS, MIDNIGHT_MS + 200 * MINUTE_MS)
    nights.store(800, MORNING_MS, MORNING_MS + MINUTE_MS)
    nights.recompute()
    assert nights.stored == [(str(DAY), 95, 200)]
    nights.store(40, MIDNIGHT_MS + 200 * MINUTE_MS, MORNING_MS, arrived_ms=MORNING_MS + DAY_MS)
    nights.recompute()
    assert nights.stored == [(str(DAY), 40, 360)]


def test_a_stored_night_stays_when_its_raw_frames_are_deleted(nights: Nights) -> None:
    nights.store(95, MIDNIGHT_MS, MORNING_MS)
    nights.store(800, MIDNIGHT_MS + 3 * DAY_MS, MIDNIGHT_MS + 3 * DAY_MS + MINUTE_MS)
    nights.recompute()
    nights.apply_retention(MIDNIGHT_MS + 3 * DAY_MS)
    assert nights.reader.raw_between(1, MIDNIGHT_MS, MORNING_MS) == (0, 0)
    nights.store(10, MIDNIGHT_MS + 30_000, MORNING_MS, arrived_ms=MIDNIGHT_MS + 3 * DAY_MS)
    nights.recompute()
    assert nights.stored == [(str(DAY), 95, 360)]


def test_every_night_of_a_backlog_is_stored(nights: Nights) -> None:
    now_ms = MORNING_MS + 5 * DAY_MS
    for n in range(5):
        nights.store(100 + n, MIDNIGHT_MS + n * DAY_MS, MORNING_MS + n * DAY_MS, arrived_ms=now_ms)
    nights.store(800, now_ms, now_ms + MINUTE_MS)
    nights.recompute()
    assert [va for _, va, _ in nights.stored] == [100, 101, 102, 103, 104]


def test_a_frame_of_a_wrong_clock_does_not_make_the_round_scan_years(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights.store(95, 1000, 1001)  # in 1970
    nights.store(95, MIDNIGHT_MS, MORNING_MS)
    nights.store(800, MORNING_MS, MORNING_MS + MINUTE_MS)
    queried: list[int] = []
    raw_between = LedgerReader.raw_between

    def counting(reader: LedgerReader, meter_id: int, start_ms: int, end_ms: int) -> tuple[int, int]:
        queried.append(start_ms)
        return raw_between(reader, meter_id, start_ms, end_ms)

    monkeypatch.setattr(LedgerReader, "raw_between", counting)
    nights.recompute()
    assert len(queried) == 2
    assert nights.stored == [(str(DAY), 95, 360)]


def test_a_ledger_without_frames_has_no_nights(nights: Nights) -> None:
    assert nights.recompute() == 0
