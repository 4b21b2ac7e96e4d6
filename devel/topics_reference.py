"""Generates docs/topics.md: every topic, from the label catalogue, the discovery messages and the derived values."""

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
from tictally_recorder.features import job_kinds
from tictally_recorder.hubs import month_forecast, price_outlook, site_state
from tictally_recorder.hubs.recorder_device import RecorderDevice
from tictally_recorder.hubs.site_device import SiteDevice
from tictally_recorder.sinks.registry import plugins
from tictally_shared.home_assistant import PREFIX, Component, Language, birth_topic, config_topic, read_discovery
from tictally_shared.labels import CATALOGUE, METER_NUMBER, Kind, Label, Mode
from tictally_shared.status_register import Colour
from tictally_shared.tariff_options import TARIFF_OPTIONS
from tictally_shared.topics import Topics

PAGE: Final = Path(__file__).parent.parent / "docs" / "topics.md"

_TOPICS: Final = Topics()
_LANGUAGES: Final[tuple[Language, ...]] = ("fr", "en")
_METER, _EDGE, _RECORDER, _SITE = "<meter>", "<edge>", "<name>", "<site>"
_PERIODS: Final = dict.fromkeys(period for contract in TARIFF_OPTIONS.values() for period in contract.periods)


def _words(values: Iterable[str]) -> str:
    return ", ".join(f"`{value}`" for value in dict.fromkeys(values))


# Derived topic → payload, and which meters have it.
_DERIVED: Final = {
    "period": (f"{_words(_PERIODS)}; on a supplier's own calendar, the string of LTARF", "PTEC, NTARF or LTARF"),
    "available_power": (
        "VA: subscribed power minus apparent power, negative in an overload",
        "ISOUSC and PAPP, or PREF and SINSTS",
    ),
    "subscription_share": (
        "%: apparent power in proportion to the subscribed power",
        "ISOUSC and PAPP, or PREF and SINSTS",
    ),
    "active_power": (
        "W, estimated: apparent power consumed, multiplied by the power factor",
        "SINSTS and EAST, or PAPP and registers",
    ),
    "grid_power": ("W, estimated: consumption minus injection, negative while injecting", "a producer's meter"),
    "power_factor": (
        "energy consumed over apparent energy of about the last hour, every 5 min",
        "SINSTS and EAST, or PAPP and registers",
    ),
    "power_factor_injection": ("the same of what is injected", "SINSTI and EAIT"),
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

# Figure of a site → payload.
_OF_SITE: Final = {
    site_state.TODAY: "cost of today so far, with the day's whole share of the subscription; only with a contract",
    site_state.YESTERDAY: "cost of yesterday",
    site_state.MONTH: "cost of this month so far",
    month_forecast.COST_MONTH_FORECAST: (
        "cost of the month's days before today, and for today and the days left what the last two weeks and the "
        "same days a year earlier suggest, without that year the last week; amounts that are paid once are not expected"
    ),
    month_forecast.ENERGY_MONTH: "kWh consumed this month so far",
    month_forecast.ENERGY_MONTH_FORECAST: "kWh of the month, likewise",
    site_state.TOTAL: "cost of all days since the first frame, where known",
    site_state.PRICE: "current price of a kWh",
    site_state.PERIOD: "current tariff period",
    site_state.SUBSCRIPTION: "price of a month's subscription",
    site_state.TARIFF: "current tariff version: `edf-bleu-hphc 2026-02-01`",
    site_state.TARIFF_AGE: "days since the tariff version's first day",
    site_state.CURRENCY: "ISO 4217: `EUR`",
    site_state.QUALITY: f"quality of today's cost: {_words(Quality)}",
    site_state.REASON: "why today's cost is unknown or provisional, as a sentence",
    site_state.STANDBY: "VA: base load of the most recent known night",
    site_state.STANDBY_TREND: "VA: base load of the last 30 nights minus that of the 30 before",
    site_state.STANDBY_COST_YEAR: (
        "yearly cost of the base load of the last 30 nights, without subscription; `none` if fewer than "
        f"{ENOUGH_NIGHTS} of them are known"
    ),
    price_outlook.NEXT_PRICE: "price of a kWh after its next change, as far as contract, tariff and calendar show it",
    price_outlook.NEXT_PRICE_AT: "when that is: ISO 8601 with offset",
    price_outlook.NEXT_PERIOD: "tariff period after the current one",
    price_outlook.NEXT_PERIOD_AT: "when it begins",
    price_outlook.CHEAPEST: (
        "start of the three hours in a row that are the cheapest of the day: today's until they are over, "
        "then tomorrow's"
    ),
    price_outlook.CHEAPEST_PRICE: "mean price of a kWh in them",
    price_outlook.PRICE_TOMORROW: "mean price of a kWh over tomorrow; `none` until all of it is known",
    price_outlook.COLOUR_TOMORROW: f"Tempo: {_words(each.name for each in Colour if each)}; the meter's, else fetched",
    **{
        name: f"Tempo: days of the colour `{colour.name}` left in the season after today; `none` if a day is unknown"
        for colour, name in price_outlook.DAYS_LEFT.items()
    },
    price_outlook.PRICES_TODAY: (
        'JSON: `{"prices": [{"start": …, "end": …, "period": …, "price": "0.1635"}, …]}`, as far as they are known; '
        "`{}` if none is"
    ),
    price_outlook.PRICES_TOMORROW: "the same of tomorrow",
    site_state.INCOME_TODAY: "with a contract for injection: income of today so far",
    site_state.INCOME_MONTH: "income of this month so far",
    site_state.INCOME_TOTAL: "income of all days",
    site_state.PRICE_INJECTION: "current price of an injected kWh",
}

# Figures of a site that have no entity of their own.
_NOT_ENTITIES: Final = {
    site_state.CURRENCY: "none: it is the unit of the others",
    price_outlook.PRICES_TODAY: "attributes of `price`",
    price_outlook.PRICES_TOMORROW: "attributes of `price_tomorrow`",
}

# Topic → retained or not, and payload.
_OTHERS: Final = {
    _TOPICS.meter_availability(_METER): (True, "`online`, or `offline` after 30 s without a good frame"),
    _TOPICS.edge(_EDGE, "availability"): (True, "`online`, `offline`: whether the edge is connected"),
    _TOPICS.edge(_EDGE, "health"): (
        True,
        "JSON, every minute: state and counters of the edge; the entities below show the most useful",
    ),
    _TOPICS.edge(_EDGE, "frame"): (
        False,
        "JSON: every frame, numbered (`shared/tictally_shared/frame.schema.json`), including backfilled ones",
    ),
    _TOPICS.edge(_EDGE, "resend"): (
        False,
        "JSON, to the edge: a recorder requests missing frames, or a new boot where numbers were given twice",
    ),
    _TOPICS.recorder(_RECORDER, "availability"): (True, "`online`, `offline`: whether the recorder is connected"),
    _TOPICS.recorder(_RECORDER, "health"): (True, "JSON, every minute: state and counters of the recorder"),
    config_topic(f"tictally_{_METER}"): (True, "discovery of a meter, published by its edge"),
    config_topic(f"tictally_edge_{_EDGE}"): (True, "discovery of an edge"),
    config_topic(f"tictally_recorder_{_RECORDER}"): (True, "discovery of a recorder"),
    config_topic(f"tictally_site_{_SITE}"): (
        True,
        "discovery of a site's cost, published by the recorder once it has a contract",
    ),
    birth_topic(): (False, "from Home Assistant, `online` after its start: all devices are announced again"),
}


def label_topics() -> list[str]:
    """The topics of all labels of the catalogue and of their horodates, with `<meter>` as a placeholder."""
    values = [_TOPICS.label(_METER, label.name) for label in CATALOGUE if _has_value(label)]
    return values + [_TOPICS.label_time(_METER, label.name) for label in CATALOGUE if label.dated]


def topics() -> list[str]:
    """All topics of the reference; `<meter>`, `<site>`, `<edge>` and `<name>` are placeholders."""
    sites = (_TOPICS.site(_SITE, name) for name in _OF_SITE)
    return [*label_topics(), *(_TOPICS.derived(_METER, name) for name in DERIVED), *sites, *_OTHERS]


def entities() -> dict[str, Component]:
    """All entities that a meter can have, by key, in English."""
    return {each.key: each for each in meter_components("en")}


def meter_components(language: Language) -> list[Component]:
    """All entities that meters can have, those of a supplier's own calendar before those of regulated options."""
    return [each for profile in _profiles() for each in components(profile, _METER, _TOPICS, language)]


def page() -> str:
    """The whole page as Markdown."""
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
        table(
            ("topic", "retained", "payload"),
            [(f"`{topic}`", "yes" if retained else "no", text) for topic, (retained, text) in _OTHERS.items()],
        ),
        "## Entities of an edge",
        f"They belong to the device `tictally_edge_{_EDGE}`; their values come from `availability` and `health`.",
        _programs(edge_components(_EDGE, _TOPICS, "fr"), edge_components(_EDGE, _TOPICS, "en")),
        "## Entities of a recorder",
        f"They belong to the device `tictally_recorder_{_RECORDER}`, likewise.",
        _programs(recorder_components("fr"), recorder_components("en")),
    ]
    return "\n\n".join(parts) + "\n"


_HEAD: Final = """\
# Topics

Generated from the code by `./run topics`. `tictally` is the base topic (setting `BASE_TOPIC`); `<meter>` is the meter's
number, or its alias (setting `METER`).

A payload is plain text: an integer in the unit given here, or a string; `none` stands for an empty string. Everything
below a meter is **retained**. Three consecutive complete frames without a label clear its topic. Only labels that your
meter sends have topics: a one-phase meter has no `IRMS2`, and only a producer's meter has `EAIT`.

Powers, currents, voltages and the meter's clock are published at most every 5 s (`INTERVAL_S`), everything else on
change, and everything again every 5 minutes. With MQTT 5 a message has the user property `time`, the arrival of its
frame, once the edge's clock is proved.

**schedule** labels are published as the meter sends them: entries of hhmm and an action. Some meters write hours and
minutes in hexadecimal (`0C1E` is 12:30); nothing in an entry such as `1600` shows in which of the two it is written.

**dated** labels have a second topic, `tictally/<meter>/<LABEL>/time`: the meter's own date of the value, in ISO 8601.

The column **Home Assistant** has the entity's device class, and its unit where it differs; `text` and `number` have no
class. Entities marked *off* are disabled by default. An entity's id is `sensor.tictally_<meter>_` and the label in
lower case: `+` is written `_plus_`, `-` `_minus_`, and a `-` in a key `_`. In the topic `+` is written `_PLUS_`.
`smaxsn_time` and `smaxin_time` are entities of the times of SMAXSN and SMAXIN. Some entities have shorter names than
their labels: [home-assistant-fr.md](home-assistant-fr.md) has names and states in French."""

_DERIVED_HEAD: Final = """\
Values that the edge derives from labels, the same in both modes; their names are lower case, so that they never clash
with a label. They are retained, and published when they change. An entity's id ends in the name:
`sensor.tictally_<meter>_period`, `binary_sensor.tictally_<meter>_overload`.

**Active power** is estimated, never measured: a meter shows VA. The power factor is learned from the registers, and
what they have counted beyond the power shown is made up within the next 20 VAh: the mean over an hour is the register's
difference, but for some Wh. At a given moment the estimate is wrong by as much as the power factor of the appliances
that run differs from that of the last hour. It is unknown until the register has counted 20 Wh for the first time, a
few minutes; after a restart the edge reads its own `power_factor` back from the broker. The points of the meter's load
curve (CCASN, CCAIN) are not needed: they are means of what the registers show in each frame."""


_SITE_HEAD: Final = f"""\
Cost of a site, published by the recorder; a site is named after its first meter (`tictally site list`). Money is in the
tariff's currency, taxes included. `{site_state.NOTHING}` stands for an unknown value, never zero. A sum with an unknown
part is unknown, except the sums of all days. All are retained; [cost.md](cost.md) explains the figures. The entities
belong to the device `tictally_site_{_SITE}`: `sensor.tictally_site_{_SITE}_price`."""


def _profiles() -> list[Profile]:
    """Profiles that together have every entity."""
    contracts = [None, *TARIFF_OPTIONS.values()]
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

    return table(
        ("topic", "unit", "kind", "dated", "in French", "in English", "Home Assistant"),
        [row(label) for label in CATALOGUE if label.mode is mode],
    )


def _derived() -> str:
    if differing := _DERIVED.keys() ^ DERIVED.keys():
        raise LookupError(f"derived topics that only one of the two tables has: {sorted(differing)}")
    by_key = entities()
    return table(
        ("topic", "payload", "source", "in French", "in English", "Home Assistant"),
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
    in_french, in_english = (site_components(language) for language in _LANGUAGES)
    return table(
        ("topic", "payload", "in French", "in English", "Home Assistant"),
        [
            (
                f"`{_TOPICS.site(_SITE, name)}`",
                payload,
                in_french[name].name if name in in_french else "",
                in_english[name].name if name in in_english else "",
                _hub(in_english[name]) if name in in_english else _NOT_ENTITIES[name],
            )
            for name, payload in _OF_SITE.items()
        ],
    )


def site_components(language: Language) -> Mapping[str, Component]:
    """All entities of a site, by key."""
    device = SiteDevice(_TOPICS, PREFIX, language, "", "")
    announced = read_discovery(device.payload(_SITE, _OF_SITE, "EUR").encode())
    return announced.components if announced is not None else {}


def recorder_components(language: Language) -> Sequence[Component]:
    """All entities of a recorder, with every job and sink."""
    jobs = {kind.name: kind.title[language] for kind in job_kinds()}
    sinks = {each.name: each.title for each in plugins()}
    message = RecorderDevice(_RECORDER, _TOPICS, PREFIX, language, "", jobs, sinks).announcement()
    announced = read_discovery(message.payload.encode())
    return list(announced.components.values()) if announced is not None else []


def _programs(in_french: Sequence[Component], in_english: Sequence[Component]) -> str:
    return table(
        ("entity", "in French", "in English", "Home Assistant"),
        [
            (f"`{english.key}`", french.name, english.name, f"{_hub(english)}, {english.platform}")
            for french, english in zip(in_french, in_english, strict=True)
        ],
    )


def _hub(entity: Component, unit: str | None = None) -> str:
    """Device class, unit where it differs from the topic's, and category of an entity."""
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


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
