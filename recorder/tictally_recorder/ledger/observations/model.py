"""What importers read: register readings and energies of intervals, with their provenance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

CONSUMPTION: Final = "EAST"
"""The register of an energy whose direction is consumption, whatever the meter calls it."""
INJECTION: Final = "EAIT"
"""The register of an energy whose direction is injection."""
WATT_MINUTES: Final = 60
"""Watt-minutes of one Wh: whole watts over whole minutes, and thousandths of a kWh, are whole in this unit."""


class RegisterReading(NamedTuple):
    """A register at an instant.

    Attributes:
        register: its label, `EASF01`, `HCHP`.
        time_ms: milliseconds since 1970.
        wh: its value.
    """

    register: str
    time_ms: int
    wh: int


class IntervalEnergy(NamedTuple):
    """What was counted over a time.

    Attributes:
        register: `CONSUMPTION`, `INJECTION`, or the label of the register that counted it.
        start_ms: milliseconds since 1970.
        end_ms: excluded.
        watt_minutes: the energy, a sixtieth of a Wh each.
        is_integrated: True if it was summed from powers and no register measured it.
    """

    register: str
    start_ms: int
    end_ms: int
    watt_minutes: int
    is_integrated: bool = False

    @property
    def resolution_ms(self) -> int:
        """The interval's length."""
        return self.end_ms - self.start_ms


Observation: TypeAlias = RegisterReading | IntervalEnergy


@dataclass(frozen=True, slots=True)
class ObservedFile:
    """A file whose content is imported.

    Attributes:
        importer: key of the importer that read it.
        name: of the file, for people.
        hash: SHA-256 of its content, hexadecimal.
        delivery_point: the PRM that it names, or None.
        observations: what it holds, each once.
        meter: the number of the meter that it names, or None; not stored.
        temperatures: hour since 1970 → outdoor temperature then, hundredths of a degree.
    """

    importer: str
    name: str
    hash: str
    delivery_point: str | None
    observations: Sequence[Observation]
    meter: str | None = None
    temperatures: Mapping[int, int] = field(default_factory=dict)

    @property
    def first_ms(self) -> int:
        """The start of its oldest observation, milliseconds since 1970."""
        return min(each.start_ms if isinstance(each, IntervalEnergy) else each.time_ms for each in self.observations)

    @property
    def last_ms(self) -> int:
        """The end of its newest observation."""
        return max(each.end_ms if isinstance(each, IntervalEnergy) else each.time_ms for each in self.observations)


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """A file of a run.

    Attributes:
        importer: key of the importer that read it.
        name: of the file, for people.
        hash: SHA-256 of its content, hexadecimal.
        delivery_point: the PRM that it names, or None.
        readings: how many register readings it has.
        intervals: how many energies of intervals it has.
        first_ms: the start of its oldest observation, milliseconds since 1970.
        last_ms: the end of its newest observation.
    """

    importer: str
    name: str
    hash: str
    delivery_point: str | None
    readings: int
    intervals: int
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class ImportRun:
    """One import of some files: all of them, or none.

    Attributes:
        id: its number, from 1.
        site: the site's id.
        imported_ms: when it ran, milliseconds since 1970.
        files: in the order in which they were given.
    """

    id: int
    site: str
    imported_ms: int
    files: tuple[ImportedFile, ...]

    @property
    def first_ms(self) -> int:
        """The start of its oldest observation."""
        return min(file.first_ms for file in self.files)

    @property
    def last_ms(self) -> int:
        """The end of its newest observation."""
        return max(file.last_ms for file in self.files)
