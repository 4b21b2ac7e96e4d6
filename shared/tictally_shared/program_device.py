"""A program of ours as a device of hubs: whether it is connected, and what its health message says. Pure.

Edge and recorder tell of themselves alike: a topic that says `online` or `offline`, and a JSON message every minute.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tictally_shared.discovery import ORIGIN, Component, Device, Language

DIAGNOSTIC: Final = {"entity_category": "diagnostic"}
# Five healths that did not come: what the last one said is no longer known.
_EXPIRES_S: Final = 300


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
    return [connected, *(_component(each, about, language) for each in says)]


def _component(said: Said, about: Mapping[str, Any], language: Language) -> Component:
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
