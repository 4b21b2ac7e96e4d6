"""Which frames a planner requests from an edge, and which it gives up."""

import json
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tictally_recorder.ingest.backfill import EdgeFrames, HealthError, Plan, Planner, Request, parse_health
from tictally_recorder.ingest.backfill.planner import MAX_FRAMES, MAX_RANGES, floors_of, ranges_in
from tictally_shared.interval_set import IntervalSet

A, B = "9f2c61d07ab3e514", "00000000000000a1"
Spans = list[tuple[int, int]]


def health(*boots: tuple[str, Spans, Spans]) -> EdgeFrames:
    return parse_health(
        json.dumps({"boots": [{"boot": boot, "held": held, "backlog": back} for boot, held, back in boots]}).encode()
    )


def known(spans: Spans, boot: str = A) -> dict[str, IntervalSet]:
    return {boot: IntervalSet(spans)}


def requested(plan: Plan) -> tuple[str, Spans] | None:
    return None if plan.request is None else (plan.request.boot, list(plan.request.numbers))


def lost(plan: Plan) -> dict[str, Spans]:
    return {boot: list(ranges) for boot, ranges in plan.lost.items()}


def test_a_request_has_the_format_that_the_edge_reads() -> None:
    assert Request(A, IntervalSet([(1, 4), (9, 9)])).to_json() == f'{{"boot":"{A}","ranges":[[1,4],[9,9]]}}'


def test_frames_missing_at_two_health_messages_are_requested() -> None:
    planner = Planner()
    planner.update(health((A, [(1, 90)], [])), known([(1, 10), (15, 80)]), 0.0)
    assert requested(planner.plan(known([(1, 10), (15, 80)]), 0.0)) is None
    assert planner.missing == 14
    planner.update(health((A, [(1, 150)], [])), known([(1, 10), (15, 88)]), 60.0)
    assert requested(planner.plan(known([(1, 10), (15, 88)]), 60.0)) == (A, [(11, 14), (89, 90)])


def test_frames_in_the_edges_backlog_are_not_requested() -> None:
    planner = Planner()
    for now_s in (0.0, 60.0):
        planner.update(health((A, [(1, 90)], [(40, 90)])), known([(1, 30)]), now_s)
    assert requested(planner.plan(known([(1, 30)]), 60.0)) == (A, [(31, 39)])


def test_without_missing_frames_nothing_is_planned() -> None:
    planner = Planner()
    for now_s in (0.0, 60.0):
        planner.update(health((A, [(1, 90)], [(81, 90)])), known([(1, 80)]), now_s)
        assert planner.plan(known([(1, 80)]), now_s) == Plan()
    assert planner.is_idle


def test_a_request_is_bounded_and_the_next_follows_when_it_is_answered() -> None:
    planner = Planner()
    for now_s in (0.0, 60.0):
        planner.update(health((A, [(1, 5000)], [])), {}, now_s)
    assert requested(planner.plan({}, 60.0)) == (A, [(1, MAX_FRAMES)])
    assert requested(planner.plan(known([(1, MAX_FRAMES - 1)]), 61.0)) is None
    assert requested(planner.plan(known([(1, MAX_FRAMES)]), 62.0)) == (A, [(MAX_FRAMES + 1, 2 * MAX_FRAMES)])


def test_a_request_has_no_more_ranges_than_an_edge_accepts() -> None:
    planner = Planner()
    every_other = known([(2 * n, 2 * n) for n in range(1, 1000)])
    for now_s in (0.0, 60.0):
        planner.update(health((A, [(1, 2000)], [])), every_other, now_s)
    request = planner.plan(every_other, 60.0).request
    assert request is not None
    assert len(list(request.numbers)) == MAX_RANGES


def test_boots_are_requested_one_at_a_time_oldest_first() -> None:
    planner = Planner()
    for now_s in (0.0, 60.0):
        planner.update(health((B, [(1, 4)], []), (A, [(1, 6)], [])), {}, now_s)
    assert requested(planner.plan({}, 60.0)) == (B, [(1, 4)])
    assert requested(planner.plan(known([(1, 4)], B), 61.0)) == (A, [(1, 6)])


def test_frames_requested_three_times_in_vain_are_lost_and_the_timeout_grows() -> None:
    planner = Planner()
    has = known([(1, 10)])
    requested_at = []
    for now_s in range(0, 900, 10):
        if now_s % 60 == 0:
            planner.update(health((A, [(1, 12)], [])), has, float(now_s))
        plan = planner.plan(has, float(now_s))
        if plan.request is not None:
            assert requested(plan) == (A, [(11, 12)])
            requested_at.append(now_s)
        if plan.lost:
            assert lost(plan) == {A: [(11, 12)]}
            break
    assert requested_at == [60, 120, 240]
    assert now_s == 480
    assert planner.plan(known([(1, 12)]), 490.0) == Plan()
    assert planner.is_idle


def test_lost_frames_are_planned_as_lost_until_the_ledger_marks_them() -> None:
    planner = Planner()
    for now_s in (0.0, 60.0, 120.0, 180.0):
        planner.update(health((A, [(5, 9)], [])), known([(5, 9)]), now_s)
        assert lost(planner.plan(known([(5, 9)]), now_s)) == ({A: [(1, 4)]} if now_s else {})
    assert planner.missing == 4
    assert planner.plan(known([(1, 9)]), 181.0) == Plan()
    assert planner.missing == 0


def test_a_slow_answer_is_no_failure() -> None:
    planner = Planner()
    planner.update(health((A, [(1, 100)], [])), {}, 0.0)
    for seconds in range(60, 3000, 30):
        arrived = known([(1, seconds // 30)])
        if seconds % 60 == 0:
            planner.update(health((A, [(1, 100)], [])), arrived, float(seconds))
        plan = planner.plan(arrived, float(seconds))
        assert plan.lost == {}
        assert (plan.request is None) is (seconds > 60)


def test_frames_that_never_arrive_hold_up_no_others() -> None:
    planner = Planner()
    for now_s in (0.0, 60.0):
        planner.update(health((A, [(1, 3000)], [])), {}, now_s)
    planner.plan({}, 60.0)
    has = known([(2, MAX_FRAMES)])  # 1 is damaged in the journal
    planner.plan(has, 70.0)
    planner.update(health((A, [(1, 3000)], [])), has, 120.0)
    assert requested(planner.plan(has, 130.0)) == (A, [(MAX_FRAMES + 1, 3000)])
    assert requested(planner.plan(known([(2, 3000)]), 131.0)) == (A, [(1, 1)])


def test_an_answer_resets_the_timeout() -> None:
    planner = Planner()
    for now_s in (0.0, 60.0, 61.0):
        planner.update(health((A, [(1, 20)], [])), {}, now_s)
        planner.plan({}, now_s)
    planner.plan({}, 120.0)  # in vain, and requested again: a timeout of two minutes
    planner.plan(known([(1, 10)]), 130.0)
    planner.update(health((A, [(1, 20)], [])), known([(1, 10)]), 140.0)
    assert requested(planner.plan(known([(1, 10)]), 189.0)) is None
    assert requested(planner.plan(known([(1, 10)]), 190.0)) == (A, [(11, 20)])


def test_an_offline_edge_gets_no_request_and_loses_nothing() -> None:
    planner = Planner()
    for now_s in (0.0, 60.0):
        planner.update(health((A, [(1, 3)], [])), {}, now_s)
    assert requested(planner.plan({}, 60.0)) == (A, [(1, 3)])
    for now_s in range(70, 10_000, 10):
        assert planner.plan({}, float(now_s)) == Plan()
    planner.forget_request()  # its availability is offline
    assert planner.plan({}, 10_000.0) == Plan()
    planner.update(health((A, [(1, 3)], [])), {}, 10_060.0)
    assert requested(planner.plan({}, 10_060.0)) == (A, [(1, 3)])


@pytest.mark.parametrize(
    ("first", "second", "is_lost"),
    [
        # Expired from the journal before a request.
        (health((A, [(50, 90)], [])), health((A, [(50, 95)], [])), {A: [(11, 49)]}),
        # Missing at the last health message, gone now.
        (health((A, [(1, 90)], [])), health((A, [(50, 95)], [])), {A: [(11, 49)]}),
        # Gone only since this message: it may be in transit.
        (health((A, [(1, 10)], [])), health((A, [(50, 95)], [])), {}),
        # Too many ranges to report: unreported frames may be held.
        (
            health((A, [(100 + 2 * n, 100 + 2 * n) for n in range(64)], [])),
            health((A, [(100 + 2 * n, 100 + 2 * n) for n in range(64)], [])),
            {},
        ),
        # A boot that has expired completely from the journal.
        (health((B, [(1, 4)], []), (A, [(1, 40)], [])), health((B, [(1, 9)], [])), {A: [(11, 40)]}),
        # All held frames are still in the backlog.
        (health((A, [], [(11, 90)])), health((A, [], [(11, 90)])), {}),
    ],
    ids=["old", "dropped", "once", "rounded", "boot", "backlog"],
)
def test_frames_that_no_edge_holds_any_more_are_lost(
    first: EdgeFrames, second: EdgeFrames, is_lost: dict[str, Spans]
) -> None:
    planner = Planner({B: 1})
    has = known([(1, 10)])
    planner.update(first, has, 0.0)
    assert planner.plan(has, 0.0).lost == {}
    planner.update(second, has, 60.0)
    assert lost(planner.plan(has, 60.0)) == is_lost


def test_missing_frames_of_boots_that_no_health_names_any_more_are_lost() -> None:
    planner = Planner()
    has = {A: IntervalSet([(1, 5), (8, 9)]), B: IntervalSet([(1, 3)])}
    for now_s in (0.0, 60.0):
        planner.update(health((B, [(1, 3)], [])), has, now_s)
    assert lost(planner.plan(has, 60.0)) == {A: [(6, 7)]}


def test_frames_from_before_the_first_contact_are_not_lost() -> None:
    first = health((B, [(700, 900)], []), (A, [(1, 6)], [(7, 9)]))
    floors = floors_of(first, {A: IntervalSet([(8, 9)]), "0" * 16: IntervalSet([(4, 5)])})
    assert floors == {B: 700, A: 1, "0" * 16: 4}
    planner = Planner(floors)
    for now_s in (0.0, 60.0):
        planner.update(first, {}, now_s)
    assert planner.plan({}, 60.0).lost == {}


def test_a_health_message_without_frame_numbers_misses_nothing() -> None:
    empty = health((A, [], []))
    assert floors_of(empty, {}) == {A: 1}
    planner = Planner()
    for now_s in (0.0, 60.0):
        planner.update(empty, {}, now_s)
    assert planner.is_idle


@dataclass
class Edge:
    """Holds frames, answers requests as well as it can, loses some."""

    held: set[int]
    unreadable: set[int]
    inbox: list[int] = field(default_factory=list)

    def health(self) -> EdgeFrames:
        return health((A, list(IntervalSet((n, n) for n in self.held)), []))

    def take(self, request: Request) -> None:
        self.inbox += [n for n in self.held - self.unreadable if n in request.numbers]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 120),
    st.sets(st.integers(1, 120), max_size=25),
    st.sets(st.integers(1, 120), max_size=6),
    st.sets(st.integers(1, 120), max_size=12),
    st.randoms(use_true_random=False),
)
def test_every_missing_frame_is_filled_or_lost_and_nothing_else_is(
    top: int, stored: set[int], unreadable: set[int], dropped: set[int], random: Random
) -> None:
    numbers = set(range(1, top + 1))
    edge = Edge(numbers - dropped, unreadable)
    has = IntervalSet((n, n) for n in stored & numbers)
    planner = Planner()
    gone: set[int] = set()
    for now_s in range(0, 4000, 10):
        if now_s % 60 == 0:
            planner.update(edge.health(), {A: has}, float(now_s))
        plan = planner.plan({A: has}, float(now_s))
        if plan.request is not None and random.random() < 0.9:
            edge.take(plan.request)
        for boot_lost in plan.lost.values():
            new = {n for first, last in boot_lost for n in range(first, last + 1)}
            gone |= new
            has |= boot_lost
        for number in edge.inbox[:30]:
            has.add(number, number)
        del edge.inbox[:30]
    top_seen = max(edge.held | stored & numbers, default=0) if edge.held else max(stored & numbers, default=0)
    assert has == IntervalSet([(1, top_seen)] if top_seen else [])
    # A lost request counts as one in vain, so a readable frame may be given up after three of them.
    assert gone >= {n for n in (dropped | unreadable) - stored if n <= top_seen}
    assert planner.is_idle


def of_ended(boot: str, last: object, held: Spans | None = None, **more: object) -> bytes:
    body = {"boots": [{"boot": boot, "held": held or [], "backlog": [], "last": last, **more}]}
    return json.dumps(body).encode()


def test_numbers_that_an_edge_has_given_and_no_longer_holds_are_lost() -> None:
    planner = Planner()
    for now_s in (0.0, 60.0):
        planner.update(parse_health(of_ended(A, 20, [(11, 14)])), known([(1, 10)]), now_s)
    assert lost(planner.plan(known([(1, 14)]), 61.0)) == {A: [(15, 20)]}


def test_what_an_edge_gave_before_a_ledger_met_it_is_not_lost() -> None:
    health_message = parse_health(of_ended(A, 20))
    planner = Planner(floors_of(health_message, {}))
    for now_s in (0.0, 60.0):
        planner.update(health_message, {}, now_s)
    assert lost(planner.plan({}, 61.0)) == {}


@pytest.mark.parametrize("last", ["20", -1, 1.5, True])
def test_a_last_number_that_is_none_makes_a_health_message_invalid(last: object) -> None:
    with pytest.raises(HealthError):
        parse_health(of_ended(A, last))


def test_a_rounded_list_proves_no_number_lost() -> None:
    planner = Planner()
    for now_s in (0.0, 60.0):
        planner.update(parse_health(of_ended(A, 20, [(1, 5)], rounded=True)), known([(1, 5)]), now_s)
    assert lost(planner.plan(known([(1, 5)]), 61.0)) == {}


def test_a_request_fits_into_the_brokers_packets() -> None:
    planner = Planner()
    spread = [(n, n) for n in range(1, 120, 2)]
    for now_s in (0.0, 60.0):
        planner.update(health((A, spread[:60], [])), {}, now_s)
    room = 500
    request = planner.plan({}, 61.0, ranges_in(room)).request
    assert request is not None
    assert 0 < len(request.to_json()) <= room
    assert (ranges_in(0), ranges_in(10**6)) == (1, MAX_RANGES)
