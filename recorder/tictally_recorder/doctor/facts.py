"""What a doctor has looked at: ledger, broker, edges."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tictally_recorder.ledger import LedgerCounts, NumberRange, Refused, SinkCounts, Site
from tictally_recorder.mqtt.probe import Visit


@dataclass(frozen=True, slots=True)
class LedgerFacts:
    """A ledger that could be read.

    Attributes:
        path: of its file.
        size_bytes: of the file and its write-ahead log.
        free_bytes: what the disk has left.
        version: of the ledger's form.
        problems: what its integrity check says, nothing where it is whole.
        recorder: process that records into it: its pid, or `unknown`; None where there is none.
        counts: its figures.
        refused: what was set aside.
        numbers: edge → boot → what became of its numbers.
        newest_ms: edge → time of its newest frame, None where it has none.
        sites: with their meters.
        sinks: how far its copies are.
    """

    path: Path
    size_bytes: int
    free_bytes: int
    version: int
    problems: tuple[str, ...]
    recorder: str | None
    counts: LedgerCounts
    refused: tuple[Refused, ...]
    numbers: Mapping[str, Mapping[str, list[NumberRange]]]
    newest_ms: Mapping[str, int | None]
    sites: tuple[Site, ...]
    sinks: tuple[SinkCounts, ...] = ()


@dataclass(frozen=True, slots=True)
class EdgeFacts:
    """What an edge has left at the broker.

    Attributes:
        availability: `online` or `offline`, or None.
        health: its newest health, or None.
    """

    availability: str | None = None
    health: bytes | None = None


@dataclass(frozen=True, slots=True)
class InfluxFacts:
    """The InfluxDB that the ledger is copied to.

    Attributes:
        url: where it is.
        problem: what is wrong there, a sentence, or None.
    """

    url: str
    problem: str | None


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it.

    Attributes:
        now_ms: this machine's clock.
        ledger: or the sentence that says why it cannot be read.
        broker: its address.
        visit: what it said.
        edges: those that have left something there.
        influxdb: where the ledger is copied to, or None.
    """

    now_ms: int
    ledger: LedgerFacts | str
    broker: str
    visit: Visit
    edges: Mapping[str, EdgeFacts] = field(default_factory=dict)
    influxdb: InfluxFacts | None = None
