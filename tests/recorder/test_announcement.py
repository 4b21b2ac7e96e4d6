"""The recorder as a device of a hub."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from real_broker import Hub, Mosquitto
from recorder_loop import recorder_loop
from recording import Recorder, frame

from tictally_recorder.doctor.broker_probe import probe
from tictally_recorder.hubs.recorder_device import RecorderDevice
from tictally_recorder.ingest.broker import BrokerAddress
from tictally_recorder.ledger import Ledger
from tictally_shared.home_assistant import Language
from tictally_shared.topics import Topics

LANGUAGES: tuple[Language, ...] = ("fr", "en")
CONFIG = "homeassistant/device/tictally_recorder_nas/config"
FRAMES = "tictally/edge/cellar/frame"


def message(name: str = "nas-1", language: Language = "fr") -> dict[str, Any]:
    body: dict[str, Any] = json.loads(
        RecorderDevice(name, Topics("home"), "ha", language, "1.2.3").announcement().payload
    )
    return body


def components(name: str = "nas-1", language: Language = "fr") -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = message(name, language)["components"]
    return found


def test_config_and_birth_topics_have_the_discovery_prefix() -> None:
    made = RecorderDevice("nas-1", Topics("home"), "ha", "fr", "1.2.3").announcement()
    assert (made.topic, made.birth) == ("ha/device/tictally_recorder_nas-1/config", "ha/status")


def test_the_device_is_the_recorder() -> None:
    device = message(language="en")["device"]
    assert (device["identifiers"], device["name"]) == (["tictally_recorder_nas-1"], "tictally recorder nas-1")
    assert device["sw_version"] == "1.2.3"


def test_entities_of_an_offline_recorder_are_unavailable_but_the_connection() -> None:
    assert message()["availability"] == [{"topic": "home/recorder/nas-1/availability"}]
    assert components()["connected"]["availability"] == []
    entities = {key: each for key, each in components().items() if key != "connected"}
    assert {each["state_topic"] for each in entities.values()} == {"home/recorder/nas-1/health"}
    assert not any("availability" in each for each in entities.values())


def test_every_entity_shows_a_field_of_the_health_message(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger, recorder_loop(tmp_path, ledger) as loop:
        fields = loop.health()
    for key, each in components().items():
        if key != "connected":
            assert any(f".get('{name}')" in each["value_template"] for name in fields), key


def test_two_recorders_on_one_broker_share_nothing() -> None:
    first, second = components("one"), components("other")
    for name in ("unique_id", "default_entity_id", "state_topic"):
        assert {each[name] for each in first.values()}.isdisjoint(each[name] for each in second.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_entity_names_are_unique(language: Language) -> None:
    names = [each["name"] for each in components(language=language).values()]
    assert len(names) == len(set(names))


def test_only_names_depend_on_the_language() -> None:
    french, english = (
        {key: {**each, "name": ""} for key, each in components(language=language).items()} for language in LANGUAGES
    )
    assert french == english


def test_entities_that_change_every_minute_are_disabled_by_default() -> None:
    disabled = {key for key, each in components().items() if each.get("enabled_by_default") is False}
    assert disabled == {"stored_age", "newest_frame"}


@pytest.fixture
def recorder(own_broker: Mosquitto, tmp_path: Path) -> Iterator[Recorder]:
    with Recorder(tmp_path, own_broker.port) as running:
        yield running


@pytest.fixture
def hub(own_broker: Mosquitto) -> Iterator[Hub]:
    with Hub(own_broker.port) as client:
        yield client


def nothing_rejected(recorder: Recorder, hub: Hub) -> bool:
    """A frame published now is stored after everything published before it."""
    hub.publish(FRAMES, frame(1))
    return not recorder.wait_until(lambda counts: counts.frames == 1).rejected


def test_discovery_is_published_on_every_connect_and_retained(
    recorder: Recorder, hub: Hub, own_broker: Mosquitto
) -> None:
    hub.subscribe(CONFIG)
    first = hub.wait_for(CONFIG)
    assert json.loads(first)["device"]["name"] == "Enregistreur tictally nas"
    recorder.stop()
    with Hub(own_broker.port) as later:
        later.subscribe(CONFIG)
        later.wait_for(CONFIG, first)
        recorder.start()
        later.wait_for(CONFIG, first)


def test_a_hubs_birth_message_republishes_discovery_and_is_not_read_as_a_frame(recorder: Recorder, hub: Hub) -> None:
    hub.subscribe(CONFIG)
    announced = hub.wait_for(CONFIG)
    hub.publish("homeassistant/status", "offline", "online")
    hub.wait_for(CONFIG, announced)
    assert nothing_rejected(recorder, hub)


def test_a_changed_discovery_prefix_replaces_the_former_one(recorder: Recorder, hub: Hub) -> None:
    hub.subscribe(CONFIG)
    hub.wait_for(CONFIG)
    recorder.stop()
    hub.publish("homeassistant/status", "online")  # queued at the broker, in the persistent session
    recorder.settings |= {"TICTALLY_DISCOVERY": "ha", "TICTALLY_LANGUAGE": "en"}
    recorder.start()
    hub.subscribe("ha/device/tictally_recorder_nas/config")
    announced = hub.wait_for("ha/device/tictally_recorder_nas/config")
    assert json.loads(announced)["device"]["name"] == "tictally recorder nas"
    hub.publish("ha/status", "online")
    hub.wait_for("ha/device/tictally_recorder_nas/config", announced)
    assert nothing_rejected(recorder, hub)


def test_without_discovery_nothing_is_announced(own_broker: Mosquitto, hub: Hub, tmp_path: Path) -> None:
    hub.subscribe("tictally/recorder/nas/health")
    with Recorder(tmp_path, own_broker.port, settings={"TICTALLY_DISCOVERY": "off"}) as silent:
        hub.wait_for("tictally/recorder/nas/health")  # published after discovery
        hub.publish("homeassistant/status", "online")
        assert nothing_rejected(silent, hub)
    seen = probe(BrokerAddress("127.0.0.1", own_broker.port), ["+/device/+/config", "tictally/recorder/+/health"])
    assert list(seen.retained) == ["tictally/recorder/nas/health"]


@pytest.mark.parametrize("sinks", [{}, {"influxdb": "InfluxDB"}, {"influxdb": "InfluxDB", "postgresql": "PostgreSQL"}])
def test_each_sink_has_its_lag_and_its_problem(sinks: dict[str, str]) -> None:
    made = RecorderDevice("nas", Topics("tictally"), "homeassistant", "en", "1", sinks=sinks).announcement()
    components = json.loads(made.payload)["components"]
    expected = {f"sink_{name}_{what}": name for name in sinks for what in ("lag", "problem")}
    assert {key for key in components if key.startswith("sink_")} == expected.keys()
    for key, name in expected.items():
        assert f".get('sinks', {{}}).get('{name}', {{}}).get('" in components[key]["value_template"]
