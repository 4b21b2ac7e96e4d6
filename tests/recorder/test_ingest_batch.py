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
    assert MessageBuffer(10).due_s() is None


@pytest.mark.parametrize(
    ("arrivals_s", "due_s"),
    [
        ([5.0], 5.0 + LULL_S),
        ([5.0, 5.02], 5.02 + LULL_S),
        ([5.0 + 0.04 * step for step in range(25)], 5.0 + MAX_AGE_S),
        ([5.0, 5.0, 5.0], 5.0),
    ],
    ids=["a lull", "a lull after the last", "a second after the first", "a full batch at once"],
)
def test_a_batch_is_due_after_a_lull_a_second_or_when_full(arrivals_s: list[float], due_s: float) -> None:
    pending = MessageBuffer(3 if len(arrivals_s) == 3 else 100)
    for number, now_s in enumerate(arrivals_s):
        pending.add(message(number), now_s)
    assert pending.due_s() == pytest.approx(due_s)


def test_a_batch_is_the_oldest_messages_and_no_more_than_fit() -> None:
    pending = MessageBuffer(2)
    for number in range(3):
        pending.add(message(number, mid=number), 0.0)
    batch = pending.batch()
    assert [arrived.payload for arrived in batch] == [b"0", b"1"]
    assert [arrived.mid for arrived in pending.remove(batch, 1.0)] == [0, 1]
    assert [arrived.payload for arrived in pending.batch()] == [b"2"]


def test_a_message_sent_again_in_a_new_connection_is_stored_once_and_acknowledged_there() -> None:
    pending = MessageBuffer(10)
    pending.add(message(1, mid=7, connection=1), 0.0)
    pending.add(message(1, mid=3, connection=2), 0.0)
    batch = pending.batch()
    assert len(batch) == 1
    assert [(arrived.mid, arrived.connection) for arrived in pending.remove(batch, 0.0)] == [(3, 2)]


def test_a_message_published_twice_is_stored_once_and_acknowledged_twice() -> None:
    pending = MessageBuffer(10)
    pending.add(message(1, mid=7), 0.0)
    pending.add(message(1, mid=8), 0.0)
    assert [arrived.mid for arrived in pending.remove(pending.batch(), 0.0)] == [7, 8]


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(1, 4))
def test_every_message_of_a_connection_is_acknowledged_once(numbers: list[int], batch_size: int) -> None:
    pending = MessageBuffer(batch_size)
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
    pending = MessageBuffer(10)
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
