"""Health messages against a real ledger: stored state survives a restart, state in memory is bounded."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from ledger_building import BOOT, EDGE, NOON_MS, frame, message

from tictally_recorder.ingest.backfill import coordinator
from tictally_recorder.ingest.backfill.coordinator import BackfillCoordinator, BackfillState
from tictally_recorder.ledger import Ledger, LedgerUnavailable, NumberRange, Status


def health(first: int, last: int, boot: str = BOOT) -> bytes:
    return json.dumps({"boots": [{"boot": boot, "held": [[first, last]], "backlog": []}]}).encode()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite") as opened:
        yield opened


def store(ledger: Ledger, first: int, last: int) -> None:
    ledger.store([message(frame(seq, NOON_MS + seq, {"EAST": seq})) for seq in range(first, last + 1)])


def publish_twice(backfill: BackfillCoordinator, payload: bytes, from_s: float = 0.0, edge: str = EDGE) -> None:
    for now_s in (from_s, from_s + 60):
        backfill.on_message(edge, "health", payload, now_s)
        backfill.tick(now_s)


def test_the_first_contact_with_an_edge_is_remembered_over_a_restart(ledger: Ledger) -> None:
    requests: list[tuple[str, str]] = []
    store(ledger, 900, 903)
    publish_twice(BackfillCoordinator(ledger, lambda *request: requests.append(request)), health(900, 903))
    assert ledger.counts().lost == 0
    again = BackfillCoordinator(ledger, lambda *request: requests.append(request))
    publish_twice(
        again, health(5, 6, "f" * 16)
    )  # earlier frames of this boot are lost: the ledger knew the edge by then
    assert requests == [(EDGE, f'{{"boot":"{"f" * 16}","ranges":[[5,6]]}}')]
    assert ledger.frame_numbers(EDGE) == {
        BOOT: [NumberRange(900, 903, Status.STORED)],
        "f" * 16: [NumberRange(1, 4, Status.LOST)],
    }


def test_a_locked_ledger_defers_a_health_message(ledger: Ledger, tmp_path: Path) -> None:
    requests: list[str] = []
    backfill = BackfillCoordinator(ledger, lambda _, request: requests.append(request))
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)) as other:
        backfill.on_message(EDGE, "health", health(1, 9), 0.0)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerUnavailable):
            backfill.tick(0.0)
        other.execute("ROLLBACK")
    backfill.tick(1.0)
    backfill.on_message(EDGE, "health", health(1, 9), 60.0)
    backfill.tick(60.0)
    assert requests == [f'{{"boot":"{BOOT}","ranges":[[1,9]]}}']


def test_an_invalid_edge_name_is_ignored(ledger: Ledger) -> None:
    backfill = BackfillCoordinator(ledger, lambda *_: None)
    for name in ("", "Cellar", "x" * 33, "a b"):
        publish_twice(backfill, health(1, 9), edge=name)
    assert backfill.state == BackfillState(missing=0, ignored=8)


def test_memory_is_bounded_however_many_edges_appear(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coordinator, "MAX_EDGES", 4)
    backfill = BackfillCoordinator(ledger, lambda *_: None)
    for number in range(12):
        publish_twice(backfill, health(1, 9), edge=f"edge-{number}")
        backfill.on_message(f"edge-{number}", "availability", b"online", 0.0)
    for number in range(12):
        backfill.on_message(f"edge-{number}", "health", health(1, 9), 0.0)
    assert len(backfill._planners) == len(backfill._healths) == 4
    assert backfill.state.missing == 4 * 9
