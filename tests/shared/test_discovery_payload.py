"""The format of a discovery message."""

import json
from dataclasses import replace

from tictally_shared.home_assistant import (
    Component,
    Device,
    Discovered,
    birth_topic,
    config_topic,
    discovery_json,
    read_discovery,
)

METER = Device("tictally_home-1", "Linky", "0.1.0", maker="ZIV", availability=("a/one", "a/two"))
ENERGY = Component("east", "sensor", "Energy", {"state_topic": "tictally/home-1/EAST", "device_class": "energy"})


def test_a_device_is_one_message_with_its_components() -> None:
    assert json.loads(discovery_json(METER, [ENERGY])) == {
        "device": {"identifiers": ["tictally_home-1"], "name": "Linky", "manufacturer": "ZIV", "sw_version": "0.1.0"},
        "origin": {"name": "tictally", "sw_version": "0.1.0"},
        "qos": 1,
        "availability": [{"topic": "a/one"}, {"topic": "a/two"}],
        "availability_mode": "all",
        "components": {
            "east": {
                "platform": "sensor",
                "unique_id": "tictally_home-1_east",
                "default_entity_id": "sensor.tictally_home_1_east",
                "object_id": "tictally_home_1_east",
                "name": "Energy",
                "state_topic": "tictally/home-1/EAST",
                "device_class": "energy",
            }
        },
    }


def test_a_removed_component_is_reduced_to_its_platform() -> None:
    message = discovery_json(METER, [ENERGY], {"hchc": "sensor"})
    assert json.loads(message)["components"]["hchc"] == {"platform": "sensor"}


def test_a_message_is_read_as_it_was_written() -> None:
    message = discovery_json(METER, [ENERGY], {"hchc": "sensor"}).encode()
    assert read_discovery(message) == Discovered("0.1.0", None, {"east": ENERGY}, {"hchc": "sensor"})
    one_phase = replace(METER, hardware="TIC standard")
    assert read_discovery(discovery_json(one_phase, []).encode()) == Discovered("0.1.0", "TIC standard", {}, {})


def test_a_foreign_message_is_ignored() -> None:
    for payload in (
        b"",
        b"null",
        b"[]",
        b'{"components": 3}',
        b'{"components": {"a": 1}}',
        b'{"device": {}}',
        b"\xff",
        b"[" * 60_000,
    ):
        assert read_discovery(payload) is None


def test_topics() -> None:
    assert config_topic("tictally_edge_pi") == "homeassistant/device/tictally_edge_pi/config"
    assert birth_topic("ha") == "ha/status"
