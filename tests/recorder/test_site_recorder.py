"""The cost that a real recorder publishes on a real broker, and how it follows changes of tariffs and contracts."""

import json
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from real_broker import Hub, Mosquitto
from recording import METER, Recorder

from tictally_recorder.doctor.broker_probe import probe
from tictally_recorder.hubs.price_outlook import unknown_outlook
from tictally_recorder.ingest.broker import BrokerAddress
from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

FRAMES = "tictally/edge/cellar/frame"
SITE = f"tictally/site/{METER}"
CONFIG = f"homeassistant/device/tictally_site_{METER}/config"
CONTRACT = '[[contract]]\ntariff = "own"\nfrom = 2020-01-01\n'
LIST = """
id = "own"
supplier = "Somebody"
currency = "EUR"
periods = ["HC", "HP"]
names.en = "Own"
[[version]]
from = {start}
source = "a letter"
confidence = "own"
energy.HC = {{ ttc = "{hc}" }}
energy.HP = {{ ttc = "0.50" }}
subscription = "0"
"""


def frame(seq: int, at_ms: int, wh: int, register: str = "01") -> str:
    values: dict[str, int | str] = {
        "EASF01": 1_000_000 + wh,
        "EASF02": 0,
        "NGTF": "H PLEINE/CREUSE",
        "NTARF": register,
        "LTARF": "HC",
    }
    return Frame(METER, "cellar", "9f2c61d07ab3e514", seq, at_ms, Mode.STANDARD, values).to_json()


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def own_list(folder: Path, hc: str, start: str = "2020-01-01") -> None:
    (folder / "tariffs").mkdir(exist_ok=True)
    (folder / "tariffs" / "own.toml").write_text(LIST.format(start=start, hc=hc))
    (folder / "contracts.toml").write_text(CONTRACT)


@pytest.fixture
def recorder(own_broker: Mosquitto, tmp_path: Path) -> Iterator[Recorder]:
    own_list(tmp_path, "0.10")
    with Recorder(tmp_path, own_broker.port, settings={"TICTALLY_LANGUAGE": "en"}) as running:
        yield running


@pytest.fixture
def hub(own_broker: Mosquitto) -> Iterator[Hub]:
    with Hub(own_broker.port) as client:
        client.subscribe(f"{SITE}/#")
        client.subscribe(CONFIG)
        client.subscribe("tictally/recorder/nas/availability")
        yield client


def record_twelve_kwh(recorder: Recorder, hub: Hub) -> None:
    """Record twelve kWh within seconds of now, so that no midnight comes between."""
    hub.wait_for("tictally/recorder/nas/availability", "online")
    hub.publish(FRAMES, frame(1, now_ms() - 2000, 0), frame(2, now_ms(), 12_000))
    recorder.wait_until(lambda counts: counts.frames == 2)
    reload(recorder)


def reload(recorder: Recorder) -> None:
    assert recorder._process is not None
    recorder._process.send_signal(signal.SIGHUP)


def ledgers_reasons(recorder: Recorder) -> set[str | None]:
    with closing(sqlite3.connect(recorder.ledger)) as connection:
        rows = connection.execute("SELECT reason FROM cost JOIN cost_line ON cost_line.id = line WHERE replaced_ms = 0")
        return {reason for (reason,) in rows}


def test_cost_and_price_are_published_and_announced(recorder: Recorder, hub: Hub) -> None:
    record_twelve_kwh(recorder, hub)
    announced: dict[str, Any] = json.loads(hub.wait_for(CONFIG))
    assert announced["device"]["name"] == f"Energy cost {METER}"
    assert announced["components"]["cost_total"]["unit_of_measurement"] == "EUR"
    assert announced["components"]["price"]["unit_of_measurement"] == "EUR/kWh"
    assert "income_today" not in announced["components"]
    hub.wait_for(f"{SITE}/cost_today", "1.20")
    published: dict[str, str] = {}
    end_s = time.monotonic() + 60
    while published.get("cost_month") != "1.20" or len(published) <= len(
        announced["components"]
    ):  # each is a message of its own
        assert time.monotonic() < end_s, published
        retained = probe(BrokerAddress("127.0.0.1", recorder.port), [f"{SITE}/#"]).retained
        published = {topic.removeprefix(f"{SITE}/"): payload.decode() for topic, payload in retained.items()}
    assert published.keys() == set(announced["components"]) | {"currency"} | set(unknown_outlook())
    assert (published["period"], published["price"], published["tariff"]) == ("HC", "0.10", "own 2020-01-01")
    assert (published["cost_month"], published["quality"], published["reason"]) == ("1.20", "measured", "none")


def test_a_changed_tariff_changes_the_cost(recorder: Recorder, hub: Hub) -> None:
    record_twelve_kwh(recorder, hub)
    hub.wait_for(f"{SITE}/cost_today", "1.20")
    own_list(recorder.folder, "0.20")
    reload(recorder)
    hub.wait_for(f"{SITE}/cost_today", "2.40")
    recorder.wait_for_log("contracts, tariffs or unmetered times have changed on 1 days")


def test_lost_coverage_makes_the_cost_unknown_with_its_reason_in_hub_and_ledger(recorder: Recorder, hub: Hub) -> None:
    record_twelve_kwh(recorder, hub)
    hub.wait_for(f"{SITE}/cost_today", "1.20")
    own_list(recorder.folder, "0.20", start="2999-01-01")
    reload(recorder)
    hub.wait_for(f"{SITE}/cost_today", "none")
    hub.wait_for(f"{SITE}/reason", "own has no version")
    assert ledgers_reasons(recorder) == {"no_version"}


def test_a_broken_file_is_reported_and_recording_continues(recorder: Recorder, hub: Hub) -> None:
    record_twelve_kwh(recorder, hub)
    hub.wait_for(f"{SITE}/cost_today", "1.20")
    (recorder.folder / "contracts.toml").write_text("what = ever")
    reload(recorder)
    hub.wait_for(f"{SITE}/cost_today", "none")
    recorder.wait_for_log("cost is not computed: ")
    hub.publish(FRAMES, frame(3, now_ms(), 13_000))
    recorder.wait_until(lambda counts: counts.frames == 3)
    (recorder.folder / "contracts.toml").write_text(CONTRACT)
    reload(recorder)
    hub.wait_for(f"{SITE}/cost_today", "1.30")


def test_only_a_broken_tariff_in_use_takes_the_cost_away(recorder: Recorder, hub: Hub) -> None:
    record_twelve_kwh(recorder, hub)
    hub.wait_for(f"{SITE}/cost_today", "1.20")
    (recorder.folder / "tariffs" / "draft.toml").write_text('id = "draft"\n')
    reload(recorder)
    recorder.wait_for_log("a tariff that no contract is on cannot be used: ")
    hub.publish(FRAMES, frame(3, now_ms(), 13_000))
    hub.wait_for(f"{SITE}/cost_today", "1.30")
    own = recorder.folder / "tariffs" / "own.toml"
    right = own.read_text()
    own.write_text(right.replace("energy.HC", "energy.HX"))
    reload(recorder)
    hub.wait_for(f"{SITE}/cost_today", "none")
    assert "own.toml, line 11, cannot be used: " in hub.wait_for(f"{SITE}/reason")
    recorder.wait_for_log("cost is not computed on tariff own: ")
    own.write_text(right)
    reload(recorder)
    hub.wait_for(f"{SITE}/cost_today", "1.30")


def test_the_price_follows_the_period_at_once(recorder: Recorder, hub: Hub) -> None:
    record_twelve_kwh(recorder, hub)
    hub.wait_for(f"{SITE}/price", "0.10")
    hub.publish(FRAMES, frame(3, now_ms(), 12_000, register="02"))
    hub.wait_for(f"{SITE}/price", "0.50", within_s=5.0)


def test_everything_is_published_again_after_a_restart_of_hub_or_recorder(recorder: Recorder, hub: Hub) -> None:
    record_twelve_kwh(recorder, hub)
    announced = hub.wait_for(CONFIG)
    hub.wait_for(f"{SITE}/cost_today", "1.20")
    hub.publish("homeassistant/status", "online")
    hub.wait_for(CONFIG, announced)
    recorder.stop()
    recorder.start()
    hub.wait_for(CONFIG, announced)
    hub.wait_for(f"{SITE}/cost_today", "1.20")


def test_a_recorder_that_is_killed_computes_what_it_had_stored(recorder: Recorder, hub: Hub) -> None:
    hub.wait_for("tictally/recorder/nas/availability", "online")
    hub.publish(FRAMES, frame(1, now_ms() - 2000, 0), frame(2, now_ms(), 12_000))
    recorder.wait_until(lambda counts: counts.frames == 2)
    recorder.stop(signal.SIGKILL)
    recorder.start()
    hub.wait_for(f"{SITE}/cost_today", "1.20")


def test_a_site_that_has_joined_another_is_cleared(recorder: Recorder, hub: Hub) -> None:
    record_twelve_kwh(recorder, hub)
    hub.wait_for(f"{SITE}/cost_today", "1.20")
    with closing(sqlite3.connect(recorder.ledger)) as connection, connection:
        connection.execute("UPDATE site SET name = 'another'")
    reload(recorder)
    hub.wait_for(f"{SITE}/cost_today", "")
    hub.wait_for(CONFIG, "")


def test_without_a_contract_no_device_appears(own_broker: Mosquitto, tmp_path: Path, hub: Hub) -> None:
    with Recorder(tmp_path, own_broker.port) as running:
        record_twelve_kwh(running, hub)
        hub.wait_for(f"{SITE}/reason", "aucun contrat n\u2019est déclaré")  # French is the default of hubs
    seen = probe(BrokerAddress("127.0.0.1", own_broker.port), ["homeassistant/device/+/config"]).retained
    assert list(seen) == ["homeassistant/device/tictally_recorder_nas/config"]
