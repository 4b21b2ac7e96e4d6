"""Which frames do not wait for the others of a commit."""

import pytest
from ledger_building import NOON_MS, frame

from tictally_recorder.ingest.events import MessageReceived
from tictally_recorder.ingest.urgency import UrgentFrames

PEAK: dict[str, int | str] = {"EAST": 1000, "SINSTS": 400, "LTARF": "HP", "STGE": "003A0001"}


def message(
    values: dict[str, int | str], *, meter: str = "021900000002", topic: str = "t/edge/a/frame"
) -> MessageReceived:
    return MessageReceived(topic, frame(1, NOON_MS, values, meter=meter).to_json().encode(), 0, 1, 1, 1)


def test_a_meters_first_frame_is_urgent_and_the_next_is_not() -> None:
    urgent = UrgentFrames()
    assert urgent.is_urgent(message(PEAK))
    assert not urgent.is_urgent(message(PEAK | {"EAST": 1001, "SINSTS": 900}))
    assert urgent.is_urgent(message(PEAK, meter="021900000003"))
    assert urgent.is_urgent(message(PEAK, topic="t/edge/b/frame"))


@pytest.mark.parametrize(
    "change",
    [{"LTARF": "HC"}, {"STGE": "003A0081"}, {"PTEC": "HP.."}, {"DEMAIN": "ROUG"}, {"ADPS": 46}, {"ADIR2": 31}],
    ids=lambda change: next(iter(change)),
)
def test_a_change_that_somebody_waits_for_is_urgent_once(change: dict[str, int | str]) -> None:
    urgent = UrgentFrames()
    urgent.is_urgent(message(PEAK))
    assert urgent.is_urgent(message(PEAK | change))
    assert not urgent.is_urgent(message(PEAK | change | {"EAST": 1001}))
    assert urgent.is_urgent(message(PEAK))


def test_the_current_of_an_alarm_makes_no_frame_urgent() -> None:
    urgent = UrgentFrames()
    urgent.is_urgent(message(PEAK | {"ADPS": 46}))
    assert not urgent.is_urgent(message(PEAK | {"ADPS": 47}))


def test_meters_take_turns_without_urgency() -> None:
    urgent = UrgentFrames()
    both = [message(PEAK), message({"EAST": 5, "LTARF": "BASE"}, meter="021900000003")]
    assert [urgent.is_urgent(each) for each in both * 3] == [True, True, False, False, False, False]


@pytest.mark.parametrize("payload", [b"", b"{}", b"\xff\x00", b'{"meter":1}'])
def test_what_is_no_frame_is_not_urgent(payload: bytes) -> None:
    assert not UrgentFrames().is_urgent(MessageReceived("t/edge/a/frame", payload, 0, 1, 1, 1))
