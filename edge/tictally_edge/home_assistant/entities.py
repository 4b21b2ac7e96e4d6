"""A meter's labels as entities of a hub: class, unit, precision, category and name. Pure.

Units and classes are spelt as Home Assistant requires. The kind of a label comes from the catalogue.
"""

from typing import Any, Final, NamedTuple

from tictally_edge.home_assistant.derived_entities import derived_components
from tictally_edge.home_assistant.edge_device import DiscoverySettings
from tictally_edge.home_assistant.meter_profile import Profile, hardware_of
from tictally_edge.home_assistant.translations import (
    AS_IT_IS,
    DISTRIBUTOR_REGISTER,
    DIVIDED_BY_1000,
    ENERGY,
    LABELS,
    LABELS_OF_ONE_PHASE,
    METER,
    NOTHING_SHOWN,
    OPTIONS,
    PEAK_TIMES,
    PERIODS,
    SUPPLIER_REGISTER,
    TIMES_1000,
)
from tictally_edge.topics.naming import NOTHING, Naming
from tictally_shared.euridis import identity_of
from tictally_shared.home_assistant import Component, Device, Language, program_device_id
from tictally_shared.labels import CATALOGUE, Kind, Label
from tictally_shared.tariff_options import TARIFF_OPTIONS
from tictally_shared.topics import Topics


def meter_device(profile: Profile, number: str, naming: Naming, discovery: DiscoverySettings) -> Device:
    """Return the device of a meter; with an alias its own number is shown nowhere.

    Args:
        profile: what the meter is.
        number: its own, ADCO or ADSC; contains maker and model.
        naming: the names under which it is published.
        discovery: how it is published to hubs.
    """
    meter, identity = naming.key or number, identity_of(number)
    return Device(
        id=f"tictally_{meter}",
        name=f"{'Linky' if identity.is_linky else METER.of(discovery.language)} {meter}",
        version=discovery.version,
        maker=identity.maker,
        model=identity.model,
        serial=number if naming.key is None else None,
        hardware=hardware_of(profile),
        availability=(naming.topics.edge(naming.edge, "availability"), naming.topics.meter_availability(meter)),
        via=program_device_id("edge", naming.edge),
    )


# Labels that are no entities, with the reason.
NOT_ANNOUNCED: Final = {
    "ADCO": "the device's serial number",
    "ADSC": "the device's serial number",
    "ADPS": "present only while it lasts: overload shows it",
    "ADIR1": "present only while it lasts: overload shows it",
    "ADIR2": "present only while it lasts: overload shows it",
    "ADIR3": "present only while it lasts: overload shows it",
    "PEJP": "present only while it lasts: peak_notice shows it",
}

_SUPPLIER, _DISTRIBUTOR = "EASF", "EASD"
SUPPLIER_REGISTERS: Final = frozenset(label.name for label in CATALOGUE if label.name.startswith(_SUPPLIER))
_MAIN_THOUGH_NOT_LIVE: Final = frozenset({"SMAXSN", "SMAXIN"})
# Strings that are readable as they are. PRM is published only where the user has chosen it.
_SHOWN_TEXTS: Final = frozenset({"OPTARIF", "NGTF", "PRM"})
_ONLY_TIMES: Final = frozenset({Kind.CLOCK, Kind.MARKER})


class _NumberFormat(NamedTuple):
    """How a hub shows a number: the unit, how it is made of the topic's, and digits after the point."""

    unit: str
    template: str
    precision: int


# By the catalogue's unit; others are shown as they are, in whole numbers. Energy is billed in kWh.
_SHOWN: Final = {
    "Wh": _NumberFormat("kWh", DIVIDED_BY_1000, 2),
    "VArh": _NumberFormat("varh", AS_IT_IS, 0),
    "kVA": _NumberFormat("VA", TIMES_1000, 0),
}

# Where no device class brings an icon.
_ICONS: Final = {
    Kind.REGISTER: "mdi:counter",
    Kind.ID: "mdi:identifier",
    Kind.ENUM: "mdi:tag-text-outline",
    Kind.TEXT: "mdi:text-box-outline",
    Kind.BITFIELD: "mdi:numeric",
    Kind.SCHEDULE: "mdi:calendar-text",
}


def components(profile: Profile, meter: str, topics: Topics, language: Language) -> list[Component]:
    """A meter's entities: those of its labels in the catalogue's order, then those of what is made of them.

    A label that the catalogue does not know has none: nobody knows what it would be.

    Args:
        profile: what the meter is.
        meter: its number, or the key that stands for it.
        topics: below which base.
        language: of the entities' names.
    """
    announced = [label for label in CATALOGUE if label.name in profile.labels and _is_announced(label, profile)]
    texts = [profile.names.get(label.name) for label in announced]
    return [
        Component(
            key=component_key(label.name),
            platform="sensor",
            name=_name(label, profile, language, is_ambiguous=texts.count(profile.names.get(label.name)) > 1),
            settings=_settings(label, meter, topics, language),
        )
        for label in announced
    ] + [
        *_peak_times(profile, meter, topics, language),
        *derived_components(profile, meter, topics, language),
    ]


def _peak_times(profile: Profile, meter: str, topics: Topics, language: Language) -> list[Component]:
    """When the day's highest power was: the label's own entity has only the power."""
    return [
        Component(
            key=peak_time_key(label),
            platform="sensor",
            name=name.of(language),
            settings={
                "state_topic": topics.label_time(meter, label),
                "value_template": AS_IT_IS,
                "device_class": "timestamp",
            },
        )
        for label, name in PEAK_TIMES.items()
        if label in profile.labels
    ]


def peak_time_key(label: str) -> str:
    """The key of the entity that has the time of a day's highest power."""
    return f"{component_key(label)}_time"


def component_key(label: str) -> str:
    """The key of a label's entity: `SMAXSN-1` → `smaxsn_minus_1`."""
    return label.lower().replace("+", "_plus_").replace("-", "_minus_")


def _is_announced(label: Label, profile: Profile) -> bool:
    name = label.name
    if name.startswith(_DISTRIBUTOR):
        return name in profile.registers
    if name.startswith(_SUPPLIER):
        if profile.option is not None:
            return profile.option.period_of(name) is not None
        return bool(profile.names.get(name)) or name in profile.registers
    return name not in NOT_ANNOUNCED


def _name(label: Label, profile: Profile, language: Language, *, is_ambiguous: bool) -> str:
    """The entity's name.

    Args:
        label: that it shows.
        profile: of its meter.
        language: of the name.
        is_ambiguous: a supplier calls several registers by the same text.
    """
    number = label.name[-2:]
    if label.name.startswith(_DISTRIBUTOR):
        return DISTRIBUTOR_REGISTER.of(language).format(number)
    if (period := _period(label.name, profile)) is not None:
        return ENERGY.of(language).format(PERIODS[period].of(language))
    if label.name.startswith(_SUPPLIER):
        text = profile.names.get(label.name)
        if not text:
            return SUPPLIER_REGISTER.of(language).format(number)
        return ENERGY.of(language).format(f"{text} {number}" if is_ambiguous else text)
    words = LABELS | LABELS_OF_ONE_PHASE if profile.phases == 1 else LABELS
    if label.name in words:
        return words[label.name].of(language)
    return label.name_fr if language == "fr" else label.name_en


def _period(register: str, profile: Profile) -> str | None:
    """The period that a register counts; historique registers show it by their labels, whatever the option."""
    if register.startswith(_SUPPLIER):
        return profile.option.period_of(register) if profile.option is not None else None
    return next((period for each in TARIFF_OPTIONS.values() if (period := each.period_of(register)) is not None), None)


def _settings(label: Label, meter: str, topics: Topics, language: Language) -> dict[str, Any]:
    settings: dict[str, Any] = {"state_topic": topics.label(meter, label.name), "value_template": AS_IT_IS}
    if label.kind in _ONLY_TIMES:
        settings |= {"state_topic": topics.label_time(meter, label.name), "device_class": "timestamp"}
    elif label.unit is not None:
        unit, template, precision = _SHOWN.get(label.unit, _NumberFormat(label.unit, AS_IT_IS, 0))
        settings |= {
            "value_template": template,
            "unit_of_measurement": unit,
            "suggested_display_precision": precision,
        }
        settings |= {"device_class": label.device_class} if label.device_class is not None else {}
        settings |= {"state_class": label.state_class} if label.state_class is not None else {}
    else:
        settings["value_template"] = _text_template(label, language)
    if "device_class" not in settings:
        settings["icon"] = _ICONS[label.kind]
    return settings | _prominence(label)


def _text_template(label: Label, language: Language) -> str:
    if label.name == "OPTARIF":
        names = {code: name.of(language) for code, name in OPTIONS.items()}
        return f"{{{{ {names}.get(value[:3], value) or None }}}}"
    return f"{{{{ '{NOTHING_SHOWN.of(language)}' if value == '{NOTHING}' else value or None }}}}"


def _prominence(label: Label) -> dict[str, Any]:
    is_energy = label.device_class == "energy" and not label.name.startswith(_DISTRIBUTOR)
    if label.live or is_energy or label.name in _MAIN_THOUGH_NOT_LIVE:
        return {}
    if label.is_number or label.name in _SHOWN_TEXTS:
        return {"entity_category": "diagnostic"}
    return {"entity_category": "diagnostic", "enabled_by_default": False}
