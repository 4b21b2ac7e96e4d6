"""The recorder's health message and the summary in its log."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from recorder_loop import Loop, recorder_loop

from tictally_recorder.hubs.recorder_health import ledger_health
from tictally_recorder.ingest.statistics import Uptime, summary
from tictally_recorder.ledger import BatchResult, Ledger, LedgerCounts


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Loop]:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger, recorder_loop(tmp_path, ledger) as opened:
        yield opened


def uptime(*, now_ms: int = 0, uptime_s: int = 0, stored_age_s: int | None = None) -> Uptime:
    return Uptime(now_ms, 0, uptime_s, stored_age_s, idle_after_s=600)


def test_health_has_the_counts_of_this_process_and_of_the_ledger() -> None:
    counts = LedgerCounts(
        frames=9,
        rejected={"json": 4, "schema": 5},
        deferred=2,
        lost=8,
        newest_ms={"b": 1_790_000_000_123, "a": 0},
        dirty=1,
        size_bytes=4_160_000,
    )
    since = Uptime(1_790_000_060_000, started_ms=1_790_000_000_000, uptime_s=61, stored_age_s=7, idle_after_s=600)
    assert ledger_health(BatchResult(5, 1, 7, 3, conflicts=1), counts, since) == {
        "version": "0.1.0",
        "started": "2026-09-21T14:13:20.000Z",
        "uptime_s": 61,
        "stored": 5,
        "repeated": 1,
        "rejected": 3,
        "conflicts": 1,
        "stored_age_s": 7,
        "is_idle": False,
        "deferred": 2,
        "lost": 8,
        "dead_letters": 9,
        "lag_s": 59,
        "newest_frame": "2026-09-21T14:13:20.123Z",
        "meters": 2,
        "newest": {"a": "1970-01-01T00:00:00.000Z", "b": "2026-09-21T14:13:20.123Z"},
        "ledger_bytes": 4_160_000,
        "ledger_mb": 4.2,
    }


def test_each_feature_adds_its_fields(loop: Loop) -> None:
    health = loop.health()
    expected: dict[str, object] = {
        "missing": 0,
        "healths_ignored": 0,
        "cost_days_left": 0,
        "cost_problem": None,
        "has_cost_problem": False,
        "tariff_ages": {},
        "jobs": {},
        "sinks": {},
        "maintenance_problems": {},
    }
    assert {name: health[name] for name in expected} == expected


@pytest.mark.parametrize(("newest", "lag_s"), [({}, None), ({"a": 5_000, "b": 7_000}, 3), ({"a": 11_000}, 0)])
def test_the_lag_is_the_newest_frames_age(newest: dict[str, int], lag_s: int | None) -> None:
    counts = LedgerCounts(frames=0, rejected={}, deferred=0, lost=0, newest_ms=newest, dirty=0, size_bytes=0)
    assert ledger_health(BatchResult(), counts, uptime(now_ms=10_000))["lag_s"] == lag_s


@pytest.mark.parametrize(
    ("uptime_s", "stored_age_s", "is_idle"),
    [
        (600, None, False),
        (601, None, True),
        (3600, 600, False),
        (3600, 601, True),
    ],
)
def test_a_recorder_is_idle_when_nothing_was_stored_for_too_long(
    uptime_s: int, stored_age_s: int | None, *, is_idle: bool
) -> None:
    assert uptime(uptime_s=uptime_s, stored_age_s=stored_age_s).is_idle is is_idle


@pytest.mark.parametrize(
    ("done", "line"),
    [
        (BatchResult(), "0 frames stored"),
        (BatchResult(stored=1800), "1800 frames stored"),
        (BatchResult(1800, 2, 3, 4), "1800 frames stored, 2 repeated, 3 deferred, 4 rejected"),
    ],
)
def test_a_summary_names_only_what_happened(done: BatchResult, line: str) -> None:
    assert summary(done) == line
