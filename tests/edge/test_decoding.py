"""The decoder on frames that the simulator writes, whole and damaged."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tictally_edge.decoding.decoder import MAX_UNKNOWN_LABELS, DecodedFrame, Decoder
from tictally_edge.decoding.framing import MAX_FRAME_BYTES, Deviation
from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.encode import EncodedGroup, encode_frame, encode_group, with_parity
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_shared.calendar import parse_horodate
from tictally_shared.labels import LABELS, METER_NUMBER, Kind, Mode

START = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)


def decoded(data: bytes) -> list[DecodedFrame]:
    decoder = Decoder()
    return [*decoder.feed(data), *decoder.flush()]


def group(label: str, data: str, horodate: str | None = None) -> bytes:
    mode = LABELS[label].mode if label in LABELS else Mode.STANDARD
    return encode_group(mode, label, data, horodate)


def frame(*groups: bytes) -> bytes:
    return b"\x02" + b"".join(groups) + b"\x03"


ADSC = group("ADSC", "021961000001")
EAST = group("EAST", "012345678")
SINSTS = group("SINSTS", "00740")


@given(
    contract=st.sampled_from(list(SimulatedContract)),
    mode=st.sampled_from(list(Mode)),
    phases=st.sampled_from([1, 3]),
    producer=st.booleans(),
    seed=st.integers(0, 99),
    moment=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - made aware below
    parity=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_decoding_what_was_encoded_gives_the_frame(  # noqa: PLR0913, PLR0917 - one of each thing that makes a frame
    contract: SimulatedContract,
    mode: Mode,
    phases: int,
    producer: bool,
    seed: int,
    moment: datetime,
    parity: bool,
) -> None:
    start = moment.replace(tzinfo=UTC, microsecond=0)
    meter = SimulatedMeter(contract, mode, start=start, phases=phases, producer=producer, seed=seed)
    groups = meter.groups()
    line = encode_frame(mode, groups)
    (got,) = decoded(with_parity(line) if parity else line)
    shown = {g.label: int(g.data) if LABELS[g.label].is_number else " ".join(g.data.split()) for g in groups}
    number = shown.pop(METER_NUMBER[mode])
    assert got.number == number
    assert got.values == {label: value for label, value in shown.items() if LABELS[label].kind is not Kind.CLOCK}
    assert got.dated == {g.label: parse_horodate(g.horodate).isoformat() for g in groups if g.horodate is not None}
    assert (got.mode, got.complete, got.rejected, got.groups) == (mode, True, {}, len(groups))
    assert got.parity is parity


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_no_bytes_raise(chunks: list[bytes]) -> None:
    decoder = Decoder()
    for chunk in chunks:
        for got in decoder.feed(chunk):
            assert got.groups > 0
    assert all(not got.complete for got in decoder.flush())


@given(data=st.data())
def test_chunks_change_nothing(data: st.DataObject) -> None:
    meter = SimulatedMeter(SimulatedContract.TEMPO, Mode.STANDARD, start=START, phases=3)
    line = with_parity(meter.frame() * 2)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(line)), max_size=12)))
    decoder = Decoder()
    pieces = [line[a:b] for a, b in zip([0, *cuts], [*cuts, len(line)], strict=True)]
    assert [f for piece in pieces for f in decoder.feed(piece)] == decoded(line)


DAMAGED = {
    "a wrong checksum": (EAST[:-2] + b"!\r", "checksum"),
    "a letter among digits": (group("EAST", "01234567A"), "shape"),
    "a register of eight digits": (group("EAST", "01234567"), "shape"),
    "a label that only another mode has": (encode_group(Mode.STANDARD, "PAPP", "00740"), "shape"),
    "a group in the other mode's form": (encode_group(Mode.HISTORIQUE, "PAPP", "00740"), "shape"),
    "an unknown label seen once": (group("NOVEL", "12"), "label"),
    "a label in lower case": (group("east", "012345678"), "label"),
    "a group without data": (b"\nX\r", "shape"),
    "a horodate that is none": (group("SMAXSN", "00740", "H2611210000"), "shape"),
    "a date on a label that has none": (group("EASF01", "000000000", "H261121000000"), "shape"),
    "no date on a label that has one": (group("SMAXSN", "00740"), "shape"),
    "the same label with another value": (group("SINSTS", "00750"), "repeated"),
    "a register beyond ten": (group("NTARF", "11"), "shape"),
    "an hour that is none, decimal or hexadecimal": (group("PJOURF+1", "25004001"), "shape"),
    "a minute that is none, decimal or hexadecimal": (group("PJOURF+1", "0060C001"), "shape"),
}


@pytest.mark.parametrize("damaged", DAMAGED)
def test_a_damaged_group_costs_only_itself(damaged: str) -> None:
    bytes_of_group, reason = DAMAGED[damaged]
    (got,) = decoded(frame(ADSC, EAST, SINSTS, bytes_of_group, group("PREF", "09")))
    costs = {"SINSTS"} if reason == "repeated" else set()
    assert got.values.keys() == {"EAST", "SINSTS", "PREF"} - costs
    assert got.rejected == {reason: 2 if costs else 1}
    assert got.complete


def test_a_character_with_wrong_parity_costs_its_group_although_the_checksum_is_blind_to_it() -> None:
    line = bytearray(with_parity(frame(ADSC, EAST, SINSTS)))
    line[line.index(b"E"[0] | 0x80) + 6] ^= 0x80
    (got,) = decoded(bytes(line))
    assert got.rejected == {"parity": 1}
    assert got.values.keys() == {"SINSTS"}


def test_seven_bit_bridges_deliver_no_parity_and_none_is_checked() -> None:
    (got,) = decoded(frame(ADSC, EAST, SINSTS))
    assert not got.parity
    assert got.values == {"EAST": 12_345_678, "SINSTS": 740}


SCHEDULES = {
    "decimal": "00004001 06004002 22304001",
    "hexadecimal": "00008002 0300C001 08008002 0C1EC001 0F1E8002",
    "either": "0000C001 16004001",
    "the last minute of a day in hexadecimal": "173BC001",
    "unused entries": "0000C001 0A008002 1000C001" + " NONUTILE" * 8,
}


@pytest.mark.parametrize("label", ["PJOURF+1", "PPOINTE"])
@pytest.mark.parametrize("form", SCHEDULES)
def test_a_schedule_with_decimal_or_hexadecimal_hours_is_published_as_it_came(form: str, label: str) -> None:
    (got,) = decoded(frame(ADSC, group(label, SCHEDULES[form])))
    assert (got.values, got.rejected) == ({label: SCHEDULES[form]}, {})


@pytest.mark.parametrize("received", [0x00, 0x01, 0x08, 0x09, 0x0B, 0x0E, 0x0F, 0x1A, 0x7F])
@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("parity", [True, False])
def test_a_line_feed_received_as_another_control_character_costs_nothing(
    received: int, mode: Mode, *, parity: bool
) -> None:
    whole = SimulatedMeter(SimulatedContract.TEMPO, mode, start=START).frame()
    line = whole.replace(b"\n", bytes([received]))
    (as_sent,), (got,) = decoded(whole), decoded(with_parity(line) if parity else line)
    assert (got.values, got.dated, got.number, got.complete) == (as_sent.values, as_sent.dated, as_sent.number, True)
    assert (got.rejected, got.groups) == ({}, as_sent.groups)


STX_AS = {
    "swallowed": b"",
    "received as SOH": b"\x01",
    "received as ETX": b"\x03",
    "received as EOT": b"\x04",
    "received as LF": b"\n",
    "received as DC2": b"\x12",
    "received as HT": b"\t",
}


@pytest.mark.parametrize("stx", STX_AS)
@pytest.mark.parametrize("line_feed", [b"\n", b"\x0f"])
@pytest.mark.parametrize("mode", list(Mode))
def test_a_line_without_stx_is_read_from_the_first_end_of_a_frame_on(stx: str, line_feed: bytes, mode: Mode) -> None:
    whole = SimulatedMeter(SimulatedContract.HPHC, mode, start=START, phases=3).frame()
    line = whole.replace(b"\x02", STX_AS[stx]).replace(b"\n", line_feed)
    (as_sent,), got = decoded(whole), decoded(with_parity(line * 4))
    assert [each.values for each in got] == [as_sent.values] * (4 if stx == "received as ETX" else 3)
    assert all(each.complete and not each.rejected and each.groups == as_sent.groups for each in got)
    assert all(Deviation.MISSING_STX in each.deviations for each in got)
    is_stray = line_feed != b"\n" or STX_AS[stx] in {b"\x01", b"\x12"}
    assert all((Deviation.CONTROL_CHARACTER in each.deviations) is is_stray for each in got)


def test_frames_without_stx_that_come_seconds_apart_are_read() -> None:
    decoder = Decoder()
    line = frame(ADSC, EAST)[1:]
    assert [len(list(decoder.feed(line, 60.0 * n))) for n in range(4)] == [0, 1, 1, 1]


def test_after_an_interruption_a_line_without_stx_waits_for_the_end_of_a_frame() -> None:
    decoder = Decoder()
    line = frame(ADSC, EAST)[1:]
    list(decoder.feed(line * 2))
    decoder.interrupt()
    assert list(decoder.feed(line[20:])) == []
    assert len(list(decoder.feed(line))) == 1


def test_a_damaged_beginning_costs_no_frame() -> None:
    first, second, third = decoded(frame(ADSC, EAST) + frame(ADSC, SINSTS).replace(b"\x02", b"\x12") + frame(ADSC))
    assert (list(first.values), list(second.values), third.number) == (["EAST"], ["SINSTS"], "021961000001")
    assert second.complete


@pytest.mark.parametrize("parity", [True, False])
@pytest.mark.parametrize("end", [b"\r", b"\n"])
@pytest.mark.parametrize("label", ["PMAX", "HHPHC", "SINSTS", "LTARF"])
def test_the_separator_before_a_checksum_may_be_the_end_of_a_group(label: str, end: bytes, *, parity: bool) -> None:
    data = {"PMAX": "17480", "HHPHC": "A", "SINSTS": "00740", "LTARF": "BASE"}[label]
    whole = group(label, data)
    same_mode = group("IMAX", "090") if LABELS[label].mode is Mode.HISTORIQUE else group("PREF", "09")
    line = frame(same_mode, whole[:-3] + end + whole[-2:], same_mode)
    (got,) = decoded(with_parity(line) if parity else line)
    assert got.values[label] == (int(data) if LABELS[label].is_number else data)
    assert (got.rejected, got.groups, set(got.deviations)) == ({}, 3, {Deviation.SEPARATOR})


def test_a_rejected_group_is_named_by_its_label_and_reason() -> None:
    (got,) = decoded(frame(ADSC, EAST[:-2] + b"!\r", group("SINSTS", "0074A"), group("east", "1")))
    assert got.faults == {("checksum", "EAST"), ("shape", "SINSTS"), ("label", "east")}


def test_a_damaged_line_feed_does_not_glue_two_groups() -> None:
    line = frame(ADSC, EAST, SINSTS).replace(SINSTS, b"\x0b" + SINSTS[1:])
    (got,) = decoded(line)
    assert got.values.keys() == {"EAST", "SINSTS"}
    assert got.rejected == {}


@pytest.mark.parametrize("end", [b"\r", b"\n"])
def test_either_end_of_a_group_may_be_lost(end: bytes) -> None:
    (got,) = decoded(frame(ADSC, EAST.replace(end, b""), SINSTS))
    assert got.values.keys() == {"EAST", "SINSTS"}


def test_a_new_beginning_closes_a_frame_that_lost_its_end() -> None:
    first, second = decoded(frame(ADSC, EAST)[:-1] + frame(ADSC, SINSTS))
    assert (first.complete, second.complete) == (False, True)
    assert (list(first.values), list(second.values)) == (["EAST"], ["SINSTS"])


def test_an_interrupted_line_never_puts_two_frames_together() -> None:
    decoder = Decoder()
    before, after = (frame(group("PAPP", f"{power:05d}"), group("ISOUSC", "30")) for power in (100, 200))
    assert list(decoder.feed(before[:-3])) == []
    decoder.interrupt()
    assert list(decoder.feed(after[-8:])) == []
    assert [each.values["PAPP"] for each in decoder.feed(after)] == [200]


def test_a_frame_that_a_silence_broke_off_is_not_mixed_with_what_comes_after_it() -> None:
    decoder = Decoder()
    begin, end = b"\x02" + ADSC + EAST, SINSTS + b"\x03"
    assert [*decoder.feed(begin, 10.0), *decoder.feed(end, 20.0)] == []
    (whole,) = [*decoder.feed(begin, 21.0), *decoder.feed(end, 23.0)]
    assert (list(whole.values), whole.complete, whole.at) == (["EAST", "SINSTS"], True, 23.0)


def test_a_transmission_broken_off_drops_the_group_that_was_open() -> None:
    (got,) = decoded(b"\x02" + ADSC + EAST + SINSTS[:-3] + b"\x04" + SINSTS)
    assert got.values.keys() == {"EAST"}
    assert (got.complete, got.rejected) == (False, {})


def test_what_stands_outside_frames_counts_for_nothing() -> None:
    (got,) = decoded(SINSTS + frame(ADSC, EAST) + SINSTS)
    assert got.values.keys() == {"EAST"}


def test_an_empty_text_and_a_checksum_that_is_a_space_are_values() -> None:
    spaced = group("EASD01", "000000000")
    assert spaced[-2:] == b" \r"
    (got,) = decoded(frame(ADSC, spaced, group("MSG2", " " * 16), group("DATE", "", "h261121211500")))
    assert got.values["MSG2"] == ""
    assert "EASD01" in got.values
    assert got.dated == {"DATE": "2026-11-21T21:15:00+01:00"}
    assert "DATE" not in got.values


def test_a_horodate_that_is_no_date_is_left_out_and_counted() -> None:
    (got,) = decoded(frame(ADSC, group("SMAXSN", "00740", "H000000000000")))
    assert got.values == {"SMAXSN": 740}
    assert (got.dated, got.horodates_unreadable, got.rejected) == ({}, 1, {})


def test_texts_lose_their_padding_and_runs_of_spaces() -> None:
    (got,) = decoded(frame(ADSC, group("LTARF", "   HC  BLEU     ")))
    assert got.values == {"LTARF": "HC BLEU"}


def test_an_unknown_label_is_published_as_text_from_its_third_sighting_in_a_row() -> None:
    novel = frame(ADSC, group("NOVEL", " 12 "))
    seen = decoded(novel * 2 + frame(ADSC) + novel * 3)
    assert [got.values for got in seen] == [{}, {}, {}, {}, {}, {"NOVEL": "12"}]
    assert [got.rejected for got in seen] == [{"label": 1}] * 2 + [{}] + [{"label": 1}] * 2 + [{}]


def test_no_more_than_twenty_unknown_labels_are_published() -> None:
    many = frame(ADSC, *(group(f"NOVEL{n}", "1") for n in range(MAX_UNKNOWN_LABELS + 5)))
    assert len(decoded(many * 3)[-1].values) == MAX_UNKNOWN_LABELS


def test_a_frame_without_end_takes_bounded_memory() -> None:
    got = decoded(b"\x02" + EAST * 1000)
    assert len(got) == 1
    assert got[0].groups <= MAX_FRAME_BYTES / len(EAST)


def test_a_groups_order_is_kept() -> None:
    groups = [EncodedGroup("EAST", "000000001"), EncodedGroup("SINSTS", "00740"), EncodedGroup("PREF", "09")]
    (got,) = decoded(encode_frame(Mode.STANDARD, groups))
    assert list(got.values) == [each.label for each in groups]


def test_the_offset_shows_where_in_the_stream_a_frame_ended() -> None:
    line = frame(ADSC, EAST)
    first, second = decoded(b"noise" + line + line)
    assert (first.offset, second.offset) == (5 + len(line), 5 + 2 * len(line))
    assert replace(first, offset=0) == replace(second, offset=0)
