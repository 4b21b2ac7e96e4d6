"""Which kept frame is which sent one. Pure.

Frames are alike: a quiet household's differ in nothing for seconds. What is kept of them comes in their order, soon
after they ended, and lacks little; of all ways to tell which is which, the one that holds best to that is taken.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from chaos.kept import Kept
from chaos.truth import Sent

# The meter notes the time after it has sent, the edge looks after it has read: on a busy machine either comes late.
EARLY_MS: Final = 500
LATE_MS: Final = 4000
# A kept frame that is like no sent one weighs more than everything else together.
_LIKE_NONE: Final = 1e6
_WHOLE: Final = 10.0
_LABEL_LACKS: Final = 1.0
# A frame that is read so late is rather a piece of the damaged one after it.
_LATE_S: Final = 1.1
_EARLY_WEIGHS: Final = 25.0

_Link = tuple["_Link", Kept, int | None] | None


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to match the frames so far.

    Attributes:
        cost: how badly it holds.
        last: the sent frame that was matched last, -1 for none.
        labels: kept of it by now, where it was damaged and may come in pieces.
        link: back to the matches.
    """

    cost: float
    last: int
    labels: frozenset[str]
    link: _Link


def match(sent: Sequence[Sent], kept: Iterable[Kept]) -> tuple[dict[int, list[Kept]], list[Kept]]:
    """Index of a sent frame → what is kept of it, more than one piece only of a damaged one; and what is like none.

    Args:
        sent: in order.
        kept: in order of time.
    """
    begins = [each.begun_ms for each in sent]
    ways = [_Way(0.0, -1, frozenset(), None)]
    for frame in kept:
        oldest = bisect_right(begins, frame.time_ms - 2 * LATE_MS)
        latest = bisect_right(begins, frame.time_ms + EARLY_MS)
        candidates = [i for i in range(oldest, latest) if _fits(sent[i], frame)]
        ways = _best(each for way in ways for each in _onward(way, frame, candidates, sent))
    return _matches(min(ways, key=lambda way: way.cost).link)


def _onward(way: _Way, frame: Kept, candidates: list[int], sent: Sequence[Sent]) -> Iterable[_Way]:
    yield _Way(way.cost + _LIKE_NONE, way.last, way.labels, (way.link, frame, None))
    labels = frozenset(frame.values)
    for i in candidates:
        is_piece = i == way.last and not sent[i].whole and way.labels.isdisjoint(labels)
        if i > way.last or is_piece:
            together = labels | way.labels if is_piece else labels
            yield _Way(way.cost + _cost(sent[i], frame), i, together, (way.link, frame, i))


def _best(ways: Iterable[_Way]) -> list[_Way]:
    """Without those than which another is no dearer and leaves as much to choose from."""
    found: list[_Way] = []
    for way in sorted(ways, key=lambda each: (each.last, each.cost)):
        if not found or way.cost < found[-1].cost:
            found.append(way)
    return found


def _cost(sent: Sent, kept: Kept) -> float:
    if not sent.whole:
        return 0.0
    late = (kept.time_ms - sent.ended_ms) / 1000 / _LATE_S
    lacking = len(sent.values) - len(kept.values)
    return late**2 * _WHOLE * (_EARLY_WEIGHS if late < 0 else 1.0) + lacking * _LABEL_LACKS - _WHOLE


def _fits(sent: Sent, kept: Kept) -> bool:
    if sent.number != kept.meter or sent.mode != kept.mode:
        return False
    if sent.whole and not -EARLY_MS <= kept.time_ms - sent.ended_ms <= LATE_MS:
        return False
    if not sent.whole and not _could_be_out(sent, kept):
        return False
    return kept.values.items() <= sent.values.items() and kept.dated.items() <= sent.dated.items()


def _could_be_out(sent: Sent, kept: Kept) -> bool:
    """True where so many of a frame's labels can have been on the line by then; groups differ in length, so half do."""
    share = len(kept.values) / len(sent.values)
    return kept.time_ms >= sent.begun_ms + (sent.ended_ms - sent.begun_ms) * share / 2


def _matches(link: _Link) -> tuple[dict[int, list[Kept]], list[Kept]]:
    matched: dict[int, list[Kept]] = {}
    unlike: list[Kept] = []
    while link is not None:
        link, frame, i = link
        if i is None:
            unlike.append(frame)
        else:
            matched.setdefault(i, []).insert(0, frame)
    return matched, unlike[::-1]
