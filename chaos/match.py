"""Matches stored frames with sent ones. Pure.

Frames are alike: those of a quiet household are equal for seconds. Stored ones come in the order of sending, soon
after they ended, with few labels missing; of all ways to match them, the one that deviates least is taken.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from chaos.ledger_content import StoredFrame
from chaos.truth import SentFrame

# The meter takes the time after sending, the edge after reading: on a busy machine either may be late.
EARLY_MS: Final = 500
LATE_MS: Final = 4000
# A stored frame that is like no sent one costs more than everything else together.
_LIKE_NONE: Final = 1e6
_WHOLE: Final = 10.0
_MISSING_LABEL: Final = 1.0
# A frame that is read so late is rather a piece of the damaged one after it.
_LATE_S: Final = 1.1
_EARLY_WEIGHS: Final = 25.0

_Link = tuple["_Link", StoredFrame, int | None] | None


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to match the frames so far.

    Attributes:
        cost: how far it deviates.
        last: the sent frame that was matched last, -1 for none.
        labels: stored of it so far, where it was damaged and may come in pieces.
        link: back to the matches.
    """

    cost: float
    last: int
    labels: frozenset[str]
    link: _Link


def match(
    sent: Sequence[SentFrame], stored: Iterable[StoredFrame]
) -> tuple[dict[int, list[StoredFrame]], list[StoredFrame]]:
    """Return index of a sent frame → what is stored of it, several pieces only of a damaged one; and unmatched frames.

    Args:
        sent: in order.
        stored: in order of time.
    """
    begins = [each.begun_ms for each in sent]
    ways = [_Way(0.0, -1, frozenset(), None)]
    for frame in stored:
        oldest = bisect_right(begins, frame.time_ms - 2 * LATE_MS)
        latest = bisect_right(begins, frame.time_ms + EARLY_MS)
        candidates = [i for i in range(oldest, latest) if _fits(sent[i], frame)]
        ways = _best(each for way in ways for each in _onward(way, frame, candidates, sent))
    return _matches(min(ways, key=lambda way: way.cost).link)


def _onward(way: _Way, frame: StoredFrame, candidates: list[int], sent: Sequence[SentFrame]) -> Iterable[_Way]:
    yield _Way(way.cost + _LIKE_NONE, way.last, way.labels, (way.link, frame, None))
    labels = frozenset(frame.values)
    for i in candidates:
        is_piece = i == way.last and not sent[i].undamaged and way.labels.isdisjoint(labels)
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


def _cost(sent: SentFrame, stored: StoredFrame) -> float:
    if not sent.undamaged:
        return 0.0
    late = (stored.time_ms - sent.ended_ms) / 1000 / _LATE_S
    missing = len(sent.values) - len(stored.values)
    return late**2 * _WHOLE * (_EARLY_WEIGHS if late < 0 else 1.0) + missing * _MISSING_LABEL - _WHOLE


def _fits(sent: SentFrame, stored: StoredFrame) -> bool:
    if sent.number != stored.meter or sent.mode != stored.mode:
        return False
    if sent.undamaged and not -EARLY_MS <= stored.time_ms - sent.ended_ms <= LATE_MS:
        return False
    if not sent.undamaged and not _could_be_out(sent, stored):
        return False
    return stored.values.items() <= sent.values.items() and stored.dated.items() <= sent.dated.items()


def _could_be_out(sent: SentFrame, stored: StoredFrame) -> bool:
    """True if so many of a frame's labels can have been on the line by then; groups differ in length, so half do."""
    share = len(stored.values) / len(sent.values)
    return stored.time_ms >= sent.begun_ms + (sent.ended_ms - sent.begun_ms) * share / 2


def _matches(link: _Link) -> tuple[dict[int, list[StoredFrame]], list[StoredFrame]]:
    matched: dict[int, list[StoredFrame]] = {}
    unlike: list[StoredFrame] = []
    while link is not None:
        link, frame, i = link
        if i is None:
            unlike.append(frame)
        else:
            matched.setdefault(i, []).insert(0, frame)
    return matched, unlike[::-1]
