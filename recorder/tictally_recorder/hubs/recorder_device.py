"""The recorder as a device of a hub, so that automations notice when nothing is stored, and its announcement."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from math import inf
from typing import Any, ClassVar, Final

from tictally_recorder.jobs import job_kinds
from tictally_recorder.maintenance import Turn, Wake
from tictally_recorder.settings import Settings
from tictally_shared.home_assistant import (
    DIAGNOSTIC,
    HealthEntity,
    Language,
    birth_topic,
    config_topic,
    discovery_json,
    program_components,
    program_device,
)
from tictally_shared.topics import Topics

_SHOWN: Final[dict[Language, str]] = {"fr": "Enregistreur tictally", "en": "tictally recorder"}


@dataclass(frozen=True, slots=True)
class Announcement:
    """A recorder's announcement.

    Attributes:
        topic: where it is published, retained.
        payload: the device with its entities.
        birth: topic on which hubs publish `online` when they have started and need it again.
        entities: key → platform of its entities.
    """

    topic: str
    payload: str
    birth: str
    entities: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecorderDevice:
    """How a recorder is announced.

    Attributes:
        name: of the recorder.
        topics: below the base topic.
        prefix: topic below which hubs look for discovery messages.
        language: of the entities' names.
        version: of its program.
        jobs: name → title of each enabled job.
        sinks: name → title of each sink that the ledger is replicated to.
        known: key → platform of the entities that were announced before; hubs delete those that it no longer has.
        page_url: address of its page, or None.
    """

    name: str
    topics: Topics
    prefix: str
    language: Language
    version: str
    jobs: Mapping[str, str] = field(default_factory=dict)
    sinks: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=dict)
    page_url: str | None = None

    def announcement(self) -> Announcement:
        """The discovery message."""
        availability, health = (self.topics.recorder(self.name, each) for each in ("availability", "health"))
        device = program_device("recorder", self.name, _SHOWN[self.language], self.version, availability)
        entities = [
            *_ENTITIES,
            *(entity for name, title in self.jobs.items() for entity in _job_entities(name, title)),
            *(entity for name, title in self.sinks.items() for entity in _sink_entities(name, title)),
        ]
        components = program_components(availability, health, entities, self.language)
        present = {each.key: each.platform for each in components}
        removed = {key: platform for key, platform in self.known.items() if key not in present}
        payload = discovery_json(replace(device, page_url=self.page_url), components, removed)
        return Announcement(config_topic(device.id, self.prefix), payload, birth_topic(self.prefix), present)


def announcement_of(
    settings: Settings, sinks: Mapping[str, str], known: Mapping[str, str] | None = None
) -> Announcement | None:
    """The announcement by the recorder's settings; None if discovery is off.

    Args:
        settings: the recorder's.
        sinks: name → title of each sink that the ledger is replicated to.
        known: key → platform of the entities that were announced before.
    """
    if not settings.is_discoverable:
        return None
    return RecorderDevice(
        settings.name,
        settings.topics,
        settings.discovery,
        settings.language,
        version("tictally-recorder"),
        jobs={kind.name: kind.title[settings.language] for kind in job_kinds() if kind.make(settings) is not None},
        sinks=sinks,
        known=known or {},
        page_url=settings.page_url,
    ).announcement()


def _job_entities(name: str, title: str) -> tuple[HealthEntity, HealthEntity]:
    """Whether a job is failing, and when it last succeeded."""
    return (
        HealthEntity(
            f"job_{name}_problem",
            f"{title} : échec",
            f"{title} failing",
            f"jobs.{name}.is_failing",
            {"device_class": "problem", **DIAGNOSTIC},
            platform="binary_sensor",
        ),
        HealthEntity(
            f"job_{name}_last_success",
            f"{title} : dernière réussite",
            f"{title}: last success",
            f"jobs.{name}.last_success",
            {"device_class": "timestamp", **DIAGNOSTIC},
        ),
    )


def _counted(state_class: str, icon: str) -> dict[str, Any]:
    return {"state_class": state_class, "icon": icon, **DIAGNOSTIC}


# Entities that change every minute while all is well are off until a user enables them.
_ON_DEMAND: Final = {"enabled_by_default": False, **DIAGNOSTIC}
# Counts have no unit: a word would differ between languages and break a hub's statistics.
_ENTITIES: Final = (
    HealthEntity(
        "idle",
        "Enregistrement interrompu",
        "Recording stalled",
        "is_idle",
        {"device_class": "problem"},
        platform="binary_sensor",
    ),
    HealthEntity(
        "missing", "Trames manquantes", "Missing frames", settings=_counted("measurement", "mdi:puzzle-outline")
    ),
    # Not a total: a frame that arrives after all is no longer lost.
    HealthEntity("lost", "Trames perdues", "Lost frames", settings=_counted("measurement", "mdi:cloud-off-outline")),
    HealthEntity(
        "dead_letters",
        "Messages rejetés",
        "Rejected messages",
        settings=_counted("total_increasing", "mdi:tray-remove"),
    ),
    HealthEntity(
        "deferred",
        "Messages en attente",
        "Deferred messages",
        settings=_counted("measurement", "mdi:tray-full"),
    ),
    HealthEntity(
        "cost_problem",
        "Coût non calculé",
        "Cost not computed",
        "has_cost_problem",
        {"device_class": "problem", **DIAGNOSTIC},
        platform="binary_sensor",
    ),
    HealthEntity(
        "ledger_size",
        "Taille du registre",
        "Ledger size",
        "ledger_mb",
        {
            "device_class": "data_size",
            "unit_of_measurement": "MB",
            "state_class": "measurement",
            "suggested_display_precision": 1,
            **DIAGNOSTIC,
        },
    ),
    HealthEntity(
        "stored_age",
        "Temps depuis le dernier enregistrement",
        "Time since last stored frame",
        "stored_age_s",
        {"device_class": "duration", "unit_of_measurement": "s", "state_class": "measurement", **_ON_DEMAND},
    ),
    HealthEntity(
        "newest_frame", "Trame la plus récente", "Newest frame", settings={"device_class": "timestamp", **_ON_DEMAND}
    ),
    HealthEntity("started", "Dernier démarrage", "Last start", settings={"device_class": "timestamp", **DIAGNOSTIC}),
)


def _sink_entities(key: str, title: str) -> tuple[HealthEntity, HealthEntity]:
    return (
        HealthEntity(
            f"sink_{key}_lag",
            f"Retard de la réplication vers {title}",
            f"Replication lag to {title}",
            f"sinks.{key}.lag_s",
            {"device_class": "duration", "unit_of_measurement": "s", "state_class": "measurement", **DIAGNOSTIC},
        ),
        HealthEntity(
            f"sink_{key}_problem",
            f"Réplication vers {title} en échec",
            f"Replication to {title} failing",
            f"sinks.{key}.is_failing",
            {"device_class": "problem", **DIAGNOSTIC},
            platform="binary_sensor",
        ),
    )


class DiscoveryStep:
    """Publishes the recorder's discovery message.

    Args:
        announcement: what to publish.
        publish: sends a retained message: topic, payload.
    """

    name: ClassVar[str] = "discovery"
    needs_idle: ClassVar[bool] = False

    def __init__(self, announcement: Announcement, publish: Callable[[str, str], object]) -> None:
        self._announcement = announcement
        self._publish = publish
        self.due_s = inf

    def run(self, turn: Turn) -> bool:
        """Publish it, once there is a connection."""
        if turn.is_connected:
            self._publish(self._announcement.topic, self._announcement.payload)
            self.due_s = inf
        return True

    def wake(self, reason: Wake) -> None:
        """A broker or a hub may have lost it."""
        if reason is not Wake.CONFIG_CHANGED:
            self.due_s = 0.0
