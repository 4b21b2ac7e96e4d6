"""What the doctor makes of a source whose meter another program publishes."""

from typing import Any

import pytest

from tictally_edge.doctor.service import diagnose_service
from tictally_edge.finding import FindingCode, Subject

GOOD: dict[str, Any] = {
    "type": "mqtt",
    "state": "receiving",
    "topic": "zigbee2mqtt/#",
    "messages": 12,
    "form": "zigbee2mqtt",
    "device": "zigbee2mqtt/Lixee",
    "step_wh": 1,
    "problems": [],
    "meters": [],
    "unread": ["zigbee2mqtt/plug"],
    "last_message_age_s": 1,
    "last_frame_age_s": 4,
}
LISTENING = {"state": "listening", "last_frame_age_s": None}
FINDINGS: dict[str, tuple[dict[str, Any], list[FindingCode], str]] = {
    "all well": ({}, [FindingCode.SOURCE_RECOGNISED], "is read: format zigbee2mqtt, zigbee2mqtt/Lixee."),
    "rounded": (
        {"step_wh": 1000},
        [FindingCode.SOURCE_RECOGNISED, FindingCode.SOURCE_REGISTERS_ROUNDED],
        "steps of 1000 Wh",
    ),
    "no option": (
        {"problems": ["no_option"]},
        [FindingCode.SOURCE_RECOGNISED, FindingCode.SOURCE_WITHOUT_OPTION],
        "option=base, hphc, ejp or tempo",
    ),
    "not connected": ({"state": "closed"}, [FindingCode.SOURCE_NOT_CONNECTED], "no connection to the broker"),
    "no message": (
        LISTENING | {"form": None, "last_message_age_s": None},
        [FindingCode.SOURCE_WITHOUT_MESSAGE],
        "mosquitto_sub",
    ),
    "another format": (LISTENING | {"form": None}, [FindingCode.SOURCE_FORM_UNKNOWN], "seen on zigbee2mqtt/plug."),
    "several meters": (
        LISTENING | {"problems": ["several_meters"], "meters": ["a/x", "a/y"]},
        [FindingCode.SOURCE_SEVERAL_METERS],
        "a/x, a/y",
    ),
    "no number": (LISTENING | {"problems": ["no_number"]}, [FindingCode.SOURCE_WITHOUT_NUMBER], "number="),
    "no mode": (LISTENING | {"problems": ["no_mode"]}, [FindingCode.SOURCE_WITHOUT_MODE], "TICTALLY_EDGE_MODE"),
    "silent": ({"state": "listening", "last_frame_age_s": 7200}, [FindingCode.SOURCE_SILENT], "for 2 h"),
    "nothing good": (LISTENING, [FindingCode.SOURCE_WITHOUT_GOOD_FRAME], "12 messages, and no good frame"),
    "another version's": (
        {"type": "mqtt", "state": "receiving", "form": 5, "problems": "?", "last_message_age_s": 1},
        [FindingCode.SOURCE_WITHOUT_GOOD_FRAME],
        "no good frame",
    ),
}


@pytest.mark.parametrize("case", FINDINGS)
def test_a_running_edge_is_diagnosed_by_what_its_health_shows_of_the_source(case: str) -> None:
    changes, codes, words = FINDINGS[case]
    source = changes if "type" in changes else GOOD | changes
    health = {"uptime_s": 900, "port": "mqtt://broker/zigbee2mqtt", "source": source, "clock": "ntp"}
    found = [each for each in diagnose_service(None, "online", health, 5.0) if each.subject is Subject.LINE]
    assert [each.phrase.code for each in found] == codes
    assert any(words in each.lines("en") for each in found)
