"""Quarters are packed into columns and unpacked to the same bytes, whatever they contain."""

import random
from pathlib import Path

import pytest
from backup_building import build, rows
from hypothesis import given
from hypothesis import strategies as st

from tictally_recorder.backup.file_format import BackupError
from tictally_recorder.backup.quarter_columns import pack_quarters, unpack_quarters
from tictally_recorder.ledger import Ends, Live, Quarter, Run
from tictally_recorder.ledger.quarter_codec import pack

IDS = {name: number for number, name in enumerate(("EAST", "EASF01", "EASF02", "SINSTS", "URMS1", "PREF"), 1)}
numbers = st.integers(-5, 2**31)


@st.composite
def quarters(draw: st.DrawFn) -> bytes:
    since, until = sorted((draw(st.integers(0, 899_999)), draw(st.integers(0, 899_999))))
    inside = st.integers(since, until)

    def register() -> tuple[Run, ...]:
        times = sorted(draw(st.lists(inside, min_size=2, max_size=6, unique=True)) or [since]) if since < until else []
        if draw(st.booleans()) or len(times) < 2:
            first = draw(numbers)
            return (Run(since, first, until, first + draw(st.integers(0, 500))),)
        pairs = zip(times[::2], times[1::2], strict=False)
        return tuple(Run(a, first := draw(numbers), b, first + draw(st.integers(0, 9))) for a, b in pairs)

    live = {
        name: Live(since, low + 1, until, low + 2, 3, 3 * low + 7, low, low + 4)
        for name in ("SINSTS", "URMS1")
        for low in [draw(numbers)]
        if draw(st.booleans())
    }
    return pack(
        Quarter(
            1, 0, draw(st.integers(1, 900)), since, until,
            {name: register() for name in ("EAST", "EASF01", "EASF02") if draw(st.booleans())},
            live,
            {"PREF": Ends(since, draw(numbers), until, draw(numbers))} if draw(st.booleans()) else {},
        ),
        IDS,
    )  # fmt: skip


@given(st.lists(quarters(), max_size=30))
def test_quarters_round_trip(packed: list[bytes]) -> None:
    about, data = pack_quarters(packed)
    assert unpack_quarters(about, data) == packed


@given(st.lists(st.binary(max_size=60).map(lambda each: b"\x01" + each) | st.binary(max_size=20), max_size=20))
def test_arbitrary_bytes_round_trip(packed: list[bytes]) -> None:
    about, data = pack_quarters(packed)
    assert unpack_quarters(about, data) == packed


@pytest.mark.parametrize(
    "odd",
    [
        b"\x01\x05\x01\x01\x00\x80\x00\x00\x05",
        b"\x01\x80\x00\x01\x01\x08\x80\x00\x09\x05",
        b"\x01\x05\x01\x01\x08",
        b"\x02",
        b"",
    ],
)
def test_a_quarter_that_would_not_round_trip_is_stored_unpacked(odd: bytes) -> None:
    about, data = pack_quarters([odd, odd])
    assert (about["order"], data) == ([-1, -1], b"")
    assert unpack_quarters(about, data) == [odd, odd]


def test_quarters_of_a_ledger_have_a_few_shapes_and_are_all_packed(tmp_path: Path) -> None:
    build(tmp_path / "ledger.sqlite")
    packed = [row[2] for row in rows(tmp_path / "ledger.sqlite")["quarter"]]
    about, data = pack_quarters(packed)
    assert len(about["shapes"]) <= 4
    assert about["loose"] == []
    assert len(data) < sum(map(len, packed))


def test_any_changed_byte_is_detected(tmp_path: Path) -> None:
    build(tmp_path / "ledger.sqlite", 8)
    about, data = pack_quarters([row[2] for row in rows(tmp_path / "ledger.sqlite")["quarter"]])
    rng = random.Random(5)
    for _ in range(200):
        damaged = bytearray(data)
        damaged[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        with pytest.raises(BackupError):
            unpack_quarters(about, bytes(damaged))
    changes: tuple[dict[str, object], ...] = (
        {"order": about["order"][:-1]},
        {"shapes": []},
        {"crc": 1},
        {"loose": ["?"], "order": [-1]},
    )
    for change in changes:
        with pytest.raises(BackupError):
            unpack_quarters(about | change, data)
