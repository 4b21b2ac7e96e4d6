"""Messages of programs that publish a Linky become frames: format recognised, labels, units, number."""

from urllib.parse import parse_qsl

import pytest
from published_meters import PUBLISHED, Published

import tictally_edge.features  # noqa: F401 - registers the formats
from tictally_edge.decoding.decoder import DecodedFrame
from tictally_edge.mqtt.client import MessageReceived
from tictally_edge.sources.message_reader import MessageReader
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
