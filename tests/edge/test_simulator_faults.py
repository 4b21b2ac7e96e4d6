"""The bad line: repeatable, indifferent to chunks, and as bad as it was shown to be."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tictally_edge.simulator import SimulatorError
from tictally_edge.simulator.faults import Faults

LINE = bytes(range(128)) * 2000


@given(st.lists(st.integers(0, 400), max_size=10), st.integers(0, 1000))
def test_chunks_change_nothing(cuts: list[int], seed: int) -> None:
    def bad_line() -> Faults:
        return Faults(bit_flip=0.02, lose=0.05, double=0.05, seed=seed)

    line, places = bad_line(), [0, *sorted(cuts), 400]
    chunks = [LINE[begin:end] for begin, end in pairwise(places)]
    assert b"".join(map(line.apply, chunks)) == bad_line().apply(LINE[:400])


def test_a_good_line_changes_nothing() -> None:
    assert Faults().apply(LINE) == LINE


@pytest.mark.parametrize(("parity", "bits"), [(True, 8), (False, 7)])
@pytest.mark.parametrize("probability", [0.001, 0.01])
def test_every_bit_is_flipped_as_often_as_reported(*, parity: bool, bits: int, probability: float) -> None:
    arrived = Faults(bit_flip=probability, seed=3, parity=parity).apply(LINE)
    expected = len(LINE) * probability
    for bit in range(8):
        flipped = sum((a ^ b) >> bit & 1 for a, b in zip(arrived, LINE, strict=True))
        if bit < bits:
            assert abs(flipped - expected) < 6 * expected**0.5
        else:
            assert flipped == 0


@pytest.mark.parametrize(("fault", "sign"), [("lose", -1), ("double", 1)])
@pytest.mark.parametrize("probability", [0.001, 0.01])
def test_characters_are_lost_and_doubled_as_often_as_reported(fault: str, sign: int, probability: float) -> None:
    line = Faults(lose=probability) if fault == "lose" else Faults(double=probability)
    arrived = line.apply(LINE)
    expected = len(LINE) * probability
    assert abs(sign * (len(arrived) - len(LINE)) - expected) < 6 * expected**0.5


def test_certain_faults_strike_everything() -> None:
    assert Faults(lose=1).apply(b"abc") == b""
    assert Faults(double=1).apply(b"abc") == b"aabbcc"
    assert Faults(bit_flip=1, parity=False).apply(b"\x00\x7f") == b"\x7f\x00"


def test_seeds_differ() -> None:
    assert Faults(bit_flip=0.01, seed=1).apply(LINE) != Faults(bit_flip=0.01, seed=2).apply(LINE)


@pytest.mark.parametrize("probability", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_refused(probability: float) -> None:
    with pytest.raises(SimulatorError):
        Faults(lose=probability)
