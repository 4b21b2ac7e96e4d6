"""What frames, quarters, days and cost become in line protocol: names and types are docs/influxdb.md's."""

import re
from datetime import date
from pathlib import Path

import pytest
from cost_building import PARIS
from hypothesis import given
from hypothesis import strategies as st
from ledger_building import NOON_MS

from tictally_recorder.energy import EnergyRow
from tictally_recorder.ledger import (
    CostDay,
    CostEntry,
    CostLine,
    Live,
    Quarter,
    RawFrame,
    RejectedPoint,
    TimeWindow,
)
from tictally_recorder.sinks.influxdb import points
from tictally_recorder.sinks.influxdb.config import Buckets
from tictally_recorder.sinks.influxdb.errors import InfluxError, RejectedError, TooLargeError
from tictally_recorder.sinks.influxdb.health_points import edge_points, recorder_points
from tictally_recorder.sinks.influxdb.points import InfluxPoint, point
from tictally_recorder.sinks.influxdb.reconcile import SITE_MEASUREMENTS, StaleRows, stale_rows
from tictally_recorder.sinks.influxdb.tasks import tasks_of
from tictally_recorder.sinks.influxdb.verification import lacking_hours
from tictally_recorder.sinks.influxdb.windows import HOUR_MS, MINUTE_MS, coalesced, late_windows, lost_windows
from tictally_recorder.sinks.influxdb.writer import write
from tictally_recorder.sinks.protocol import EdgeHealth, RecorderHealth
from tictally_shared.labels import LABELS, Kind

HEALTH_MEASUREMENTS = {"recorder", "recorder_sink", "recorder_rejected", "edge", "edge_rejected"}
DOCUMENT = (Path(__file__).parent.parent.parent / "docs" / "influxdb.md").read_text(encoding="utf-8")
FLUX = Path(points.__file__).parent / "flux"
BUCKETS = Buckets.of("tictally", 30, 365, 0, 0)


def energy_row(register: str, energy: int, first: int, **more: object) -> EnergyRow:
    about: dict[str, object] = {
        "start_ms": NOON_MS,
        "end_ms": NOON_MS + 900_000,
        "site": "s",
        "register": register,
        "period": None,
        "unit": LABELS[register].unit,
        "energy": energy,
        "option": None,
        "first_ms": NOON_MS,
        "last_ms": NOON_MS + 900_000,
        "first_value": first,
        "last_value": first + energy,
        "covered": 1,
        "quarters": 1,
    }
    return EnergyRow(**(about | more))  # type: ignore[arg-type]


def test_a_frame_has_integers_just_where_the_catalogue_has_a_unit() -> None:
    values: dict[str, int | str] = {name: 1 if label.is_number else "01" for name, label in LABELS.items()}
    line = points.from_frame(RawFrame(1, "m", "e", 7, NOON_MS, values | {"UNKNOWN": 3})).line
    head, fields, time_ms = line.split(" ")
    assert (head, time_ms) == ("tic,edge=e,meter=m", f"{NOON_MS}000007")
    fields_by_name = dict(item.split("=", 1) for item in fields.split(","))
    assert fields_by_name.pop("seq") == "7i"
    assert fields_by_name.pop("UNKNOWN") == '"3"'
    assert fields_by_name == {name: "1i" if label.unit else '"01"' for name, label in LABELS.items()}


@pytest.mark.parametrize(
    ("text", "tag", "field"),
    [
        ("HP BLEU", r"HP\ BLEU", '"HP BLEU"'),
        ("a,b=c", r"a\,b\=c", '"a,b=c"'),
        ('the "x"', r"the\ " + '"x"', r'"the \"x\""'),
        ("end\\", "end/", '"end\\\\"'),
        ("two\nlines", r"two\ lines", '"two lines"'),
        ("", "none", '""'),
    ],
)
def test_strings_are_escaped_so_that_they_read_back_unchanged(text: str, tag: str, field: str) -> None:
    assert point("m", 5, {"t": text}, {"f": text}).line == f"m,t={tag} f={field} 5000000"


def test_fields_that_are_unknown_are_left_out_and_each_type_is_its_own() -> None:
    made = point("m", 5, {"b": "2", "a": "1"}, {"i": 3, "f": 0.1, "n": None, "t": True, "whole": 2.0})
    assert made.line == "m,a=1,b=2 i=3i,f=0.1,t=true,whole=2.0 5000000"


def test_a_quarter_has_the_mean_of_its_frames() -> None:
    live = Live(NOON_MS, 1, NOON_MS + 5, 4, n=3, sum=10, min=1, max=5)
    made = points.from_quarter(Quarter(1, NOON_MS, 3, NOON_MS, NOON_MS + 5, {}, {"SINSTS": live}, {}), "s", "m")
    assert made == InfluxPoint(
        "power_quarter",
        (("meter", "m"), ("site", "s")),
        {"frames": 3, "SINSTS_mean": 10 / 3, "SINSTS_min": 1, "SINSTS_max": 5},
        NOON_MS,
    )


@pytest.mark.parametrize(
    ("registers", "consumption"),
    [
        ({"EAST": 10, "EASF01": 4, "EASF02": 6, "EASD01": 10}, 10),
        ({"EASF01": 4, "EASF02": 6}, 10),
        ({"BBRHCJB": 3, "BBRHPJR": 9}, 12),
    ],
)
def test_a_total_has_each_kwh_once(registers: dict[str, int], consumption: int) -> None:
    rows = [energy_row(register, energy, 5) for register, energy in registers.items()]
    totals = [each for each in points.from_energy_by_quarter(rows) if each.measurement == "total_quarter"]
    assert [(dict(each.tags)["direction"], each.fields["energy_wh"]) for each in totals] == [
        ("consumption", consumption)
    ]


def test_an_unused_register_has_no_rows_and_reactive_energy_its_own_field() -> None:
    rows = [energy_row("EASF09", 0, 0), energy_row("EAIT", 0, 0), energy_row("ERQ1", 2, 7), energy_row("EAST", 0, 7)]
    made = {dict(each.tags).get("register", each.measurement): each for each in points.from_energy_by_quarter(rows)}
    assert made.keys() == {"ERQ1", "EAST", "total_quarter"}
    assert made["ERQ1"].fields == {"energy_varh": 2, "first": 7, "last": 9, "estimated": False, "unknown": False}


def test_a_day_is_stamped_where_it_begins_in_paris_and_names_itself() -> None:
    summer = 1_784_671_200_000  # 2026-07-22 in Paris begins at 22:00 UTC of the day before
    (row, total) = points.from_energy_by_day([energy_row("EAST", 5, 7, start_ms=summer, period="HP")], PARIS)
    assert (row.time_ms, row.fields["day"]) == (summer, "2026-07-22")
    assert dict(row.tags) == {"site": "s", "register": "EAST", "period": "HP", "month": "2026-07", "year": "2026"}
    assert (total.time_ms, total.measurement) == (summer, "total_day")


def test_a_cost_that_is_unknown_has_no_amount() -> None:
    line = CostLine("consumption", None, None, None, None, None, None, None, None, "unknown", "no_contract", "{}")
    day = CostDay(date(2026, 7, 22), 0, 96, "key", 1, (CostEntry(line, 12, None, b""),))
    (made,) = points.from_cost_day("s", day, PARIS)
    assert made.fields == {
        "energy_wh": 12,
        "quality": "unknown",
        "reason": "no_contract",
        "reason_parameters": "{}",
        "day": "2026-07-22",
    }
    assert dict(made.tags) | {"currency": "none", "period": "subscription"} == dict(made.tags)


def test_field_types_are_stable_whatever_an_edge_reports() -> None:
    rejected = b'{"parity": 2, "plausibility": "x"}'
    payload = b'{"frames": true, "groups": 7, "mode": 4, "rejected": %b, "signal_quality": 99}' % rejected
    edge, parity = edge_points(EdgeHealth("e", payload, 5))
    assert edge.fields == {"groups": 7, "signal_quality_percent": 99.0, "rejected": 2}
    assert (parity.tags, parity.fields) == ((("edge", "e"), ("reason", "parity")), {"n": 2})
    assert list(edge_points(EdgeHealth("e", b"[]", 5))) == []


def test_a_recorders_health_is_a_row_of_its_own_one_for_each_sink_and_one_for_each_reason() -> None:
    body = {"stored": 3, "lag_s": None, "sinks": {"influxdb": {"lag_s": 4, "rejected": 0, "windows": 1}}}
    found = list(recorder_points(RecorderHealth("nas", body, {"json": 2}, 5)))
    assert [(each.measurement, dict(each.tags), each.fields) for each in found] == [
        ("recorder", {"recorder": "nas"}, {"stored": 3}),
        ("recorder_sink", {"recorder": "nas", "sink": "influxdb"}, {"lag_s": 4, "rejected": 0, "windows": 1}),
        ("recorder_rejected", {"recorder": "nas", "reason": "json"}, {"n": 2}),
    ]


def test_the_tasks_know_every_label_of_the_catalogue() -> None:
    for task in tasks_of(BUCKETS):
        registers, numbers = (
            re.search(rf"^{name} = /(.*)/$", task.flux, re.MULTILINE) for name in ("registers", "numbers")
        )
        assert registers is not None
        assert numbers is not None
        for name, label in LABELS.items():
            is_register = label.kind is Kind.REGISTER
            assert bool(re.search(registers[1], name)) is is_register
            assert bool(re.search(numbers[1], name)) is (label.is_number and not is_register)


def test_the_tasks_use_the_buckets_that_are_set_and_the_offsets_that_are_counted_with() -> None:
    minute, hour = tasks_of(Buckets.of("mine", 7, 0, 0, 0))
    assert (minute.name, hour.name) == ("mine_minute", "mine_hour")
    for task, every, offset in ((minute, "1m", "10s"), (hour, "1h", "30s")):
        assert f'option task = {{name: "{task.name}", every: {every}, offset: {offset}}}' in task.flux
        assert 'raw = "mine_raw"' in task.flux
        assert "retention = 7d" in task.flux
        assert "tictally_" not in task.flux


def test_minute_and_hour_are_made_in_the_same_way() -> None:
    def made(name: str) -> str:
        text = (FLUX / name).read_text(encoding="utf-8")
        return text[text.index("labels = ") : text.index("\nrows(")]

    assert made("minute.flux") == made("hour.flux")


def test_every_measurement_is_documented() -> None:
    for measurement in {*SITE_MEASUREMENTS, *HEALTH_MEASUREMENTS, "tic"}:
        assert f"`{measurement}`" in DOCUMENT


NOON = NOON_MS  # a whole hour


@pytest.mark.parametrize(
    ("frame_ms", "written_ms", "windows"),
    [
        (NOON + 5000, NOON + MINUTE_MS + 9999, []),
        (NOON + 5000, NOON + MINUTE_MS + 10_000, [(MINUTE_MS, NOON)]),
        (NOON + 5000, NOON + HOUR_MS + 29_999, [(MINUTE_MS, NOON)]),
        (NOON + 5000, NOON + HOUR_MS + 30_000, [(HOUR_MS, NOON)]),
        (NOON - 1, NOON + 30_000, [(HOUR_MS, NOON - HOUR_MS)]),
        (NOON + 90_000, NOON, []),
    ],
)
def test_a_frame_is_late_for_a_window_once_its_task_may_have_begun(
    frame_ms: int, written_ms: int, windows: list[tuple[int, int]]
) -> None:
    assert late_windows([frame_ms], written_ms, 0) == {TimeWindow(*each) for each in windows}


def test_a_window_with_missing_raw_frames_is_left_as_it_is() -> None:
    assert late_windows([NOON - 1], NOON + HOUR_MS, NOON - HOUR_MS + 1) == set()


@pytest.mark.parametrize(
    ("since_ms", "now_ms", "hours", "minutes"),
    [
        (0, 0, [0], [0]),
        (-4_000, 8_000, [-1, 0], [-1, 0]),  # the minute and the hour that have ended are not due yet
        (-4_000, 29_000, [-1, 0], [-1, 0]),
        (-4_000, 31_000, [-1, 0], [0]),  # the hour that is due makes its minutes
        (5 * MINUTE_MS, 7 * MINUTE_MS + 1, [0], [5, 6, 7]),
        (-90 * MINUTE_MS, 2 * MINUTE_MS, [-2, -1, 0], [0, 1, 2]),
    ],
)
def test_what_was_lost_is_queued_up_to_the_present_minute_and_hour(
    since_ms: int, now_ms: int, hours: list[int], minutes: list[int]
) -> None:
    expected = {TimeWindow(HOUR_MS, NOON + n * HOUR_MS) for n in hours}
    expected |= {TimeWindow(MINUTE_MS, NOON + n * MINUTE_MS) for n in minutes}
    assert lost_windows(NOON + since_ms, NOON + now_ms) == expected


@pytest.mark.parametrize(
    ("counts", "is_lacking"),
    [
        ([("raw", NOON, 3), ("minute", NOON, 3), ("hour", NOON, 3)], False),
        ([("raw", NOON, 3), ("minute", NOON, 3)], True),
        ([("raw", NOON, 3), ("hour", NOON, 3)], True),
        ([("raw", NOON, 3), ("minute", NOON, 2), ("hour", NOON, 3)], True),
        ([("raw", NOON, 3), ("raw", NOON + MINUTE_MS, 1), ("minute", NOON, 4), ("hour", NOON, 4)], True),
        ([("raw", NOON, 3), ("minute", NOON, 3), ("hour", NOON, 4)], False),  # raw frames were deleted
        ([], False),
    ],
)
def test_an_hour_lacks_rows_that_were_made_of_too_few_frames(
    counts: list[tuple[str, int, int]], is_lacking: bool
) -> None:
    hours = [TimeWindow(HOUR_MS, NOON), TimeWindow(HOUR_MS, NOON + HOUR_MS)]
    found = lacking_hours([(part, "m", start_ms, n) for part, start_ms, n in counts], hours)
    assert found == (hours[:1] if is_lacking else [])


def test_minutes_whose_hour_is_over_are_made_with_it() -> None:
    minutes = [TimeWindow(MINUTE_MS, NOON + n * MINUTE_MS) for n in range(60)]
    over = NOON + HOUR_MS + 30_000
    assert coalesced(minutes, over) == {TimeWindow(HOUR_MS, NOON): minutes}
    assert list(coalesced(minutes, over - 1)) == minutes
    assert coalesced([TimeWindow(HOUR_MS, NOON)], over - 1) == {}


def rejecting(*bad: str, with_error: type[InfluxError] = RejectedError) -> tuple[list[str], object]:
    accepted: list[str] = []

    def send(bucket: str, lines: list[str]) -> int:
        del bucket
        accepted.extend(each for each in lines if not any(text in each for text in bad))
        if any(text in each for each in lines for text in bad):
            raise with_error("no")
        return 5

    return accepted, send


@given(st.sets(st.integers(0, 40)), st.integers(1, 41))
def test_exactly_the_rejected_fields_become_dead_letters(bad: set[int], count: int) -> None:
    made = [point("m", n, {}, {"a": n, "b": 1}) for n in range(count)]
    accepted, send = rejecting(*(f"a={n}i" for n in bad if f"a={n}i"))
    bad_texts = [f"a={n}i" for n in bad]
    done = write(send, "bucket", made, 0)  # type: ignore[arg-type]
    rejected_points = {each.point for each in done.rejected}
    assert all(any(text in each for text in bad_texts) and "b=" not in each for each in rejected_points)
    fields = {(n, field) for n in range(count) for field in "ab"}
    lost = {(n, "a") for n in range(count) if any(text in f"a={n}i" for text in bad_texts)}
    assert {
        (int(line.split()[-1]) // 1_000_000, each[0]) for line in accepted for each in line.split()[1].split(",")
    } == fields - lost
    assert len(done.rejected) == len(lost)


def test_a_batch_that_is_too_large_is_split() -> None:
    sizes = []

    def send(_: str, lines: list[str]) -> int:
        sizes.append(len(lines))
        if len(lines) > 3:
            raise TooLargeError("no")
        return 5

    done = write(send, "bucket", [point("m", n, {}, {"a": 1}) for n in range(10)], 0)  # type: ignore[arg-type]
    assert (done.rejected, sum(each for each in sizes if each <= 3)) == ([], 10)


def test_an_unavailable_server_rejects_no_point() -> None:
    _, send = rejecting("a", with_error=InfluxError)
    with pytest.raises(InfluxError):
        write(send, "bucket", [point("m", 5, {}, {"a": 1})], 0)  # type: ignore[arg-type]


def test_points_older_than_the_retention_of_their_bucket_are_not_sent() -> None:
    accepted, send = rejecting()
    write(send, "bucket", [point("m", n, {}, {"a": 1}) for n in (4, 5, 6)], 5)  # type: ignore[arg-type]
    assert [each.split()[-1] for each in accepted] == ["5000000", "6000000"]
    assert RejectedPoint("b", "r", "p").point == "p"


def test_adjacent_stale_rows_are_deleted_together_and_none_that_stays_with_them() -> None:
    def row(time: str, period: str, field: str = "last") -> dict[str, str]:
        return {"_time": f"2026-01-01T{time}:00Z", "_field": field, "site": "s", "register": "EASF01", "period": period}

    base = 1_767_225_600_000
    tags = tuple(sorted({"site": "s", "register": "EASF01", "period": "none"}.items()))
    stays = point("energy_quarter", base + HOUR_MS, dict(tags), {"last": 5})
    stored_rows = [row(each, "none") for each in ("00:00", "00:15", "00:30", "01:00", "02:00")]
    assert stale_rows("energy_quarter", stored_rows, [stays]) == [
        StaleRows("energy_quarter", tags, base, base + 1_800_000),
        StaleRows("energy_quarter", tags, base + 2 * HOUR_MS, base + 2 * HOUR_MS),
    ]
    # A field that is no more takes its row with it, which is written again.
    assert stale_rows("energy_quarter", [row("01:00", "none", "gone")], [stays]) == [
        StaleRows("energy_quarter", tags, base + HOUR_MS, base + HOUR_MS)
    ]
