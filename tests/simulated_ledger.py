"""A simulated meter's frames, read as by an edge and stored as by a recorder, with the true register values."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from tictally_edge.decoding.decoder import Decoder
from tictally_edge.pipeline import Pipeline
from tictally_edge.simulator.lines import simulated_frames
from tictally_edge.simulator.meter import HouseholdMeter
from tictally_recorder.ledger import Ledger, Message
from tictally_shared.frames import Frame

BATCH = 500


@dataclass
class Truth:
    """The true values of the meters' registers, frame by frame."""

    times_ms: dict[str, list[int]] = field(default_factory=dict)
    registers: dict[str, list[dict[str, int]]] = field(default_factory=dict)

    def add(self, number: str, time_ms: int, registers: dict[str, int]) -> None:
        self.times_ms.setdefault(number, []).append(time_ms)
        self.registers.setdefault(number, []).append(registers)

    def energy(self, register: str, start_ms: int, end_ms: int) -> int:
        """Register at the end minus register at the start, over all meters; a value is the last one by then."""
        total = 0
        for number, times in self.times_ms.items():
            at_start, at_end = (max(bisect_right(times, each) - 1, 0) for each in (start_ms, end_ms))
            values = self.registers[number]
            total += values[at_end].get(register, 0) - values[at_start].get(register, 0)
        return total

    @property
    def names(self) -> set[str]:
        return {name for values in self.registers.values() for name in values[0]}


def messages(
    meter: HouseholdMeter, interval_s: float | None, until: datetime, truth: Truth | None
) -> Iterator[Message]:
    """The frames of a meter as an edge publishes them, one after another; `truth` records their registers."""
    decoder, pipeline = Decoder(), Pipeline()
    begin = meter.moment
    held: list[tuple[int, dict[str, int]]] = []
    seq = 0
    for moment, line in simulated_frames(meter, interval_s, until):
        held.append((_ms(moment), meter.registers()))
        decoded = decoder.feed(line, (moment - begin).total_seconds())
        for reading in (each for frame in decoded for each in pipeline.add(frame)):
            seq += 1
            time_ms, registers = held.pop(0)
            if truth is not None:
                truth.add(reading.number, time_ms, registers)
            frame = reading.validated.frame
            published = Frame(
                meter=reading.number,
                edge="pi",
                boot="0123456789abcdef",
                seq=seq,
                time_ms=time_ms,
                mode=frame.mode,
                values=reading.validated.values,
                dated=reading.validated.dated,
            )
            yield Message("pi", published.to_json().encode(), time_ms + 50, "tictally/edge/pi/frame")


def store(ledger: Ledger, found: Iterable[Message]) -> int:
    """Store messages in batches and return how many were new."""
    stored = 0
    waiting = iter(found)
    while batch := list(islice(waiting, BATCH)):
        stored += ledger.store(batch).stored
    return stored


def _ms(moment: datetime) -> int:
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
