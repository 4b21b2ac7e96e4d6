"""What publishers do wrong reaches nobody: zeros, truncated and repeated registers, two meters, missing numbers."""

from collections.abc import Iterable
from typing import Any

import pytest
from published_meters import (
    LIXEE_ADDRESS,
    NUMBER,
    TASMOTA_ENERGY,
    TASMOTA_HPHC,
    ZIGBEE2MQTT_EMPTY,
    ZIGBEE2MQTT_HPHC,
    ZIGBEE2MQTT_TEMPO,
    Message,
    as_json,
    per_topic,
)

import tictally_edge.features  # noqa: F401 - registers the formats
from tictally_edge.mqtt.client import MessageReceived
from tictally_edge.pipeline import Pipeline
from tictally_edge.sources.message_reader import MessageReader
from tictally_edge.sources.publishers.decoder import PublisherProblem
from tictally_edge.sources.publishers.format import ReadingOptions
from tictally_edge.validation.energy_registers import RegisterValue
from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.labels import Mode

TOPIC = "zigbee2mqtt/Lixee"
TIER2 = "current_tier2_summ_delivered"
QUIET_S = 1.0


class Line:
    """A reader and the pipeline behind it."""

    def __init__(self, options: ReadingOptions | None = None, pipeline: Pipeline | None = None, form: str = "") -> None:
        self.reader = MessageReader(form, options or ReadingOptions(), None)
        self.pipeline = pipeline or Pipeline()
        self.at = 1000.0

    def feed(self, *messages: Message, every_s: float = 10.0, retained: bool = False) -> list[ValidatedFrame]:
        """What is published of messages, each followed by silence."""
        published = []
        for topic, payload in messages:
            frames = list(self.reader.feed(MessageReceived(topic, payload, retained), self.at))
            frames += self.reader.due(self.at + min(QUIET_S, every_s))
            self.at += every_s
            published += [each.validated for frame in frames for each in self.pipeline.add(frame)]
        return published


def zlinky(topic: str = TOPIC, /, **changes: Any) -> Message:  # noqa: ANN401 - JSON
    return as_json(topic, ZIGBEE2MQTT_TEMPO | changes)


def values(frames: Iterable[ValidatedFrame], label: str) -> list[int | str]:
    return [frame.values[label] for frame in frames if label in frame.values]


def test_zeros_of_one_register_for_a_minute_are_never_published() -> None:
    line = Line()
    before = line.feed(*[zlinky()] * 3)
    zeros = line.feed(*[zlinky(**{TIER2: 0})] * 12, every_s=5.0)
    after = line.feed(*[zlinky(**{TIER2: 5508.9})] * 2)
    assert set(values(before, "EASF02")) == {5508800}
    assert values(zeros, "EASF02") == []
    assert values(zeros, "EASF01")
    assert set(values(after, "EASF02")) == {5508900}


def test_a_publisher_that_starts_at_zero_publishes_no_register_until_it_has_read_one() -> None:
    line = Line(ReadingOptions(number=NUMBER))
    empty = line.feed(*[as_json(TOPIC, ZIGBEE2MQTT_EMPTY)] * 30, every_s=60.0)
    first = line.feed(*[zlinky()] * 3, every_s=60.0)
    assert [label for frame in empty for label in frame.values if label.startswith("EA")] == []
    assert set(values(first, "EAST")) == {16494500}


def test_a_register_that_is_zero_at_first_is_not_published_before_it_has_counted() -> None:
    line = Line(ReadingOptions(number=NUMBER, mode=Mode.STANDARD))
    empty = line.feed(*[as_json(TOPIC, ZIGBEE2MQTT_EMPTY | {"linkquality": n}) for n in range(20)], every_s=60.0)
    partly = line.feed(*[zlinky(**{TIER2: 0}, linkquality=n) for n in range(20)], every_s=60.0)
    right = line.feed(*[zlinky(linkquality=n) for n in range(3)], every_s=60.0)
    registers = {"EAST", "EASF01", "EASF02", "EASD01"}
    assert [frame.values for frame in empty if registers & frame.values.keys()] == []
    assert values(partly, "EASF02") == []
    assert values(partly, "EASF01")
    assert set(values(right, "EASF02")) == {5508800}


def test_a_restart_at_zero_changes_nothing_of_what_was_published() -> None:
    line = Line()
    line.feed(*[zlinky()] * 3)
    empty = line.feed(*[as_json(TOPIC, ZIGBEE2MQTT_EMPTY)] * 60, every_s=60.0)
    after = line.feed(zlinky(**{TIER2: 5510.1}), every_s=60.0)
    assert [values(empty, label) for label in ("EAST", "EASF01", "EASF02", "EASD01")] == [[]] * 4
    assert set(values(empty, "EASF05")) == {159300}  # not in these messages
    assert values(after, "EASF02") == [5510100]


WRONG = {
    "truncated": 550.8,
    "a digit more": 55088.1,
    "another unit": 5.5088,
    "negative": -1,
    "a fall by a step": 5508.7,
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_register_is_not_published_however_often_it_is_repeated(case: str) -> None:
    line = Line()
    line.feed(*[zlinky()] * 3)
    wrong = line.feed(*[zlinky(**{TIER2: WRONG[case], "linkquality": n}) for n in range(20)], every_s=3.0)
    after = line.feed(zlinky(**{TIER2: 5508.9}))
    assert values(wrong, "EASF02") == []
    assert values(after, "EASF02") == [5508900]


def test_a_leap_that_a_long_time_would_allow_waits_for_the_total() -> None:
    line = Line()
    line.feed(*[zlinky(linkquality=n) for n in range(500)], every_s=60.0)
    leap = line.feed(*[zlinky(**{TIER2: 5808.8}, linkquality=n) for n in range(20)])
    total = line.feed(zlinky(**{TIER2: 5808.8}, current_summ_delivered=16794.5))
    assert values(leap, "EASF02") == []
    assert values(total, "EASF02") == [5808800]


def test_a_register_that_goes_on_counting_elsewhere_is_another_truth() -> None:
    line = Line()
    line.feed(*[zlinky()] * 3)
    got = line.feed(*[zlinky(**{TIER2: 12.0 + n / 10}) for n in range(5)], every_s=60.0)
    assert values(got, "EASF02") == [12200, 12300, 12400]


def test_a_step_of_a_rounded_register_is_accepted_at_once_among_repetitions() -> None:
    line = Line()
    rounded = [ZIGBEE2MQTT_HPHC | {"linkquality": n, TIER2: 15839 + n // 20} for n in range(61)]
    got = line.feed(*[as_json(TOPIC, body) for body in rounded], every_s=2.0)
    assert values(got, "EASF02")[-1] == 15_842_000
    assert len(values(got, "EASF02")) >= 57
    assert line.reader.health()["step_wh"] == 1000


def test_the_step_is_that_of_the_decimals_that_were_seen() -> None:
    line = Line()
    line.feed(*[zlinky()] * 3)
    assert line.reader.health()["step_wh"] == 100
    line.feed(zlinky(**{TIER2: 5508.801}))
    assert line.reader.health()["step_wh"] == 1


def test_a_register_that_has_never_counted_is_published_after_an_hour_beside_one_that_has() -> None:
    line = Line()
    body = {"current_tier6_summ_delivered": 0}
    first = line.feed(*[zlinky(**body, linkquality=n) for n in range(58)], every_s=60.0)
    later = line.feed(*[zlinky(**body, linkquality=n) for n in range(100, 110)], every_s=60.0)
    assert values(first, "EASF06") == []
    assert set(values(later, "EASF06")) == {0}
    assert values(line.feed(zlinky(current_tier6_summ_delivered=0.1)), "EASF06") == [100]


def test_after_a_restart_of_the_edge_registers_continue_from_the_journal() -> None:
    journal = Pipeline(NUMBER, {"EASF02": RegisterValue(5508800, 900.0), "EASF01": RegisterValue(9340700, 900.0)})
    line = Line(pipeline=journal)
    got = line.feed(zlinky(**{TIER2: 0}), zlinky(**{TIER2: 5509.2}), every_s=30.0)
    assert values(got, "EASF02") == [5509200]


def test_doubled_messages_are_one() -> None:
    line = Line()
    line.feed(*[zlinky()] * 3)
    again = zlinky(linkquality=7)
    assert len(line.feed(again, again, again, every_s=0.5)) <= 1


def test_a_retained_message_gives_the_meters_number_and_no_value() -> None:
    line = Line()
    assert line.feed(zlinky(**{TIER2: 1.0}), retained=True) == []
    without = {name: value for name, value in ZIGBEE2MQTT_TEMPO.items() if name != "meter_serial_number"}
    got = line.feed(*[as_json(TOPIC, without | {"linkquality": n}) for n in range(4)])
    assert line.reader.form == "zigbee2mqtt"
    assert set(values(got, "EASF02")) == {5508800}


BROKEN = [
    b"",
    b"{",
    b"\xff\xfe",
    b"null",
    b"[1, 2]",
    b'"text"',
    b'{"current_tier2_summ_delivered": NaN}',
    b'{"current_tier2_summ_delivered": 1e400}',
    b'{"current_tier2_summ_delivered": 99999999999999999999999999}',
    b'{"current_tier2_summ_delivered": {"a": 1}}',
    b'{"current_tier2_summ_delivered": "many"}',
    b'{"current_tier2_summ_delivered": true}',
    b'{"current_tier2_summ_delivered": 5508.8, "current_tier2_summ_delivered": 9999.9}',
    b'{"meter_serial_number": 12, "status_register": 5, "current_price": []}',
    b"[" * 50_000,
    b'{"a":' * 20_000,
]


@pytest.mark.parametrize("payload", BROKEN)
def test_broken_messages_change_nothing(payload: bytes) -> None:
    line = Line()
    line.feed(*[zlinky()] * 3)
    got = line.feed((TOPIC, payload), zlinky(linkquality=9))
    assert set(values(got, "EASF02")) <= {5508800}
    assert values(got, "EASF02")


def test_two_meters_on_a_wildcard_are_reported_and_neither_is_read() -> None:
    line = Line()
    other = {"meter_serial_number": "021961004999"}
    first = line.feed(*[zlinky()] * 3)
    both = line.feed(*[zlinky("zigbee2mqtt/garage", **other, linkquality=n) for n in range(5)])
    assert first
    assert both == []
    health = line.reader.health()
    assert health["problems"] == [PublisherProblem.SEVERAL_METERS]
    assert health["meters"] == [TOPIC, "zigbee2mqtt/garage"]


def test_of_two_meters_the_one_whose_number_is_given_is_read() -> None:
    line = Line(ReadingOptions(number=NUMBER))
    got = []
    for n in range(5):
        got += line.feed(
            zlinky("zigbee2mqtt/garage", meter_serial_number="021961004999", **{TIER2: 1.0 + n}), zlinky(linkquality=n)
        )
    assert set(values(got, "EASF02")) == {5508800}


def test_a_device_that_was_renamed_is_no_second_meter() -> None:
    line = Line()
    line.feed(*[zlinky()] * 3)
    assert values(line.feed(zlinky("zigbee2mqtt/Linky cave", **{TIER2: 5508.9})), "EASF02") == [5508900]


def test_other_devices_on_a_wildcard_are_ignored() -> None:
    line = Line()
    plug = as_json("zigbee2mqtt/plug", {"power": 12, "energy": 4.2, "rms_current": 1, "apparent_power": 12})
    got = line.feed(plug, zlinky(), plug, zlinky(linkquality=1), ("zigbee2mqtt/bridge/state", b"online"), zlinky())
    assert set(values(got, "SINSTS")) == {783}


def test_without_a_serial_number_the_zigbee_address_stands_for_the_meter_after_a_quarter_of_an_hour() -> None:
    line = Line()
    body = {name: value for name, value in ZIGBEE2MQTT_TEMPO.items() if name != "meter_serial_number"}
    topic = "zigbee2mqtt/0x00158d000638df65"
    early = line.feed(*[as_json(topic, body | {"linkquality": n}) for n in range(14)], every_s=60.0)
    assert early == []
    assert line.reader.health()["problems"] == [PublisherProblem.NO_NUMBER]
    late = line.feed(*[as_json(topic, body | {"linkquality": n}) for n in range(100, 105)], every_s=60.0)
    assert late[0].frame.at == pytest.approx(1000.0, abs=QUIET_S)
    assert {frame.frame.number for frame in late} == {f"0x{LIXEE_ADDRESS}"}


def test_messages_without_a_tariff_option_are_reported() -> None:
    line = Line(ReadingOptions(number=NUMBER))
    line.feed(*per_topic("homeassistant/sensor", {"linky_tier_1_summation_delivered": 1.5}, "/state"))
    assert line.reader.health()["problems"] == [PublisherProblem.NO_MODE]
    hints = {"current_tier1_summ_delivered": 1.5, "status_register": "003A0001"}
    line = Line()
    line.feed(*[as_json(TOPIC, hints | {"meter_serial_number": NUMBER, "linkquality": n}) for n in range(3)])
    assert line.reader.health()["problems"] == [PublisherProblem.NO_OPTION]


def test_an_overload_ends_when_its_label_no_longer_comes() -> None:
    line = Line()
    section = TASMOTA_HPHC["TIC"]
    at_once = as_json("tele/x/SENSOR", {"TIC": {"ADPS": 1}})
    whole = [as_json("tele/x/SENSOR", {"TIC": section | {"HCHP": 2275560 + n}}) for n in range(5)]
    overloaded = as_json("tele/x/SENSOR", {"TIC": section | {"HCHP": 2275566, "ADPS": 32}})
    line.feed(*whole[:3])
    got = line.feed(at_once, overloaded, as_json("tele/x/SENSOR", {"TIC": section | {"HCHP": 2275567}}))
    assert values(got, "ADPS") == [32]
    assert "ADPS" not in got[-1].values


def test_tasmotas_labels_replace_its_energy_when_they_come() -> None:
    line = Line(ReadingOptions(number=NUMBER))
    line.feed(as_json("tele/x/SENSOR", TASMOTA_ENERGY))
    assert line.reader.form == "tasmota-energy"
    got = line.feed(*[as_json("tele/x/SENSOR", TASMOTA_HPHC | {"Time": n}) for n in range(4)])
    assert line.reader.form == "tasmota"
    assert "EAST" not in got[-1].values


def test_a_tasmota_plug_is_no_meter() -> None:
    line = Line()
    plug = {name: TASMOTA_ENERGY[name] for name in ("Time", "ENERGY")}
    assert line.feed(*[as_json("tele/plug/SENSOR", plug | {"Time": n}) for n in range(5)]) == []
    assert line.reader.form == ""
    assert line.reader.unread == ["tele/plug/SENSOR"]
    forced = Line(ReadingOptions(number=NUMBER), form="tasmota-energy")
    assert values(forced.feed(*[as_json("tele/plug/SENSOR", plug | {"Time": n}) for n in range(5)]), "EAST")


def test_numbers_of_24_bits_are_read_as_they_came_and_their_step_is_shown() -> None:
    line = Line()
    for n in range(4):
        line.feed(
            *per_topic("linky/text_sensor", {"adsc": NUMBER, "ngtf": "BASE"}, "/state"),
            *per_topic("linky/sensor", {"east": 29976148 + 2 * n, "sinsts": 400 + n}, "/state"),
        )
    assert line.reader.health()["step_wh"] == 2
