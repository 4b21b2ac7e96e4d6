"""Writes docs/topics.md: every topic that there is, from the catalogue, the announcements and what is made of both."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tictally_edge.home_assistant.edge_device import edge_components
from tictally_edge.home_assistant.entities import NOT_ANNOUNCED, components
from tictally_edge.home_assistant.meter_profile import Profile
from tictally_edge.home_assistant.translations import DERIVED
from tictally_edge.topics.derived_topics import CLOSED, COLOURS, CUTOFF, OFF, ON, OPEN, PEAKS
from tictally_recorder.cost import Quality
from tictally_recorder.cost.standby.trend import ENOUGH_NIGHTS
from tictally_recorder.hubs import site_state
from tictally_recorder.hubs.recorder_device import announcement
from tictally_recorder.hubs.site_device import SiteDevice
from tictally_shared.home_assistant import PREFIX, Component, Language, birth_topic, config_topic, read_discovery
from tictally_shared.labels import CATALOGUE, METER_NUMBER, Kind, Label, Mode
from tictally_shared.tariff_options import CONTRACTS
from tictally_shared.topics import Topics

PAGE: Final = Path(__file__).parent.parent / "docs" / "topics.md"

_TOPICS: Final = Topics()
_LANGUAGES: Final[tuple[Language, ...]] = ("fr", "en")
_METER, _EDGE, _RECORDER, _SITE = "<meter>", "<edge>", "<name>", "<site>"
_PERIODS: Final = dict.fromkeys(period for contract in CONTRACTS.values() for period in contract.periods)


def _words(values: Iterable[str]) -> str:
    return ", ".join(f"`{value}`" for value in dict.fromkeys(values))


# Derived topic → what stands there, and which meters have it.
_DERIVED: Final = {
    "period": (f"{_words(_PERIODS)}; of a supplier's own calendar, LTARF's text", "PTEC, NTARF or LTARF"),
    "available_power": (
        "VA: what is subscribed less what is drawn, negative while that is more",
        "ISOUSC and PAPP, or PREF and SINSTS",
    ),
    "subscription_share": ("%: what is drawn, of what is subscribed", "ISOUSC and PAPP, or PREF and SINSTS"),
    "overload": (_words((ON, OFF)), "all meters"),
    "contact": (f"{_words((CLOSED, OPEN))}: the dry contact, for a water heater", "STGE"),
    "cutoff": (f"{_words(CUTOFF.values())}: whether the meter's switch is open, and why", "STGE"),
    "cover": (_words((CLOSED, OPEN)), "STGE"),
    "overvoltage": (_words((ON, OFF)), "STGE"),
    "injecting": (_words((ON, OFF)), "STGE of a producer's meter"),
    "clock_degraded": (_words((ON, OFF)), "STGE"),
    "colour_today": (_words(COLOURS), "Tempo: STGE or PTEC"),
    "colour_tomorrow": (_words(COLOURS), "Tempo: STGE or DEMAIN"),
    "peak_notice": (_words(PEAKS), "EJP: STGE or PEJP; a supplier's own calendar: STGE"),
    "peak_now": (_words(PEAKS), "EJP: STGE or PTEC; a supplier's own calendar: STGE"),
}

# Figure of a site → what stands there.
_OF_SITE: Final = {
    site_state.TODAY: "what today cost so far, its whole share of the subscription included; to the cent",
    site_state.YESTERDAY: "what yesterday cost",
    site_state.MONTH: "what this month cost so far",
    site_state.TOTAL: "what all days cost since the first frame, as far as it is known",
    site_state.PRICE: "of a kWh now",
    site_state.PERIOD: "of the price list, now",
    site_state.SUBSCRIPTION: "of a month",
    site_state.TARIFF: "the version of the price list that holds: `edf-bleu-hphc 2026-02-01`",
    site_state.TARIFF_AGE: "days since its first day",
    site_state.CURRENCY: "ISO 4217: `EUR`",
    site_state.QUALITY: f"of today's cost: {_words(Quality)}",
    site_state.REASON: "why today's cost is unknown or provisional, a sentence",
    site_state.STANDBY: "VA: base load of the newest night that is known",
    site_state.STANDBY_TREND: "VA: by how much the last 30 nights are above the 30 before, negative where below",
    site_state.STANDBY_COST_YEAR: (
        "what the base load of the last 30 nights costs a year, without the subscription; `none` while fewer than "
        f"{ENOUGH_NIGHTS} of them are known"
    ),
    site_state.INCOME_TODAY: "with a contract for injected energy: what today earned so far",
    site_state.INCOME_MONTH: "the same of this month",
    site_state.INCOME_TOTAL: "the same of all days",
    site_state.PRICE_INJECTED: "of an injected kWh now",
}

# Topic → retained or not, and what stands there.
_OTHERS: Final = {
    _TOPICS.meter_availability(_METER): (True, "`online`, or `offline` after 30 s without a good frame"),
    _TOPICS.edge(_EDGE, "availability"): (True, "`online`, `offline`: whether the edge is connected"),
    _TOPICS.edge(_EDGE, "health"): (
        True,
        "JSON, every minute: how the edge is; its entities below show the best of it",
    ),
    _TOPICS.edge(_EDGE, "frame"): (
        False,
        "JSON: each whole frame, numbered (`shared/tictally_shared/frame.schema.json`); old ones come too",
    ),
    _TOPICS.edge(_EDGE, "resend"): (False, "JSON, to the edge: the frames that a recorder lacks"),
    _TOPICS.recorder(_RECORDER, "availability"): (True, "`online`, `offline`: whether the recorder is connected"),
    _TOPICS.recorder(_RECORDER, "health"): (True, "JSON, every minute: how the recorder is"),
    config_topic(f"tictally_{_METER}"): (True, "a meter as a device of Home Assistant, by the edge that reads it"),
    config_topic(f"tictally_edge_{_EDGE}"): (True, "an edge as a device"),
    config_topic(f"tictally_recorder_{_RECORDER}"): (True, "a recorder as a device"),
    config_topic(f"tictally_site_{_SITE}"): (
        True,
        "a site's cost as a device, by the recorder, once it has a contract",
    ),
    birth_topic(): (False, "from Home Assistant, `online` when it has started: all devices are announced again"),
}


def label_topics() -> list[str]:
    """Every topic of a label in the catalogue, and of its horodate, with `<meter>` for the meter."""
    values = [_TOPICS.label(_METER, label.name) for label in CATALOGUE if _has_value(label)]
    return values + [_TOPICS.label_time(_METER, label.name) for label in CATALOGUE if label.dated]


def topics() -> list[str]:
    """Every topic of the reference; `<meter>`, `<site>`, `<edge>` and `<name>` stand for names."""
    sites = (_TOPICS.site(_SITE, name) for name in _OF_SITE)
    return [*label_topics(), *(_TOPICS.derived(_METER, name) for name in DERIVED), *sites, *_OTHERS]


def entities() -> dict[str, Component]:
    """Every entity that any meter may have, by key, in English."""
    found: dict[str, Component] = {}
    for profile in _profiles():
        found |= {each.key: each for each in components(profile, _METER, _TOPICS, "en")}
    return found


def page() -> str:
    """The reference."""
    parts = [
        _HEAD,
        "## Historique mode",
        _labels(Mode.HISTORIQUE),
        "## Standard mode",
        _labels(Mode.STANDARD),
        "## Derived topics",
        _DERIVED_HEAD,
        _derived(),
        "## Sites",
        _SITE_HEAD,
        _sites(),
        "## Programs and announcements",
        _table(
            ("topic", "retained", "what stands there"),
            [(f"`{topic}`", "yes" if retained else "no", text) for topic, (retained, text) in _OTHERS.items()],
        ),
        "## Entities of an edge",
        f"Of the device `tictally_edge_{_EDGE}`, from `availability` and `health`.",
        _programs(edge_components(_EDGE, _TOPICS, "fr"), edge_components(_EDGE, _TOPICS, "en")),
        "## Entities of a recorder",
        f"Of the device `tictally_recorder_{_RECORDER}`, likewise.",
        _programs(_of_recorder("fr"), _of_recorder("en")),
    ]
    return "\n\n".join(parts) + "\n"


_HEAD: Final = """\
# Topics

`./run topics` makes this page from the code. `tictally` is the base topic, which `BASE_TOPIC` changes; `<meter>` is the
meter's number, or the key that stands for it (`METER`).

A payload is plain text: a whole number in the unit given here, or a text; `none` for an empty text. Everything below a
meter is **retained**. A topic that the meter no longer sends is cleared: it says an empty payload once. Only what your
meter sends is there: a one-phase meter has no `IRMS2`, and only a producer's has `EAIT`.

Powers, currents, voltages and the meter's clock change at most every 5 s (`INTERVAL_S`), all else at once. All is
published again every 5 minutes. By MQTT 5 a value has the user property `time`, when its frame arrived, as soon as the
clock of the edge is proved.

**dated** labels have one topic more, `tictally/<meter>/<LABEL>/time`: the meter's own date on the value, in ISO 8601.

**Home Assistant** says the class of the entity, and its unit where that is another; `text` and `number` have no class.
Entities that are *off* show once you enable them. An entity's id is `sensor.tictally_<meter>_` and the label in lower
case: `+` is written `_plus_`, `-` `_minus_`, and a `-` in a key `_`. In the topic `+` is written `_PLUS_`."""

_DERIVED_HEAD: Final = """\
What the edge makes of the labels, the same in both modes. The names are in lower case, so that no label can have one.
They are retained too, and change with their labels. An entity's id ends in the name: `sensor.tictally_<meter>_period`,
`binary_sensor.tictally_<meter>_overload`."""


_SITE_HEAD: Final = f"""\
What the recorder says of the cost of a site, which is known by its first meter (`tictally site list`). Money is in the
currency of the price list, with taxes, and `{site_state.NOTHING}` stands for what is not known: never a zero. A sum of
which a part is unknown is unknown, but for those of all days. All are retained; [cost.md](cost.md) says how they come
about. Entities are of the device `tictally_site_{_SITE}`: `sensor.tictally_site_{_SITE}_price`."""


def _profiles() -> list[Profile]:
    """Meters that have, together, every entity there is."""
    contracts = [None, *CONTRACTS.values()]
    labels = {mode: frozenset(each.name for each in CATALOGUE if each.mode is mode) for mode in Mode}
    registers = frozenset(each.name for each in CATALOGUE if each.kind is Kind.REGISTER)
    return [
        Profile(mode, 3, "", contract, producer=True, labels=labels[mode], names={}, registers=registers)
        for mode in Mode
        for contract in contracts
    ]


def _has_value(label: Label) -> bool:
    return label.kind is not Kind.CLOCK and label.name not in METER_NUMBER.values()


def _labels(mode: Mode) -> str:
    by_topic = {each.settings["state_topic"]: each for each in entities().values()}

    def row(label: Label) -> tuple[str, ...]:
        topic, time = _TOPICS.label(_METER, label.name), _TOPICS.label_time(_METER, label.name)
        entity = by_topic.get(topic) or by_topic.get(time)
        return (
            f"`{topic}`" if _has_value(label) else f"`{time}`" if label.dated else f"none: {label.name} is `{_METER}`",
            label.unit or "",
            label.kind.value.replace("_", " "),
            "dated" if label.dated else "",
            label.name_fr,
            label.name_en,
            _hub(entity, label.unit) if entity is not None else f"none: {NOT_ANNOUNCED[label.name]}",
        )

    return _table(
        ("topic", "unit", "kind", "dated", "in French", "in English", "Home Assistant"),
        [row(label) for label in CATALOGUE if label.mode is mode],
    )


def _derived() -> str:
    if differing := _DERIVED.keys() ^ DERIVED.keys():
        raise LookupError(f"derived topics of which one table says nothing: {sorted(differing)}")
    by_key = entities()
    return _table(
        ("topic", "what stands there", "made of", "in French", "in English", "Home Assistant"),
        [
            (
                f"`{_TOPICS.derived(_METER, name)}`",
                *_DERIVED[name],
                words.fr,
                words.en,
                f"{_hub(by_key[name])}, {by_key[name].platform}",
            )
            for name, words in DERIVED.items()
        ],
    )


def _sites() -> str:
    shown = {
        language: read_discovery(SiteDevice(_TOPICS, PREFIX, language, "", "").payload(_SITE, _OF_SITE, "EUR").encode())
        for language in _LANGUAGES
    }
    in_french, in_english = (found.components if found else {} for found in (shown["fr"], shown["en"]))
    return _table(
        ("topic", "what stands there", "in French", "in English", "Home Assistant"),
        [
            (
                f"`{_TOPICS.site(_SITE, name)}`",
                said,
                in_french[name].name if name in in_french else "",
                in_english[name].name if name in in_english else "",
                _hub(in_english[name]) if name in in_english else "none: it is the unit of the others",
            )
            for name, said in _OF_SITE.items()
        ],
    )


def _of_recorder(language: str) -> Sequence[Component]:
    told = announcement(_RECORDER, _TOPICS, "homeassistant", "fr" if language == "fr" else "en", "", has_sink=True)
    announced = read_discovery(told.payload.encode())
    return list(announced.components.values()) if announced is not None else []


def _programs(in_french: Sequence[Component], in_english: Sequence[Component]) -> str:
    return _table(
        ("entity", "in French", "in English", "Home Assistant"),
        [
            (f"`{english.key}`", french.name, english.name, f"{_hub(english)}, {english.platform}")
            for french, english in zip(in_french, in_english, strict=True)
        ],
    )


def _hub(entity: Component, unit: str | None = None) -> str:
    """An entity in a few words: class, unit where it is not the topic's, category."""
    settings: Mapping[str, object] = entity.settings
    shown = settings.get("unit_of_measurement")
    kind = "number" if "state_class" in settings else "on or off" if entity.platform == "binary_sensor" else "text"
    words = [
        str(settings.get("device_class", kind)).replace("_", " "),
        str(shown) if shown not in {unit, None} else "",
        str(settings.get("entity_category", "")),
        "" if settings.get("enabled_by_default", True) else "off",
    ]
    return ", ".join(filter(None, words))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    """Writes the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
