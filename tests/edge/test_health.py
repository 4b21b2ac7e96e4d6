"""The health message of an edge."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest

from tictally_edge.decoding.decoder import DecodedFrame
from tictally_edge.decoding.groups import Fault
from tictally_edge.publishing.health import HealthReport, LineCounts, health_json, steady_ms
from tictally_edge.publishing.line_quality import LineQuality
from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.interval_set import IntervalSet
from tictally_shared.labels import Mode

MINUTE = 60.0


def frame(at: float, groups: int = 10, **rejected: int) -> ValidatedFrame:
    decoded = DecodedFrame(Mode.STANDARD, None, {}, {}, True, {}, groups, 0, True, 0, at)  # noqa: FBT003
    return ValidatedFrame(decoded, {}, {}, rejected, frozenset())


def hour(*frames: ValidatedFrame) -> LineQuality:
    last = LineQuality()
    for each in frames:
        last.add(each)
    return last


def report(**given: Any) -> HealthReport:  # noqa: ANN401 - fields of many types
    return HealthReport(
        **{field.name: 0 for field in fields(HealthReport)}
        | {"started_ms": None, "source": {}, "last": {}, "room": 65_536}
        | given
    )


def test_every_reason_counts_as_a_refusal_of_the_hour() -> None:
    assert hour(frame(0.0, checksum=2, parity=1), frame(1.0), frame(MINUTE, plausibility=4)).rejected(MINUTE) == 7


@pytest.mark.parametrize(("now_s", "rejected"), [(0.0, 7), (59 * MINUTE, 7), (60 * MINUTE, 4), (61 * MINUTE, 0)])
def test_a_refusal_leaves_the_hour_by_whole_minutes(now_s: float, rejected: int) -> None:
    assert hour(frame(10.0, checksum=3), frame(70.0, parity=4)).rejected(now_s) == rejected


def test_an_hour_of_frames_after_a_long_silence_holds_nothing_from_before_it() -> None:
    last = hour(frame(0.0, checksum=5), *(frame(1e6 + minute * MINUTE, checksum=1) for minute in range(200)))
    assert last.rejected(1e6 + 199 * MINUTE) == 60


def test_what_is_rejected_in_every_frame_alike_is_no_matter_of_signal_quality() -> None:
    fault = frozenset({Fault("checksum", "PMAX")})
    spoilt = [replace(frame(float(n), checksum=1), faults=fault, repeated=fault) for n in range(9)]
    hit = replace(frame(9.0, checksum=2), faults=fault | {Fault("checksum", "PAPP")}, repeated=fault)
    assert hour(*spoilt).quality_percent(9.0) == 100.0
    assert hour(*spoilt, hit).quality_percent(9.0) == 99.0
    assert hour(*spoilt, hit).rejected(9.0) == 11


def test_health_names_what_repeats_in_every_frame() -> None:
    counts = LineCounts()
    fault = frozenset({Fault("checksum", "PMAX")})
    counts.add(replace(frame(0.0, checksum=2), faults=fault, repeated=fault, deviations=frozenset({"missing_stx"})))
    body = json.loads(health_json("b", {}, {}, counts, report(time_ms=0)))
    assert body["rejected_repeatedly"] == {"checksum": 1}
    assert body["repeated_faults"] == [{"reason": "checksum", "label": "PMAX"}]
    assert body["deviations"] == ["missing_stx"]


@pytest.mark.parametrize(
    ("frames", "now_s", "percent"),
    [
        ([], 0.0, None),
        ([frame(0.0)], 0.0, 100.0),
        ([frame(0.0, 10, checksum=1)], 0.0, 90.0),
        ([frame(0.0, 10_000, checksum=1)], 0.0, 99.9),  # not 100: something was rejected
        ([frame(0.0, 3, parity=3)], 0.0, 0.0),
        ([frame(0.0, checksum=10), frame(5 * MINUTE)], 5 * MINUTE, 100.0),  # a good line again is a good line
        ([frame(0.0)], 5 * MINUTE, None),  # no meter: nothing can be reported of its signal
    ],
)
def test_signal_quality(frames: list[ValidatedFrame], now_s: float, percent: float | None) -> None:
    assert hour(*frames).quality_percent(now_s) == percent


@pytest.mark.parametrize(
    ("before_ms", "now_ms", "shown_ms"),
    [
        (None, None, None),
        (None, 5000, 5000),
        (5000, 5900, 5000),
        (5000, 4100, 5000),
        (5000, 6001, 6001),
        (5, None, None),
    ],
)
def test_a_moment_keeps_its_date_until_the_clock_is_set(
    before_ms: int | None, now_ms: int | None, shown_ms: int | None
) -> None:
    assert steady_ms(before_ms, now_ms) == shown_ms


def test_the_backlog_is_counted_exactly_where_its_ranges_are_rounded() -> None:
    odd = IntervalSet((number, number) for number in range(1, 1000, 2))
    body = json.loads(
        health_json("b" * 16, {"a" * 16: IntervalSet([(1, 999)])}, {"a" * 16: odd}, LineCounts(), report())
    )
    assert body["backlog"] == 500
    assert sum(last - first + 1 for first, last in body["boots"][0]["backlog"]) > 500


def test_frames_are_lost_for_want_of_a_date_of_a_number_or_of_room() -> None:
    body = json.loads(
        health_json(
            "b" * 16, {}, {}, LineCounts(), report(dropped_without_date=1, dropped_without_number=20, unstored=300)
        )
    )
    assert body["frames_lost"] == 321


def test_the_start_is_published_once_the_clock_is_proved() -> None:
    started = [
        json.loads(health_json("b" * 16, {}, {}, LineCounts(), report(started_ms=started_ms)))["started"]
        for started_ms in (None, 1_795_000_000_123)
    ]
    assert started == [None, "2026-11-18T11:06:40.123Z"]


@pytest.mark.parametrize(("waits_for", "is_proved"), [("proof", False), (None, True)])
def test_a_clock_that_waits_for_a_proof_is_not_proved(waits_for: str | None, *, is_proved: bool) -> None:
    body = json.loads(health_json("b" * 16, {}, {}, LineCounts(), report(clock_waits_for=waits_for)))
    assert (body["clock_proved"], body["clock_waits_for"]) == (is_proved, waits_for)


def body(held: dict[str, IntervalSet], **given: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of many types
    found: dict[str, Any] = json.loads(health_json("b" * 16, held, {}, LineCounts(), report(**given)))
    return found


def test_boots_that_have_ended_are_listed_with_the_last_number_that_they_gave() -> None:
    held = {"b" * 16: IntervalSet([(1, 5)]), "a" * 16: IntervalSet([(3, 9)])}
    found = body(held, last={"c" * 16: 7, "a" * 16: 12, "b" * 16: 5})
    assert [(each["boot"][0], each["held"], each["last"]) for each in found["boots"]] == [
        ("c", [], 7),
        ("a", [[3, 9]], 12),
        ("b", [[1, 5]], 5),
    ]
    assert (found["more_boots"], found["boots_held"]) == (False, 2)


@pytest.mark.parametrize("room", [65_536, 16_384, 4096, 2048])
def test_health_fits_into_the_brokers_packets_and_marks_what_is_left_out(room: int) -> None:
    many = {f"{n:016x}": IntervalSet([(3 * k + 1, 3 * k + 1) for k in range(200)]) for n in range(40)}
    message = health_json("b" * 16, many, {}, LineCounts(), report(room=room))
    assert len(message.encode()) <= room
    found = json.loads(message)
    assert found["more_boots"]
    assert all(each["rounded"] for each in found["boots"])
