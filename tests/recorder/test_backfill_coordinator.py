"""Healths held against a real ledger: what is noted survives, what is in memory is bounded."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from ledger_building import BOOT, EDGE, NOON_MS, frame, message

from tictally_recorder.ingest.backfill import coordinator
from tictally_recorder.ingest.backfill.coordinator import BackfillCoordinator
from tictally_recorder.ingest.health import BackfillState
from tictally_recorder.ledger import Ledger, LedgerUnavailable, NumberRange, Status


def health(first: int, last: int, boot: str = BOOT) -> bytes:
    return json.dumps({"boots": [{"boot": boot, "held": [[first, last]], "backlog": []}]}).encode()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite") as opened:
        yield opened


def store(ledger: Ledger, first: int, last: int) -> None:
    ledger.store([message(frame(seq, NOON_MS + seq, {"EAST": seq})) for seq in range(first, last + 1)])


def tell_twice(healer: BackfillCoordinator, payload: bytes, from_s: float = 0.0, edge: str = EDGE) -> None:
    for now_s in (from_s, from_s + 60):
        healer.hear(edge, "health", payload, now_s)
        healer.tend(now_s)


def test_where_ledger_and_edge_met_is_remembered_over_a_restart(ledger: Ledger) -> None:
    asked: list[tuple[str, str]] = []
    store(ledger, 900, 903)
    tell_twice(BackfillCoordinator(ledger, lambda *request: asked.append(request)), health(900, 903))
    assert ledger.counts().lost == 0
    again = BackfillCoordinator(ledger, lambda *request: asked.append(request))
    tell_twice(again, health(5, 6, "f" * 16))  # what this boot had before is lost: the ledger knew the edge by then
    assert asked == [(EDGE, f'{{"boot":"{"f" * 16}","ranges":[[5,6]]}}')]
    assert ledger.numbers(EDGE) == {
        BOOT: [NumberRange(900, 903, Status.STORED)],
        "f" * 16: [NumberRange(1, 4, Status.LOST)],
    }


def test_a_locked_ledger_puts_a_health_off(ledger: Ledger, tmp_path: Path) -> None:
    asked: list[str] = []
    healer = BackfillCoordinator(ledger, lambda _, request: asked.append(request))
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)) as other:
        healer.hear(EDGE, "health", health(1, 9), 0.0)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerUnavailable):
            healer.tend(0.0)
        other.execute("ROLLBACK")
    healer.tend(1.0)
    healer.hear(EDGE, "health", health(1, 9), 60.0)
    healer.tend(60.0)
    assert asked == [f'{{"boot":"{BOOT}","ranges":[[1,9]]}}']


def test_a_name_that_is_none_is_ignored(ledger: Ledger) -> None:
    healer = BackfillCoordinator(ledger, lambda *_: None)
    for name in ("", "Cellar", "x" * 33, "a b"):
        tell_twice(healer, health(1, 9), edge=name)
    assert healer.state == BackfillState(missing=0, ignored=8)


def test_ever_new_edges_do_not_fill_the_memory(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coordinator, "MOST_EDGES", 4)
    healer = BackfillCoordinator(ledger, lambda *_: None)
    for number in range(12):
        tell_twice(healer, health(1, 9), edge=f"edge-{number}")
        healer.hear(f"edge-{number}", "availability", b"online", 0.0)
    for number in range(12):
        healer.hear(f"edge-{number}", "health", health(1, 9), 0.0)
    assert len(healer._planners) == len(healer._heard) == 4
    assert healer.state.missing == 4 * 9
