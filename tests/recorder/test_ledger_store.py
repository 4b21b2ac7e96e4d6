"""Each message is stored once, deferred or rejected, and its number with it."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_building import BOOT, EDGE, METER, MINUTE_MS, NOON_MS, frame, message

from tictally_recorder.ledger import BatchResult, Ledger, LedgerReader
from tictally_recorder.ledger.classify import Accepted, Deferred, Rejected, classify
from tictally_recorder.ledger.quarantine import HEAD_BYTES
from tictally_shared.frames import iso_utc

GOOD = [message(frame(seq, NOON_MS + seq * 1000, {"EAST": 100 + seq})) for seq in (1, 2, 3)]


def body(**changes: Any) -> bytes:  # noqa: ANN401 - any JSON
    fields = json.loads(frame(9, NOON_MS, {"EAST": 1}).to_json()) | changes
    return json.dumps(fields).encode()


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(path)
    found = connection.execute(sql).fetchall()
    connection.close()
    return found


POISON = {
    "an integer of 10 000 digits": (body().replace(b'"EAST": 1', b'"EAST": ' + b"9" * 10_000), "integer"),
    "an integer just beyond 64 bits": (body(values={"EAST": 2**63}), "integer"),
    "deep nesting": (b"[" * 30_000, "json"),
    "deep nesting inside a frame": (body().replace(b'"EAST": 1', b'"EAST": ' + b'{"a":' * 8000), "json"),
    "NaN": (body(values={"EAST": float("nan")}), "json"),
    "one megabyte": (b'"' + b"x" * 1_000_000 + b'"', "size"),
    "another edge's frame": (body(edge="attic"), "edge"),
    "a float where an integer belongs": (body(values={"EAST": 1.0}), "form"),
    "a float too large to be one": (body().replace(b'"EAST": 1', b'"EAST": 1e999'), "form"),
    "true where an integer belongs": (body(values={"EAST": True}), "form"),
    "bytes that are not UTF-8": (b'{"v": 1, "meter": "\xff"}', "json"),
    "half a surrogate pair in a text": (body(values={"MSG1": "\ud800"}), "json"),
    "half a surrogate pair in a field's name": (body()[:-1] + b', "\\ud800": 1}', "json"),
    "half a surrogate pair in the boot": (body(boot="\ud800"), "json"),
    "a key that stands twice": (body().replace(b'{"v": 1', b'{"v": 1, "v": 1'), "json"),
    "a list": (b"[]", "form"),
    "nothing": (b"", "json"),
    "a number of no frame": (body(seq=0), "form"),
    "a time before 1970": (body(time="1969-12-31T23:59:59Z"), "form"),
    "a version that is no integer": (body(v="1"), "form"),
}


@pytest.mark.parametrize(("poison", "reason"), POISON.values(), ids=POISON.keys())
def test_a_poisonous_message_costs_its_batch_nothing(tmp_path: Path, poison: bytes, reason: str) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        assert ledger.store([GOOD[0], message(poison), GOOD[1]]) == BatchResult(stored=2, rejected=1)
        assert ledger.counts().rejected == {reason: 1}
        assert ledger.counts().frames == 2
    ((size, head),) = rows(tmp_path / "ledger.sqlite", "SELECT size, head FROM dead_letter")
    assert (size, head) == (len(poison), poison[:HEAD_BYTES])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELD = st.sampled_from(["v", "meter", "serial", "edge", "boot", "seq", "time", "mode", "values", "dated", "more"])


@settings(max_examples=300)
@given(st.dictionaries(FIELD, JSON, max_size=3), st.binary(max_size=5), st.text(max_size=3))
def test_any_payload_is_accepted_deferred_or_rejected(changes: dict[str, Any], junk: bytes, edge: str) -> None:
    whole = json.dumps(json.loads(body()) | changes).encode()
    for payload in (whole, whole[:-1] + junk, junk):
        for topic_edge in (EDGE, edge):
            decision = classify(message(payload, edge=topic_edge), NOON_MS)
            assert isinstance(decision, Accepted | Deferred | Rejected)
            if isinstance(decision, Rejected):
                decision.detail.encode()  # as SQLite does


def test_a_stored_frame_is_ignored_when_it_is_repeated(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        assert ledger.store([GOOD[0], GOOD[0], GOOD[1]]) == BatchResult(stored=2, duplicates=1)
    with Ledger.open(path) as ledger:
        assert ledger.store([GOOD[1], GOOD[0], GOOD[2]]) == BatchResult(stored=1, duplicates=2)
        assert ledger.counts().frames == 3


def test_a_rejected_message_is_ignored_when_it_is_repeated(tmp_path: Path) -> None:
    bad = message(body(seq=1, values={"EAST": "text"}))
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        assert ledger.store([bad]) == BatchResult(rejected=1)
        assert ledger.store([bad, bad]) == BatchResult(duplicates=2)
        assert ledger.counts().rejected == {"form": 1}
        assert ledger.counts().frames == 0


def test_a_number_claimed_for_another_edge_is_not_recorded(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        assert ledger.store([message(body(seq=1, edge="attic", values=0))]) == BatchResult(rejected=1)
        assert ledger.store([message(body(seq=1, values=0), edge="attic")]) == BatchResult(rejected=1)
        assert ledger.store([GOOD[0]]) == BatchResult(stored=1)


def test_a_lost_number_that_arrives_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        ledger.store([GOOD[0]])
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO frame_number SELECT boot, 2, 5, 4 FROM frame_number")
    connection.commit()
    connection.close()
    with Ledger.open(path) as ledger:
        assert ledger.store([GOOD[1], GOOD[2]]) == BatchResult(stored=2)
    assert rows(path, "SELECT first, last, status FROM frame_number") == [(1, 3, 1), (4, 5, 4)]


def test_a_frame_from_the_future_is_deferred_until_it_is_due(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    due_ms = NOON_MS + 5 * MINUTE_MS
    ahead = message(frame(1, due_ms + 10 * MINUTE_MS, {"EAST": 5}), arrived_ms=NOON_MS)
    with Ledger.open(path) as ledger:
        assert ledger.store([ahead]) == BatchResult(deferred=1)
        assert ledger.store([ahead]) == BatchResult(duplicates=1)
        assert ledger.retry_deferred(due_ms - 1) == BatchResult()
        assert (ledger.counts().frames, ledger.counts().deferred) == (0, 1)
        assert ledger.retry_deferred(due_ms) == BatchResult(stored=1)
        assert (ledger.counts().frames, ledger.counts().deferred) == (1, 0)
        assert ledger.store([ahead]) == BatchResult(duplicates=1)
    assert rows(path, "SELECT arrived_ms FROM frame") == [(NOON_MS,)]
    assert rows(path, "SELECT first, last, status FROM frame_number") == [(1, 1, 1)]


@pytest.mark.parametrize(
    ("ahead_ms", "expected"), [(600_000, BatchResult(stored=1)), (600_001, BatchResult(deferred=1))]
)
def test_ten_minutes_ahead_of_arrival_are_allowed(tmp_path: Path, ahead_ms: int, expected: BatchResult) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        assert ledger.store([message(frame(1, NOON_MS + ahead_ms, {}), arrived_ms=NOON_MS)]) == expected


def test_a_message_of_another_version_is_deferred_until_an_upgrade(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    tomorrows = body(v=2, seq=1, novelty=[1, 2])
    with Ledger.open(path) as ledger:
        assert ledger.store([message(tomorrows), GOOD[0]]) == BatchResult(deferred=1, duplicates=1)
        assert ledger.retry_deferred(NOON_MS * 2) == BatchResult()
        assert ledger.counts().deferred == 1
    assert rows(path, "SELECT payload, version FROM deferred_message") == [(tomorrows, 2)]
    assert rows(path, "SELECT first, last, status FROM frame_number") == [(1, 1, 2)]


def test_a_deferred_message_that_is_invalid_becomes_a_dead_letter(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        ledger.store([message(body(v=2, seq=1, novelty=1))])
    connection = sqlite3.connect(path)  # what an upgrade to a program that reads version 2 amounts to
    connection.execute("UPDATE deferred_message SET version = 1, payload = ?", (body(seq=1, novelty=1),))
    connection.commit()
    connection.close()
    with Ledger.open(path) as ledger:
        assert ledger.retry_deferred(NOON_MS) == BatchResult(rejected=1)
        assert (ledger.counts().deferred, ledger.counts().rejected) == (0, {"form": 1})
    assert rows(path, "SELECT first, last, status FROM frame_number") == [(1, 1, 3)]


def test_the_newest_dead_letters_are_stored_and_all_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        for start in (0, 6000):
            ledger.store([message(b"%d" % each) for each in range(start, start + 6000)])
        assert ledger.counts().rejected == {"form": 12_000}
    assert rows(path, "SELECT count(*), min(CAST(head AS INTEGER)), max(topic) FROM dead_letter") == [
        (10_000, 2000, f"tictally/edge/{EDGE}/frame")
    ]


def test_values_and_horodates_are_stored_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        ledger.store(GOOD)
        assert ledger.client_id
        client_id = ledger.client_id
    with Ledger.open(path) as ledger:
        assert ledger.client_id == client_id
    assert rows(path, "SELECT key, serial FROM meter") == [(METER, None)]
    assert rows(path, "SELECT name, boot.boot FROM boot JOIN edge ON edge.id = edge") == [(EDGE, BOOT)]
    assert rows(path, "SELECT seq, time_ms, mode FROM frame") == [
        (seq, NOON_MS + seq * 1000, "standard") for seq in (1, 2, 3)
    ]


def test_a_stored_value_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        assert ledger.get_value("filters") is None
        ledger.put_value("filters", "a")
        ledger.put_value("filters", "b")
    with Ledger.open(path) as ledger:
        assert ledger.get_value("filters") == "b"
        assert ledger.client_id != "b"


def test_a_reader_sees_commits_while_the_recorder_continues(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        ledger.store(GOOD[:1])
        with LedgerReader.open(path) as reader:
            with reader.snapshot():
                assert [quarter.n for quarter in reader.quarters(1, 0, 2**62)] == [1]
                ledger.store(GOOD[1:])
                assert [quarter.n for quarter in reader.quarters(1, 0, 2**62)] == [1]
            assert [quarter.n for quarter in reader.quarters(1, 0, 2**62)] == [3]


def test_iso_times_of_frames_are_read_to_the_millisecond(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        ledger.store([message(body(time=iso_utc(NOON_MS + 1)))])
        assert ledger.counts().newest_ms == {METER: NOON_MS + 1}
