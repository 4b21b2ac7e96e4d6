"""Listens to the line for a while: mode, signal, meter. The journal is not touched."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from tictally_edge.decoding.decoder import DecodedFrame, Decoder, is_good
from tictally_edge.decoding.framing import Deviation
from tictally_edge.decoding.groups import Fault, GroupRejection
from tictally_edge.finding import EdgeFinding, FindingCode, PartCode, Subject, bad, good
from tictally_edge.sources.base import SPEED, Opener
from tictally_edge.validation.fault_watch import repeated_faults
from tictally_edge.validation.meter_identity import SIGHTINGS
from tictally_shared.frames import parse_time_ms
from tictally_shared.labels import METER_NUMBER, Mode
from tictally_shared.phrase import Phrase, Value

# So many frames describe a line; a speed without any is abandoned after half the time.
_ENOUGH_FRAMES: Final = 10
# Above this share of rejected groups values are often missing; below the other nobody notices.
_POOR, _FAIR = 0.05, 0.01
_SHOWN_DIGITS: Final = 4
_SHOWN_LABELS: Final = 5
_DEVIATIONS: Final = {
    Deviation.MISSING_STX: PartCode.MISSING_STX,
    Deviation.MISSING_ETX: PartCode.MISSING_ETX,
    Deviation.CONTROL_CHARACTER: PartCode.CONTROL_CHARACTER,
    Deviation.SEPARATOR: PartCode.SEPARATOR,
}


@dataclass(slots=True)
class LineSample:
    """What was received.

    Attributes:
        received: speed in baud → bytes.
        frames: good ones.
        groups: in frames of any kind.
        rejected: reason → groups.
        mode: of the last good frame, or None if there was none.
        baud: speed at which it came.
        parity: True if the line's parity came and could be checked.
        numbers: a meter's number → how often it was read.
        faults: a fault → the good frames that had it.
        deviations: `Deviation` code → the good frames that had it.
        spoilt: faults that repeat identically in frames none of which is good, and the speed of these.
        tz: of the meter's clock; None for French legal time.
        meter_ms: the meter's DATE in the last frame that had it, and `meter_at`, when that came, monotonic seconds.
    """

    received: Counter[int] = field(default_factory=Counter)
    frames: int = 0
    groups: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    mode: Mode | None = None
    baud: int = 0
    parity: bool = False
    numbers: Counter[str] = field(default_factory=Counter)
    faults: Counter[Fault] = field(default_factory=Counter)
    deviations: Counter[str] = field(default_factory=Counter)
    spoilt: tuple[frozenset[Fault], int] = frozenset(), 0
    tz: ZoneInfo | None = None
    meter_ms: int | None = None
    meter_at: float = 0.0

    def add(self, frame: DecodedFrame, baud: int) -> None:
        """Count a frame; of one that is not good only the groups."""
        self.groups += frame.groups
        self.rejected.update(frame.rejected)
        if not is_good(frame):
            return
        self.frames += 1
        self.mode, self.baud, self.parity = frame.mode, baud, frame.parity
        self.faults.update(frame.faults)
        self.deviations.update(each.value for each in frame.deviations)
        if frame.number is not None:
            self.numbers[frame.number] += 1
        if (horodate := frame.dated.get("DATE")) is not None:
            self.meter_ms, self.meter_at = parse_time_ms(horodate), frame.at


def listen(
    opener: Opener,
    first: Mode | None,
    listen_s: float,
    tz: ZoneInfo | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> LineSample:
    """Listen at one speed, and at the other where no meter was found.

    Args:
        opener: opens the port at a speed.
        first: the mode that is set, or None.
        listen_s: at most, for each speed.
        tz: of the meter's clock; None for French legal time.
        clock: monotonic seconds.

    Raises:
        SourceError: the port cannot be opened or read.
    """
    sample = LineSample(tz=tz)
    modes = sorted(SPEED, key=lambda mode: (mode is not first, mode is not Mode.STANDARD))
    for mode in modes:
        _listen_at(SPEED[mode], sample, opener, listen_s, clock)
        if sample.frames:
            break
        sample.groups = 0
        sample.rejected.clear()
    return sample


def _listen_at(baud: int, sample: LineSample, opener: Opener, listen_s: float, clock: Callable[[], float]) -> None:
    source, decoder, began = opener(baud), Decoder(sample.tz), clock()
    faults, heard = Counter[Fault](), 0
    try:
        while sample.frames < _ENOUGH_FRAMES and clock() - began < (listen_s if sample.frames else listen_s / 2):
            chunk = source.read()
            sample.received[baud] += len(chunk)
            for frame in decoder.feed(chunk, clock()):
                sample.add(frame, baud)
                faults.update(frame.faults)
                heard += 1
    finally:
        source.close()
    if not sample.frames and (repeated := repeated_faults(faults, heard)):
        sample.spoilt = repeated, baud


def diagnose_line(sample: LineSample, wanted: Mode | None, *, show: bool) -> list[EdgeFinding]:
    """Diagnose the line. Pure.

    Args:
        sample: of the line.
        wanted: the mode that is set, or None.
        show: True to show the meter's whole number.
    """
    if sample.mode is None:
        return [_nothing(sample)]
    if wanted is not None and wanted is not sample.mode:
        modes: dict[str, Value] = {"mode": sample.mode.value, "wanted": wanted.value}
        return [bad(Subject.LINE, FindingCode.MODE_DIFFERS, **modes)]
    mode = Phrase(PartCode.MODE_AND_SPEED, {"mode": sample.mode.value, "baud": sample.baud})
    repeated = repeated_faults(sample.faults, sample.frames)
    noise = Counter(sample.rejected)
    for fault in repeated:
        noise[fault.reason] -= sample.faults[fault]
    return [
        signal(mode, sample.frames, sample.groups, +noise, parity=sample.parity),
        *diagnose_habits(repeated, _always(sample.deviations, sample.frames)),
        _meter(sample, repeated, show=show),
    ]


def _always(deviations: Mapping[str, int], frames: int) -> Iterable[str]:
    """The deviations of a line, not of one frame that was hit."""
    return [each.reason for each in repeated_faults({Fault(code, ""): n for code, n in deviations.items()}, frames)]


def _nothing(sample: LineSample) -> EdgeFinding:
    faults, baud = sample.spoilt
    if faults:
        labels = sorted({fault.label for fault in faults if fault.label})
        shown = tuple(labels[:_SHOWN_LABELS]) or (Phrase(PartCode.UNNAMED_GROUP),)
        causes = tuple(sorted({fault.reason for fault in faults}))
        return bad(Subject.LINE, FindingCode.FRAMES_SPOILT, baud=baud, labels=shown, causes=causes)
    if not sample.received.total():
        speeds = tuple(Phrase(PartCode.BAUD, {"baud": baud}) for baud in sorted(sample.received))
        return bad(Subject.LINE, FindingCode.NO_DATA, speeds=speeds)
    received = tuple(
        Phrase(PartCode.BYTES_AT_BAUD, {"bytes": count, "baud": baud})
        for baud, count in sorted(sample.received.items())
    )
    return bad(Subject.LINE, FindingCode.NOISE_ONLY, received=received)


def signal(mode: Phrase, frames: int, groups: int, rejected: Mapping[str, int], *, parity: bool) -> EdgeFinding:
    """Diagnose the line by the share of rejected groups.

    Args:
        mode: and speed, as a part of the finding.
        frames: good ones.
        groups: in all.
        rejected: reason → groups, except those that are rejected in every frame alike.
        parity: True if it came and was checked.
    """
    share = sum(rejected.values()) / max(groups, 1)
    about: dict[str, Value] = {
        "mode": mode,
        "frames": frames,
        "groups": groups,
        "rejected": tuple(
            Phrase(PartCode.REJECTED, {"groups": count, "cause": cause})
            for cause, count in sorted(rejected.items())
            if count
        ),
        "parity": Phrase(PartCode.PARITY_CHECKED if parity else PartCode.PARITY_MISSING),
    }
    if share >= _POOR:
        return bad(Subject.LINE, FindingCode.SIGNAL_POOR, **about)
    if share >= _FAIR:
        return good(Subject.LINE, FindingCode.SIGNAL_FAIR, **about)
    return good(Subject.LINE, FindingCode.SIGNAL_GOOD if share else FindingCode.SIGNAL_CLEAN, **about)


def diagnose_habits(repeated: Iterable[Fault], deviations: Iterable[str]) -> Iterator[EdgeFinding]:
    """Yield what repeats in every frame: faults and deviations of meter or adapter, which no cable mends. Pure.

    Args:
        repeated: faults.
        deviations: `Deviation` codes; others, of another version, are left out.
    """
    for fault in sorted(repeated):
        label = fault.label or Phrase(PartCode.UNNAMED_GROUP)
        if fault.reason == GroupRejection.PLAUSIBILITY:
            yield good(Subject.LINE, FindingCode.GROUP_IMPLAUSIBLE, label=label)
        else:
            yield bad(Subject.LINE, FindingCode.GROUP_REPEATEDLY_REJECTED, label=label, cause=fault.reason)
    codes = set(deviations)
    if shown := tuple(Phrase(part) for code, part in _DEVIATIONS.items() if code in codes):
        yield good(Subject.LINE, FindingCode.LINE_DEVIATES, deviations=shown)


def _meter(sample: LineSample, repeated: frozenset[Fault], *, show: bool) -> EdgeFinding:
    if not sample.numbers:
        if not {fault.label for fault in repeated}.isdisjoint(METER_NUMBER.values()):
            return bad(Subject.METER, FindingCode.METER_SPOILT)
        return bad(Subject.METER, FindingCode.METER_UNREAD)
    number, sightings = sample.numbers.most_common(1)[0]
    shown = number if show else f"{'·' * (len(number) - _SHOWN_DIGITS)}{number[-_SHOWN_DIGITS:]}"
    if sightings < SIGHTINGS:
        return bad(Subject.METER, FindingCode.METER_READ_RARELY, number=shown, count=sightings, needed=SIGHTINGS)
    return good(Subject.METER, FindingCode.METER_READ, number=shown, count=sightings)
