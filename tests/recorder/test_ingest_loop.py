"""The ingest loop, tick by tick: what it publishes and logs when, and how long a tick may take."""

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ledger_building import BOOT, EDGE, NOON_MS, frame, message
from real_broker import Mosquitto
from recorder_events import next_of
from recorder_loop import AVAILABILITY, HEALTH, Loop, recorder_loop

from tictally_recorder.cost.recompute import CostRecomputer
from tictally_recorder.ingest.events import Connected, MessageReceived, Subscribed
from tictally_recorder.ledger import Ledger, Quarter, quarters
from tictally_recorder.maintenance import Wake
from tictally_shared.calendar import QUARTER_MS

ANNOUNCED = "homeassistant/device/tictally_recorder_nas/config"
BIRTH = "homeassistant/status"
RESEND = "tictally/edge/cellar/resend"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite") as opened:
        yield opened


@pytest.fixture
def loop(tmp_path: Path, ledger: Ledger) -> Iterator[Loop]:
    """Without a broker."""
    with recorder_loop(tmp_path, ledger) as opened:
        yield opened


def of_edge(payload: str) -> MessageReceived:
    return MessageReceived(f"tictally/edge/{EDGE}/frame", payload.encode(), NOON_MS, 1, 1, 1)


def test_it_logs_that_it_is_connected_once_the_broker_queues_frames_for_it(
    own_broker: Mosquitto, ledger: Ledger, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with recorder_loop(tmp_path, ledger, own_broker.port) as loop:
        loop.connection.start()
        loop.ingest._handle(next_of(Connected, loop.inbox), time.monotonic())
        assert "connected to the broker" not in caplog.text
        loop.ingest._handle(next_of(Subscribed, loop.inbox), time.monotonic())
        assert "connected to the broker" in caplog.text
        loop.connection.close(AVAILABILITY, "offline", 3.0)


def test_nothing_is_published_or_requested_before_a_connection_is_subscribed(
    own_broker: Mosquitto, ledger: Ledger, tmp_path: Path
) -> None:
    with recorder_loop(tmp_path, ledger, own_broker.port) as loop:
        topics = loop.connection.topics

        def tick() -> list[str]:
            """What a tick publishes at which health is due and an edge has announced frames that are missing here."""
            health = b'{"boots": [{"boot": "%s", "held": [[1, 9]], "backlog": []}]}' % BOOT.encode()
            loop.ingest._parts.backfill.on_message("cellar", "health", health, time.monotonic())
            loop.publish_health_soon()
            topics.clear()
            loop.ingest._tick()
            return topics

        loop.connection.start()
        first = next_of(Connected, loop.inbox)
        assert tick() == []
        loop.ingest._handle(first, time.monotonic())
        assert topics == [AVAILABILITY]
        assert tick() == [ANNOUNCED, HEALTH]
        assert tick() == [RESEND, HEALTH]
        own_broker.stop()
        own_broker.start()
        second = next_of(Connected, loop.inbox)
        assert tick() == []
        loop.ingest._handle(second, time.monotonic())
        assert topics == [AVAILABILITY]
        assert tick() == [ANNOUNCED, RESEND, HEALTH]
        loop.connection.close(AVAILABILITY, "offline", 3.0)


def test_dirty_quarters_hold_a_tick_for_a_moment_only(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, loop: Loop
) -> None:
    dirty = 20
    late_to_early = [
        frame(seq, NOON_MS - seq * QUARTER_MS // 2, {"EAST": 9000 - seq}) for seq in range(1, 2 * dirty + 1)
    ]
    ledger.store([message(each, arrived_ms=NOON_MS) for each in late_to_early])
    assert ledger.counts().dirty == dirty
    compute = quarters.compute_quarter

    def slow(*args: Any) -> Quarter | None:  # noqa: ANN401 - handed on
        time.sleep(0.05)
        return compute(*args)

    monkeypatch.setattr(quarters, "compute_quarter", slow)
    left = [dirty]
    while left[-1]:
        loop.ingest._tick()
        left.append(ledger.counts().dirty)
        assert 0 < left[-2] - left[-1] <= 6


def test_maintenance_that_needs_an_idle_loop_waits_while_messages_arrive(ledger: Ledger, loop: Loop) -> None:
    late_to_early = [frame(seq, NOON_MS - seq * QUARTER_MS // 2, {"EAST": 9000 - seq}) for seq in range(1, 11)]
    ledger.store([message(each, arrived_ms=NOON_MS) for each in late_to_early])
    dirty = ledger.counts().dirty
    assert dirty > 0
    loop.inbox.put(of_edge("no frame"))
    loop.ingest._tick()
    assert ledger.counts().dirty == dirty
    loop.inbox.get()
    loop.ingest._tick()
    assert ledger.counts().dirty == 0


@pytest.mark.parametrize(
    ("topic", "payload", "is_retained", "published"),
    [
        (BIRTH, b"online", False, [ANNOUNCED]),
        (BIRTH, b"offline", False, []),
        (BIRTH, b"online", True, []),  # it was born before we connected, and was answered then
        ("earlier/prefix/status", b"online", False, []),
    ],
)
def test_a_hubs_birth_message_is_answered_and_not_stored(
    loop: Loop, topic: str, payload: bytes, *, is_retained: bool, published: list[str]
) -> None:
    loop.connection._current = loop.ingest._subscribed_connection = 1
    loop.ingest._tick()  # the first health
    loop.connection.topics.clear()
    loop.ingest._handle(MessageReceived(topic, payload, NOON_MS, 1, 1, 1, is_retained), time.monotonic())
    loop.ingest._store()
    loop.ingest._tick()
    assert loop.connection.topics == published
    assert loop.reader.counts().rejected == {}


def test_health_has_the_time_since_a_frame_was_stored(loop: Loop) -> None:
    statistics = loop.ingest._parts.statistics

    def at(now_s: float) -> tuple[int | None, bool]:
        uptime = statistics.uptime(now_s, 0)
        return uptime.stored_age_s, uptime.is_idle

    def store(payload: str) -> None:
        loop.ingest._handle(of_edge(payload), time.monotonic())
        loop.ingest._store()

    store("no frame")
    assert at(statistics.started_s + 600.5) == (None, False)
    assert at(statistics.started_s + 601.5) == (None, True)
    store(frame(1, NOON_MS, {"EAST": 1}).to_json())
    stored_s = statistics.stored_s
    assert stored_s is not None
    assert at(stored_s + 600.5) == (600, False)
    assert at(stored_s + 601.5) == (601, True)


def test_frames_are_recorded_while_cost_fails_and_cost_is_retried_ever_later(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, loop: Loop
) -> None:
    attempts: list[float] = []
    maintenance, now_s = loop.maintenance, 1000.0

    def fail(_: CostRecomputer) -> None:
        attempts.append(now_s - 1000)
        raise ZeroDivisionError("unforeseen")

    with monkeypatch.context() as patched:
        patched.setattr(CostRecomputer, "begin", fail)
        while now_s < 1000 + 20_000:
            maintenance.run(now_s, is_connected=False)
            now_s += 1
        assert attempts == [0, 60, 180, 420, 900, 1860, 3780, 7380, 10_980, 14_580, 18_180]
        assert maintenance.problems == {"cost": "internal error: ZeroDivisionError: unforeseen"}
        loop.ingest._handle(of_edge(frame(1, NOON_MS, {"EAST": 1}).to_json()), time.monotonic())
        loop.ingest._store()
        assert ledger.counts().frames == 1
        maintenance.wake(Wake.CONFIG_CHANGED)
        maintenance.run(now_s, is_connected=False)
        assert attempts[-1] == now_s - 1000
    maintenance.wake(Wake.CONFIG_CHANGED)
    for _ in range(10):  # on a busy machine a round takes more than one budget
        maintenance.run(now_s, is_connected=False)
    assert maintenance.problems == {}


def test_a_recorder_that_falls_idle_or_wakes_up_publishes_it_at_once(loop: Loop) -> None:
    loop.connection._current = loop.ingest._subscribed_connection = 1

    def tick(stored_before_s: float) -> list[bool]:
        """Whether it is idle, where it publishes anything."""
        loop.connection.topics.clear()
        loop.ingest._parts.statistics.stored_s = time.monotonic() - stored_before_s
        loop.ingest._tick()
        return [json.loads(loop.connection.payloads[topic])["is_idle"] for topic in loop.connection.topics]

    assert [tick(age_s) for age_s in (0, 0, 700, 701, 0, 0)] == [[False], [], [True], [], [False], []]
