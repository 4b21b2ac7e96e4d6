"""The loop's own duties, gone through by hand: what it says when, and how long it takes for itself."""

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from ledger_building import BOOT, EDGE, NOON_MS, frame, message
from real_broker import Mosquitto
from recorder_events import next_of

from tictally_recorder.cost.recompute import CostKeeper
from tictally_recorder.features import settings_with
from tictally_recorder.ingest.events import Connected, Inbox, MessageReceived, Subscribed
from tictally_recorder.ingest.loop import Ingest
from tictally_recorder.ingest.mqtt_client import BrokerAddress, Connection
from tictally_recorder.ledger import Ledger, LedgerReader, Quarter, quarters
from tictally_recorder.maintenance import Cost
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.runtime.systemd import Notifier

AVAILABILITY = "tictally/recorder/nas/availability"
HEALTH = "tictally/recorder/nas/health"
ANNOUNCED = "homeassistant/device/tictally_recorder_nas/config"
BIRTH = "homeassistant/status"
RESEND = "tictally/edge/cellar/resend"


class Watched(Connection):
    """A connection of which is seen what goes out."""

    def __init__(self, ledger: Ledger, port: int, inbox: Inbox) -> None:
        super().__init__(BrokerAddress("127.0.0.1", port), ledger.client_id, (AVAILABILITY, "offline"), inbox)
        self.said: list[str] = []
        self.payloads: dict[str, str] = {}

    def publish(self, topic: str, payload: str, *, retain: bool = True) -> None:
        self.said.append(topic)
        self.payloads[topic] = payload
        super().publish(topic, payload, retain=retain)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite") as opened:
        yield opened


def loop(folder: Path, ledger: Ledger, port: int) -> tuple[Ingest, Watched, Inbox]:
    inbox: Inbox = SimpleQueue()
    connection = Watched(ledger, port, inbox)
    settings = settings_with(name="nas", ledger=folder / "ledger.sqlite")
    cost = Cost(ledger, LedgerReader.open(settings.ledger), settings, connection.publish)
    return Ingest(ledger, connection, inbox, settings, Notifier({}), cost), connection, inbox


def test_it_says_that_it_is_connected_once_the_broker_keeps_frames_for_it(
    own_broker: Mosquitto, ledger: Ledger, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    ingest, connection, inbox = loop(tmp_path, ledger, own_broker.port)
    connection.start()
    ingest._take(next_of(Connected, inbox), time.monotonic())
    assert "connected to the broker" not in caplog.text
    ingest._take(next_of(Subscribed, inbox), time.monotonic())
    assert "connected to the broker" in caplog.text
    connection.close(AVAILABILITY, "offline", 3.0)


def test_nothing_is_said_or_asked_before_a_connection_is_greeted(
    own_broker: Mosquitto, ledger: Ledger, tmp_path: Path
) -> None:
    ingest, connection, inbox = loop(tmp_path, ledger, own_broker.port)

    def tick() -> list[str]:
        """What a tick says at which health is due and an edge has told of frames that are missing here."""
        health = b'{"boots": [{"boot": "%s", "held": [[1, 9]], "backlog": []}]}' % BOOT.encode()
        ingest._healer.hear("cellar", "health", health, time.monotonic())
        ingest._minute_s = 0.0
        connection.said.clear()
        ingest._tick()
        return connection.said

    connection.start()
    first = next_of(Connected, inbox)
    assert tick() == []
    ingest._take(first, time.monotonic())
    assert connection.said == [AVAILABILITY, ANNOUNCED]
    assert tick() == [HEALTH]
    assert tick() == [RESEND, HEALTH]
    own_broker.stop()
    own_broker.start()
    second = next_of(Connected, inbox)
    assert tick() == []
    ingest._take(second, time.monotonic())
    assert connection.said == [AVAILABILITY, ANNOUNCED]
    assert tick() == [RESEND, HEALTH]
    connection.close(AVAILABILITY, "offline", 3.0)


def test_quarters_that_are_computed_again_hold_a_tick_for_a_moment_only(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dirty = 20
    late_to_early = [
        frame(seq, NOON_MS - seq * QUARTER_MS // 2, {"EAST": 9000 - seq}) for seq in range(1, 2 * dirty + 1)
    ]
    ledger.store([message(each, arrived_ms=NOON_MS) for each in late_to_early])
    assert ledger.counts().dirty == dirty
    compute = quarters.compute

    def slow(*args: Any) -> Quarter | None:  # noqa: ANN401 - handed on
        time.sleep(0.05)
        return compute(*args)

    monkeypatch.setattr(quarters, "compute", slow)
    ingest, _, _ = loop(tmp_path, ledger, 1)
    left = [dirty]
    while left[-1]:
        ingest._tick()
        left.append(ledger.counts().dirty)
        assert 0 < left[-2] - left[-1] <= 6


@pytest.mark.parametrize(
    ("topic", "payload", "is_retained", "said"),
    [
        (BIRTH, b"online", False, [ANNOUNCED]),
        (BIRTH, b"offline", False, []),
        (BIRTH, b"online", True, []),  # it was born before we connected, and was told then
        ("earlier/prefix/status", b"online", False, []),
    ],
)
def test_a_hubs_birth_is_answered_and_is_no_frame(  # noqa: PLR0913 - cases and fixtures
    ledger: Ledger, topic: str, payload: bytes, *, is_retained: bool, said: list[str], tmp_path: Path
) -> None:
    ingest, connection, _ = loop(tmp_path, ledger, 1)
    ingest._take(MessageReceived(topic, payload, NOON_MS, 1, 1, 1, is_retained), time.monotonic())
    ingest._store()
    assert connection.said == said
    assert ledger.counts().refused == {}


def test_health_tells_how_long_ago_a_frame_was_stored(ledger: Ledger, tmp_path: Path) -> None:
    ingest, _, _ = loop(tmp_path, ledger, 1)

    def told(now_s: float) -> tuple[int | None, bool]:
        life = ingest._life(now_s)
        return life.stored_age_s, life.is_idle

    def take(payload: str) -> None:
        arrived = MessageReceived(f"tictally/edge/{EDGE}/frame", payload.encode(), NOON_MS, 1, 1, 1)
        ingest._take(arrived, time.monotonic())
        ingest._store()

    take("no frame")
    assert told(ingest._started_s + 600.5) == (None, False)
    assert told(ingest._started_s + 601.5) == (None, True)
    take(frame(1, NOON_MS, {"EAST": 1}).to_json())
    stored_s = ingest._stored_s
    assert stored_s is not None
    assert told(stored_s + 600.5) == (600, False)
    assert told(stored_s + 601.5) == (601, True)


def test_whatever_goes_wrong_with_cost_frames_are_recorded_and_cost_is_tried_again_ever_later(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ingest, _, _ = loop(tmp_path, ledger, 1)
    tries: list[float] = []
    cost, now_s = ingest._cost, 1000.0

    def fail(_: CostKeeper) -> None:
        tries.append(now_s - 1000)
        raise ZeroDivisionError("nobody foresaw it")

    with monkeypatch.context() as patched:
        patched.setattr(CostKeeper, "begin", fail)
        ingest._tick()
        ingest._take(
            MessageReceived(
                f"tictally/edge/{EDGE}/frame", frame(1, NOON_MS, {"EAST": 1}).to_json().encode(), NOON_MS, 1, 1, 1
            ),
            time.monotonic(),
        )
        ingest._store()
        assert ledger.counts().frames == 1
        cost.hurry()
        tries.clear()
        cost._wait_s = 0.0
        while now_s < 1000 + 20_000:
            cost.tend(now_s, lambda: False, tells=False)
            now_s += 1
        assert tries == [0, 60, 180, 420, 900, 1860, 3780, 7380, 10_980, 14_580, 18_180]
        assert cost.state.problem == "an error of the program: ZeroDivisionError: nobody foresaw it"
        cost.hurry()  # a person has changed a file
        cost.tend(now_s, lambda: False, tells=False)
        assert tries[-1] == now_s - 1000
    cost.hurry()
    cost.tend(now_s, lambda: True, tells=False)
    assert cost.state.problem is None


def test_a_recorder_that_falls_idle_or_wakes_says_so_at_once(ledger: Ledger, tmp_path: Path) -> None:
    ingest, connection, _ = loop(tmp_path, ledger, 1)
    connection._current = ingest._greeted = 1

    def tick(stored_before_s: float) -> list[bool]:
        """Whether it says that it is idle, where it says anything."""
        connection.said.clear()
        ingest._stored_s = time.monotonic() - stored_before_s
        ingest._tick()
        return [json.loads(connection.payloads[topic])["is_idle"] for topic in connection.said]

    assert [tick(age_s) for age_s in (0, 0, 700, 701, 0, 0)] == [[False], [], [True], [], [False], []]
