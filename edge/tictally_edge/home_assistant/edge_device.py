"""An edge as a device of a hub, so that automations notice when a meter is not read properly. Pure."""

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

from tictally_edge.settings import Settings
from tictally_edge.topics.naming import Naming, RetainedMessage
from tictally_shared.home_assistant import (
    DIAGNOSTIC,
    Component,
    Device,
    HealthEntity,
    Language,
    config_topic,
    discovery_json,
    program_components,
    program_device,
)
from tictally_shared.topics import Topics

_SHOWN: Final[dict[Language, str]] = {"fr": "Lecteur tictally", "en": "tictally edge"}


@dataclass(frozen=True, slots=True)
class DiscoverySettings:
    """How devices are published to hubs.

    Attributes:
        prefix: topic below which hubs look for discovery messages.
        language: of names.
        version: of this program.
    """

    prefix: str
    language: Language
    version: str


def discovery_settings_of(settings: Settings) -> DiscoverySettings | None:
    """Return how devices are published to hubs; None if discovery is off."""
    if not settings.is_discoverable:
        return None
    return DiscoverySettings(settings.discovery, settings.language, version("tictally-edge"))


def edge_device(edge: str, topics: Topics, program_version: str, language: Language) -> Device:
    """Return the device.

    Args:
        edge: its name.
        topics: below which base.
        program_version: of the program.
        language: of its name.
    """
    return program_device("edge", edge, _SHOWN[language], program_version, topics.edge(edge, "availability"))


def edge_components(edge: str, topics: Topics, language: Language) -> list[Component]:
    """Return the entities: connected or not, and the fields of the health message.

    Args:
        edge: its name.
        topics: below which base.
        language: of the entities' names.
    """
    return program_components(topics.edge(edge, "availability"), topics.edge(edge, "health"), _ENTITIES, language)


def edge_discovery(announcing: DiscoverySettings, naming: Naming) -> RetainedMessage:
    """Return the discovery message of the edge itself, which never changes while it runs."""
    device = edge_device(naming.edge, naming.topics, announcing.version, announcing.language)
    entities = edge_components(naming.edge, naming.topics, announcing.language)
    return RetainedMessage(config_topic(device.id, announcing.prefix), discovery_json(device, entities))


def _counted(state_class: str, icon: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - the hub's own settings
    return {"state_class": state_class, "icon": icon, **more, **DIAGNOSTIC}


# Counts have no unit: in words it would differ between languages, and break a hub's statistics.
_ENTITIES: Final = (
    HealthEntity(
        "meter_online",
        "Liaison avec le compteur",
        "Meter connection",
        "meter_online",
        {"device_class": "connectivity"},
        platform="binary_sensor",
    ),
    HealthEntity("backlog", "Trames en attente", "Frames pending", settings=_counted("measurement", "mdi:tray-full")),
    HealthEntity(
        "rejected_per_hour",
        "Groupes rejetés par heure",
        "Groups rejected per hour",
        settings=_counted("measurement", "mdi:filter-remove-outline"),
    ),
    HealthEntity(
        "signal_quality",
        "Qualité du signal",
        "Signal quality",
        settings=_counted(
            "measurement", "mdi:signal-cellular-3", unit_of_measurement="%", suggested_display_precision=1
        ),
    ),
    HealthEntity(
        "clock",
        "Horloge non vérifiée",
        "Clock unverified",
        "clock_proved",
        {"device_class": "problem", **DIAGNOSTIC},
        platform="binary_sensor",
        on_when=False,
    ),
    HealthEntity(
        "clock_steps",
        "Sauts d'horloge",
        "Clock steps",
        settings=_counted("total_increasing", "mdi:clock-alert-outline"),
    ),
    HealthEntity(
        "meter_clock_drift",
        "Écart de l'horloge du compteur",
        "Meter clock drift",
        "meter_clock_drift_s",
        {
            "device_class": "duration",
            "unit_of_measurement": "s",
            "state_class": "measurement",
            "suggested_display_precision": 0,
            **DIAGNOSTIC,
        },
        is_integer=True,
    ),
    HealthEntity(
        "frames_lost",
        "Trames perdues",
        "Frames lost",
        settings=_counted("total_increasing", "mdi:cloud-off-outline"),
    ),
    # A moment, not a duration: it changes only when there is something to see.
    HealthEntity("started", "Dernier démarrage", "Last start", settings={"device_class": "timestamp", **DIAGNOSTIC}),
)
