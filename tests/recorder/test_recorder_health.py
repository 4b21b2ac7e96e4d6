"""What the recorder says of itself: health, summaries, and nothing over and over."""

import json

import pytest

from tictally_recorder.backup.scheduler import BackupState
from tictally_recorder.ingest.health import BackfillState, CostState, Uptime, health_json, summary
from tictally_recorder.ledger import LedgerCounts, Stored


def life(*, now_ms: int = 0, uptime_s: int = 0, stored_age_s: int | None = None) -> Uptime:
    return Uptime(now_ms, 0, uptime_s, stored_age_s, idle_after_s=600)


def test_health_tells_this_process_figures_and_the_ledgers() -> None:
    counts = LedgerCounts(
        frames=9,
        refused={"json": 4, "schema": 5},
        kept=2,
        lost=8,
        newest_ms={"b": 1_790_000_000_123, "a": 0},
        dirty=1,
        size_bytes=4_160_000,
    )
    life = Uptime(1_790_000_060_000, started_ms=1_790_000_000_000, uptime_s=61, stored_age_s=7, idle_after_s=600)
    costing = CostState(left=3, problem="contracts.toml, line 2: no", tariff_ages={"a": 24})
    backup = BackupState("/mnt/usb", 1_789_990_000_000, "no disk")
    told = health_json(Stored(5, 1, 7, 3), counts, BackfillState(missing=6, ignored=2), costing, life, backup)
    assert json.loads(told) == {
        "version": "0.1.0",
        "started": "2026-09-21T14:13:20.000Z",
        "uptime_s": 61,
        "stored": 5,
        "repeated": 1,
        "refused": 3,
        "stored_age_s": 7,
        "is_idle": False,
        "kept": 2,
        "lost": 8,
        "set_aside": 9,
        "holes": 6,
        "healths_ignored": 2,
        "cost_days_left": 3,
        "cost_problem": "contracts.toml, line 2: no",
        "has_cost_problem": True,
        "tariff_ages": {"a": 24},
        "lag_s": 59,
        "newest_frame": "2026-09-21T14:13:20.123Z",
        "newest": {"a": "1970-01-01T00:00:00.000Z", "b": "2026-09-21T14:13:20.123Z"},
        "last_backup": "2026-09-21T11:26:40.000Z",
        "is_backup_failing": True,
        "backup_problem": "no disk",
        "ledger_bytes": 4_160_000,
        "ledger_mb": 4.2,
    }


@pytest.mark.parametrize(("newest", "lag_s"), [({}, None), ({"a": 5_000, "b": 7_000}, 3), ({"a": 11_000}, 0)])
def test_the_lag_is_the_newest_frames_age(newest: dict[str, int], lag_s: int | None) -> None:
    counts = LedgerCounts(frames=0, refused={}, kept=0, lost=0, newest_ms=newest, dirty=0, size_bytes=0)
    told = health_json(Stored(), counts, BackfillState(0, 0), CostState(0, None, {}), life(now_ms=10_000))
    assert json.loads(told)["lag_s"] == lag_s


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
    assert life(uptime_s=uptime_s, stored_age_s=stored_age_s).is_idle is is_idle


@pytest.mark.parametrize(
    ("done", "line"),
    [
        (Stored(), "0 frames stored"),
        (Stored(stored=1800), "1800 frames stored"),
        (Stored(1800, 2, 3, 4), "1800 frames stored, 2 repeated, 3 kept for later, 4 refused"),
    ],
)
def test_a_summary_names_only_what_happened(done: Stored, line: str) -> None:
    assert summary(done) == line
