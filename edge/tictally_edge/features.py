"""The features that bring settings of their own: importing this module registers their sections.

The program and tools take `load` from here, so that no section is missing.
"""

from tictally_edge.settings import SECTIONS, Settings, load, warnings
from tictally_edge.sources import mqtt_topic, recording, serial_port, simulated
from tictally_edge.sources.publishers import (
    esphome,
    lixee_gateway,
    statestream,
    tasmota,
    teleinfo2mqtt,
    ticmeter,
    zigbee2mqtt,
)
from tictally_edge.sources.settings import SourceSettings
from tictally_shared.settings.program import compose

__all__ = [
    "SourceSettings",
    "all_settings",
    "esphome",
    "lixee_gateway",
    "load",
    "mqtt_topic",
    "recording",
    "serial_port",
    "settings_with",
    "simulated",
    "statestream",
    "tasmota",
    "teleinfo2mqtt",
    "ticmeter",
    "warnings",
    "zigbee2mqtt",
]


def all_settings() -> type[Settings]:
    """The edge's settings with every registered section, for references."""
    return compose(Settings, SECTIONS)


def settings_with(**values: object) -> Settings:
    """Settings from flat names and values alone, as a tool or a test has them; nothing is read."""
    return all_settings().model_validate(values)
