"""What an edge makes of labels for its hubs, the same from both modes."""

import pytest

from tictally_edge.topics.derived_topics import DerivedTopics, derive
from tictally_shared.topics import Topics

METER = "021961000001"
Labels = dict[str, int | str]

TEMPO_H: Labels = {"OPTARIF": "BBR(", "PTEC": "HPJW", "DEMAIN": "ROUG", "ISOUSC": 45, "PAPP": 5400, "IINST": 24}
TEMPO_S: Labels = {"NGTF": "TEMPO", "NTARF": "04", "LTARF": "HP BLANC", "PREF": 9, "SINSTS": 5400, "STGE": "0E000C00"}


def test_both_modes_show_the_same_of_a_tempo_day() -> None:
    shown = derive(TEMPO_H)
    assert shown == {
        "period": "HP BLANC",
        "available_power": "3600",
        "subscription_share": "60",
        "overload": "OFF",
        "colour_today": "BLANC",
        "colour_tomorrow": "ROUGE",
    }
    assert shown.items() <= derive(TEMPO_S).items()


CASES: dict[str, tuple[Labels, dict[str, str | None]]] = {
    "base": ({"OPTARIF": "BASE", "PTEC": "TH.."}, {"period": "BASE", "colour_today": None, "peak_now": None}),
    "hp/hc": ({"OPTARIF": "HC..", "PTEC": "HC.."}, {"period": "HC"}),
    "hp/hc, standard: the register's number, not its label": (
        {"NGTF": "H PLEINE/CREUSE", "NTARF": "02", "LTARF": "HEURE PLEINE"},
        {"period": "HP"},
    ),
    "a register that the contract does not have": ({"NGTF": "BASE", "NTARF": "02"}, {"period": None}),
    "a supplier's own calendar": (
        {"NGTF": "HC et Week-End", "NTARF": "03", "LTARF": "HC WEEK-END", "STGE": "00000000"},
        {"period": "HC WEEK-END", "peak_now": "none", "colour_today": None},
    ),
    "a supplier's calendar without label": ({"NGTF": "X", "LTARF": ""}, {"period": "none"}),
    "a word that PTEC does not have": ({"OPTARIF": "BASE", "PTEC": "XX.."}, {"period": None}),
    "ejp, a normal day": (
        {"OPTARIF": "EJP.", "PTEC": "HN.."},
        {"period": "HN", "peak_notice": "none", "peak_now": "none"},
    ),
    "ejp, announced": (
        {"OPTARIF": "EJP.", "PTEC": "HN..", "PEJP": 30},
        {"period": "HN", "peak_notice": "PM1", "peak_now": "none"},
    ),
    "ejp, now": ({"OPTARIF": "EJP.", "PTEC": "PM.."}, {"period": "PM", "peak_now": "PM1"}),
    "ejp, standard": (
        {"NGTF": "EJP", "NTARF": "02", "STGE": "60000400"},
        {"period": "PM", "peak_notice": "PM2", "peak_now": "PM1"},
    ),
    "tempo, a night's blue, tomorrow not told": (
        {"OPTARIF": "BBRx", "PTEC": "HCJB", "DEMAIN": "----"},
        {"period": "HC BLEU", "colour_today": "BLEU", "colour_tomorrow": "none"},
    ),
    "tempo, standard, colours unknown": (
        {"NGTF": "TEMPO", "STGE": "00000000"},
        {"colour_today": "none", "colour_tomorrow": "none", "peak_now": None},
    ),
    "overload, standard without a status register": ({"NGTF": "BASE", "SINSTS": 100}, {"overload": None}),
    "overload, historique": ({"OPTARIF": "BASE", "ADPS": 46}, {"overload": "ON"}),
    "overload of a phase": ({"OPTARIF": "BASE", "ADIR2": 46}, {"overload": "ON"}),
    "overload, standard": ({"STGE": "00000080", "PREF": 6, "SINSTS": 7200}, {"overload": "ON"}),
    "more than is subscribed": ({"PREF": 6, "SINSTS": 7200}, {"available_power": "-1200", "subscription_share": "120"}),
    "three phases": (
        {"ISOUSC": 30, "PAPP": 9000, "IINST1": 13, "IINST3": 13},
        {"available_power": "9000", "subscription_share": "50"},
    ),
    "no subscription": (
        {"PREF": 0, "SINSTS": 100},
        {"available_power": "-100", "subscription_share": None},
    ),
    "status": (
        {"STGE": "00010251"},
        {
            "contact": "open",
            "cutoff": "closed",
            "cover": "open",
            "overvoltage": "ON",
            "clock_degraded": "ON",
            "injecting": None,
        },
    ),
    "a producer": ({"STGE": "00000300"}, {"injecting": "ON", "contact": "closed", "overvoltage": "OFF"}),
    "cut off": ({"STGE": "00000002"}, {"cutoff": "overload"}),
    "a switch state that is not assigned": ({"STGE": "0000000E"}, {"cutoff": None}),
}


@pytest.mark.parametrize("case", CASES)
def test_derived(case: str) -> None:
    labels, expected = CASES[case]
    derived = derive(labels)
    assert {name: derived.get(name) for name in expected} == expected


def shown(topics: DerivedTopics, labels: Labels, at: float, *, is_complete: bool = True) -> dict[str, str]:
    prefix = f"tictally/{METER}/"
    return {
        each.topic.removeprefix(prefix): each.payload
        for each in topics.publish(labels, at, 1_795_000_000_123, is_complete=is_complete)
    }


QUIET: Labels = {"OPTARIF": "HC..", "PTEC": "HC..", "ISOUSC": 30, "PAPP": 600}


def test_nothing_is_made_of_labels_before_a_whole_frame_has_shown_them_all() -> None:
    topics = DerivedTopics(Topics(), METER)
    assert shown(topics, {"PTEC": "HC.."}, 0, is_complete=False) == {}
    assert shown(topics, QUIET, 1).keys() == {"period", "available_power", "subscription_share", "overload"}


def test_changes_are_reported_at_once_and_all_every_five_minutes() -> None:
    topics = DerivedTopics(Topics(), METER)
    shown(topics, QUIET, 0)
    assert shown(topics, QUIET, 1) == {}
    assert shown(topics, QUIET | {"ADPS": 31}, 2, is_complete=False) == {"overload": "ON"}
    assert shown(topics, QUIET, 3) == {"overload": "OFF"}
    assert shown(topics, QUIET, 303).keys() == {"period", "available_power", "subscription_share", "overload"}


def test_what_is_no_longer_made_of_labels_is_cleared() -> None:
    topics = DerivedTopics(Topics(), METER)
    shown(topics, TEMPO_H, 0)
    base: Labels = {"OPTARIF": "BASE", "PTEC": "TH..", "ISOUSC": 45, "PAPP": 5400}
    assert shown(topics, base, 1) == {"period": "BASE", "colour_today": "", "colour_tomorrow": ""}


def test_what_an_earlier_life_left_on_the_broker_is_cleared_after_the_third_whole_frame() -> None:
    topics = DerivedTopics(Topics(), METER)
    for name in ("period", "colour_today"):
        topics.note_retained(name)
    assert [shown(topics, QUIET, at).get("colour_today") for at in (0, 1, 2, 3)] == [None, None, "", None]


def test_another_connection_gets_everything_again() -> None:
    topics = DerivedTopics(Topics(), METER)
    shown(topics, TEMPO_H, 0)
    topics.reset()
    assert shown(topics, TEMPO_H, 1, is_complete=False) == derive(TEMPO_H)
