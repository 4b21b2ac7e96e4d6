"""Home Assistant's MQTT device discovery: one retained message per device. Pure.

Source: Home Assistant, MQTT integration, "Device discovery payload". Both programs publish their devices with it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from tictally_shared.frames import FrameError, strict_json

DIAGNOSTIC: Final = {"entity_category": "diagnostic"}
# After five missing health messages the values of the last one are unknown.
_EXPIRES_S: Final = 300


Language = Literal["fr", "en"]

ORIGIN: Final = "tictally"
PREFIX: Final = "homeassistant"
# The keys of a component beside its settings.
_OWN: Final = frozenset({"platform", "unique_id", "default_entity_id", "object_id", "name"})


@dataclass(frozen=True, slots=True)
class Component:
    """An entity.

    Attributes:
        key: names it within its device, `[a-z0-9_]+`, for ever: the hub files its history under it.
        platform: `sensor` or `binary_sensor`.
        name: for people, without the device's.
        settings: everything else, by Home Assistant's own long names (`state_topic`, `device_class` …).
    """

    key: str
    platform: str
    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Device:
    """A device.

    Attributes:
        id: `tictally_…`; begins every unique id and entity id below it.
        name: for people.
        version: of the program that publishes it.
        maker: or None.
        model: or None.
        serial: or None.
        hardware: shown by hubs as the hardware version, or None.
        availability: topics that must all be `online`.
        via: id of the device that it is reached by, or None.
        page_url: address of its own page, or None.
    """

    id: str
    name: str
    version: str
    maker: str | None = None
    model: str | None = None
    serial: str | None = None
    hardware: str | None = None
    availability: Sequence[str] = ()
    via: str | None = None
    page_url: str | None = None


def enum_settings(states: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings of an entity that shows each payload by a word of its own, and no state for any other.

    Args:
        states: payload → what is shown.
    """
    return {
        "device_class": "enum",
        "options": list(states.values()),
        "value_template": f"{{{{ {dict(states)}.get(value) }}}}",
    }


def config_topic(device_id: str, prefix: str = PREFIX) -> str:
    """Return the topic of a device's discovery message."""
    return f"{prefix}/device/{device_id}/config"


def birth_topic(prefix: str = PREFIX) -> str:
    """Return the topic on which the hub publishes `online` when it has started."""
    return f"{prefix}/status"


def discovery_json(device: Device, components: Sequence[Component], removed: Mapping[str, str] | None = None) -> str:
    """Return a device's discovery message.

    Args:
        device: the device.
        components: its entities, each key once.
        removed: key → platform of entities that it no longer has; the hub deletes them.
    """
    about = {
        "identifiers": [device.id],
        "name": device.name,
        "manufacturer": device.maker,
        "model": device.model,
        "serial_number": device.serial,
        "sw_version": device.version,
        "hw_version": device.hardware,
        "via_device": device.via,
        "configuration_url": device.page_url,
    }
    body: dict[str, Any] = {
        "device": {name: value for name, value in about.items() if value is not None},
        "origin": {"name": ORIGIN, "sw_version": device.version},
        "qos": 1,
    }
    if device.availability:
        body["availability"] = [{"topic": topic} for topic in device.availability]
        body["availability_mode"] = "all"
    body["components"] = {component.key: _component(device, component) for component in components} | {
        key: {"platform": platform} for key, platform in (removed or {}).items()
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Discovered:
    """The content of a discovery message of this project.

    Attributes:
        version: of the program that wrote it.
        hardware: of the device, or None.
        components: by key.
        removed: key → platform of the entities that it deletes.
    """

    version: str
    hardware: str | None
    components: Mapping[str, Component]
    removed: Mapping[str, str]


def read_discovery(payload: bytes) -> Discovered | None:
    """Parse a discovery message; None if it is not one of this project."""
    try:
        body = strict_json(payload)
        raw = {key: dict(each) for key, each in body["components"].items()}
        hardware = body["device"].get("hw_version")
        return Discovered(
            version=_text(body["origin"]["sw_version"]),
            hardware=None if hardware is None else _text(hardware),
            components={key: _read_component(key, each) for key, each in raw.items() if "unique_id" in each},
            removed={key: _text(each["platform"]) for key, each in raw.items() if "unique_id" not in each},
        )
    except (FrameError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _read_component(key: str, raw: Mapping[str, Any]) -> Component:
    settings = {name: value for name, value in raw.items() if name not in _OWN}
    return Component(key, _text(raw["platform"]), _text(raw["name"]), settings)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _component(device: Device, component: Component) -> dict[str, Any]:
    name = f"{device.id}_{component.key}"
    entity = name.replace("-", "_")
    return {
        "platform": component.platform,
        "unique_id": name,
        "default_entity_id": f"{component.platform}.{entity}",
        "object_id": entity,  # the same for older ones; ignored since 2026.4
        "name": component.name,
        **component.settings,
    }


@dataclass(frozen=True, slots=True)
class HealthEntity:
    """A field of a health message, as an entity.

    Attributes:
        key: of the entity.
        fr: its name in French.
        en: its name in English.
        value: the field's name in the message, `outer.inner` within an object; the key unless given.
        settings: everything else, by Home Assistant's own names.
        platform: `sensor`, or `binary_sensor` for true and false; for the latter true is `on` unless `on_when` differs.
        on_when: which of the two is `on`.
        is_integer: True to show a number without fraction.
    """

    key: str
    fr: str
    en: str
    value: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    platform: str = "sensor"
    on_when: bool = True
    is_integer: bool = False


def program_device_id(kind: str, name: str) -> str:
    """Return the id of the device of one process, an `edge` or a `recorder`."""
    return f"{ORIGIN}_{kind}_{name}"


def program_device(kind: str, name: str, shown: str, version: str, availability: str) -> Device:
    """Return the device of one process.

    Args:
        kind: `edge` or `recorder`.
        name: of the process in its topics.
        shown: the kind of process in the user's language.
        version: of its program.
        availability: topic of `online` and `offline`.
    """
    return Device(
        id=program_device_id(kind, name),
        name=f"{shown} {name}",
        version=version,
        maker=ORIGIN,
        model=f"{ORIGIN} {kind}",
        availability=(availability,),
    )


def program_components(
    availability: str, health: str, entities: Iterable[HealthEntity], language: Language
) -> list[Component]:
    """Return the entities of one process: `connected` first, which stays available when the process is gone.

    Args:
        availability: topic of `online` and `offline`.
        health: topic of its health message.
        entities: the fields to show.
        language: of the entities' names.
    """
    connected = Component(
        key="connected",
        platform="binary_sensor",
        name="Connexion" if language == "fr" else "Connection",
        settings={
            "state_topic": availability,
            "payload_on": "online",
            "payload_off": "offline",
            "device_class": "connectivity",
            "availability": [],  # not the device's: it must be `off` when the process is gone, not unavailable
        },
    )
    about = {"state_topic": health, "expire_after": _EXPIRES_S}
    return [connected, *(_program_component(each, about, language) for each in entities)]


def _program_component(entity: HealthEntity, about: Mapping[str, Any], language: Language) -> Component:
    is_binary = entity.platform == "binary_sensor"
    states = {"payload_on": str(entity.on_when), "payload_off": str(not entity.on_when)} if is_binary else {}
    return Component(
        key=entity.key,
        platform=entity.platform,
        name=entity.fr if language == "fr" else entity.en,
        settings={**about, "value_template": _template(entity), **states, **entity.settings},
    )


def _template(entity: HealthEntity) -> str:
    """Return a template that renders `None`, which is no state, where a message is empty or lacks the field."""
    *outer, name = (entity.value or entity.key).split(".")
    objects = "".join(f".get('{each}', {{}})" for each in outer)
    value = f"(value_json | default({{}})){objects}.get('{name}')"
    if entity.is_integer:
        return f"{{% set number = {value} %}}{{{{ number if number is none else number | round | int }}}}"
    return f"{{{{ {value} }}}}"
