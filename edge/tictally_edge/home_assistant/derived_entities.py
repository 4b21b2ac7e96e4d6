"""What the edge makes of a meter's labels, as entities of a hub. Pure."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from tictally_edge.home_assistant.meter_profile import Profile
from tictally_edge.home_assistant.translations import AS_IT_IS, DERIVED, STATES, one_of
from tictally_edge.topics.active_power import ACTIVE_POWER, GRID_POWER
from tictally_edge.topics.derived_topics import COLOURS, CUTOFF, PEAKS
from tictally_shared.home_assistant import Component, Language, enum_settings
from tictally_shared.labels import Mode
from tictally_shared.tariff_options import EJP, TEMPO
from tictally_shared.topics import Topics

_DIAGNOSTIC: Final = {"entity_category": "diagnostic"}
_ESTIMATED: Final = frozenset({ACTIVE_POWER, GRID_POWER})
_POWER: Final = {
    "device_class": "power",
    "state_class": "measurement",
    "unit_of_measurement": "W",
    "suggested_display_precision": 0,
}
_FACTOR: Final = {"device_class": "power_factor", "state_class": "measurement", **_DIAGNOSTIC}


_PAYLOADS: Final = {
    "cutoff": tuple(dict.fromkeys(CUTOFF.values())),
    "colour_today": COLOURS,
    "colour_tomorrow": COLOURS,
    "peak_notice": PEAKS,
    "peak_now": PEAKS,
}


class _Derived(NamedTuple):
    """One entity: of which platform, its settings except the topic, and which meters have it."""

    platform: str
    settings: dict[str, Any]
    has: Callable[[Profile], bool]


def derived_components(profile: Profile, meter: str, topics: Topics, language: Language) -> list[Component]:
    """The entities, each named by its topic.

    Args:
        profile: what the meter is.
        meter: its number, or the key that stands for it.
        topics: below which base.
        language: of the entities' names.
    """
    return [
        Component(
            key=name,
            platform=derived.platform,
            name=DERIVED[name].of(language),
            settings={
                "state_topic": topics.derived(meter, name),
                "value_template": AS_IT_IS,
                **derived.settings,
                **(_period_options(profile) if name == "period" else {}),
                **(_states(name, language) if name in STATES else {}),
                **(_estimated(topics.derived(meter, name)) if name in _ESTIMATED else {}),
            },
        )
        for name, derived in _ENTITIES.items()
        if derived.has(profile)
    ]


def _period_options(profile: Profile) -> dict[str, Any]:
    """Return the option's periods. A supplier may name its own as it likes: such a period is free text."""
    if profile.option is None:
        return {"icon": "mdi:calendar-clock"}
    periods = profile.option.periods
    return {"device_class": "enum", "options": list(periods), "value_template": one_of(periods)}


def _states(name: str, language: Language) -> dict[str, Any]:
    words = STATES[name]
    return enum_settings({state: words[state].of(language) if state in words else state for state in _PAYLOADS[name]})


def _estimated(topic: str) -> dict[str, Any]:
    """Mark a value that no meter measures by an attribute."""
    return {"json_attributes_topic": topic, "json_attributes_template": "{{ {'quality': 'estimated'} | tojson }}"}


def _has_period(profile: Profile) -> bool:
    return not profile.labels.isdisjoint({"PTEC", "NTARF" if profile.option is not None else "LTARF"})


def _has_subscription(profile: Profile) -> bool:
    return profile.labels >= {"ISOUSC", "PAPP"} or profile.labels >= {"PREF", "SINSTS"}


def _has_power(profile: Profile) -> bool:
    return not profile.labels.isdisjoint({"SINSTS", "PAPP"})


def _has_grid_power(profile: Profile) -> bool:
    return profile.labels >= {"SINSTS", "SINSTI"}


def _has_status(profile: Profile) -> bool:
    return "STGE" in profile.labels


def _has_overload(profile: Profile) -> bool:
    return profile.mode is Mode.HISTORIQUE or _has_status(profile)


def _has_injection(profile: Profile) -> bool:
    return profile.producer and _has_status(profile)


def _has_colour(label: str) -> Callable[[Profile], bool]:
    return lambda profile: profile.option is TEMPO and not profile.labels.isdisjoint({"STGE", label})


def _has_peaks(profile: Profile) -> bool:
    if profile.mode is Mode.HISTORIQUE:
        return profile.option is EJP
    return profile.option in {EJP, None} and _has_status(profile)


# In the order of the topics' reference. Icons only where no device class brings one.
_ENTITIES: Final = {
    "period": _Derived("sensor", {}, _has_period),
    "available_power": _Derived(
        "sensor",
        {
            "device_class": "apparent_power",
            "state_class": "measurement",
            "unit_of_measurement": "VA",
            "suggested_display_precision": 0,
        },
        _has_subscription,
    ),
    "subscription_share": _Derived(
        "sensor",
        {
            "state_class": "measurement",
            "unit_of_measurement": "%",
            "suggested_display_precision": 0,
            "icon": "mdi:gauge",
        },
        _has_subscription,
    ),
    "active_power": _Derived("sensor", _POWER, _has_power),
    "grid_power": _Derived("sensor", _POWER, _has_grid_power),
    "power_factor": _Derived("sensor", _FACTOR, _has_power),
    "power_factor_injection": _Derived("sensor", _FACTOR, _has_grid_power),
    "overload": _Derived("binary_sensor", {"device_class": "problem"}, _has_overload),
    # On where current may flow, as for any switch. As an `opening` it would be shown among doors and windows.
    "contact": _Derived(
        "binary_sensor",
        {"payload_on": "closed", "payload_off": "open", "icon": "mdi:electric-switch"},
        _has_status,
    ),
    "cutoff": _Derived("sensor", _DIAGNOSTIC, _has_status),
    "cover": _Derived(
        "binary_sensor",
        {"device_class": "tamper", "payload_on": "open", "payload_off": "closed"} | _DIAGNOSTIC,
        _has_status,
    ),
    "overvoltage": _Derived("binary_sensor", {"device_class": "problem"}, _has_status),
    "injecting": _Derived("binary_sensor", {"icon": "mdi:transmission-tower-import"}, _has_injection),
    "clock_degraded": _Derived("binary_sensor", {"device_class": "problem"} | _DIAGNOSTIC, _has_status),
    "colour_today": _Derived("sensor", {}, _has_colour("PTEC")),
    "colour_tomorrow": _Derived("sensor", {}, _has_colour("DEMAIN")),
    "peak_notice": _Derived("sensor", {}, _has_peaks),
    "peak_now": _Derived("sensor", {}, _has_peaks),
}
