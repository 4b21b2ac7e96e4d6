"""FrameNumbers: ranges equal a list of single numbers, in as few rows as possible."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tictally_recorder.ledger.frame_numbers import FrameNumbers, NumberRange, Status

PUTS = st.lists(st.tuples(st.integers(1, 30), st.sampled_from(Status)), max_size=60)


@given(PUTS)
def test_ranges_equal_a_list_of_single_numbers(puts: list[tuple[int, Status]]) -> None:
    numbers, naive = FrameNumbers(), {}
    for number, status in puts:
        numbers.put(number, status)
        naive[number] = status
    assert {n: numbers.status(n) for n in range(32)} == {n: naive.get(n) for n in range(32)}


@given(PUTS)
def test_ranges_are_disjoint_and_neighbours_of_one_status_are_one(puts: list[tuple[int, Status]]) -> None:
    numbers = FrameNumbers()
    for number, status in puts:
        numbers.put(number, status)
    ranges = list(numbers)
    assert all(each.first <= each.last for each in ranges)
    for before, after in pairwise(ranges):
        assert before.last < after.first
        assert before.last + 1 < after.first or before.status is not after.status


@given(PUTS, st.integers(1, 30), st.integers(0, 12), st.sampled_from(Status))
def test_filling_gives_a_status_to_what_has_none(
    puts: list[tuple[int, Status]], first: int, more: int, status: Status
) -> None:
    numbers, one_by_one = FrameNumbers(), FrameNumbers()
    for number, each in puts:
        numbers.put(number, each)
        one_by_one.put(number, each)
    numbers.fill(first, first + more, status)
    for number in range(first, first + more + 1):
        if one_by_one.status(number) is None:
            one_by_one.put(number, status)
    assert list(numbers) == list(one_by_one)


@given(PUTS, PUTS)
def test_changes_bring_saved_ranges_up_to_date(early: list[tuple[int, Status]], late: list[tuple[int, Status]]) -> None:
    numbers = FrameNumbers()
    saved: dict[int, NumberRange] = {}
    for puts in (early, late):
        for number, status in puts:
            numbers.put(number, status)
        gone, ranges = numbers.take_changes()
        for first in gone:
            saved.pop(first, None)
        saved |= {each.first: each for each in ranges}
    assert sorted(saved.values(), key=lambda each: each.first) == list(numbers)


def test_a_million_numbers_in_a_row_are_one_range() -> None:
    numbers = FrameNumbers([NumberRange(1, 999_999, Status.STORED)])
    numbers.put(1_000_000, Status.STORED)
    assert list(numbers) == [NumberRange(1, 1_000_000, Status.STORED)]
    assert numbers.take_changes() == ([], [NumberRange(1, 1_000_000, Status.STORED)])
