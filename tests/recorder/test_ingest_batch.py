"""When messages are stored, and which acknowledgements a stored batch releases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tictally_recorder.ingest.batch import LULL_S, MAX_AGE_S, MessageBuffer
from tictally_recorder.ingest.events import MessageReceived
from tictally_recorder.ingest.subscriptions import edge_and_what, edge_filters
from tictally_shared.topics import Topics


def message(number: int, mid: int = 1, connection: int = 1) -> MessageReceived:
    return MessageReceived("tictally/edge/a/frame", b"%d" % number, 0, mid, 1, connection)


def test_nothing_is_due_while_no_message_waits() -> None:
    assert MessageBuffer(10, 0.0).due_s() is None


@pytest.mark.parametrize(
    ("commit_s", "arrivals_s", "due_s"),
    [
        (60.0, [5.0], 65.0),
        (60.0, [5.0, 6.5, 8.0], 65.0),
        (0.0, [5.0], 5.0 + LULL_S),
        (0.0, [5.0, 5.02], 5.02 + LULL_S),
        (0.0, [5.0 + 0.04 * step for step in range(25)], 5.0 + MAX_AGE_S),
        (60.0, [5.0, 5.0, 5.0], 5.0),
    ],
    ids=["an interval", "after the first", "a lull", "a lull after the last", "a second after the first", "full"],
)
def test_a_batch_is_due_after_the_commit_interval_or_when_full(
    commit_s: float, arrivals_s: list[float], due_s: float
) -> None:
    pending = MessageBuffer(3 if arrivals_s[-1] == arrivals_s[0] and len(arrivals_s) == 3 else 100, commit_s)
    for number, now_s in enumerate(arrivals_s):
        pending.add(message(number), now_s)
    assert pending.due_s() == pytest.approx(due_s)


def test_a_message_that_is_not_a_frame_makes_the_batch_due_at_the_next_lull() -> None:
    pending = MessageBuffer(100, 60.0)
    pending.add(message(0), 5.0)
    pending.add(message(1), 20.0, is_urgent=True)
    assert pending.due_s() == pytest.approx(20.0 + LULL_S)
    pending.remove(pending.batch(), 20.1)
    pending.add(message(2), 30.0)
    assert pending.due_s() == pytest.approx(90.0)


def hold(
    pending: MessageBuffer, window: int, arrivals_s: list[float], until_s: float, payloads: int = 10_000
) -> list[tuple[float, int]]:
    """A broker that sends no more than `window` messages ahead of the acknowledgements; (when, how many) stored."""
    stored, sent, in_flight, now_s = [], 0, 0, 0.0
    while now_s < until_s:
        while sent < len(arrivals_s) and arrivals_s[sent] <= now_s and in_flight < window:
            pending.add(message(sent % payloads, mid=sent), now_s)
            sent, in_flight = sent + 1, in_flight + 1
        due_s = pending.due_s()
        if due_s is not None and due_s <= now_s:
            released = pending.remove(pending.batch(), now_s)
            in_flight -= len(released)
            stored.append((now_s, len(released)))
        now_s += 0.01
    return stored


@pytest.mark.parametrize(("window", "payloads"), [(1, 200), (2, 200), (10, 200), (20, 200), (20, 1), (20, 3)])
def test_the_window_of_a_broker_is_learned_once(window: int, payloads: int) -> None:
    """The window is of packets, also where a topic repeats itself."""
    arrivals_s = [1.4 * step for step in range(200)]
    stored = hold(MessageBuffer(250, 60.0), window, arrivals_s, 290.0, payloads)
    assert sum(count for _, count in stored) >= 200 - window
    late = [count for at_s, count in stored if at_s > 70.0]
    assert set(late) == {window}
    at_s, count = stored[0]
    assert at_s == pytest.approx(60.0, abs=0.02)
    assert count == window


@pytest.mark.parametrize("meters", [1, 3, 10])
def test_a_wide_window_is_not_taken_for_a_narrow_one(meters: int) -> None:
    arrivals_s = sorted(1.4 * step + 0.137 * meter for step in range(500) for meter in range(meters))
    stored = hold(MessageBuffer(250, 60.0), 1000, arrivals_s, 690.0)
    full = 60.0 / 1.4 * meters
    assert len(stored) <= 1.25 * 690.0 / 60.0 * max(full / 250, 1)


def test_another_connection_is_to_another_broker() -> None:
    pending = MessageBuffer(250, 60.0)
    hold(pending, 1, [1.4 * step for step in range(100)], 130.0)
    pending.add(message(1000, connection=2), 200.0)
    assert pending.due_s() == pytest.approx(260.0)


def test_after_a_full_batch_the_interval_does_not_begin_again_for_those_that_wait_longer() -> None:
    pending = MessageBuffer(2, 60.0)
    for number in range(3):
        pending.add(message(number), 5.0)
    pending.remove(pending.batch(), 5.1)
    assert pending.due_s() == pytest.approx(65.1)


def test_a_batch_is_the_oldest_messages_and_no_more_than_fit() -> None:
    pending = MessageBuffer(2, 0.0)
    for number in range(3):
        pending.add(message(number, mid=number), 0.0)
    batch = pending.batch()
    assert [arrived.payload for arrived in batch] == [b"0", b"1"]
    assert [arrived.mid for arrived in pending.remove(batch, 1.0)] == [0, 1]
    assert [arrived.payload for arrived in pending.batch()] == [b"2"]


def test_a_message_sent_again_in_a_new_connection_is_stored_once_and_acknowledged_there() -> None:
    pending = MessageBuffer(10, 0.0)
    pending.add(message(1, mid=7, connection=1), 0.0)
    pending.add(message(1, mid=3, connection=2), 0.0)
    batch = pending.batch()
    assert len(batch) == 1
    assert [(arrived.mid, arrived.connection) for arrived in pending.remove(batch, 0.0)] == [(3, 2)]


def test_a_message_published_twice_is_stored_once_and_acknowledged_twice() -> None:
    pending = MessageBuffer(10, 0.0)
    pending.add(message(1, mid=7), 0.0)
    pending.add(message(1, mid=8), 0.0)
    assert [arrived.mid for arrived in pending.remove(pending.batch(), 0.0)] == [7, 8]


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(1, 4))
def test_every_message_of_a_connection_is_acknowledged_once(numbers: list[int], batch_size: int) -> None:
    pending = MessageBuffer(batch_size, 0.0)
    for mid, number in enumerate(numbers):
        pending.add(message(number, mid=mid), 0.0)
    acknowledged: list[int] = []
    while pending:
        batch = pending.batch()
        assert 0 < len(batch) <= batch_size
        acknowledged += [arrived.mid for arrived in pending.remove(batch, 0.0)]
    assert sorted(acknowledged) == list(range(len(numbers)))


@given(st.integers(1, 50))
def test_memory_does_not_grow_with_the_number_of_connections(connections: int) -> None:
    pending = MessageBuffer(10, 0.0)
    for connection in range(connections):
        for number in range(3):
            pending.add(message(number, mid=number, connection=connection), 0.0)
    assert len(pending) == len(pending.remove(pending.batch(), 0.0)) == 3


@pytest.mark.parametrize(("edges", "named"), [((), ["+"]), (("a", "b"), ["a", "b"])])
def test_filters_are_for_all_edges_or_some(edges: tuple[str, ...], named: list[str]) -> None:
    assert edge_filters(Topics("t"), edges) == [
        f"t/edge/{edge}/{what}" for edge in named for what in ("frame", "health", "availability")
    ]


@pytest.mark.parametrize(
    ("topic", "edge_and_kind"),
    [
        ("t/edge/a/frame", ("a", "frame")),
        ("x/y/edge/b/frame", ("b", "frame")),
        ("t/edge/a/health", ("a", "health")),
        ("t/edge/a/availability", ("a", "availability")),
        ("t/edge/a/resend", ("", "")),
        ("t/a/frame", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_topics_edge_is_found_below_any_base(topic: str, edge_and_kind: tuple[str, str]) -> None:
    assert edge_and_what(topic) == edge_and_kind
