"""The comparison that ends a chaos run: it reports differences, and excepts frames that may be missing."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chaos import quarters
from chaos.compare import Findings, Known, compare
from chaos.fault_kinds import KINDS
from chaos.ledger_content import StoredFrame
from chaos.plan import plan
from chaos.truth import SentFrame
from chaos.watch import Span
from tictally_recorder.ledger import Quarter, Run

START_MS = 1_790_000_100_000
READING = Known([Span(START_MS - 5000, START_MS + 60_000)])
LABELS: dict[str, int | str] = {"EAST": 5000, "SINSTS": 400, "LTARF": "HP"}


def sent(n: int) -> SentFrame:
    """The n-th frame of a line at one frame a second; its register counts, its texts stay."""
    begun_ms = START_MS + 1000 * n
    return SentFrame(
        begun_ms=begun_ms,
        ended_ms=begun_ms + 950,
        undamaged=True,
        unread=0,
        number="0219",
        mode="standard",
        values={**LABELS, "EAST": 5000 + n},
        dated={"DATE": f"2026-09-21T{n:02d}:00:00Z"},
    )


def stored(frame: SentFrame, seq: int, **changes: object) -> StoredFrame:
    """The frame as an edge publishes it and a recorder stores it."""
    made = StoredFrame("pi", "boot", seq, frame.ended_ms + 40, 1, "0219", "standard", frame.values, frame.dated)
    return replace(made, **changes)  # type: ignore[arg-type]


def without(values: dict[str, int | str], *names: str) -> dict[str, int | str]:
    return {name: value for name, value in values.items() if name not in names}


@pytest.fixture
def line() -> list[SentFrame]:
    return [sent(n) for n in range(10)]


@pytest.fixture
def ledger(line: list[SentFrame]) -> list[StoredFrame]:
    return [stored(frame, seq) for seq, frame in enumerate(line, 1)]


def judged(line: list[SentFrame], ledger: list[StoredFrame]) -> Findings:
    return compare(line, READING, sorted(ledger, key=lambda frame: (frame.time_ms, frame.seq)))


def test_a_ledger_that_has_everything_is_the_same(line: list[SentFrame], ledger: list[StoredFrame]) -> None:
    found = judged(line, ledger)
    assert (found.sent, found.undamaged, found.stored, found.differences, found.excepted) == (10, 10, 10, [], {})


def test_a_missing_frame_is_found(line: list[SentFrame], ledger: list[StoredFrame]) -> None:
    del ledger[4]
    assert [each.split(":")[0] for each in judged(line, ledger).differences] == ["missing"]


def test_a_value_that_differs_is_found(line: list[SentFrame], ledger: list[StoredFrame]) -> None:
    ledger[4] = replace(ledger[4], values={**ledger[4].values, "EAST": 5005})
    assert any("EAST=5005, sent 5004" in each for each in judged(line, ledger).differences)


def test_a_duplicate_frame_is_found(line: list[SentFrame], ledger: list[StoredFrame]) -> None:
    ledger.append(replace(ledger[4], boot="other", seq=1))
    assert len(judged(line, ledger).differences) == 1


def test_a_frame_that_was_never_sent_is_found(line: list[SentFrame], ledger: list[StoredFrame]) -> None:
    ledger.append(stored(sent(30), 11))
    assert len(judged(line, ledger).differences) == 1


def test_a_frame_with_another_time_is_found(line: list[SentFrame], ledger: list[StoredFrame]) -> None:
    ledger[4] = replace(ledger[4], time_ms=ledger[4].time_ms + 3_600_000)
    assert len(judged(line, ledger).differences) == 2  # it is where it should not be, and not where it should


def test_another_meters_frame_is_found(line: list[SentFrame], ledger: list[StoredFrame]) -> None:
    ledger[4] = replace(ledger[4], meter="0220")
    assert len(judged(line, ledger).differences) == 2


def test_frames_that_were_read_together_are_distinguished(line: list[SentFrame], ledger: list[StoredFrame]) -> None:
    ledger[4] = replace(ledger[4], time_ms=ledger[6].time_ms)
    ledger[5] = replace(ledger[5], time_ms=ledger[6].time_ms)
    assert judged(line, ledger).differences == []


def test_an_unchanged_value_may_not_be_missing(line: list[SentFrame], ledger: list[StoredFrame]) -> None:
    ledger[4] = replace(ledger[4], values=without(ledger[4].values, "LTARF"))
    assert [each.split(":")[1] for each in judged(line, ledger).differences] == [
        " LTARF=HP is missing, though unchanged"
    ]


def test_a_value_that_has_just_changed_may_come_later(line: list[SentFrame], ledger: list[StoredFrame]) -> None:
    for i in range(4, 10):
        line[i] = replace(line[i], values={**line[i].values, "LTARF": "HC"})
        ledger[i] = stored(line[i], i + 1)
    ledger[4] = replace(ledger[4], values=without(ledger[4].values, "LTARF"))
    found = judged(line, ledger)
    assert (found.differences, found.unconfirmed) == ([], 1)


def test_a_damaged_frame_may_come_in_part_in_pieces_or_not_at_all(
    line: list[SentFrame], ledger: list[StoredFrame]
) -> None:
    for i in (2, 4, 6):
        line[i] = replace(line[i], undamaged=False)
    ledger[2] = replace(ledger[2], values=without(ledger[2].values, "LTARF"))
    ledger[4:7] = [
        stored(line[4], 5, values={"EAST": 5004}, dated={}, time_ms=line[4].begun_ms + 300),
        stored(line[4], 6, values={"SINSTS": 400}, dated={}),
        ledger[5],
    ]
    found = judged(line, ledger)
    assert (found.differences, found.parts) == ([], 3)


def test_a_frame_is_not_matched_with_the_damaged_one_that_has_just_begun(
    line: list[SentFrame], ledger: list[StoredFrame]
) -> None:
    line[5] = replace(line[5], undamaged=False, values=line[4].values, dated=line[4].dated)
    ledger[4] = replace(ledger[4], time_ms=line[5].begun_ms + 3)
    del ledger[5]
    assert judged(line, ledger).differences == []


def test_a_frame_read_late_is_not_matched_with_a_similar_damaged_one(line: list[SentFrame]) -> None:
    alike = [replace(frame, values=LABELS, dated={}, undamaged=n != 6) for n, frame in enumerate(line)]
    ledger = [stored(frame, seq) for seq, frame in enumerate(alike, 1) if frame.undamaged]
    ledger[5] = replace(ledger[5], time_ms=alike[6].begun_ms + 700)
    assert judged(alike, ledger).differences == []
    del ledger[5]
    assert [each.split(":")[0] for each in judged(alike, ledger).differences] == ["missing"]


def test_a_frame_lost_in_the_pipe_is_not_matched_with_an_earlier_one_read_late(
    line: list[SentFrame],
) -> None:
    alike = [replace(frame, values=LABELS, dated={}) for frame in line]
    ledger = [stored(frame, seq, time_ms=frame.ended_ms + 600) for seq, frame in enumerate(alike, 1)]
    ledger[4] = replace(ledger[4], values=without(LABELS, "LTARF"))  # its text waited for a second sighting
    ledger[6] = replace(ledger[6], values=without(LABELS, "LTARF"))  # and once more, since the one before is lost
    del ledger[5]
    alike[4] = replace(alike[4], values={**LABELS})
    alike[3] = replace(alike[3], values={**LABELS, "LTARF": "HC"})
    ledger[3] = replace(ledger[3], values=alike[3].values)
    found = judged(alike, ledger)
    assert [each.split(":")[0] for each in found.differences] == ["missing"]


def test_a_damaged_frame_is_not_matched_with_the_complete_one_before_it(line: list[SentFrame]) -> None:
    alike = [replace(frame, values=LABELS, dated={}, undamaged=n != 6) for n, frame in enumerate(line)]
    late = [
        replace(frame, begun_ms=frame.begun_ms + 400 * n, ended_ms=frame.ended_ms + 400 * n)
        for n, frame in enumerate(alike)
    ]
    ledger = [stored(frame, seq) for seq, frame in enumerate(late, 1)]
    ledger[6] = replace(ledger[6], values=without(LABELS, "LTARF"))
    del ledger[4]
    assert [each.split(":")[0] for each in judged(late, ledger).differences] == ["missing"]


def test_a_damaged_frame_may_not_come_twice_or_changed(line: list[SentFrame], ledger: list[StoredFrame]) -> None:
    line[4] = replace(line[4], undamaged=False)
    ledger.append(replace(ledger[4], boot="other"))
    assert len(judged(line, ledger).differences) == 1
    ledger[-1] = replace(ledger[4], boot="other", values={"EAST": 1})
    assert len(judged(line, ledger).differences) == 1


@pytest.mark.parametrize(
    ("spans", "reason"),
    [
        ([(0, 4000), (5990, 60_000)], "nobody was reading"),
        ([(0, 5500), (5990, 60_000)], "in the pipe at a kill or unplugging"),
        ([(0, 3990), (4400, 60_000)], "in the pipe at a kill or unplugging"),
    ],
)
def test_frames_that_no_edge_read_are_excepted(
    spans: list[tuple[int, int]], reason: str, line: list[SentFrame], ledger: list[StoredFrame]
) -> None:
    del ledger[4]
    reading = [Span(START_MS + start - 10, START_MS + end) for start, end in spans]
    found = compare(line, Known(reading), ledger)
    assert found.excepted.get(reason) == 1
    assert found.differences == []


def test_frames_dropped_on_the_line_are_excepted(line: list[SentFrame], ledger: list[StoredFrame]) -> None:
    line[5:] = [replace(frame, unread=4001) for frame in line[5:]]
    del ledger[4]
    assert judged(line, ledger).excepted == {"not read in time, dropped by the line": 1}


def test_frames_lost_by_a_full_journal_are_excepted_as_far_as_reported(
    line: list[SentFrame], ledger: list[StoredFrame]
) -> None:
    full = [Span(line[7].begun_ms, line[8].begun_ms)]
    del ledger[7], ledger[3], ledger[2]
    found = compare(line, Known(READING.reading, full, lost=1), ledger)
    assert found.excepted == {"the journal's disk was full": 1, "dropped by a full journal, and shown as lost": 1}
    assert len(found.differences) == 1


def quarter(frames: list[StoredFrame]) -> Quarter:
    first, last = frames[0], frames[-1]
    start_ms = first.time_ms // 900_000 * 900_000
    run = Run(first.time_ms, int(first.values["EAST"]), last.time_ms, int(last.values["EAST"]))
    return Quarter(1, start_ms, len(frames), first.time_ms, last.time_ms, {"EAST": (run,)}, {}, {})


@pytest.fixture
def registers(ledger: list[StoredFrame]) -> list[StoredFrame]:
    return [replace(frame, values={"EAST": frame.values["EAST"]}) for frame in ledger]


def wrong(frames: list[StoredFrame]) -> Iterator[Quarter]:
    """Quarters that these frames must not have."""
    right = quarter(frames)
    run = right.registers["EAST"][0]
    yield replace(right, n=9)
    yield replace(right, registers={"EAST": (run._replace(last=run.last + 1),)})
    yield replace(right, registers={"EAST": (run, run)})
    yield replace(right, registers={})
    yield replace(right, start_ms=right.start_ms + 900_000)


def test_quarters_that_their_frames_make_are_right(registers: list[StoredFrame]) -> None:
    assert list(quarters.differences(registers, [quarter(registers)])) == []


@pytest.mark.parametrize("n", range(5))
def test_quarters_that_their_frames_do_not_make_are_found(n: int, registers: list[StoredFrame]) -> None:
    assert list(quarters.differences(registers, [list(wrong(registers))[n]]))


@pytest.mark.parametrize("seed", range(20))
def test_a_plan_is_repeatable_ends_in_time_and_never_hits_one_thing_twice_at_once(seed: int) -> None:
    faults = plan(seed, 120, KINDS)
    assert faults == plan(seed, 120, KINDS)
    assert len({fault.kind.name for fault in faults}) > 10
    assert len(plan(seed, 15, KINDS)) > 1
    for i, fault in enumerate(faults):
        assert fault.at_s < fault.until_s <= 120
        during = [each for each in faults[:i] if each.until_s > fault.at_s]
        assert all(each.kind.holds.isdisjoint(fault.kind.holds) for each in during)
