"""Bytes to decoded frames: framing and groups combined, with what only a complete frame shows."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from tictally_edge.decoding.framing import Deviation, FrameBytes, Framer, carries_parity, deviations, split_groups
from tictally_edge.decoding.groups import Fault, Group, GroupRejection, label_of, parse_group
from tictally_shared.labels import LABELS, METER_NUMBER, Kind, Mode

MAX_UNKNOWN_LABELS: Final = 20
# A frame's characters follow one another. A port that is read late holds 4 KiB, four seconds of the faster line, so a
# longer silence is the line's own.
_BROKEN_AFTER_S: Final = 4.5
_SIGHTINGS_OF_UNKNOWN: Final = 3
_MIN_GOOD_VALUES: Final = 3
_METER_NUMBERS: Final = frozenset(METER_NUMBER.values())


_PIECE_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Relay:
    """How another program, which read the line, passed a frame on.

    Attributes:
        repeats: whether it may repeat a value that it read earlier: then an equal one is no second reading.
        step_wh: of its registers, which it may round.
    """

    repeats: bool
    step_wh: int = 1


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """One frame's well-formed values, not yet validated against earlier frames.

    Attributes:
        mode: the mode that most of its groups are written in.
        number: the meter's number that it shows, or None.
        values: label → value, in the frame's order, the number left out.
        dated: label → horodate, ISO 8601 with offset.
        complete: True up to ETX without EOT.
        rejected: reason → groups.
        groups: groups seen, rejected ones among them.
        horodates_unreadable: values whose horodate is no date; they are included without it.
        parity: True if the line's parity was there and checked.
        offset: bytes fed to the decoder when the frame was closed.
        at: seconds, when its end arrived, on the clock of the caller.
        faults: the groups that were rejected, each reason and label once.
        deviations: how the frame differs from the specification, although it could be read.
        relay: how it came if another program read the line; None if this one did.
    """

    mode: Mode
    number: str | None
    values: dict[str, int | str]
    dated: dict[str, str]
    complete: bool
    rejected: dict[str, int]
    groups: int
    horodates_unreadable: int
    parity: bool
    offset: int
    at: float
    faults: frozenset[Fault] = frozenset()
    deviations: frozenset[Deviation] = frozenset()
    relay: Relay | None = None


def is_good(frame: DecodedFrame) -> bool:
    """Return True for a frame that proves a meter at this speed: more than chance lets through."""
    if frame.relay is not None:  # its fields have names: chance makes none
        return bool(frame.values)
    return len(frame.values) >= _MIN_GOOD_VALUES and sum(frame.rejected.values()) * 2 <= frame.groups


class Decoder:
    """Sans-I/O decoder of both modes: feed it bytes in any chunks, get frames.

    Args:
        tz: of the meter's clock, which its horodates are in; None for French legal time.
    """

    def __init__(self, tz: ZoneInfo | None = None) -> None:
        self._tz = tz
        self._framer = Framer()
        self._unknown = _UnknownLabels()
        self._at = 0.0

    def feed(self, chunk: bytes, at: float = 0.0) -> Iterator[DecodedFrame]:
        """Yield the frames that a chunk completes, stamped `at`; a frame without any group is dropped.

        A frame that was open for seconds without another character is abandoned: what follows belongs to the next.
        """
        if at - self._at > _BROKEN_AFTER_S:
            self._framer.pause()
        self._at = at
        for raw in self._framer.feed(chunk):
            yield from self._decode(raw, at)

    def interrupt(self) -> None:
        """Discard the open frame: the line was interrupted, and what follows belongs to another."""
        self._framer.interrupt()

    def flush(self, at: float = 0.0) -> Iterator[DecodedFrame]:
        """Yield the frame that is still open, incomplete; for the end of a recorded file."""
        for raw in self._framer.flush():
            yield from self._decode(raw, at)

    def _decode(self, raw: FrameBytes, at: float) -> Iterator[DecodedFrame]:
        parity = carries_parity(raw.content)
        pieces = split_groups(raw.content)
        if not pieces:
            return
        parsed = [parse_group(piece, parity=parity, tz=self._tz) for piece in pieces]
        groups = [outcome for outcome in parsed if isinstance(outcome, Group)]
        mode = _mode_of(groups, raw.content)
        rejections = [
            Fault(outcome.value, label_of(piece))
            for piece, outcome in zip(pieces, parsed, strict=True)
            if isinstance(outcome, GroupRejection)
        ]
        rejections += _faults(GroupRejection.SHAPE, [group for group in groups if group.mode is not mode])
        groups = [group for group in groups if group.mode is mode]
        admitted = self._unknown.admit({group.label for group in groups if not group.known})
        unknown = [group for group in groups if not group.known and group.label not in admitted]
        rejections += _faults(GroupRejection.LABEL, unknown)
        groups = [group for group in groups if group.known or group.label in admitted]
        single = _without_contradictions(groups)
        rejections += _faults(GroupRejection.REPEATED, [group for group in groups if group.label not in single])
        accepted = list(single.values())
        number = next((str(group.value) for group in accepted if group.label in _METER_NUMBERS), None)
        yield DecodedFrame(
            mode=mode,
            number=number,
            values={g.label: g.value for g in accepted if g.label not in _METER_NUMBERS and not _is_clock(g.label)},
            dated={g.label: g.horodate for g in accepted if g.horodate is not None},
            complete=raw.complete,
            rejected=dict(Counter(fault.reason for fault in rejections)),
            groups=len(parsed),
            horodates_unreadable=sum(group.unreadable_horodate for group in accepted),
            parity=parity,
            offset=raw.offset,
            at=at,
            faults=frozenset(rejections),
            deviations=deviations(raw, pieces),
        )


def _is_clock(name: str) -> bool:
    label = LABELS.get(name)
    return label is not None and label.kind is Kind.CLOCK


def _mode_of(groups: list[Group], content: bytes) -> Mode:
    standard = sum(group.mode is Mode.STANDARD for group in groups)
    if groups:
        return Mode.STANDARD if standard * 2 > len(groups) else Mode.HISTORIQUE
    return Mode.STANDARD if b"\t" in content else Mode.HISTORIQUE


def _faults(reason: GroupRejection, groups: list[Group]) -> list[Fault]:
    return [Fault(reason.value, group.label) for group in groups]


def _without_contradictions(groups: list[Group]) -> dict[str, Group]:
    """Label → its group; a label with contradicting values is left out."""
    single: dict[str, Group] = {}
    contradicted = set()
    for group in groups:
        if single.setdefault(group.label, group) != group:
            contradicted.add(group.label)
    return {label: group for label, group in single.items() if label not in contradicted}


class _UnknownLabels:
    """Labels outside the catalogue, admitted from their third sighting in consecutive frames."""

    def __init__(self) -> None:
        self._admitted: set[str] = set()
        self._sightings: dict[str, int] = {}

    def admit(self, seen: set[str]) -> set[str]:
        self._sightings = {label: self._sightings.get(label, 0) + 1 for label in seen - self._admitted}
        for label, sightings in self._sightings.items():
            if sightings >= _SIGHTINGS_OF_UNKNOWN and len(self._admitted) < MAX_UNKNOWN_LABELS:
                self._admitted.add(label)
        return self._admitted


def has_frame(content: bytes) -> bool:
    """Whether there is a good frame anywhere in some bytes of a line."""
    decoder = Decoder()
    pieces = (content[at : at + _PIECE_BYTES] for at in range(0, len(content), _PIECE_BYTES))
    in_pieces = (is_good(frame) for piece in pieces for frame in decoder.feed(piece))
    return any(in_pieces) or any(map(is_good, decoder.flush()))
