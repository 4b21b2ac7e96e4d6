"""Compares what was sent with what is stored. Pure.

A frame that was sent undamaged while its edge was reading is stored once, with no value different. A label may be
missing from it where a value had just changed or its neighbour is incomplete, since such values wait for a second
sighting. Of a damaged frame labels may be missing, or all of it; it may have come in pieces that share no label.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from chaos.ledger_content import StoredFrame
from chaos.match import match
from chaos.truth import SentFrame
from chaos.watch import Span

# What an edge may have read or buffered when it or the line is hit.
_PIPE_MS: Final = 1000
# A line that was silent for so long may just be reopened.
_SILENT_MS: Final = 29_000
_UNREAD_MS: Final = 6000


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an edge besides its frames.

    Attributes:
        reading: when it had the line open, in order.
        full: when there was no room for its journal. What it cannot store then is lost, and so is what it drops to make
            room, if the recorder does not have it by then.
        lost: frames that the ledger records as lost.
    """

    reading: Sequence[Span]
    full: Sequence[Span] = ()
    lost: int = 0


@dataclass(slots=True)
class Findings:
    """The result of a comparison.

    Attributes:
        sent: frames.
        undamaged: of them, those sent undamaged.
        stored: frames in the ledger that were sent.
        parts: of them, those of frames sent damaged.
        excepted: reason → undamaged frames that are not stored and need not be.
        unconfirmed: values that are not stored because they waited for a second sighting.
        differences: sentences.
    """

    sent: int = 0
    undamaged: int = 0
    stored: int = 0
    parts: int = 0
    excepted: dict[str, int] = field(default_factory=dict)
    unconfirmed: int = 0
    differences: list[str] = field(default_factory=list)


def compare(sent: Sequence[SentFrame], known: Known, stored: Sequence[StoredFrame]) -> Findings:
    """Compare one edge's frames.

    Args:
        sent: what its meter sent, in order.
        known: of its edge.
        stored: its frames in the ledger, in the order of time.
    """
    found = Findings(sent=len(sent), undamaged=sum(each.undamaged for each in sent))
    matched, unlike = match(sent, stored)
    for odd in unlike:
        nearest = min(sent, key=lambda each: abs(each.ended_ms - odd.time_ms), default=None)
        found.differences.append(f"{odd}: nothing that was sent is like it{_unlike(nearest, odd)}")
    excuses = _Excuses(sent, known)
    for i, frame in enumerate(sent):
        frames = matched.get(i, ())
        found.stored += len(frames)
        if not frame.undamaged:
            found.parts += len(frames)
        elif frames:
            before = sent[i - 1] if i and sent[i - 1].undamaged and i - 1 in matched else None
            _check_missing(frame, before, frames[0], found)
        elif reason := excuses.of(i):
            found.excepted[reason] = found.excepted.get(reason, 0) + 1
        else:
            found.differences.append(f"missing: the frame that ended {frame.ended_ms % 10**8} ms, {frame.mode}")
    return found


def _unlike(sent: SentFrame | None, stored: StoredFrame) -> str:
    if sent is None:
        return ""
    wrong = dict((stored.values.items() | stored.dated.items()) - (sent.values.items() | sent.dated.items()))
    differing = ", ".join(f"{name}={value}, sent {sent.values.get(name)}" for name, value in sorted(wrong.items())[:3])
    return f"; beside the nearest: {differing or 'a second time'}"


def _check_missing(frame: SentFrame, before: SentFrame | None, stored: StoredFrame, found: Findings) -> None:
    for name, value in frame.values.items():
        if name in stored.values:
            if name in frame.dated and name not in stored.dated:
                found.differences.append(f"{stored}: {name} has no horodate")
        elif before is None or (before.values.get(name), before.dated.get(name)) != (value, frame.dated.get(name)):
            found.unconfirmed += 1
        else:
            found.differences.append(f"{stored}: {name}={value} is missing, though unchanged")


class _Excuses:
    """Why an undamaged frame need not be stored."""

    def __init__(self, sent: Sequence[SentFrame], known: Known) -> None:
        self._sent, self._known = sent, known
        self._overruns = [after.ended_ms for before, after in pairwise(sent) if after.unread > before.unread]
        self._lost = known.lost

    def of(self, i: int) -> str:
        """Return a reason, or an empty string."""
        frame = self._sent[i]
        spans = [each for each in self._known.reading if _meet(each, frame)]
        if not spans:
            return "nobody was reading"
        if not any(each.start_ms < frame.begun_ms and frame.ended_ms < each.end_ms - _PIPE_MS for each in spans):
            return "in the pipe at a kill or unplugging"
        if any(0 <= overrun - frame.ended_ms <= _UNREAD_MS for overrun in self._overruns):
            return "not read in time, dropped by the line"
        if i and frame.begun_ms - self._sent[i - 1].ended_ms > _SILENT_MS:
            return "the first after a silence"
        return self._of_full_disk(frame)

    def _of_full_disk(self, frame: SentFrame) -> str:
        if any(
            each.start_ms <= frame.ended_ms + _PIPE_MS and frame.ended_ms <= each.end_ms for each in self._known.full
        ):
            return "the journal's disk was full"
        if self._lost and any(frame.ended_ms < each.end_ms for each in self._known.full):
            self._lost -= 1
            return "dropped by a full journal, and shown as lost"
        return ""


def _meet(span: Span, frame: SentFrame) -> bool:
    return span.start_ms < frame.ended_ms and frame.begun_ms < span.end_ms
