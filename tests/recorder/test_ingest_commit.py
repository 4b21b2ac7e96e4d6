"""A recorder that commits seldom: frames are shown at once, wait at the broker, and none is lost."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from real_broker import Hub, Mosquitto
from recording import METER, Recorder, frame

from demo.broker import free_port
from tictally_recorder.ledger import LedgerReader

TOPIC = "tictally/edge/cellar/frame"
HEALTH = "tictally/edge/cellar/health"


@pytest.fixture
def recorder(own_broker: Mosquitto, tmp_path: Path) -> Iterator[Recorder]:
    http = {"TICTALLY_HTTP": "on", "TICTALLY_HTTP_PORT": str(free_port()), "TICTALLY_DISCOVERY": "off"}
    with Recorder(tmp_path, own_broker.port, settings={"TICTALLY_COMMIT_S": "300", **http}) as running:
        yield running


@pytest.fixture
def hub(own_broker: Mosquitto, recorder: Recorder) -> Iterator[Hub]:
    with Hub(own_broker.port) as client:
        client.subscribe("tictally/recorder/nas/#")
        client.wait_for("tictally/recorder/nas/availability", "online")
        # The first frame of a meter is stored at once.
        client.publish(TOPIC, frame(1, time_ms=now_ms()))
        recorder.wait_until(lambda counts: counts.frames == 1)
        yield client


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def power_now(recorder: Recorder) -> int:
    with urlopen(f"http://127.0.0.1:{recorder.settings['TICTALLY_HTTP_PORT']}/api/v1/now", timeout=30) as answer:
        (site,) = json.load(answer)["items"]
    return int(site["power_va"])


def with_power(seq: int, va: int, **values: str) -> str:
    body = json.loads(frame(seq, time_ms=now_ms() + seq))  # two of one moment are one
    body["values"] |= {"SINSTS": va, **values}
    return json.dumps(body, separators=(",", ":"))


def stored(recorder: Recorder) -> int:
    with LedgerReader.open(recorder.ledger) as reader:
        return reader.counts().frames


def wait_for_power(recorder: Recorder, va: int) -> None:
    end = time.monotonic() + 60
    while power_now(recorder) != va:
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_frame_is_shown_before_it_is_stored(recorder: Recorder, hub: Hub) -> None:
    hub.publish(TOPIC, with_power(2, 4321))
    wait_for_power(recorder, 4321)
    assert stored(recorder) == 1


@pytest.mark.parametrize(("how", "code"), [(signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)])
def test_a_frame_that_waits_survives_the_recorder(recorder: Recorder, hub: Hub, how: signal.Signals, code: int) -> None:
    hub.publish(TOPIC, *(with_power(seq, 4000 + seq) for seq in range(2, 40)))
    wait_for_power(recorder, 4039)
    assert recorder.stop(how) == code
    assert stored(recorder) == (39 if how is signal.SIGTERM else 1)
    recorder.settings["TICTALLY_COMMIT_S"] = "0"
    recorder.start()
    assert recorder.wait_until(lambda counts: counts.frames == 39).newest_ms.keys() == {METER}


def test_a_change_of_period_is_stored_at_once_with_all_before_it(recorder: Recorder, hub: Hub) -> None:
    hub.publish(TOPIC, with_power(2, 500), with_power(3, 600))
    wait_for_power(recorder, 600)
    assert stored(recorder) == 1
    hub.publish(TOPIC, with_power(4, 700, LTARF="HEURE  CREUSE"))
    recorder.wait_until(lambda counts: counts.frames == 4)


def test_frames_that_wait_are_not_requested_again(recorder: Recorder, hub: Hub) -> None:
    def health(newest: int) -> str:
        held = {"boot": json.loads(frame(1))["boot"], "held": [[1, newest]], "backlog": []}
        return json.dumps({"boots": [held]})

    hub.subscribe("tictally/edge/cellar/resend")
    hub.publish(TOPIC, *(with_power(seq, 500 + seq) for seq in range(2, 6)))
    hub.publish(HEALTH, health(5))
    recorder.wait_until(lambda counts: counts.frames == 5)  # what an edge lacks is known from its first health on
    hub.publish(TOPIC, *(with_power(seq, 500 + seq) for seq in range(6, 10)))
    hub.publish(HEALTH, health(9))
    wait_for_power(recorder, 509)
    time.sleep(2.5)  # two turns of the backfill
    assert stored(recorder) == 5
    hub.publish("tictally/edge/cellar/resend", "nothing before this")
    assert hub.wait_for("tictally/edge/cellar/resend") == "nothing before this"


def test_by_default_no_frame_waits_in_the_first_minutes(own_broker: Mosquitto, tmp_path: Path) -> None:
    with (
        Recorder(tmp_path, own_broker.port, settings={"TICTALLY_COMMIT_S": ""}) as recorder,
        Hub(own_broker.port) as client,
    ):
        client.subscribe("tictally/recorder/nas/availability")
        client.wait_for("tictally/recorder/nas/availability", "online")
        client.publish(TOPIC, *(with_power(seq, 500) for seq in range(1, 4)))
        recorder.wait_until(lambda counts: counts.frames == 3)
        client.publish(TOPIC, with_power(4, 500))
        recorder.wait_until(lambda counts: counts.frames == 4, within_s=30)
