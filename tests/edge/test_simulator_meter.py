"""The simulated meter: shapes, sums and coherence of what it sends, and the exactness of what it counts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tictally_edge.simulator import SimulatorError
from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.encode import EncodedGroup
from tictally_edge.simulator.exchange import ExchangedMeter
from tictally_edge.simulator.household import Household, Overload, net_power
from tictally_edge.simulator.lines import simulated_frames
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_shared.calendar import parse_horodate
from tictally_shared.labels import LABELS, Kind, Mode

H, S = Mode.HISTORIQUE, Mode.STANDARD
PARIS = ZoneInfo("Europe/Paris")
# Moments of a year that no rhythm of the household repeats, and the hours around both clock changes.
MOMENTS = [datetime(2025, 9, 1, tzinfo=UTC) + n * timedelta(days=11, hours=5, minutes=17, seconds=3) for n in range(32)]
MOMENTS += [datetime(2025, 10, 26, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC)]
HOMES = list(product((1, 3), (False, True)))


def meter(contract: SimulatedContract = SimulatedContract.HPHC, mode: Mode = S, **more: Any) -> SimulatedMeter:  # noqa: ANN401
    return SimulatedMeter(contract, mode, **{"start": datetime(2026, 1, 12, 6, tzinfo=UTC), "seed": 7, **more})


def by_label(groups: tuple[EncodedGroup, ...]) -> dict[str, str]:
    found = {group.label: group.data for group in groups}
    assert len(found) == len(groups), "a label stands twice"
    return found


def dates(groups: tuple[EncodedGroup, ...]) -> dict[str, datetime]:
    return {group.label: parse_horodate(group.horodate) for group in groups if group.horodate is not None}


@dataclass(frozen=True)
class Shown:
    contract: SimulatedContract
    mode: Mode
    phases: int
    producer: bool
    moment: datetime
    groups: tuple[EncodedGroup, ...]
    frame: bytes
    registers: dict[str, int]


@pytest.fixture(scope="module")
def year() -> list[Shown]:
    """What every kind of meter shows at moments of a year."""
    shown = []
    for moment, (phases, producer) in product(MOMENTS, HOMES):
        for contract, mode in product(SimulatedContract, Mode):
            some = meter(contract, mode, start=moment, phases=phases, producer=producer)
            output = (some.groups(), some.frame(), some.registers())
            shown.append(Shown(contract, mode, phases, producer, moment, *output))
    return shown


def test_every_group_has_its_catalogue_shape(year: list[Shown]) -> None:
    for some in year:
        for group in some.groups:
            label = LABELS[group.label]
            assert label.mode is some.mode
            assert label.shape.fullmatch(group.data), group
            assert len(group.data) == label.size, group
            assert (group.horodate is not None) is label.dated, group


def test_every_checksum_of_a_frame_is_right(year: list[Shown]) -> None:
    for some in year:
        frame = some.frame
        assert (frame[0], frame[-1]) == (0x02, 0x03)
        groups = frame[1:-1].removeprefix(b"\n").removesuffix(b"\r").split(b"\r\n")
        assert len(groups) == len(some.groups)
        for group in groups:
            counted = group[:-2] if some.mode is H else group[:-1]
            assert group[-1] == (sum(counted) & 63) + 32


def test_a_standard_frame_agrees_with_itself(year: list[Shown]) -> None:
    for some in year:
        if some.mode is H:
            continue
        groups = some.groups
        data = by_label(groups)
        value = {label: int(text) for label, text in data.items() if LABELS[label].is_number}
        assert value["EAST"] == sum(value[f"EASF{n:02d}"] for n in range(1, 11))
        assert value["EAST"] == sum(value[f"EASD{n:02d}"] for n in range(1, 5))
        phases = range(1, some.phases + 1)
        power = value["SINSTS"] + value.get("SINSTI", 0)
        product_va = sum(value[f"URMS{n}"] * value[f"IRMS{n}"] for n in phases)
        assert abs(power - product_va) <= sum(value[f"URMS{n}"] for n in phases) / 2
        if some.phases == 3:
            assert value["SINSTS"] == sum(value[f"SINSTS{n}"] for n in phases)
        assert value["SMAXSN"] >= value["SINSTS"]
        assert dates(groups)["DATE"] == some.moment
        assert dates(groups)["SMAXSN"] <= some.moment


def test_the_status_word_shows_what_the_other_groups_report(year: list[Shown]) -> None:
    bits_seen = set()
    for some in year:
        if some.mode is H:
            continue
        data = by_label(some.groups)
        status = int(data["STGE"], 16)
        colour = ("", "BLEU", "BLANC", "ROUGE")[status >> 24 & 3]
        assert status >> 17 & 1
        assert status >> 8 & 1 == some.producer
        assert status >> 9 & 1 == (int(data.get("SINSTI", "0")) > 0)
        assert (status >> 10 & 15) + 1 == int(data["NTARF"])
        assert not status >> 7 & 1
        assert (colour in data["LTARF"]) if some.contract is SimulatedContract.TEMPO else not colour
        for number, field in ((status >> 28 & 3, "DPM"), (status >> 30, "FPM")):
            assert not number or f"{field}{number}" in data
        assert ("PPOINTE" in data) == (status >> 28 & 3 > 0)
        bits_seen.add((colour, status >> 28 & 3, status >> 30))
    assert len(bits_seen) > 4, "the sample has too few peaks to say anything"


def test_a_historique_frame_agrees_with_itself(year: list[Shown]) -> None:
    for some in year:
        if some.mode is S:
            continue
        data = by_label(some.groups)
        amperes = sum(int(data[label]) for label in data if label.startswith("IINST"))
        # While more is injected than consumed PAPP is 0, and the current flows on.
        assert data["PAPP"] == "00000" or (
            abs(int(data["PAPP"]) - 232 * amperes) <= 232 * some.phases / 2 + 14 * amperes + 5
        )
        assert some.producer or data["PAPP"] != "00000"
        assert int(data["PAPP"]) % 10 == 0
        assert ("DEMAIN" in data) is (some.contract is SimulatedContract.TEMPO)
        assert not {"ADPS", "ADIR1", "EAIT"} & data.keys()
        assert {label: int(data[label]) for label in some.registers} == some.registers


STANDARD_FIRST = (
    "ADSC VTIC DATE NGTF LTARF EAST EASF01 EASF02 EASF03 EASF04 EASF05 EASF06 EASF07 EASF08 EASF09 EASF10 "
    "EASD01 EASD02 EASD03 EASD04 "
)
STANDARD_LAST = "MSG1 PRM RELAIS NTARF NJOURF NJOURF+1 PJOURF+1"


@pytest.mark.parametrize(
    ("mode", "phases", "producer", "labels"),
    [
        (H, 1, False, "ADCO OPTARIF ISOUSC HCHC HCHP PTEC IINST IMAX PAPP HHPHC MOTDETAT"),
        (
            H,
            3,
            False,
            "ADCO OPTARIF ISOUSC HCHC HCHP PTEC IINST1 IINST2 IINST3 IMAX1 IMAX2 IMAX3 PMAX PAPP HHPHC MOTDETAT PPOT",
        ),
        (
            S,
            1,
            False,
            f"{STANDARD_FIRST}IRMS1 URMS1 PREF PCOUP SINSTS SMAXSN SMAXSN-1 CCASN CCASN-1 UMOY1 STGE {STANDARD_LAST}",
        ),
        (
            S,
            3,
            True,
            (
                f"{STANDARD_FIRST}EAIT ERQ1 ERQ2 ERQ3 ERQ4 IRMS1 IRMS2 IRMS3 URMS1 URMS2 URMS3 PREF PCOUP SINSTS "
                "SINSTS1 SINSTS2 SINSTS3 SMAXSN SMAXSN1 SMAXSN2 SMAXSN3 SMAXSN-1 SMAXSN1-1 SMAXSN2-1 SMAXSN3-1 SINSTI "
                f"SMAXIN SMAXIN-1 CCASN CCASN-1 CCAIN CCAIN-1 UMOY1 UMOY2 UMOY3 STGE {STANDARD_LAST}"
            ),
        ),
    ],
)
def test_labels_come_in_a_real_meters_order(*, mode: Mode, phases: int, producer: bool, labels: str) -> None:
    shown = meter(mode=mode, phases=phases, producer=producer).groups()
    assert [group.label for group in shown] == labels.split()


def test_injection_is_shown_by_a_producer_only() -> None:
    noon = datetime(2026, 6, 14, 11, tzinfo=UTC)
    injection = {"EAIT", "SINSTI", "SMAXIN", "SMAXIN-1", "CCAIN", "CCAIN-1"}
    consumer, producer = (meter(start=noon, producer=producer) for producer in (False, True))
    assert not injection & by_label(consumer.groups()).keys()
    shown = by_label(producer.groups())
    assert injection <= shown.keys()
    assert (int(shown["SINSTI"]) > 0, shown["SINSTS"]) == (True, "00000")


@pytest.mark.parametrize("mode", list(Mode))
def test_the_same_settings_make_the_same_frames(mode: Mode) -> None:
    def day(seed: int) -> list[tuple[datetime, bytes]]:
        some = meter(SimulatedContract.TEMPO, mode, seed=seed, phases=3)
        return list(simulated_frames(some, 600, some.start + timedelta(days=1)))

    assert day(1) == day(1)
    assert day(1) != day(2)


@given(st.lists(st.integers(0, 2 * 86_400_000), max_size=20))
@settings(max_examples=25, deadline=None)
def test_how_often_it_is_advanced_changes_nothing(stops_ms: list[int]) -> None:
    often, once = (meter(SimulatedContract.TEMPO, producer=True) for _ in range(2))
    for stop_ms in sorted(stops_ms):
        often.advance(often.start + timedelta(milliseconds=stop_ms))
    for some in (often, once):
        some.advance(some.start + timedelta(days=2))
    assert often.frame() == once.frame()


@pytest.mark.parametrize("day", [date(2025, 10, 26), date(2026, 3, 29), date(2026, 7, 14)])
@pytest.mark.parametrize("phases", [1, 3])
def test_registers_grow_by_the_integral_of_the_power(day: date, phases: int) -> None:
    start = datetime(day.year, day.month, day.day, tzinfo=PARIS).astimezone(UTC)
    power = net_power(Household(7, 9000, phases, producer=True), day)
    assert len(power) == {10: 9000, 3: 8280}.get(day.month, 8640)
    some = meter(start=start, phases=phases, producer=True)
    before = some.registers()
    expected = dict.fromkeys(("EASF01", "EASF02", "EAIT"), 0)
    for step, va in enumerate(power):
        hour = (start + timedelta(seconds=10 * step)).astimezone(PARIS).hour
        consumption = "EASF01" if hour >= 22 or hour < 6 else "EASF02"
        expected[consumption if va > 0 else "EAIT"] += abs(va) * 10
    some.advance(start + timedelta(seconds=10 * len(power)))
    after = some.registers()
    for register, watt_seconds in expected.items():
        assert after[register] - before[register] == watt_seconds // 3600


def test_registers_count_to_the_millisecond() -> None:
    day = date(2026, 7, 14)
    power = net_power(Household(7, 9000, 1, producer=False), day)
    start = datetime(day.year, day.month, day.day, tzinfo=PARIS).astimezone(UTC)
    some = meter(SimulatedContract.BASE, start=start)
    before = some.registers()["EAST"]
    for step in range(0, 8640, 211):
        some.advance(start + timedelta(seconds=10 * step, milliseconds=7_321))
        va_ms = sum(power[:step]) * 10_000 + power[step] * 7_321
        assert some.registers()["EAST"] - before == va_ms // 3_600_000


@pytest.mark.parametrize("contract", list(SimulatedContract))
def test_registers_never_fall_and_one_of_each_kind_moves(contract: SimulatedContract) -> None:
    some = meter(contract, start=datetime(2026, 3, 27, 12, tzinfo=UTC), producer=True)
    seen = []
    while some.moment < some.start + timedelta(days=4):
        seen.append(some.registers())
        some.advance(some.moment + timedelta(minutes=15))
    for before, after in pairwise(seen):
        moved = [label for label in after if after[label] != before[label]]
        assert all(after[label] > before[label] for label in moved)
        assert sum(label.startswith("EASF") for label in moved) <= 1
        assert sum(label.startswith("EASD") for label in moved) <= 1
        for kind in ("EASF", "EASD"):
            assert after["EAST"] == sum(energy_wh for label, energy_wh in after.items() if label.startswith(kind))


def test_a_household_uses_as_much_as_a_household_does() -> None:
    def month_wh(month: int) -> int:
        some = meter(start=datetime(2026, month, 3, tzinfo=UTC))
        before = some.registers()["EAST"]
        some.advance(some.start + timedelta(days=14))
        return some.registers()["EAST"] - before

    winter, summer = month_wh(1), month_wh(7)
    assert 100_000 < summer < 300_000
    assert 2 * summer < winter < 1_000_000


@pytest.mark.parametrize("phases", [1, 3])
def test_maxima_are_those_of_the_day(phases: int) -> None:
    day = date(2026, 1, 13)
    power = net_power(Household(7, 9000, phases, producer=False), day)
    midnight = datetime(day.year, day.month, day.day, tzinfo=PARIS).astimezone(UTC)
    some = meter(start=midnight, phases=phases)
    for step in range(0, 8640, 97):
        some.advance(midnight + timedelta(seconds=10 * step + 3))
        groups = some.groups()
        highest = max(power[: step + 1])
        assert int(by_label(groups)["SMAXSN"]) == highest
        assert dates(groups)["SMAXSN"] == midnight + timedelta(seconds=10 * power.index(highest))
    some.advance(midnight + timedelta(days=1))
    groups = some.groups()
    assert int(by_label(groups)["SMAXSN-1"]) == max(power)
    assert dates(groups)["SMAXSN-1"] == midnight + timedelta(seconds=10 * power.index(max(power)))


def test_maxima_of_a_phase_are_what_it_showed() -> None:
    some = meter(start=datetime(2026, 1, 13, tzinfo=PARIS), phases=3)
    highest, reached = -1, some.moment
    for _ in range(600):
        groups = some.groups()
        consumption = int(by_label(groups)["SINSTS2"])
        if consumption > highest:
            highest, reached = consumption, some.moment
        assert (int(by_label(groups)["SMAXSN2"]), dates(groups)["SMAXSN2"]) == (highest, reached)
        some.advance(some.moment + timedelta(seconds=10))


def test_the_load_curve_has_the_mean_of_each_half_hour() -> None:
    some = meter(start=datetime(2026, 1, 12, 22, 30, tzinfo=UTC))  # the half hour before a local midnight
    before = some.registers()["EAST"]
    some.advance(datetime(2026, 1, 12, 23, tzinfo=UTC))
    mean_w = 2 * (some.registers()["EAST"] - before)
    some.advance(some.moment + timedelta(minutes=9))
    groups = some.groups()
    assert abs(int(by_label(groups)["CCASN"]) - mean_w) <= 2
    assert dates(groups)["CCASN"] == datetime(2026, 1, 12, 23, tzinfo=UTC)
    some.advance(some.moment + timedelta(minutes=30))
    assert by_label(some.groups())["CCASN-1"] == by_label(groups)["CCASN"]


def test_mean_voltages_are_means_of_what_was_shown() -> None:
    some = meter(start=datetime(2026, 1, 12, 22, tzinfo=UTC), phases=3)  # an hour before a local midnight
    for _ in range(12):
        volts = []
        for _ in range(60):
            volts.append(int(by_label(some.groups())["URMS2"]))
            some.advance(some.moment + timedelta(seconds=10))
        groups = some.groups()
        assert int(by_label(groups)["UMOY2"]) == (sum(volts) + 30) // 60
        assert dates(groups)["UMOY2"] == some.moment


@pytest.mark.parametrize("phases", [1, 3])
def test_no_more_is_consumed_than_subscribed(phases: int) -> None:
    power = net_power(Household(7, 3000, phases, producer=False), date(2026, 1, 13))
    assert 2000 < max(power) < 3000


def overloaded(mode: Mode, phases: int) -> Iterator[tuple[bool, dict[str, str]]]:
    first = datetime(2026, 1, 12, 9, tzinfo=UTC)
    overload = Overload(first, duration_s=60, every_s=300)
    some = meter(mode=mode, phases=phases, start=first - timedelta(minutes=4), overload=overload)
    while some.moment < first + timedelta(minutes=20):
        since = (some.moment - first).total_seconds()
        yield since >= 0 and since % 300 < 60, by_label(some.groups())
        some.advance(some.moment + timedelta(seconds=5))


def test_a_single_phase_overload_adds_its_warning_and_ends() -> None:
    for expected, data in overloaded(H, 1):
        assert ("ADPS" in data) is expected
        assert (int(data["IINST"]) > int(data["ISOUSC"])) is expected
        assert data.get("ADPS", data["IINST"]) == data["IINST"]


def test_a_three_phase_overload_makes_short_frames() -> None:
    for expected, data in overloaded(H, 3):
        if expected:
            warnings = [label for label in data if label.startswith("ADIR")]
            assert warnings
            assert list(data) == [*warnings, "ADCO", "IINST1", "IINST2", "IINST3"]
        else:
            assert "PAPP" in data


@pytest.mark.parametrize("phases", [1, 3])
def test_a_standard_overload_is_a_bit_of_the_status(phases: int) -> None:
    for expected, data in overloaded(S, phases):
        assert bool(int(data["STGE"], 16) & 0x80) is expected
        assert (int(data["SINSTS"]) > 9000) is expected


def test_an_exchanged_meter_has_another_number_and_registers_near_zero() -> None:
    at = datetime(2026, 1, 12, 7, tzinfo=UTC)
    single, pair = meter(), ExchangedMeter(meter(), at, "021961000777")
    pair.advance(at - timedelta(seconds=1))
    single.advance(at - timedelta(seconds=1))
    assert pair.frame() == single.frame()
    pair.advance(at + timedelta(hours=1))
    single.advance(at)
    begun = single.registers()["EAST"]
    single.advance(at + timedelta(hours=1))
    assert pair.number == "021961000777"
    assert by_label(pair.groups())["ADSC"] == "021961000777"
    grown = single.registers()["EAST"] - begun
    assert grown <= pair.registers()["EAST"] < grown + 100
    assert by_label(pair.groups())["SINSTS"] == by_label(single.groups())["SINSTS"]


def test_frames_follow_one_another_at_the_interval_or_as_the_line_carries_them() -> None:
    some = meter(mode=H)
    moments = [moment for moment, _ in simulated_frames(some, 60, some.start + timedelta(minutes=5))]
    assert moments == [some.start + timedelta(minutes=n) for n in range(5)]
    some = meter(mode=H)
    (first, frame), (second, _) = list(simulated_frames(some, until=some.start + timedelta(seconds=2)))
    assert 0.0167 < (second - first).total_seconds() - len(frame) / 120 < 0.0334


@pytest.mark.parametrize(
    "wrong",
    [
        {"phases": 2},
        {"number": "1234"},
        {"number": "٠٢١٩٦١٠٠٠٠٠١"},
        {"subscribed_kva": 2},
        {"subscribed_kva": 10, "phases": 3},
        {"start": datetime(2026, 1, 1)},  # noqa: DTZ001 - the mistake
    ],
)
def test_a_meter_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SimulatorError):
        meter(**wrong)


def test_time_does_not_go_back() -> None:
    some = meter()
    with pytest.raises(SimulatorError, match="does not go back"):
        some.advance(some.start - timedelta(seconds=1))


def test_every_register_of_the_truth_is_a_register_of_the_catalogue() -> None:
    for contract, mode in product(SimulatedContract, Mode):
        assert all(LABELS[label].kind is Kind.REGISTER for label in meter(contract, mode, producer=True).registers())
