"""What flows into a ledger and out of it. What a year has millions of are named tuples, made three times as fast."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from tictally_shared.calendar import QUARTER_MS

INTEGRATED_EDGE: Final = "http-readings"
"""The edge of meters without registers: the recorder integrates what they tell by HTTP, and marks what it counted."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as the broker delivered it.

    Attributes:
        topic_edge: the edge's name in the topic.
        payload: as it came, whatever it is.
        arrived_ms: when it came, milliseconds since 1970.
        topic: the whole topic, kept with what is set aside.
    """

    topic_edge: str
    payload: bytes
    arrived_ms: int
    topic: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a batch; the four add up to its messages.

    Attributes:
        stored: frames that are new in the ledger.
        repeated: frames whose number the ledger had already.
        kept: messages kept whole, to be tried again: of another form version, or dated too far ahead.
        refused: messages set aside, counted by reason.
    """

    stored: int = 0
    repeated: int = 0
    kept: int = 0
    refused: int = 0

    def __add__(self, other: "Stored") -> "Stored":
        return Stored(
            self.stored + other.stored,
            self.repeated + other.repeated,
            self.kept + other.kept,
            self.refused + other.refused,
        )


@dataclass(frozen=True, slots=True)
class LedgerCounts:
    """The ledger's figures.

    Attributes:
        frames: frames stored since the ledger was made.
        refused: messages set aside, by reason, since the ledger was made.
        kept: messages that wait to be tried again.
        lost: frames of which no edge holds a copy any more.
        newest_ms: meter key → time of its newest frame.
        dirty: quarters that wait to be computed again.
        size_bytes: of the database file, without its write-ahead log.
    """

    frames: int
    refused: Mapping[str, int]
    kept: int
    lost: int
    newest_ms: Mapping[str, int]
    dirty: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter that the ledger knows: one row for each (key, serial).

    Attributes:
        id: the ledger's own number for it.
        key: its number, or the key given at installation.
        serial: short hash of the number where a key replaces it, else None.
        first_ms: time of its oldest frame.
        last_ms: time of its newest frame.
    """

    id: int
    key: str
    serial: str | None
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class Site:
    """A delivery point.

    Attributes:
        id: its first meter's key.
        meters: those that stood there, in the order in which they were first heard.
        edges: names of the edges that read them, sorted.
    """

    id: str
    meters: tuple[Meter, ...]
    edges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TextChange:
    """The first frame in which a text differs from what was seen before."""

    label: str
    time_ms: int
    value: str


class Run(NamedTuple):
    """A stretch of observations of a register in which it never falls."""

    first_ms: int
    first: int
    last_ms: int
    last: int


class Live(NamedTuple):
    """What a quarter keeps of a power, current or voltage."""

    first_ms: int
    first: int
    last_ms: int
    last: int
    n: int
    sum: int
    min: int
    max: int


class Ends(NamedTuple):
    """What a quarter keeps of any other number: the first and the last value."""

    first_ms: int
    first: int
    last_ms: int
    last: int


@dataclass(frozen=True, slots=True)
class Quarter:
    """A meter's quarter of an hour, [start_ms, start_ms + 15 min).

    Attributes:
        meter_id: the ledger's number of the meter.
        start_ms: its start.
        n: frames in it.
        first_ms: time of the first of them.
        last_ms: time of the last.
        registers: label → runs in the order of time; each fall begins another.
        live: label → statistics.
        ends: label → first and last value.
    """

    meter_id: int
    start_ms: int
    n: int
    first_ms: int
    last_ms: int
    registers: Mapping[str, tuple[Run, ...]]
    live: Mapping[str, Live]
    ends: Mapping[str, Ends]

    @property
    def end_ms(self) -> int:
        """Its end, excluded."""
        return self.start_ms + QUARTER_MS
