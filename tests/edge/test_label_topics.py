"""Which label topics a frame moves, and which go."""

import pytest

from tictally_edge.decoding.decoder import DecodedFrame
from tictally_edge.topics.label_topics import LabelTopics
from tictally_edge.validation.completeness import Completeness
from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.labels import Mode
from tictally_shared.topics import Topics

METER = "021961000001"
Values = dict[str, int | str]


def validated(
    values: Values,
    *,
    dated: dict[str, str] | None = None,
    complete: bool = True,
    rejected: int = 0,
    unconfirmed: frozenset[str] = frozenset(),
) -> ValidatedFrame:
    rejections = {"checksum": rejected} if rejected else {}
    mode = Mode.HISTORIQUE if "PAPP" in values or "IINST1" in values else Mode.STANDARD
    frame = DecodedFrame(mode, METER, values, dated or {}, complete, rejections, 9, 0, False, 0, 0.0)  # noqa: FBT003
    return ValidatedFrame(frame, values, dated or {}, rejections, unconfirmed)


def topics() -> LabelTopics:
    return LabelTopics(Topics(), METER, every_s=5.0)


def moved(labels: LabelTopics, frame: ValidatedFrame, at: float) -> dict[str, str]:
    prefix = f"tictally/{METER}/"
    return {
        each.topic.removeprefix(prefix): each.payload
        for each in labels.publish(frame, at, 1_795_000_000_123, is_complete=Completeness().check(frame))
    }


def test_the_first_frame_is_published_whole_with_its_time() -> None:
    frame = validated({"SINSTS": 3900, "LTARF": "HP BLEU", "MSG2": "", "NJOURF+1": "00"})
    assert moved(topics(), frame, 0.0) == {"SINSTS": "3900", "LTARF": "HP BLEU", "MSG2": "none", "NJOURF_PLUS_1": "00"}
    assert {each.time for each in topics().publish(frame, 0.0, 1_795_000_000_123, is_complete=True)} == {
        "2026-11-18T11:06:40.123Z"
    }
    assert {each.time for each in topics().publish(frame, 0.0, None, is_complete=True)} == {None}


CHANGES: dict[str, tuple[str, list[tuple[float, int | str]], list[str | None]]] = {
    "a text on change": ("LTARF", [(0, "HC"), (1, "HC"), (2, "HP"), (3, "HP")], ["HC", None, "HP", None]),
    "a register on change": ("EAST", [(0, 7), (1, 8), (2, 9)], ["7", "8", "9"]),
    "a power at most every 5 s": (
        "SINSTS",
        [(0, 10), (2, 20), (4, 30), (5, 40), (6, 50)],
        ["10", None, None, "40", None],
    ),
    "a power that stayed, not at all": ("SINSTS", [(0, 10), (9, 10)], ["10", None]),
    "everything every 5 minutes": ("LTARF", [(0, "HC"), (299, "HC"), (300, "HC")], ["HC", None, "HC"]),
    "an alarm at once": ("ADPS", [(0, 46), (1, 47)], ["46", "47"]),
}


@pytest.mark.parametrize("case", CHANGES)
def test_it_publishes(case: str) -> None:
    label, seen, expected = CHANGES[case]
    labels = topics()
    published = [moved(labels, validated({label: value, "NTARF": "01"}), at).get(label) for at, value in seen]
    assert published == expected


def test_a_horodate_has_a_topic_of_its_own_and_date_has_only_that() -> None:
    noon = "2026-03-02T12:00:00+01:00"
    assert moved(topics(), validated({"SMAXSN": 7}, dated={"SMAXSN": noon, "DATE": noon}), 0.0) == {
        "SMAXSN": "7",
        "SMAXSN/time": noon,
        "DATE/time": noon,
    }


def test_a_horodate_that_can_no_longer_be_read_goes() -> None:
    labels = topics()
    moved(labels, validated({"SMAXSN": 7}, dated={"SMAXSN": "2026-03-02T12:00:00+01:00"}), 0.0)
    assert moved(labels, validated({"SMAXSN": 7}), 9.0) == {"SMAXSN": "7", "SMAXSN/time": ""}


FULL: Values = {"PAPP": 700, "PTEC": "HC..", "IINST": 3}
LESS: Values = {"PAPP": 700, "IINST": 3}
GONE = {
    "after three complete frames without it": ([validated(LESS)] * 3, [set(), set(), {"PTEC"}]),
    "not while groups are rejected": ([validated(LESS, rejected=1)] * 9, [set()] * 9),
    "not while frames are incomplete": ([validated(LESS, complete=False)] * 9, [set()] * 9),
    "not when it came between": (
        [validated(LESS), validated(LESS), validated(FULL), validated(LESS), validated(LESS)],
        [set()] * 5,
    ),
    "not while it waits for confirmation": ([validated(LESS, unconfirmed=frozenset({"PTEC"}))] * 9, [set()] * 9),
    "not in the short frames of an overload": ([validated({"ADIR1": 35, "IINST1": 35})] * 9, [set()] * 9),
}


@pytest.mark.parametrize("case", GONE)
def test_a_label_that_the_meter_sends_no_more_is_cleared(case: str) -> None:
    frames, expected = GONE[case]
    labels = topics()
    labels.publish(validated(FULL), 0.0, None, is_complete=True)
    cleared = [
        {topic for topic, payload in moved(labels, frame, float(n)).items() if payload == "" and "/" not in topic}
        for n, frame in enumerate(frames)
    ]
    assert cleared == expected


def test_an_alarm_ends_with_the_first_whole_frame_without_it() -> None:
    labels = topics()
    labels.publish(validated({**FULL, "ADPS": 46}), 0.0, None, is_complete=True)
    assert moved(labels, validated(FULL, rejected=1), 1.0) == {}
    assert moved(labels, validated(FULL), 2.0) == {"ADPS": "", "ADPS/time": ""}
    assert moved(labels, validated(FULL), 3.0) == {}


def test_what_an_earlier_life_left_on_the_broker_goes_too() -> None:
    labels = topics()
    labels.note_retained("BASE")
    labels.note_retained("PTEC")
    cleared = [moved(labels, validated(FULL), float(n)) for n in range(3)]
    assert "PTEC" in cleared[0]
    assert cleared[2] == {"BASE": "", "BASE/time": ""}


def test_a_broker_that_came_back_is_reported_everything_again() -> None:
    labels = topics()
    first = moved(labels, validated(FULL), 0.0)
    labels.reset()
    assert moved(labels, validated(FULL), 1.0) == first
