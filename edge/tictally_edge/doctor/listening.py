"""What a while of listening says of the line: mode, signal, meter. The journal is not touched."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tictally_edge.decoding.decoder import DecodedFrame, Decoder
from tictally_edge.doctor.finding import Finding, bad, good
from tictally_edge.pipeline import is_good
from tictally_edge.sources.source import SPEED, Opener
from tictally_edge.validation.meter_identity import SIGHTINGS
from tictally_shared.frames import parse_time_ms
from tictally_shared.labels import Mode

LINE, METER = "line", "meter"
# So many frames tell what a line is like; a speed at which nothing is heard is left when half the time is over.
_ENOUGH_FRAMES: Final = 10
# Above this share of rejected groups a value is often missing; below the other one nobody notices.
_POOR, _FAIR = 0.05, 0.01
_SHOWN_DIGITS: Final = 4


@dataclass(slots=True)
class Heard:
    """What came.

    Attributes:
        received: speed in baud → bytes.
        frames: good ones.
        groups: in frames of any kind.
        rejected: reason → groups.
        mode: of the last good frame, or None where there was none.
        baud: speed at which it came.
        parity: True where the line's parity came and could be checked.
        numbers: a meter's number → how often it was read.
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
    meter_ms: int | None = None
    meter_at: float = 0.0

    def add(self, frame: DecodedFrame, baud: int) -> None:
        """LineCounts a frame; one that is not good counts by its groups."""
        self.groups += frame.groups
        self.rejected.update(frame.rejected)
        if not is_good(frame):
            return
        self.frames += 1
        self.mode, self.baud, self.parity = frame.mode, baud, frame.parity
        if frame.number is not None:
            self.numbers[frame.number] += 1
        if (horodate := frame.dated.get("DATE")) is not None:
            self.meter_ms, self.meter_at = parse_time_ms(horodate), frame.at


def listen(opener: Opener, first: Mode | None, listen_s: float, clock: Callable[[], float] = time.monotonic) -> Heard:
    """Listens at one speed, and at the other where nothing was heard.

    Args:
        opener: opens the port at a speed.
        first: the mode that is set, or None.
        listen_s: at most, for each speed.
        clock: monotonic seconds.

    Raises:
        SourceError: the port cannot be opened or read.
    """
    heard = Heard()
    modes = sorted(SPEED, key=lambda mode: (mode is not first, mode is not Mode.STANDARD))
    for mode in modes:
        _listen_at(SPEED[mode], heard, opener, listen_s, clock)
        if heard.frames:
            break
        heard.groups = 0
        heard.rejected.clear()
    return heard


def _listen_at(baud: int, heard: Heard, opener: Opener, listen_s: float, clock: Callable[[], float]) -> None:
    source, decoder, began = opener(baud), Decoder(), clock()
    try:
        while heard.frames < _ENOUGH_FRAMES and clock() - began < (listen_s if heard.frames else listen_s / 2):
            chunk = source.read()
            heard.received[baud] += len(chunk)
            for frame in decoder.feed(chunk, clock()):
                heard.add(frame, baud)
    finally:
        source.close()


def judge(heard: Heard, wanted: Mode | None, *, show: bool) -> list[Finding]:
    """What it means. Pure.

    Args:
        heard: on the line.
        wanted: the mode that is set, or None.
        show: True to tell the meter's whole number.
    """
    if heard.mode is None:
        return [_nothing(heard)]
    if wanted is not None and wanted is not heard.mode:
        says = f"the meter speaks {heard.mode.value} mode, and the setting MODE says {wanted.value}."
        return [bad(LINE, says, "Take MODE out of the settings: the mode is then found by listening.")]
    mode = f"{heard.mode.value} mode at {heard.baud} baud"
    return [
        signal(mode, heard.frames, heard.groups, heard.rejected, parity=heard.parity),
        _meter(heard, show=show),
    ]


def _nothing(heard: Heard) -> Finding:
    if not heard.received.total():
        says = f"nothing came, neither at {' nor at '.join(f'{baud} baud' for baud in sorted(heard.received))}."
        return bad(LINE, says, "Look at the wires: TIC leaves the meter at I1 and I2, not at A; then at the dongle.")
    told = " and ".join(f"{count} bytes at {baud} baud" for baud, count in sorted(heard.received.items()))
    do = "Look at the wires at I1 and I2. An adapter that demands seven bits wants FRAMING=7E1."
    return bad(LINE, f"{told} came, and no good frame among them.", do)


def signal(mode: str, frames: int, groups: int, rejected: Mapping[str, int], *, parity: bool) -> Finding:
    """What the share of rejected groups says of the line.

    Args:
        mode: and speed, as it is to be told.
        frames: good ones.
        groups: in all.
        rejected: reason → groups.
        parity: True where it came and was checked.
    """
    share = sum(rejected.values()) / max(groups, 1)
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(rejected.items()) if count) or "none"
    checked = "parity is checked" if parity else "parity does not come through the adapter"
    told = f"{mode}; {frames} frames, {groups} groups, rejected: {reasons}; {checked}."
    if share >= _POOR:
        do = "Shorten the cable or keep it away from mains wires; use a twisted pair; try another dongle."
        return bad(LINE, f"a poor signal: {told}", do)
    return good(LINE, f"{'a clean' if not share else 'a good' if share < _FAIR else 'a fair'} signal: {told}")


def _meter(heard: Heard, *, show: bool) -> Finding:
    if not heard.numbers:
        return bad(METER, "its number could not be read.", "Nothing is kept without it; see to the line's signal.")
    number, sightings = heard.numbers.most_common(1)[0]
    shown = number if show else f"{'·' * (len(number) - _SHOWN_DIGITS)}{number[-_SHOWN_DIGITS:]}"
    if sightings < SIGHTINGS:
        says = f"number {shown} was read {sightings} times; it is believed after {SIGHTINGS}."
        return bad(METER, says, "Nothing is kept before; see to the line's signal, or listen longer.")
    return good(METER, f"number {shown}, read {sightings} times.")
