"""Topics: formatting and parsing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tictally_shared.labels import LABELS
from tictally_shared.topics import DerivedTopic, EdgeTopic, LabelTopic, MeterAvailability, SiteTopic, Topics, is_name

METER = "021900000002"


@pytest.mark.parametrize("base", ["tictally", "house/energy"])
@pytest.mark.parametrize("label", sorted(LABELS))
def test_a_labels_topics_are_found_again(base: str, label: str) -> None:
    topics = Topics(base)
    for topic, is_time in ((topics.label(METER, label), False), (topics.label_time(METER, label), True)):
        assert not set("+#") & set(topic)
        assert topics.parse(topic) == LabelTopic(METER, label, is_time)


def test_the_documented_topics() -> None:
    topics = Topics()
    assert topics.label(METER, "NJOURF+1") == "tictally/021900000002/NJOURF_PLUS_1"
    assert topics.label_time(METER, "SMAXSN-1") == "tictally/021900000002/SMAXSN-1/time"
    assert topics.edge("pi", "health") == "tictally/edge/pi/health"
    assert topics.recorder("nas", "availability") == "tictally/recorder/nas/availability"
    assert (topics.frames(), topics.frames("pi")) == ("tictally/edge/+/frame", "tictally/edge/pi/frame")
    assert topics.site(METER, "price") == "tictally/site/021900000002/price"
    assert topics.parse("tictally/site/021900000002/price") == SiteTopic(METER, "price")
    assert topics.parse("tictally/edge/pi/frame") == EdgeTopic("pi", "frame")
    assert topics.parse("tictally/021900000002/availability") == MeterAvailability(METER)
    assert topics.parse(topics.derived(METER, "available_power")) == DerivedTopic(METER, "available_power")


OTHERS = [
    "",
    "tictally",
    "tictally/",
    "other/021900000002/EAST",
    "tictally/021900000002",
    "tictally/021900000002/East",
    "tictally/021900000002/EAST/time/more",
    "tictally/021900000002/EAST/date",
    "tictally/UPPER/EAST",
    "tictally/edge/pi",
    "tictally/edge/PI/frame",
    "tictally/edge/pi/frame/more",
    "tictally/site/x",
    "tictally/site/X/price",
    "tictally/site/x/price/now",
    "tictally/recorder/nas/health",
]


@pytest.mark.parametrize("topic", OTHERS)
def test_a_foreign_topic_has_no_meaning(topic: str) -> None:
    assert Topics().parse(topic) is None


@given(st.text(max_size=60))
def test_any_topic_can_be_parsed(topic: str) -> None:
    Topics().parse(topic)
    assert Topics().parse(f"tictally/{topic}#") is None


@pytest.mark.parametrize("base", ["", "/", "a//b", "a/#", "+", "a b", "a/b/c/d/e", "$SYS", "a\x00"])
def test_an_invalid_base_topic_is_reported_in_a_sentence(base: str) -> None:
    with pytest.raises(ValueError, match="is not one to four levels"):
        Topics(base)


@pytest.mark.parametrize(
    ("text", "good"),
    [("pi-cellar", True), (METER, True), ("", False), ("edge", False), ("Pi", False), ("a" * 33, False)],
)
def test_names(text: str, good: bool) -> None:
    assert is_name(text) is good
