"""Back-off: the delays between attempts."""

import pytest

from tictally_shared.runtime.backoff import Backoff


def test_delays_double_up_to_the_cap() -> None:
    backoff = Backoff(1.0, 30.0)
    assert [backoff.next_s() for _ in range(7)] == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_a_success_starts_again_with_the_first_delay() -> None:
    backoff = Backoff(1.0, 30.0)
    backoff.next_s()
    backoff.next_s()
    backoff.reset()
    assert [backoff.next_s(), backoff.next_s()] == [1.0, 2.0]


def test_the_coming_delay_can_be_read_without_counting_a_failure() -> None:
    backoff = Backoff(5.0, 60.0)
    assert [backoff.delay_s, backoff.delay_s, backoff.next_s(), backoff.delay_s] == [5.0, 5.0, 5.0, 10.0]


def test_endless_failures_never_overflow() -> None:
    backoff = Backoff(0.5, 900.0)
    for _ in range(10_000):
        backoff.next_s()
    assert backoff.delay_s == 900.0


@pytest.mark.parametrize(("first_s", "longest_s"), [(0.0, 30.0), (-1.0, 30.0), (60.0, 30.0)])
def test_delays_that_cannot_grow_are_rejected(first_s: float, longest_s: float) -> None:
    with pytest.raises(ValueError, match="back-off"):
        Backoff(first_s, longest_s)
