"""The scan of quarters gives the same pieces on its fast path over monotonic quarters as by single registers."""

from collections.abc import Iterable, Mapping
from itertools import accumulate, pairwise

from hypothesis import example, given
from hypothesis import strategies as st
from ledger_building import NOON_MS

from tictally_recorder.energy.interpolation import Piece, Point
from tictally_recorder.energy.period_names import PeriodNames
from tictally_recorder.energy.register_scan import RegisterScan
from tictally_recorder.energy.window import QuarterWindow
from tictally_recorder.ledger import Quarter
from tictally_recorder.ledger.quarter_codec import MonotonicRegisters, pack, unpack, unpack_registers
from tictally_recorder.ledger.rollup import roll_up
from tictally_shared.calendar import QUARTER_MS

IDS = {"EAST": 1, "EASF01": 2, "EAIT": 5, "SINSTS": 9}
NAMES = {each: name for name, each in IDS.items()}
FIRST = NOON_MS // QUARTER_MS

# Mostly uninterrupted: each quarter the next one, frames at its bounds or within, registers that rise or stay.
RISES = st.sampled_from([0, 0, 0, 1, 7, 7, 7, 7, 7, 7, 30, -5])
FRAMES = st.tuples(
    st.sampled_from([0, 1, 1, 2, 450_000, QUARTER_MS - 2, QUARTER_MS - 1]), st.tuples(RISES, RISES, RISES)
)
QUARTERS = st.lists(
    st.tuples(
        st.sampled_from([1, 1, 1, 1, 1, 1, 2, 3]),
        st.lists(FRAMES, min_size=1, max_size=3, unique_by=lambda each: each[0]),
        st.sampled_from([(), (), (), (), ("EAIT",), ("EAST", "EASF01", "EAIT")]),
    ),
    min_size=3,
    max_size=24,
)

# (how many after the one before, its frames as (milliseconds into it, rises), registers that are not in it)
QuarterSpec = tuple[int, list[tuple[int, tuple[int, int, int]]], tuple[str, ...]]


_BOTH_ENDS = [(0, (0, 0, 0)), (QUARTER_MS - 1, (7, 30, 0))]
ON: QuarterSpec = (1, _BOTH_ENDS, ())
DOWN: QuarterSpec = (1, [(0, (-5, 0, 0)), *_BOTH_ENDS[1:]], ())
LESS: QuarterSpec = (1, _BOTH_ENDS, ("EAIT",))


def packed(quarters: list[QuarterSpec]) -> list[tuple[int, bytes]]:
    """(start, bytes) of each."""
    values = {"EAST": 1000, "EASF01": 500, "EAIT": 0}
    rows, number = [], FIRST - 1
    for step, frames, away in quarters:
        number += step
        samples = []
        for since_ms, rises in sorted(frames):
            values = {name: value + rise for (name, value), rise in zip(values.items(), rises, strict=True)}
            seen = {name: value for name, value in values.items() if name not in away}
            samples.append((number * QUARTER_MS + since_ms, seen | {"SINSTS": 300}))
        quarter = roll_up(7, number * QUARTER_MS, samples)
        assert quarter is not None
        rows.append((quarter.start_ms, pack(quarter, IDS)))
    return rows


def scanned(
    quarters: Iterable[Quarter | MonotonicRegisters],
    lengths: list[int],
    before: Mapping[str, Point],
    after: Mapping[str, Point],
) -> dict[str, list[Piece]]:
    """Register → its pieces, in periods of some lengths from FIRST on."""
    bounds = list(pairwise(accumulate(lengths, initial=FIRST)))
    window = QuarterWindow(bounds)
    pieces: dict[str, list[Piece]] = {}
    inside = (each for each in quarters if each.start_ms < window.end * QUARTER_MS)
    for register, _, piece in RegisterScan(window, before, PeriodNames((), 0)).pieces(inside, after):
        pieces.setdefault(register, []).append(piece)
    return pieces


@example(quarters=[ON, ON, ON, (3, *ON[1:]), ON], lengths=[30], before={}, after={})  # a gap
@example(quarters=[ON, ON, ON, DOWN, ON, ON], lengths=[30], before={}, after={})  # a fall between two quarters
@example(
    quarters=[ON, ON, ON, LESS, ON, ON], lengths=[30], before={}, after={}
)  # a register that is missing in a quarter
@given(
    quarters=QUARTERS,
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=6),
    before=st.sampled_from([{}, {name: Point(FIRST * QUARTER_MS - 1, 490) for name in ("EAST", "EASF01")}]),
    after=st.sampled_from([{}, {"EAST": Point((FIRST + 80) * QUARTER_MS, 2000)}]),
)
def test_monotonic_quarters_give_the_pieces_of_their_registers_one_by_one(
    quarters: list[QuarterSpec], lengths: list[int], before: dict[str, Point], after: dict[str, Point]
) -> None:
    rows = packed(quarters)
    quick = [unpack_registers(each, 7, start_ms, NAMES) for start_ms, each in rows]
    general = [unpack(each, 7, start_ms, NAMES) for start_ms, each in rows]
    assert scanned(quick, lengths, before, after) == scanned(general, lengths, before, after)


@example(quarters=[ON, ON, (3, *ON[1:]), (9, *ON[1:]), ON], lengths=[30], before={}, after={})  # gaps in a period
@example(
    quarters=[ON, (1, [(0, (7, 0, 0))], ()), (4, [(0, (7, 0, 0))], ())], lengths=[2, 9], before={}, after={}
)  # hours
@given(
    quarters=QUARTERS,
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=6),
    before=st.sampled_from([{}, {name: Point(FIRST * QUARTER_MS - 1, 490) for name in ("EAST", "EASF01")}]),
    after=st.sampled_from([{}, {"EAST": Point((FIRST + 80) * QUARTER_MS, 2000)}]),
)
def test_a_period_has_the_sum_and_the_ends_of_its_quarters(
    quarters: list[QuarterSpec], lengths: list[int], before: dict[str, Point], after: dict[str, Point]
) -> None:
    rows = packed(quarters)
    quick = [unpack_registers(each, 7, start_ms, NAMES) for start_ms, each in rows]
    bounds = list(pairwise(accumulate(lengths, initial=FIRST)))
    periods, singles = (scanned(quick, each, before, after) for each in (lengths, [1] * sum(lengths)))
    assert periods.keys() == singles.keys()
    for register, pieces in periods.items():
        for first, end in bounds:
            of_period, of_quarters = (
                [each for each in found if first <= each.quarter < end] for found in (pieces, singles[register])
            )
            assert summary(of_period) == summary(of_quarters)


def summary(pieces: list[Piece]) -> tuple[object, ...]:
    """What a row shows of pieces."""
    if not pieces:
        return ()
    first, last = min(pieces, key=lambda each: each.start_ms), max(pieces, key=lambda each: each.end_ms)
    ends = (first.first, first.first_estimated, first.start_ms, last.last, last.last_estimated, last.end_ms)
    return sum(each.energy for each in pieces), {each.unknown for each in pieces}, *ends


def test_an_uninterrupted_day_is_one_piece_per_register() -> None:
    rows = packed([(1, [(1, (0, 0, 0)), (QUARTER_MS - 1, (10, 4, 0))], ())] * 96)
    quick = [unpack_registers(each, 7, start_ms, NAMES) for start_ms, each in rows]
    assert all(isinstance(each, MonotonicRegisters) for each in quick)
    before = {"EAST": 990, "EASF01": 490, "EAIT": 0}
    last = FIRST + 95
    readings = FIRST * QUARTER_MS, (last + 1) * QUARTER_MS - 1
    assert scanned(quick, [96], {name: Point(FIRST * QUARTER_MS - 1, value) for name, value in before.items()}, {}) == {
        "EAST": [Piece(last, 990, 1960, 970, *readings)],
        "EASF01": [Piece(last, 490, 884, 394, *readings)],
        "EAIT": [Piece(last, 0, 0, 0, *readings)],
    }
