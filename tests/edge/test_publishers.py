"""Messages of programs that publish a Linky become frames: format recognised, labels, units, number."""

import re
from urllib.parse import parse_qsl

import pytest
from published_meters import NUMBER, PUBLISHED, Message, Published, as_json, per_topic

import tictally_edge.features  # noqa: F401 - registers the formats
from tictally_edge.decoding.decoder import DecodedFrame
from tictally_edge.mqtt.client import MessageReceived
from tictally_edge.sources.message_reader import MessageReader
from tictally_edge.sources.publishers.fields import fields_format, parse_fields
from tictally_edge.sources.publishers.format import ReadingOptions
from tictally_shared.labels import LABELS, Mode
from tictally_shared.tariff_options import TARIFF_OPTIONS

QUIET_S = 2.0


def options_of(text: str) -> ReadingOptions:
    given = dict(parse_qsl(text))
    return ReadingOptions(
        given.get("number"),
        Mode(given["mode"]) if "mode" in given else None,
        TARIFF_OPTIONS[given["option"]] if "option" in given else None,
        given.get("unit", ""),
    )


def read(published: Published, reader: MessageReader | None = None, at: float = 100.0) -> list[DecodedFrame]:
    """The frames of messages that come a tenth of a second apart, and then stop."""
    reader = reader or MessageReader("", options_of(published.options), None)
    frames: list[DecodedFrame] = []
    for n, (topic, payload) in enumerate(published.messages):
        frames += reader.feed(MessageReceived(topic, payload, retained=False), at + n / 10)
        frames += reader.due(at + n / 10)
    return [*frames, *reader.due(at + len(published.messages) / 10 + QUIET_S)]


@pytest.mark.parametrize("case", PUBLISHED)
def test_messages_become_labels_in_wh(case: str) -> None:
    published = PUBLISHED[case]
    frames = read(published)
    assert frames, case
    frame = frames[-1]
    shown = {name: frame.values.get(name) for name in published.values}
    assert shown == published.values
    assert {name: frame.dated.get(name) for name in published.dated} == published.dated
    assert [name for name in published.absent if name in frame.values] == []
    assert all(LABELS[name].mode is frame.mode for name in frame.values)
    assert frame.number == "021961004217"
    assert frame.rejected == {}


@pytest.mark.parametrize("case", PUBLISHED)
def test_the_format_is_recognised_and_only_one_is(case: str) -> None:
    published = PUBLISHED[case]
    reader = MessageReader("", options_of(published.options), None)
    read(published, reader)
    assert reader.form == published.form


OWN_FIELDS: dict[str, tuple[str, list[Message], dict[str, int | str]]] = {
    "entities of a hub in French": (
        (
            "EASF01=linky_index_heures_creuses/state, EASF02=sensor/linky_index_heures_pleines/state,"
            "SINSTS=linky_puissance_apparente/state"
        ),
        per_topic(
            "homeassistant/sensor",
            {
                "linky_index_heures_creuses": "11706.031",
                "linky_index_heures_pleines": "15839.9",
                "linky_puissance_apparente": "449",
                "linky_puissance_active": "300",
                "salon_temperature": "19.5",
            },
            "/state",
        ),
        {"EASF01": 11706031, "EASF02": 15839900, "SINSTS": 449, "NGTF": "H PLEINE/CREUSE"},
    ),
    "an object with sections": (
        "HCHC=energy.offpeak, HCHP=energy.peak, PAPP=power, ADCO=meter, OPTARIF=contract.option",
        [
            as_json(
                "jeedom/linky",
                {
                    "energy": {"offpeak": 9058688, "peak": 9752846},
                    "power": 1740,
                    "meter": int(NUMBER),
                    "contract": {"option": "HC.."},
                },
            )
        ],
        {"HCHC": 9058688, "HCHP": 9752846, "PAPP": 1740, "OPTARIF": "HC.."},
    ),
}


@pytest.mark.parametrize("case", OWN_FIELDS)
def test_fields_that_the_user_names_become_labels(case: str) -> None:
    text, messages, values = OWN_FIELDS[case]
    options = ReadingOptions(number=NUMBER, option=TARIFF_OPTIONS["hphc"])
    reader = MessageReader("", options, None, fields_format(parse_fields(text)))
    frames = read(Published("fields", messages, values), reader)
    assert frames[-1].values == values
    assert (reader.form, frames[-1].number) == ("fields", NUMBER)


NO_FIELDS = {
    "EASF01": "'EASF01' is not LABEL=place",
    "EASF1=a/b": "'EASF1' is no label of the TIC; EASF01 is",
    "EASF01=": "'EASF01=' is not LABEL=place",
}


@pytest.mark.parametrize("text", NO_FIELDS)
def test_a_wrong_field_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(NO_FIELDS[text])):
        parse_fields(text)
