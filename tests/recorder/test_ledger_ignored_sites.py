"""Sites that are ignored, recorded again, or removed: what stays, what goes, and how a recorder that runs follows."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from ledger_building import BOOT, METER, NOON_MS, frame, message

from tictally_recorder.ledger import (
    BatchResult,
    CostDay,
    Ledger,
    LedgerError,
    LedgerReader,
    Message,
    Night,
    Outbox,
    Status,
    ignore_site,
    integrity,
    join_sites,
    remove_site,
    site_removal,
    undo_ignore,
)
from tictally_shared.calendar import QUARTER_MS

SIM = "021900000099"
SIM_BOOT = "00000000000000b2"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with Ledger.open(path) as opened:
        opened.store([real(1), sim(1), real(2), sim(2)])
        yield opened


def real(seq: int) -> Message:
    return message(frame(seq, NOON_MS + seq * 60_000, {"EAST": seq, "NGTF": "BASE"}))


def sim(seq: int, edge: str = "sim") -> Message:
    sent = frame(seq, NOON_MS + seq * 60_000, {"EAST": seq, "SINSTS": 5}, meter=SIM, edge=edge, boot=SIM_BOOT)
    return message(sent, edge=edge)


def sites(path: Path) -> tuple[list[str], list[str]]:
    """Ids of the sites that are recorded, and of those that are ignored."""
    with LedgerReader.open(path) as reader:
        return [each.id for each in reader.sites()], [each.site.id for each in reader.ignored_sites()]


def statuses(path: Path, edge: str) -> dict[int, Status]:
    with LedgerReader.open(path) as reader:
        return {
            n: each.status
            for ranges in reader.frame_numbers(edge).values()
            for each in ranges
            for n in range(each.first, each.last + 1)
        }


def rows(path: Path) -> dict[str, int]:
    """Table → rows, of the tables that have any."""
    with closing(sqlite3.connect(path)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        count = "SELECT count(*) FROM "
        found = {name: connection.execute(count + name).fetchone()[0] for name in tables}
    return {name: n for name, n in found.items() if n and name not in {"meta", "label"}}


def test_an_ignored_site_is_listed_and_recorded_no_more(path: Path, ledger: Ledger) -> None:
    assert ignore_site(path, SIM, NOON_MS) == SIM
    assert sites(path) == ([METER], [SIM])
    assert ledger.store([sim(3), real(3)]) == BatchResult(stored=1, ignored=1)
    assert ledger.store([sim(3)]) == BatchResult(ignored=1)
    assert statuses(path, "sim") == {1: Status.STORED, 2: Status.STORED, 3: Status.IGNORED}
    counts = ledger.counts()
    assert (counts.frames, counts.ignored, counts.lost) == (5, 1, 0)
    assert set(counts.newest_ms) == {METER}
    with LedgerReader.open(path) as reader:
        assert list(reader.edges()) == ["cellar"]
        (ignored,) = reader.ignored_sites()
        assert ignored.since_ms == NOON_MS


def test_undoing_shows_what_was_recorded_and_lets_missed_frames_come_again(path: Path, ledger: Ledger) -> None:
    ignore_site(path, SIM, NOON_MS)
    ledger.store([sim(3), sim(4)])
    assert undo_ignore(path, SIM) == SIM
    assert sites(path) == ([METER, SIM], [])
    # Numbers of frames that were ignored are missing now, so that the edge is asked for them.
    assert statuses(path, "sim") == {1: Status.STORED, 2: Status.STORED}
    assert ledger.store([sim(5), sim(3)]) == BatchResult(stored=2)
    with LedgerReader.open(path) as reader:
        (found,) = [each for each in reader.sites() if each.id == SIM]
        assert [quarter.n for quarter in reader.quarters(found.meters[0].id, 0, 2**62)] == [4]


def test_sinks_lose_an_ignored_site_and_get_all_of_it_when_that_is_undone(path: Path, ledger: Ledger) -> None:
    ledger.use_sinks(["far"])
    with LedgerReader.open(path) as reader:
        site = next(each for each in reader.sites() if each.id == SIM)
    quarter = NOON_MS // QUARTER_MS
    ledger.store_cost(site, [CostDay(date(2026, 11, 21), quarter - 48, quarter + 48, "key", NOON_MS, ())])

    def backlog() -> tuple[int, int]:
        (counts,) = ledger.sinks()
        return counts.quarters, counts.cost_days

    assert backlog() == (2, 1)
    ignore_site(path, SIM, NOON_MS)
    assert backlog() == (1, 0)
    with closing(Outbox.open(path, "far")) as outbox:
        while outbox.take_quarters(2**62, 100):
            outbox.confirm_taken()
    assert backlog() == (0, 0)
    undo_ignore(path, SIM)
    assert backlog() == (1, 1)


@pytest.mark.parametrize("key", [SIM, "key"])
def test_a_site_is_found_by_its_id_or_a_meter(path: Path, ledger: Ledger, key: str) -> None:
    if key == "key":
        ledger.store([message(frame(9, NOON_MS, {"EAST": 1}, meter="key", boot="c" * 16))])
        ledger.join_sites("key", SIM)
    assert ignore_site(path, key, NOON_MS) == SIM
    assert undo_ignore(path, key) == SIM


def test_what_cannot_be_ignored_or_undone_is_an_error(path: Path, ledger: Ledger) -> None:
    assert ledger.counts().frames == 4
    with pytest.raises(LedgerError, match="there is no site 'nobody'"):
        ignore_site(path, "nobody", NOON_MS)
    with pytest.raises(LedgerError, match="is not ignored"):
        undo_ignore(path, SIM)
    ignore_site(path, SIM, NOON_MS)
    with pytest.raises(LedgerError, match="is ignored already"):
        ignore_site(path, SIM, NOON_MS)


def test_another_meter_under_the_key_of_an_ignored_site_is_ignored_too(path: Path, ledger: Ledger) -> None:
    ignore_site(path, SIM, NOON_MS)
    other = frame(9, NOON_MS + 1, {"EAST": 9}, meter=SIM, serial="abcdef12", edge="sim", boot=SIM_BOOT)
    assert ledger.store([message(other, edge="sim")]) == BatchResult(ignored=1)


def test_joining_an_ignored_site_to_another_records_its_meters_again(path: Path, ledger: Ledger) -> None:
    ignore_site(path, SIM, NOON_MS)
    ledger.store([sim(3)])
    join_sites(path, SIM, METER)
    assert ledger.store([sim(4)]) == BatchResult(stored=1)


def test_a_removed_site_leaves_nothing_behind(path: Path, ledger: Ledger, tmp_path: Path) -> None:
    ledger.store_standby([Night(2, date(2026, 11, 21), 40, 300)])
    ledger.use_sinks(["influxdb"])
    ledger.mark_lost("sim", {SIM_BOOT: [(7, 9)]})
    assert remove_site(path, SIM) == SIM
    assert sites(path) == ([METER], [])
    alone = tmp_path / "alone.sqlite"
    with Ledger.open(alone) as other:
        other.store([real(1), real(2)])
        other.use_sinks(["influxdb"])
    assert rows(path) == rows(alone)
    assert integrity(path) == []
    assert ledger.store([real(3)]) == BatchResult(stored=1)


def test_the_edge_of_a_removed_site_that_reads_another_meter_stays_with_its_numbers(path: Path, ledger: Ledger) -> None:
    ledger.store([sim(5, edge="cellar")])
    assert remove_site(path, SIM) == SIM
    with LedgerReader.open(path) as reader:
        assert list(reader.edges()) == ["cellar"]
    assert statuses(path, "cellar") != {}
    assert ledger.store([real(1)]) == BatchResult(duplicates=1)


def test_a_frame_of_a_removed_meter_brings_its_site_back(path: Path, ledger: Ledger) -> None:
    remove_site(path, SIM)
    assert ledger.store([sim(3)]) == BatchResult(stored=1)
    assert sites(path) == ([METER, SIM], [])


def test_a_removal_in_parts_that_is_interrupted_goes_on(
    path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_removal, "_ROWS_AT_ONCE", 1)
    calls: list[float] = []

    def interrupted(seconds: float) -> None:
        calls.append(seconds)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        remove_site(path, SIM, interrupted)
    assert sites(path) == ([METER], [SIM])
    assert ledger.store([sim(3), real(3)]) == BatchResult(stored=1, ignored=1)
    assert remove_site(path, SIM) == SIM
    assert sites(path) == ([METER], [])
    assert integrity(path) == []
    assert BOOT != SIM_BOOT


def test_what_is_computed_for_a_site_that_was_removed_meanwhile_is_left_out(path: Path, ledger: Ledger) -> None:
    with LedgerReader.open(path) as reader:
        before = next(each for each in reader.sites() if each.id == SIM)
    remove_site(path, SIM)
    ledger.invalidate(before, [(1, 2)])
    assert ledger.store_cost(before, []) is None
    assert ledger.store_standby([Night(before.meters[0].id, date(2026, 11, 21), 40, 300)]) == 0
    assert integrity(path) == []
