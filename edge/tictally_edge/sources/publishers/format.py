"""What the format of a publisher is: how its messages are read, and how its fields become labels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tictally_edge.sources.publishers.values import UNKNOWN_UNIT, Raw
from tictally_shared.labels import LABELS, METER_NUMBER, Kind, Mode
from tictally_shared.tariff_options import TariffOption

_NUMBERS: Final = frozenset(METER_NUMBER.values())
# Labels by whose name alone nobody calls anything else.
TELLTALE: Final = frozenset(LABELS) - {"BASE", "DATE", "MSG1", "MSG2", "PRM", "RELAIS"}


@dataclass(frozen=True, slots=True)
class PublishedFields:
    """What one message gives.

    Attributes:
        device: what distinguishes meters: a topic, or a device's address.
        fields: name → value, as published; without what the publisher marks as unknown.
        is_meter: whether it proves that the device is a meter, and not something else with a power.
        stands_alone: whether it waits for no other message, although the format has some that do.
        number: the meter's number, or None.
        address: a Zigbee device's IEEE address, or None.
        horodates: label → horodate, as of the meter.
        units: field → unit.
    """

    device: str
    fields: Mapping[str, Raw]
    is_meter: bool = True
    number: str | None = None
    address: str | None = None
    horodates: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    stands_alone: bool = False


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What the user adds to an address, where messages lack it.

    Attributes:
        number: the meter's number; where messages have one, that of the meter to read.
        mode: of the line.
        option: the tariff option.
        unit: of energies whose unit is not known.
    """

    number: str | None = None
    mode: Mode | None = None
    option: TariffOption | None = None
    unit: str = UNKNOWN_UNIT


@dataclass(slots=True)
class MeterMemory:
    """What is known of a meter beyond the fields that it has now.

    Attributes:
        options: what the user has given.
        mode: of the line, as far as it was proved.
        is_three_phase: whether a second or third phase was seen.
    """

    options: ReadingOptions
    mode: Mode | None = None
    is_three_phase: bool = False


@dataclass(frozen=True, slots=True)
class LabelledFields:
    """Fields as labels of one mode.

    Attributes:
        mode: of the labels.
        values: label → value as published.
        units: label → unit of an energy.
    """

    mode: Mode
    values: Mapping[str, Raw]
    units: Mapping[str, str] = field(default_factory=dict)


Labelling = Callable[[Mapping[str, Raw], Mapping[str, str], MeterMemory], LabelledFields | None]


def _one(_value: int) -> int:
    return 1


@dataclass(frozen=True, slots=True)
class PublisherFormat:
    """The format of one publisher.

    Attributes:
        name: as `form=` has it.
        read: what a message gives; None if it is not of this format.
        label: fields and their units to labels; None while the mode of the line is unknown.
        silence_s: after so long without a message the meter is offline; a field that did not come again is unknown.
        gathers: whether a meter's fields come as messages of their own, one after another.
        repeats: whether a message may repeat what was read earlier.
        step_of: the step, in Wh, in which a register of so many Wh can be published at all.
        improved_by: a format of the same program that has more, and replaces this one when it comes.
    """

    name: str
    read: Callable[[str, bytes], PublishedFields | None]
    label: Labelling
    silence_s: float = 900.0
    gathers: bool = False
    repeats: bool = False
    step_of: Callable[[int], int] = _one
    improved_by: str | None = None


def by_label(fields: Mapping[str, Raw], units: Mapping[str, str], memory: MeterMemory) -> LabelledFields | None:
    """The `label` of a format whose fields bear the names of labels."""
    known = {name: value for name, value in fields.items() if name in LABELS and name not in _NUMBERS}
    modes = [LABELS[name].mode for name in known]
    mode = memory.options.mode or (max(Mode, key=modes.count) if modes else memory.mode)
    if mode is None:
        return None
    values = {name: value for name, value in known.items() if LABELS[name].mode is mode}
    return LabelledFields(mode, values, {name: unit for name, unit in units.items() if name in values})


def number_of(fields: Mapping[str, object]) -> object:
    """What stands in the label of the meter's number, or None."""
    return next((fields[name] for name in METER_NUMBER.values() if name in fields), None)


def is_alarm(label: str) -> bool:
    """Whether a label is sent only while what it warns of lasts."""
    known = LABELS.get(label)
    return known is not None and known.kind is Kind.ALARM
