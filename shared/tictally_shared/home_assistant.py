"""Home Assistant's MQTT device discovery: one retained message per device. Pure.

Source: Home Assistant, MQTT integration, "Device discovery payload". Both programs announce their devices by it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from tictally_shared.frames import FrameError, strict_json

DIAGNOSTIC: Final = {"entity_category": "diagnostic"}
# Five healths that did not come: what the last one said is no longer known.
_EXPIRES_S: Final = 300


Language = Literal["fr", "en"]

ORIGIN: Final = "tictally"
PREFIX: Final = "homeassistant"
# What stands in a component beside its settings.
_OWN: Final = frozenset({"platform", "unique_id", "default_entity_id", "object_id", "name"})


@dataclass(frozen=True, slots=True)
class Component:
    """An entity.

    Attributes:
        key: names it within its device, `[a-z0-9_]+`, for ever: its history in the hub hangs on it.
        platform: `sensor` or `binary_sensor`.
        name: for people, without the device's.
        settings: what else Home Assistant shall know of it, by its own long names (`state_topic`, `device_class` …).
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
        version: of the program that announces it.
        maker: or None.
        model: or None.
        serial: or None.
        hardware: what stands where a hub shows the hardware's version, or None.
        availability: topics that must all say `online`.
    """

    id: str
    name: str
    version: str
    maker: str | None = None
    model: str | None = None
    serial: str | None = None
    hardware: str | None = None
    availability: Sequence[str] = ()


def config_topic(device_id: str, prefix: str = PREFIX) -> str:
    """Where a device is announced."""
    return f"{prefix}/device/{device_id}/config"


def birth_topic(prefix: str = PREFIX) -> str:
    """Where the hub says `online` when it has started."""
    return f"{prefix}/status"


def discovery_json(device: Device, components: Sequence[Component], removed: Mapping[str, str] | None = None) -> str:
    """The message.

    Args:
        device: that is announced.
        components: its entities, each key once.
        removed: key → platform of those that it no longer has; the hub forgets them.
    """
    about = {
        "identifiers": [device.id],
        "name": device.name,
        "manufacturer": device.maker,
        "model": device.model,
        "serial_number": device.serial,
        "sw_version": device.version,
        "hw_version": device.hardware,
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
class Announced:
    """What a message of ours has announced.

    Attributes:
        version: of the program that wrote it.
        hardware: of the device, or None.
        components: by key.
        removed: key → platform of those that it took away.
    """

    version: str
    hardware: str | None
    components: Mapping[str, Component]
    removed: Mapping[str, str]


def read_discovery(payload: bytes) -> Announced | None:
    """What a message announced, or None where it is none of ours."""
    try:
        body = strict_json(payload)
        raw = {key: dict(each) for key, each in body["components"].items()}
        hardware = body["device"].get("hw_version")
        return Announced(
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
class Said:
    """Something that a health message says, as an entity.

    Attributes:
        key: of the entity.
        fr: its name in French.
        en: its name in English.
        value: under which name it stands in the message, the key unless given.
        settings: what else the hub shall know of it.
        platform: `sensor`, or `binary_sensor` for true and false; for the latter true is `on` unless `on_when` differs.
        on_when: which of the two is `on`.
        whole: True to show no fraction of a number.
    """

    key: str
    fr: str
    en: str
    value: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    platform: str = "sensor"
    on_when: bool = True
    whole: bool = False


def program_device(kind: str, name: str, shown: str, version: str, availability: str) -> Device:
    """The device of one process.

    Args:
        kind: `edge` or `recorder`.
        name: of the process in its topics.
        shown: what people call such a process.
        version: of its program.
        availability: topic of `online` and `offline`.
    """
    return Device(
        id=f"{ORIGIN}_{kind}_{name}",
        name=f"{shown} {name}",
        version=version,
        maker=ORIGIN,
        model=f"{ORIGIN} {kind}",
        availability=(availability,),
    )


def program_components(availability: str, health: str, says: Iterable[Said], language: Language) -> list[Component]:
    """The entities of one process: `connected` first, which says so itself when the process is gone.

    Args:
        availability: topic of `online` and `offline`.
        health: topic of its health message.
        says: what to show of that message.
        language: of the entities' names.
    """
    connected = Component(
        key="connected",
        platform="binary_sensor",
        name="Connecté" if language == "fr" else "Connected",
        settings={
            "state_topic": availability,
            "payload_on": "online",
            "payload_off": "offline",
            "device_class": "connectivity",
            "availability": [],  # not the device's: it shall be `off` when the process is gone, not unavailable
        },
    )
    about = {"state_topic": health, "expire_after": _EXPIRES_S}
    return [connected, *(_program_component(each, about, language) for each in says)]


def _program_component(said: Said, about: Mapping[str, Any], language: Language) -> Component:
    is_binary = said.platform == "binary_sensor"
    states = {"payload_on": str(said.on_when), "payload_off": str(not said.on_when)} if is_binary else {}
    return Component(
        key=said.key,
        platform=said.platform,
        name=said.fr if language == "fr" else said.en,
        settings={**about, "value_template": _template(said), **states, **said.settings},
    )


def _template(said: Said) -> str:
    """Gives `None`, which is no state, for a message that was cleared or does not have it (another version's)."""
    value = f"(value_json | default({{}})).get('{said.value or said.key}')"
    if said.whole:
        return f"{{% set number = {value} %}}{{{{ number if number is none else number | round | int }}}}"
    return f"{{{{ {value} }}}}"
