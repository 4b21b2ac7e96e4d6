"""Back-off: the delays between attempts."""

import pytest

from tictally_shared.instances import InstanceWatch
from tictally_shared.runtime.backoff import Backoff, DisputeBackoff


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


def test_a_connection_that_ends_without_a_dispute_is_not_delayed() -> None:
    backoff = DisputeBackoff()
    backoff.connected(0.0)
    assert (backoff.disconnected(1.0), backoff.count) == (None, 0)


def test_a_disputed_connection_is_renewed_ever_later_until_one_lasts() -> None:
    backoff = DisputeBackoff()
    backoff.notice()
    delays = []
    for round_ in range(9):
        backoff.connected(round_ * 10.0)
        delays.append(backoff.disconnected(round_ * 10.0 + 5))
    assert delays == [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 600.0, 600.0]
    backoff.connected(1000.0)
    assert backoff.disconnected(1000.0 + 1201) is None


@pytest.mark.parametrize(
    ("is_own", "is_published", "retained", "is_other"),
    [
        (True, True, False, False),
        (False, False, False, True),
        (False, False, True, False),  # the process before this one
        (False, True, True, True),
    ],
)
def test_a_health_message_shows_another_program(
    *, is_own: bool, is_published: bool, retained: bool, is_other: bool
) -> None:
    watch = InstanceWatch(is_published=is_published)
    assert watch.is_other(watch.instance if is_own else "other", retained=retained) is is_other
