"""A meter's entities, against the label catalogue and against what every kind of simulated meter sends."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any, get_args

import pytest

from tictally_edge.home_assistant.entities import NOT_ANNOUNCED, component_key, components
from tictally_edge.home_assistant.meter_profile import Profile
from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_edge.topics.active_power import ActivePower
from tictally_edge.topics.derived_topics import COLOURS, CUTOFF, PEAKS, derive
from tictally_shared.home_assistant import Component, Language
from tictally_shared.labels import CATALOGUE, LABELS, Kind, Mode
from tictally_shared.tariff_options import BASE, EJP, HPHC, TARIFF_OPTIONS, TEMPO
from tictally_shared.topics import Topics

H, S = Mode.HISTORIQUE, Mode.STANDARD
METER = "021961000001"
TOPICS = Topics()
LANGUAGES: tuple[Language, ...] = get_args(Language)

# What Home Assistant takes, in every version from 2025.4 on, as (device class, state class, unit).
TAKEN = {
    ("energy", "total_increasing", "kWh"),
    (None, "total_increasing", "varh"),
    ("apparent_power", "measurement", "VA"),
    ("power", "measurement", "W"),
    ("current", "measurement", "A"),
    ("voltage", "measurement", "V"),
    ("power_factor", "measurement", None),
    (None, "measurement", "%"),
    ("enum", None, None),
    ("timestamp", None, None),
    (None, None, None),
}
TAKEN_BINARY = {("problem", None, None), ("tamper", None, None), (None, None, None)}


def labels_of(meter: SimulatedMeter) -> dict[str, int | str]:
    """What a simulated meter shows, as it stands on the label topics."""
    shown = {group.label: " ".join(group.data.split()) for group in meter.groups()}
    return {name: int(text) if LABELS[name].is_number else text for name, text in shown.items()}


def profile_of(labels: dict[str, int | str], mode: Mode, contract: str, phases: int, *, producer: bool) -> Profile:
    return Profile(
        mode=mode,
        phases=phases,
        option_name=str(labels["OPTARIF" if mode is H else "NGTF"]),
        option=TARIFF_OPTIONS[contract],
        producer=producer,
        labels=frozenset(labels),
        names={},
        registers=frozenset(name for name, value in labels.items() if name.startswith("EAS") and value != 0),
    )


def simulated() -> Iterable[tuple[str, Profile, dict[str, int | str]]]:
    """Every kind of meter that the simulator has: what it is, its profile, what it shows."""
    start = datetime(2026, 1, 12, 6, tzinfo=UTC)
    for contract, mode, phases, producer in product(SimulatedContract, Mode, (1, 3), (False, True)):
        if mode is H and producer:
            continue
        labels = labels_of(SimulatedMeter(contract, mode, start=start, phases=phases, producer=producer, seed=7))
        name = f"{mode} {contract} {phases}{' producer' * producer}"
        yield name, profile_of(labels, mode, contract.value, phases, producer=producer), labels


METERS = {name: (profile, labels) for name, profile, labels in simulated()}


def everything(mode: Mode) -> Profile:
    """A profile with every label of a mode, of a supplier's own calendar."""
    labels = frozenset(label.name for label in CATALOGUE if label.mode is mode)
    return Profile(mode, 3, "", None, producer=True, labels=labels, names={}, registers=labels)


OWN_CALENDAR = replace(everything(S), names={"EASF01": "HEURE CREUSE", "EASF02": "HEURE PLEINE"})
PROFILES = {
    **{name: profile for name, (profile, _) in METERS.items()},
    **{f"everything {mode}": everything(mode) for mode in Mode},
    "own calendar": OWN_CALENDAR,
}


def entities(profile: Profile, language: Language = "en", meter: str = METER) -> dict[str, Component]:
    return {each.key: each for each in components(profile, meter, TOPICS, language)}


def derived_keys(profile: Profile) -> set[str]:
    return entities(profile).keys() - {component_key(name) for name in profile.labels} - {"smaxsn_time", "smaxin_time"}


@pytest.mark.parametrize("mode", Mode)
def test_every_label_is_an_entity_or_is_left_out_for_a_reason(mode: Mode) -> None:
    profile = everything(mode)
    announced = {name for name in profile.labels if component_key(name) in entities(profile)}
    assert announced | {name for name in NOT_ANNOUNCED if LABELS[name].mode is mode} == profile.labels
    assert announced.isdisjoint(NOT_ANNOUNCED)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_keys_and_names_stand_once(profile: Profile, language: Language) -> None:
    made = components(profile, METER, TOPICS, language)
    for each in ([one.key for one in made], [one.name for one in made]):
        assert len(set(each)) == len(each)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_an_entity_is_what_home_assistant_takes(profile: Profile) -> None:
    for each in components(profile, METER, TOPICS, "fr"):
        output = each.settings
        kind = output.get("device_class"), output.get("state_class"), output.get("unit_of_measurement")
        assert kind in (TAKEN if each.platform == "sensor" else TAKEN_BINARY), each
        assert (output.get("device_class") == "enum") == ("options" in output), each
        assert ("suggested_display_precision" in output) == ("unit_of_measurement" in output), each
        assert output.get("entity_category", "diagnostic") == "diagnostic", each


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_an_icon_stands_exactly_where_no_class_brings_one(profile: Profile) -> None:
    for each in components(profile, METER, TOPICS, "fr"):
        assert ("icon" in each.settings) != ("device_class" in each.settings), each


def untranslated(each: Component) -> dict[str, Any]:
    """The settings without the words of states."""
    is_worded = "unit_of_measurement" not in each.settings
    return {name: value for name, value in each.settings.items() if not is_worded or name not in WORDED}


WORDED = {"options", "value_template"}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_both_languages_have_every_name(profile: Profile) -> None:
    french, english = entities(profile, "fr"), entities(profile, "en")
    assert list(french) == list(english)
    for key, each in english.items():
        other = french[key]
        assert untranslated(each) == untranslated(other)
        assert each.name[0].isupper(), each
        assert other.name[0].isupper(), other
        # A text of the supplier's is the same for everybody, what stands around it is not.
        assert each.name != other.name


@pytest.mark.parametrize(("profile", "labels"), METERS.values(), ids=METERS)
def test_what_is_made_of_labels_has_its_entity_and_no_entity_lacks_its_topic(
    profile: Profile, labels: dict[str, int | str]
) -> None:
    power = ActivePower(0.0)
    for name in ("power_factor", "power_factor_injection"):
        power.restore(name, "0.9")
    power.add(labels, 0.0)
    assert derived_keys(profile) == derive(labels).keys() | power.figures(labels, 0.0).keys()


# Every field of the register, one at a time: its first bit, and how many values are assigned.
FIELDS = [(0, 2), (1, 7), (4, 2), (6, 2), (7, 2), (9, 2), (16, 2), (24, 4), (26, 4), (28, 4), (30, 4)]


@pytest.mark.parametrize("contract", TARIFF_OPTIONS)
def test_no_value_of_the_status_register_is_outside_an_entitys_states(contract: str) -> None:
    profile, labels = METERS[f"standard {contract} 1 producer"]
    made = entities(profile)
    for value in (n << first for first, count in FIELDS for n in range(count)):
        for name, state in derive(labels | {"STGE": f"{value | 1 << 8:08X}"}).items():
            output = made[name].settings
            states = [output.get("payload_on", "ON"), output.get("payload_off", "OFF")]
            if "options" in output:
                states = re.findall(r"'(\w[\w ]*)'[:,\]]", output["value_template"])
            assert "unit_of_measurement" in output or state in states


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_each_entity_has_a_topic_of_its_own_meter(profile: Profile) -> None:
    made = components(profile, "maison", Topics("home/tic"), "fr")
    topics = {each.settings["state_topic"] for each in made}
    assert len(topics) == len(made)
    assert all(topic.startswith("home/tic/maison/") and "+" not in topic for topic in topics)


@pytest.mark.parametrize(
    ("label", "key", "topic"),
    [
        ("EAST", "east", "EAST"),
        ("SMAXSN1-1", "smaxsn1_minus_1", "SMAXSN1-1"),
        ("NJOURF+1", "njourf_plus_1", "NJOURF_PLUS_1"),
        ("DATE", "date", "DATE/time"),
        ("FPM3", "fpm3", "FPM3/time"),
    ],
)
def test_key_and_topic_follow_the_label(label: str, key: str, topic: str) -> None:
    assert component_key(label) == key
    assert entities(everything(S))[key].settings["state_topic"] == f"tictally/{METER}/{topic}"


def energies(profile: Profile, language: Language) -> dict[str, str]:
    """Key → name of the entities that the Energy dashboard offers first."""
    return {
        key: each.name
        for key, each in entities(profile, language).items()
        if each.settings.get("device_class") == "energy" and "entity_category" not in each.settings
    }


ENERGIES: dict[str, dict[Language, dict[str, str]]] = {
    "historique base 1": {"fr": {"base": "Énergie base"}, "en": {"base": "Energy base"}},
    "historique hphc 3": {
        "fr": {"hchc": "Énergie heures creuses", "hchp": "Énergie heures pleines"},
        "en": {"hchc": "Energy off-peak", "hchp": "Energy peak"},
    },
    "historique ejp 1": {"en": {"ejphn": "Energy normal hours", "ejphpm": "Energy mobile peak"}},
    "historique tempo 1": {
        "fr": {
            "bbrhcjb": "Énergie HC bleu",
            "bbrhpjb": "Énergie HP bleu",
            "bbrhcjw": "Énergie HC blanc",
            "bbrhpjw": "Énergie HP blanc",
            "bbrhcjr": "Énergie HC rouge",
            "bbrhpjr": "Énergie HP rouge",
        },
    },
    "standard base 1 producer": {
        "fr": {"east": "Énergie soutirée", "easf01": "Énergie base", "eait": "Énergie injectée"},
        "en": {"east": "Energy consumed", "easf01": "Energy base", "eait": "Energy injected"},
    },
    "standard hphc 1": {
        "en": {"east": "Energy consumed", "easf01": "Energy off-peak", "easf02": "Energy peak"},
    },
    "standard tempo 3": {
        "en": {
            "east": "Energy consumed",
            "easf01": "Energy off-peak blue",
            "easf02": "Energy peak blue",
            "easf03": "Energy off-peak white",
            "easf04": "Energy peak white",
            "easf05": "Energy off-peak red",
            "easf06": "Energy peak red",
        },
    },
}


@pytest.mark.parametrize("kind", ENERGIES)
def test_registers_are_named_by_what_they_count(kind: str) -> None:
    for language, expected in ENERGIES[kind].items():
        assert energies(METERS[kind][0], language) == expected


def test_a_historique_register_is_named_even_where_its_option_is_not_known() -> None:
    profile = replace(METERS["historique hphc 1"][0], option_name="HC?!", option=None)
    assert energies(profile, "fr") == ENERGIES["historique hphc 3"]["fr"]


def own_calendar(names: dict[str, str], counted: set[str]) -> dict[str, str]:
    registers = {f"EASF{n:02d}" for n in range(1, 11)}
    labels = frozenset(registers | {"LTARF", "NTARF"})
    return energies(Profile(S, 1, "HC WE", None, producer=False, labels=labels, names=names, registers=counted), "fr")  # type: ignore[arg-type]


def test_a_suppliers_own_registers_bear_the_suppliers_texts() -> None:
    named = own_calendar({"EASF03": "HEURE CREUSE WE", "EASF01": "HEURE CREUSE"}, {"EASF01", "EASF02"})
    assert named == {
        "easf01": "Énergie HEURE CREUSE",
        "easf02": "Énergie index fournisseur 02",
        "easf03": "Énergie HEURE CREUSE WE",
    }


def test_registers_that_the_supplier_calls_alike_are_distinguished() -> None:
    named = own_calendar({"EASF01": "HC", "EASF02": "HP", "EASF07": "HC"}, set())
    assert named == {"easf01": "Énergie HC 01", "easf02": "Énergie HP", "easf07": "Énergie HC 07"}


def test_an_empty_text_names_no_register() -> None:
    assert own_calendar({"EASF01": "", "EASF02": ""}, {"EASF02"}) == {"easf02": "Énergie index fournisseur 02"}


def test_what_the_contract_does_not_use_is_no_entity_though_it_has_counted() -> None:
    profile = METERS["standard hphc 1"][0]
    counted = replace(profile, registers=profile.registers | {"EASF05"}, names={"EASF05": "HC ROUGE"})
    assert "EASF05" in counted.labels
    assert components(counted, METER, TOPICS, "fr") == components(profile, METER, TOPICS, "fr")


def test_a_distributors_register_is_an_entity_once_it_has_counted() -> None:
    profile = replace(METERS["standard tempo 1"][0], registers=frozenset({"EASD02"}))
    made = entities(profile)
    assert [key for key in made if key.startswith("easd")] == ["easd02"]
    assert made["easd02"].settings["entity_category"] == "diagnostic"


SHOWN = {
    "EAST": ("kWh", "{{ value | int / 1000 if value else None }}", 2),
    "ERQ1": ("varh", "{{ value or None }}", 0),
    "PREF": ("VA", "{{ value | int * 1000 if value else None }}", 0),
    "SINSTS": ("VA", "{{ value or None }}", 0),
    "CCASN": ("W", "{{ value or None }}", 0),
    "URMS2": ("V", "{{ value or None }}", 0),
    "IRMS3": ("A", "{{ value or None }}", 0),
}


@pytest.mark.parametrize("label", SHOWN)
def test_a_unit_goes_with_what_makes_it_of_the_topic(label: str) -> None:
    output = entities(everything(S))[component_key(label)].settings
    shown = output["unit_of_measurement"], output["value_template"], output["suggested_display_precision"]
    assert shown == SHOWN[label]


def test_a_cleared_topic_leaves_no_state() -> None:
    for profile in PROFILES.values():
        for each in components(profile, METER, TOPICS, "fr"):
            template = str(each.settings["value_template"])
            assert template.endswith((" if value else None }}", " or None }}", "'] else None }}", ".get(value) }}"))


COLOURS_IN_FRENCH = {"none": "pas d'annonce", "BLEU": "BLEU", "BLANC": "BLANC", "ROUGE": "ROUGE"}
STATES_IN_FRENCH = {
    "cutoff": {
        "closed": "fermé",
        "overload": "dépassement de puissance",
        "overvoltage": "surtension",
        "shedding": "délestage",
        "order": "ordre du distributeur",
        "overheating": "surchauffe",
    },
    "colour_today": COLOURS_IN_FRENCH,
    "colour_tomorrow": COLOURS_IN_FRENCH,
    "peak_notice": {"none": "pas de préavis", "PM1": "PM1", "PM2": "PM2", "PM3": "PM3"},
    "peak_now": {"none": "pas de pointe mobile", "PM1": "PM1", "PM2": "PM2", "PM3": "PM3"},
}


def test_no_state_is_an_english_word_in_french() -> None:
    known = {*CUTOFF.values(), *PEAKS, *COLOURS}
    for each in entities(everything(S), "fr").values():
        assert {"none", *CUTOFF.values()}.isdisjoint(each.settings.get("options", ())), each
    english = entities(METERS["standard tempo 1"][0], "en")["colour_tomorrow"]
    assert english.settings["options"] == ["not announced", "BLEU", "BLANC", "ROUGE"]
    assert {state for states in STATES_IN_FRENCH.values() for state in states} == known


@pytest.mark.parametrize(("language", "word"), [("fr", "aucun"), ("en", "none")])
def test_an_empty_text_of_the_meter_is_a_word(language: Language, word: str) -> None:
    for key in ("msg1", "msg2", "ltarf", "pjourf_plus_1"):
        template = entities(everything(S), language)[key].settings["value_template"]
        assert template == f"{{{{ '{word}' if value == 'none' else value or None }}}}"


def test_the_tariff_options_code_is_shown_by_its_name() -> None:
    """As `HC..` or `BBR(`, whose last character is the meter's programme."""
    shown = {each: entities(everything(H), each)["optarif"].settings["value_template"] for each in LANGUAGES}
    names = "{'BAS': 'Base', 'HC.': 'Heures creuses', 'EJP': 'EJP', 'BBR': 'Tempo'}"
    assert shown["fr"] == f"{{{{ {names}.get(value[:3], value) or None }}}}"
    assert "'HC.': 'Off-peak'" in shown["en"]


def test_a_state_outside_an_entitys_options_is_none() -> None:
    """As for a moment when the contract changes: the topic shows the new period before the options are announced."""
    output = entities(METERS["standard ejp 1"][0])
    assert output["period"].settings["value_template"] == "{{ value if value in ['HN', 'PM'] else None }}"
    for profile in PROFILES.values():
        for each in components(profile, METER, TOPICS, "fr"):
            if each.key in STATES_IN_FRENCH:
                states = STATES_IN_FRENCH[each.key]
                assert each.settings["options"] == list(states.values())
                assert each.settings["value_template"] == f"{{{{ {states}.get(value) }}}}"
            elif "options" in each.settings:
                assert f"value in {each.settings['options']} else None" in each.settings["value_template"]


# What people look at without asking; other numbers are diagnostics, other texts are diagnostics that are off.
MAIN = {
    *("BASE", "HCHC", "HCHP", "EJPHN", "EJPHPM", "BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"),
    *("EAST", "EAIT", *(f"EASF{n:02d}" for n in range(1, 11))),
    *("PAPP", "IINST", "IINST1", "IINST2", "IINST3", "IRMS1", "IRMS2", "IRMS3", "URMS1", "URMS2", "URMS3"),
    *("SINSTS", "SINSTS1", "SINSTS2", "SINSTS3", "SINSTI", "SMAXSN", "SMAXIN"),
}
TEXTS_THAT_ARE_ON = {"OPTARIF", "NGTF", "PRM"}


@pytest.mark.parametrize("mode", Mode)
def test_what_is_main_and_what_is_off(mode: Mode) -> None:
    profile = everything(mode)
    made = entities(profile)
    for name in profile.labels - NOT_ANNOUNCED.keys():
        output = made[component_key(name)].settings
        assert ("entity_category" not in output) == (name in MAIN), name
        is_on = LABELS[name].is_number or name in TEXTS_THAT_ARE_ON
        assert output.get("enabled_by_default", True) == is_on, name


def test_the_meters_dates_are_timestamps() -> None:
    dated = {name for name, label in LABELS.items() if label.kind in {Kind.CLOCK, Kind.MARKER}}
    assert dated == {"DATE", "DPM1", "DPM2", "DPM3", "FPM1", "FPM2", "FPM3"}
    made = entities(everything(S))
    assert all(made[name.lower()].settings["device_class"] == "timestamp" for name in dated)


@pytest.mark.parametrize("contract", [BASE, HPHC, EJP, TEMPO], ids=lambda contract: contract.key)
@pytest.mark.parametrize("mode", Mode)
def test_the_periods_are_the_contracts(contract: Any, mode: Mode) -> None:  # noqa: ANN401
    output = entities(METERS[f"{mode} {contract.key} 1"][0])["period"].settings
    assert output["device_class"] == "enum"
    assert output["options"] == list(contract.periods)


def test_a_suppliers_own_period_is_a_text() -> None:
    output = entities(OWN_CALENDAR)["period"].settings
    assert output.keys().isdisjoint({"device_class", "options"})


# What some meters have and others have not.
ONLY_SOME = {"colour_today", "colour_tomorrow", "peak_notice", "peak_now", "injecting", "contact"}
HAVE = {
    "historique base 1": set(),
    "historique tempo 3": {"colour_today", "colour_tomorrow"},
    "historique ejp 1": {"peak_notice", "peak_now"},
    "standard hphc 1": {"contact"},
    "standard hphc 1 producer": {"contact", "injecting"},
    "standard tempo 3": {"contact", "colour_today", "colour_tomorrow"},
    "standard ejp 1": {"contact", "peak_notice", "peak_now"},
    "own calendar": {"contact", "injecting", "peak_notice", "peak_now"},
    "everything historique": set(),
}


@pytest.mark.parametrize("kind", HAVE)
def test_each_meter_has_what_it_can_show(kind: str) -> None:
    assert entities(PROFILES[kind]).keys() & ONLY_SOME == HAVE[kind]


STATUS = {"contact", "cutoff", "cover", "overvoltage", "clock_degraded"}
# Labels that lack, and what cannot be shown then.
LACKING = [
    ("standard hphc 1", {"NTARF"}, {"period"}),
    ("historique hphc 1", {"PTEC"}, {"period"}),
    ("standard hphc 1", {"PREF"}, {"available_power", "subscription_share"}),
    ("historique hphc 1", {"ISOUSC"}, {"available_power", "subscription_share"}),
    ("historique tempo 1", {"DEMAIN"}, {"colour_tomorrow"}),
    ("historique tempo 1", {"PTEC"}, {"period", "colour_today"}),
    ("standard tempo 1", {"STGE"}, STATUS | {"overload", "colour_today", "colour_tomorrow"}),
    ("own calendar", {"STGE"}, STATUS | {"overload", "injecting", "peak_notice", "peak_now"}),
]


@pytest.mark.parametrize(("kind", "labels", "gone"), LACKING)
def test_what_labels_do_not_show_is_no_entity(kind: str, labels: set[str], gone: set[str]) -> None:
    profile = PROFILES[kind]
    without = replace(profile, labels=profile.labels - labels)
    assert derived_keys(profile) - derived_keys(without) == gone


def test_a_label_that_the_catalogue_does_not_know_is_no_entity() -> None:
    profile = METERS["historique base 1"][0]
    more = replace(profile, labels=profile.labels | {"TENSION"})
    assert components(more, METER, TOPICS, "fr") == components(profile, METER, TOPICS, "fr")


def test_a_single_phase_needs_no_number() -> None:
    single, three = (entities(METERS[f"standard base {phases}"][0], "fr") for phases in (1, 3))
    assert [single[key].name for key in ("irms1", "urms1", "umoy1")] == [
        "Courant efficace",
        "Tension efficace",
        "Tension moyenne",
    ]
    assert three["urms1"].name == "Tension efficace phase 1"
