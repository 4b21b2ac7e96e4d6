"""Packed quarters and bodies: nothing is lost, the format never changes, and it is small."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_building import NOON_MS

from tictally_recorder.ledger import Ends, LedgerError, Live, Quarter, Run
from tictally_recorder.ledger.frame_codec import NumberReader, decode_body, encode_body
from tictally_recorder.ledger.quarter_codec import (
    LiveQuarter,
    MonotonicRegisters,
    pack,
    unpack,
    unpack_live,
    unpack_registers,
)
from tictally_recorder.ledger.rollup import roll_up
from tictally_shared.calendar import QUARTER_MS

IDS = {"EAST": 1, "BASE": 2, "SINSTS": 9, "URMS1": 10, "PREF": 40, "ODD": 300}
NAMES = {each: name for name, each in IDS.items()}
FRAMES = st.lists(
    st.tuples(
        st.integers(0, QUARTER_MS - 1),
        st.dictionaries(st.sampled_from(sorted(IDS)), st.integers(-(2**63), 2**63) | st.integers(0, 3)),
    ),
    min_size=1,
    max_size=8,
)

# Byte for byte what version 0.1.0 wrote: a ledger must still read the same after decades.
GOLDEN = Quarter(
    meter_id=7,
    start_ms=NOON_MS,
    n=3,
    first_ms=NOON_MS + 500,
    last_ms=NOON_MS + 890_000,
    registers={
        "EAST": (Run(NOON_MS + 500, 50_019_226, NOON_MS + 890_000, 50_019_412),),
        "BASE": (
            Run(NOON_MS + 500, 100, NOON_MS + 1000, 120),
            Run(NOON_MS + 890_000, 3, NOON_MS + 890_000, 3),
        ),
    },
    live={
        "SINSTS": Live(NOON_MS + 500, 300, NOON_MS + 890_000, 250, 3, 800, 250, 300),
        "URMS1": Live(NOON_MS + 1000, 230, NOON_MS + 1000, 230, 1, 230, 230, 230),
    },
    ends={
        "PREF": Ends(NOON_MS + 500, 9, NOON_MS + 890_000, 9),
        "ODD": Ends(NOON_MS + 500, -4, NOON_MS + 1000, -5),
    },
)
GOLDEN_HEX = (
    "01 03 f4 03 9c a5 36 01 b4 ee d9 2f ba 01 02 02 00 f4 03 c8 01 14 a8 a1 36 00 e9 01 00 43 "
    "f4 03 32 32 32 00 04 01 f4 03 00 cc 03 00 00 00 00 bd 02 12 9f 10 00 f4 03 07 01"
)
GOLDEN_BODY_HEX = (
    "01 03 e6 1b 48 da 37 05 06 a4 a5 91 91 19 52 16 09 50 70 f2 71 0d 45 c4 e2 e1 95 25 87 57 "
    "62 04 89 a1 a1 ae 91 61 88 91 a1 95 91 b9 95 81 05 dc 60 00"
)


@given(FRAMES)
def test_a_quarter_is_unpacked_as_it_was_packed(frames: list[tuple[int, dict[str, int]]]) -> None:
    quarter = roll_up(7, NOON_MS, [(NOON_MS + since, values) for since, values in sorted(frames, key=lambda f: f[0])])
    assert quarter is not None
    assert unpack(pack(quarter, IDS), 7, NOON_MS, NAMES) == quarter


@given(FRAMES)
def test_registers_alone_are_the_same_registers(frames: list[tuple[int, dict[str, int]]]) -> None:
    quarter = roll_up(7, NOON_MS, [(NOON_MS + since, values) for since, values in sorted(frames, key=lambda f: f[0])])
    assert quarter is not None
    part = unpack(pack(quarter, IDS), 7, NOON_MS, NAMES, registers_only=True)
    assert (part.registers, part.live, part.ends) == (quarter.registers, {}, {})


@given(FRAMES)
def test_the_fast_path_reads_the_same_registers(frames: list[tuple[int, dict[str, int]]]) -> None:
    quarter = roll_up(7, NOON_MS, [(NOON_MS + since, values) for since, values in sorted(frames, key=lambda f: f[0])])
    assert quarter is not None
    part = unpack_registers(pack(quarter, IDS), 7, NOON_MS, NAMES)
    ends = (quarter.first_ms, quarter.last_ms)
    assert (part.registers, part.start_ms, part.first_ms, part.last_ms) == (quarter.registers, NOON_MS, *ends)
    assert isinstance(part, MonotonicRegisters) == all(
        len(runs) == 1 and (runs[0].first_ms, runs[0].last_ms) == ends for runs in quarter.registers.values()
    )


@given(FRAMES)
def test_powers_alone_are_the_same_powers(frames: list[tuple[int, dict[str, int]]]) -> None:
    quarter = roll_up(7, NOON_MS, [(NOON_MS + since, values) for since, values in sorted(frames, key=lambda f: f[0])])
    assert quarter is not None
    packed = pack(quarter, IDS)
    assert unpack_live(packed, 7, NOON_MS, NAMES) == LiveQuarter.of(unpack(packed, 7, NOON_MS, NAMES))
    assert unpack_live(packed, 7, NOON_MS, NAMES, with_others=False) == LiveQuarter(NOON_MS, quarter.live, ())


def test_the_format_of_a_quarter_never_changes() -> None:
    assert pack(GOLDEN, IDS).hex(" ") == GOLDEN_HEX
    assert unpack(bytes.fromhex(GOLDEN_HEX), 7, NOON_MS, NAMES) == GOLDEN


def test_the_format_of_a_body_never_changes() -> None:
    values: dict[str, int | str] = {"EAST": 50_019_226, "LTARF": "HP BLEU", "MSG1": "été"}
    dated = {"DATE": "2026-11-21T21:27:08+01:00"}
    assert decode_body(bytes.fromhex(GOLDEN_BODY_HEX)) == (values, dated)
    assert decode_body(encode_body(values, dated)) == (values, dated)


@given(
    st.dictionaries(
        st.text(st.sampled_from("AB+-1"), min_size=1, max_size=3),
        st.integers(-(2**63), 2**63) | st.text(st.sampled_from('AB":,\\1é'), max_size=12),
    )
)
def test_single_numbers_are_those_of_the_whole_body_and_strings_are_none(values: dict[str, int | str]) -> None:
    labels = ["A", "B", "A1", "-1"]
    expected = {label: values[label] for label in labels if isinstance(values.get(label), int)}
    assert NumberReader(labels).read(encode_body(values, {"A": "1", "AB": '"B":1'})) == expected


@pytest.mark.parametrize("damage", ["", "02 03", "01", "01 03", GOLDEN_HEX[:60], "01 03 00 00 f8 07 00"])
def test_a_damaged_quarter_is_an_error(damage: str) -> None:
    with pytest.raises(LedgerError):
        unpack(bytes.fromhex(damage), 7, NOON_MS, NAMES)


@pytest.mark.parametrize("damage", ["", "02 03", "01", "01 03", "01 03 00 00 f8 07 00", "01 03 00 00 01 02"])
def test_a_quarter_whose_registers_are_damaged_is_an_error(damage: str) -> None:
    with pytest.raises(LedgerError):
        unpack_registers(bytes.fromhex(damage), 7, NOON_MS, NAMES)


@pytest.mark.parametrize(
    "damage", ["", "02 03", "01", "01 03", "01 03 00 00 01 02", "01 03 00 00 43 05", "01 03 00 00 f8 07"]
)
def test_a_quarter_whose_powers_are_damaged_is_an_error(damage: str) -> None:
    with pytest.raises(LedgerError):
        unpack_live(bytes.fromhex(damage), 7, NOON_MS, NAMES)


@pytest.mark.parametrize("damage", ["", "02", "01", "01 ff ff ff", GOLDEN_BODY_HEX[:20]])
def test_a_damaged_body_is_an_error(damage: str) -> None:
    with pytest.raises(LedgerError):
        decode_body(bytes.fromhex(damage))
    with pytest.raises(LedgerError):
        NumberReader(["EAST"]).read(bytes.fromhex(damage))


def test_a_standard_one_phase_meter_needs_less_than_120_bytes_a_quarter() -> None:
    frames = list(_standard_quarter(random.Random(1)))
    ids = {name: each for each, name in enumerate(frames[0][1], start=1)}
    quarter = roll_up(1, NOON_MS, frames)
    assert quarter is not None
    assert len(pack(quarter, ids)) < 120


def _standard_quarter(rng: random.Random) -> list[tuple[int, dict[str, int | str]]]:
    frames = []
    for second in range(900):
        east = 50_019_226 + second // 3
        values: dict[str, int | str] = {"EAST": east, "EASF01": 20_000_123, "EASF02": east - 20_000_123}
        values |= {f"EASF{n:02}": 0 for n in range(3, 11)}
        values |= {"EASD01": 20_000_123, "EASD02": east - 20_000_123, "EASD03": 0, "EASD04": 0}
        values |= {"IRMS1": rng.randrange(1, 30), "URMS1": rng.randrange(225, 240), "PREF": 9, "PCOUP": 9}
        values |= {"SINSTS": rng.randrange(200, 7000), "SMAXSN": 5611, "SMAXSN-1": 6002}
        values |= {"CCASN": 1180 + second // 450, "CCASN-1": 1250, "UMOY1": 234}
        frames.append((NOON_MS + second * 1000 + rng.randrange(1000), values))
    return frames
