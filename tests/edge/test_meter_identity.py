"""Who speaks: numbers validated, damaged, exchanged."""

import pytest

from tictally_edge.decoding.decoder import DecodedFrame
from tictally_edge.validation.meter_identity import AttributedFrames, MeterIdentity
from tictally_shared.labels import Mode

A, B = "021961000001", "021961000002"


def frame(number: str | None, n: int = 0) -> DecodedFrame:
    return DecodedFrame(Mode.STANDARD, number, {"SINSTS": n}, {}, True, {}, 2, 0, False, n, float(n))  # noqa: FBT003


def shown(identity: MeterIdentity, numbers: list[str | None]) -> list[tuple[str, list[int], bool]]:
    """(number, which frames, is new) of everything that becomes known, in its order."""
    known: list[AttributedFrames] = []
    for n, number in enumerate(numbers):
        known += identity.add(frame(number, n))
    return [(each.number, [f.offset for f in each.frames], each.is_new) for each in known]


CASES: dict[str, tuple[str | None, list[str | None], list[tuple[str, list[int], bool]]]] = {
    "frames wait for three equal sightings": (None, [A, A, A, A], [(A, [0, 1, 2], True), (A, [3], False)]),
    "a damaged number among the first three changes nothing": (None, [A, B, A, A], [(A, [0, 1, 2, 3], True)]),
    "a frame whose number was rejected belongs to who speaks": (A, [None, A], [(A, [0], False), (A, [1], False)]),
    "a damaged number changes nothing": (A, [A, B, A], [(A, [0], False), (A, [1, 2], False)]),
    "two damaged alike change nothing": (A, [B, B, A], [(A, [0, 1, 2], False)]),
    "a meter that was exchanged is another from its first frame on": (
        A,
        [A, B, B, B, B],
        [(A, [0], False), (B, [1, 2, 3], True), (B, [4], False)],
    ),
    "what stood before the new meter's first frame is the old one's": (
        A,
        ["999999999999", B, None, B, B],
        [(A, [0], False), (B, [1, 2, 3, 4], True)],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_who_speaks(case: str) -> None:
    validated, numbers, expected = CASES[case]
    assert shown(MeterIdentity(number=validated), numbers) == expected


def test_numbers_that_never_agree_do_not_hold_a_known_meters_frames_for_long() -> None:
    identity = MeterIdentity(number=A)
    known = shown(identity, [f"{n:012d}" for n in range(40)])
    assert {number for number, _, _ in known} == {A}
    assert sum(len(frames) for _, frames, _ in known) + identity.pending == 40
    assert identity.pending < 20


def test_frames_without_any_number_are_given_up_one_by_one_and_counted() -> None:
    identity = MeterIdentity()
    assert shown(identity, [None] * 300) == []
    assert identity.pending + identity.dropped == 300
    assert identity.pending < 200
