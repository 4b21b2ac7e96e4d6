"""What a planner asks an edge for, and what it gives up."""

import json
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tictally_recorder.ingest.backfill import EdgeFrames, Plan, Planner, Request, parse_health
from tictally_recorder.ingest.backfill.planner import MAX_FRAMES, MAX_RANGES, floors_of
from tictally_shared.interval_set import IntervalSet

A, B = "9f2c61d07ab3e514", "00000000000000a1"
Spans = list[tuple[int, int]]


def health(*boots: tuple[str, Spans, Spans]) -> EdgeFrames:
    return parse_health(
        json.dumps({"boots": [{"boot": boot, "held": held, "backlog": back} for boot, held, back in boots]}).encode()
    )


def known(spans: Spans, boot: str = A) -> dict[str, IntervalSet]:
    return {boot: IntervalSet(spans)}


def asked(plan: Plan) -> tuple[str, Spans] | None:
    return None if plan.request is None else (plan.request.boot, list(plan.request.numbers))


def lost(plan: Plan) -> dict[str, Spans]:
    return {boot: list(ranges) for boot, ranges in plan.lost.items()}


def test_a_request_is_what_the_edge_reads() -> None:
    assert Request(A, IntervalSet([(1, 4), (9, 9)])).to_json() == f'{{"boot":"{A}","ranges":[[1,4],[9,9]]}}'


def test_what_is_held_and_not_known_at_two_healths_is_requested() -> None:
    planner = Planner()
    planner.update(health((A, [(1, 90)], [])), known([(1, 10), (15, 80)]), 0.0)
    assert asked(planner.plan(known([(1, 10), (15, 80)]), 0.0)) is None
    assert planner.missing == 14
    planner.update(health((A, [(1, 150)], [])), known([(1, 10), (15, 88)]), 60.0)
    assert asked(planner.plan(known([(1, 10), (15, 88)]), 60.0)) == (A, [(11, 14), (89, 90)])


def test_what_is_still_to_come_by_itself_is_not_requested() -> None:
    planner = Planner()
    for now_s in (0.0, 60.0):
        planner.update(health((A, [(1, 90)], [(40, 90)])), known([(1, 30)]), now_s)
    assert asked(planner.plan(known([(1, 30)]), 60.0)) == (A, [(31, 39)])


def test_nothing_is_planned_where_nothing_is_missing() -> None:
    planner = Planner()
    for now_s in (0.0, 60.0):
        planner.update(health((A, [(1, 90)], [(81, 90)])), known([(1, 80)]), now_s)
        assert planner.plan(known([(1, 80)]), now_s) == Plan()
    assert planner.is_idle


def test_a_request_is_bounded_and_the_next_follows_when_it_is_answered() -> None:
    planner = Planner()
    for now_s in (0.0, 60.0):
        planner.update(health((A, [(1, 5000)], [])), {}, now_s)
    assert asked(planner.plan({}, 60.0)) == (A, [(1, MAX_FRAMES)])
    assert asked(planner.plan(known([(1, MAX_FRAMES - 1)]), 61.0)) is None
    assert asked(planner.plan(known([(1, MAX_FRAMES)]), 62.0)) == (A, [(MAX_FRAMES + 1, 2 * MAX_FRAMES)])


def test_a_request_has_no_more_ranges_than_an_edge_takes() -> None:
    planner = Planner()
    every_other = known([(2 * n, 2 * n) for n in range(1, 1000)])
    for now_s in (0.0, 60.0):
        planner.update(health((A, [(1, 2000)], [])), every_other, now_s)
    request = planner.plan(every_other, 60.0).request
    assert request is not None
    assert len(list(request.numbers)) == MAX_RANGES


def test_one_boot_at_a_time_the_older_first() -> None:
    planner = Planner()
    for now_s in (0.0, 60.0):
        planner.update(health((B, [(1, 4)], []), (A, [(1, 6)], [])), {}, now_s)
    assert asked(planner.plan({}, 60.0)) == (B, [(1, 4)])
    assert asked(planner.plan(known([(1, 4)], B), 61.0)) == (A, [(1, 6)])


def test_requested_three_times_without_an_answer_is_lost_and_the_patience_grows() -> None:
    planner = Planner()
    has = known([(1, 10)])
    asked_at = []
    for now_s in range(0, 900, 10):
        if now_s % 60 == 0:
            planner.update(health((A, [(1, 12)], [])), has, float(now_s))
        plan = planner.plan(has, float(now_s))
        if plan.request is not None:
            assert asked(plan) == (A, [(11, 12)])
            asked_at.append(now_s)
        if plan.lost:
            assert lost(plan) == {A: [(11, 12)]}
            break
    assert asked_at == [60, 120, 240]
    assert now_s == 480
    assert planner.plan(known([(1, 12)]), 490.0) == Plan()
    assert planner.is_idle


def test_what_is_lost_is_planned_until_the_ledger_knows_it_and_not_requested() -> None:
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


def test_numbers_that_do_not_come_hold_up_no_others() -> None:
    planner = Planner()
    for now_s in (0.0, 60.0):
        planner.update(health((A, [(1, 3000)], [])), {}, now_s)
    planner.plan({}, 60.0)
    has = known([(2, MAX_FRAMES)])  # 1 is damaged where it lies
    planner.plan(has, 70.0)
    planner.update(health((A, [(1, 3000)], [])), has, 120.0)
    assert asked(planner.plan(has, 130.0)) == (A, [(MAX_FRAMES + 1, 3000)])
    assert asked(planner.plan(known([(2, 3000)]), 131.0)) == (A, [(1, 1)])


def test_an_answer_ends_the_waiting_that_had_grown() -> None:
    planner = Planner()
    for now_s in (0.0, 60.0, 61.0):
        planner.update(health((A, [(1, 20)], [])), {}, now_s)
        planner.plan({}, now_s)
    planner.plan({}, 120.0)  # in vain, and asked again: two minutes of patience
    planner.plan(known([(1, 10)]), 130.0)
    planner.update(health((A, [(1, 20)], [])), known([(1, 10)]), 140.0)
    assert asked(planner.plan(known([(1, 10)]), 189.0)) is None
    assert asked(planner.plan(known([(1, 10)]), 190.0)) == (A, [(11, 20)])


def test_an_edge_that_is_away_gets_no_request_and_loses_nothing_by_it() -> None:
    planner = Planner()
    for now_s in (0.0, 60.0):
        planner.update(health((A, [(1, 3)], [])), {}, now_s)
    assert asked(planner.plan({}, 60.0)) == (A, [(1, 3)])
    for now_s in range(70, 10_000, 10):
        assert planner.plan({}, float(now_s)) == Plan()
    planner.forget_request()  # its availability says that it has gone
    assert planner.plan({}, 10_000.0) == Plan()
    planner.update(health((A, [(1, 3)], [])), {}, 10_060.0)
    assert asked(planner.plan({}, 10_060.0)) == (A, [(1, 3)])


@pytest.mark.parametrize(
    ("first", "second", "is_lost"),
    [
        # Grown old in the journal before anybody asked.
        (health((A, [(50, 90)], [])), health((A, [(50, 95)], [])), {A: [(11, 49)]}),
        # Missing when last heard, gone now.
        (health((A, [(1, 90)], [])), health((A, [(50, 95)], [])), {A: [(11, 49)]}),
        # Only now seen as gone: perhaps it is under way.
        (health((A, [(1, 10)], [])), health((A, [(50, 95)], [])), {}),
        # Too many ranges to be told: what is not told may be held.
        (
            health((A, [(100 + 2 * n, 100 + 2 * n) for n in range(64)], [])),
            health((A, [(100 + 2 * n, 100 + 2 * n) for n in range(64)], [])),
            {},
        ),
        # A boot that has left the journal whole.
        (health((B, [(1, 4)], []), (A, [(1, 40)], [])), health((B, [(1, 9)], [])), {A: [(11, 40)]}),
        # All that was held is still to come.
        (health((A, [], [(11, 90)])), health((A, [], [(11, 90)])), {}),
    ],
    ids=["old", "dropped", "once", "rounded", "boot", "backlog"],
)
def test_what_no_edge_holds_any_more_is_lost(first: EdgeFrames, second: EdgeFrames, is_lost: dict[str, Spans]) -> None:
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


def test_what_was_before_ledger_and_edge_met_is_not_lost() -> None:
    first = health((B, [(700, 900)], []), (A, [(1, 6)], [(7, 9)]))
    floors = floors_of(first, {A: IntervalSet([(8, 9)]), "0" * 16: IntervalSet([(4, 5)])})
    assert floors == {B: 700, A: 1, "0" * 16: 4}
    planner = Planner(floors)
    for now_s in (0.0, 60.0):
        planner.update(first, {}, now_s)
    assert planner.plan({}, 60.0).lost == {}


def test_a_health_without_any_number_lacks_nothing() -> None:
    empty = health((A, [], []))
    assert floors_of(empty, {}) == {A: 1}
    planner = Planner()
    for now_s in (0.0, 60.0):
        planner.update(empty, {}, now_s)
    assert planner.is_idle


@dataclass
class Edge:
    """Holds numbers, answers requests as well as it can, forgets some."""

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
    # A request that went astray counts as one in vain, so a readable number may be given up where three did.
    assert gone >= {n for n in (dropped | unreadable) - stored if n <= top_seen}
    assert planner.is_idle
