"""Sets of frame numbers as ranges, against Python's own sets."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tictally_shared.interval_set import IntervalSet

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 8)).map(lambda each: (each[0], each[0] + each[1])))


def numbers(spans: list[tuple[int, int]]) -> set[int]:
    return {n for first, last in spans for n in range(first, last + 1)}


@given(SPANS, SPANS)
def test_adding_and_removing_are_those_of_a_set(added: list[tuple[int, int]], removed: list[tuple[int, int]]) -> None:
    ranges = IntervalSet(added)
    for first, last in removed:
        ranges.remove(first, last)
    expected = numbers(added) - numbers(removed)
    assert numbers(list(ranges)) == expected
    assert len(ranges) == len(expected)
    assert all((n in ranges) is (n in expected) for n in range(-1, 80))
    bounds = list(ranges)
    assert all(before[1] + 1 < after[0] for before, after in pairwise(bounds))


@given(SPANS, SPANS)
def test_intersection_is_that_of_sets(first_spans: list[tuple[int, int]], second_spans: list[tuple[int, int]]) -> None:
    assert numbers(list(IntervalSet(first_spans) & IntervalSet(second_spans))) == numbers(first_spans) & numbers(
        second_spans
    )


@given(SPANS, SPANS)
def test_union_and_difference_are_those_of_sets(
    first_spans: list[tuple[int, int]], second_spans: list[tuple[int, int]]
) -> None:
    left, right = IntervalSet(first_spans), IntervalSet(second_spans)
    assert numbers(list(left | right)) == numbers(first_spans) | numbers(second_spans)
    assert numbers(list(left - right)) == numbers(first_spans) - numbers(second_spans)
    assert (left, right) == (IntervalSet(first_spans), IntervalSet(second_spans))
    assert (left == right) is (numbers(first_spans) == numbers(second_spans))


@given(SPANS, st.integers(0, 30), st.integers(0, 4))
def test_the_lowest_numbers_are_few_in_few_ranges(spans: list[tuple[int, int]], most: int, ranges: int) -> None:
    taken = IntervalSet(spans).lowest(most, ranges)
    whole = [n for first, last in list(IntervalSet(spans))[:ranges] for n in range(first, last + 1)]
    assert sorted(numbers(list(taken))) == whole[:most]


@given(SPANS, st.integers(1, 5))
def test_too_many_ranges_are_rounded_to_the_safe_side(spans: list[tuple[int, int]], most: int) -> None:
    ranges = IntervalSet(spans)
    inward, outward = ranges.longest(most), ranges.covering(most)
    assert len(inward) <= most
    assert len(outward) <= most
    assert numbers(inward) <= numbers(spans) <= numbers(outward)
    if len(list(ranges)) <= most:
        assert inward == outward == list(ranges)
