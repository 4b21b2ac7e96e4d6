"""Decodes the messages of one publisher: fields of one meter, merged as they come, become frames. Pure.

Who publishes a meter rarely sends all of it at once. A frame has what is known of the meter at the end of a message,
or of messages that follow one another closely; a field that has not come for long is left out.
"""

import logging
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from tictally_edge.decoding.decoder import DecodedFrame, Relay
from tictally_edge.decoding.groups import Fault, GroupRejection
from tictally_edge.sources.publishers.format import (
    LabelledFields,
    MeterMemory,
    PublishedFields,
    PublisherFormat,
    ReadingOptions,
    is_alarm,
)
from tictally_edge.sources.publishers.values import Raw, decimals, energy_factor, label_value
from tictally_shared.calendar import CalendarError, parse_horodate
from tictally_shared.labels import LABELS, Kind, Mode

# Fields of one meter that come one by one belong together until none has come for so long, or for so long at most.
_GATHER_QUIET_S: Final = 0.6
_GATHER_LONGEST_S: Final = 5.0
# QoS 1 delivers a message again, and some publishers do: the same within so long is no other one.
_DOUBLED_S: Final = 2.0
_TOPICS_REMEMBERED: Final = 128
# So long frames wait for the meter's number, which a ZLinky may be asked for every ten minutes only.
_NUMBER_WITHIN_S: Final = 900.0
_MAX_WAITING: Final = 2000
# No new field for so long: the frame shows all of its meter.
_SETTLED_S: Final = 120.0
_MAX_DEVICES: Final = 32
_OPTION_TEXTS: Final = {
    Mode.HISTORIQUE: ("OPTARIF", {"base": "BASE", "hphc": "HC..", "ejp": "EJP.", "tempo": "BBR("}),
    Mode.STANDARD: ("NGTF", {"base": "BASE", "hphc": "H PLEINE/CREUSE", "ejp": "EJP", "tempo": "TEMPO"}),
}
_WHOLE_KWH, _MOST_DECIMALS = 1000, 3

log = logging.getLogger(__name__)


class PublisherProblem(StrEnum):
    """What keeps a meter's messages from becoming frames, or leaves something out."""

    SEVERAL_METERS = "several_meters"
    NO_NUMBER = "no_number"
    NO_OPTION = "no_option"
    NO_MODE = "no_mode"


# What is wrong, and what to do, for the log.
_SENTENCES: Final = {
    PublisherProblem.SEVERAL_METERS: (
        "Messages of several meters, and none is read",
        "Give the topic of one of them, or its number (number=).",
    ),
    PublisherProblem.NO_NUMBER: (
        "No message has the meter's number yet, and frames wait for it",
        "A ZLinky may take ten minutes; else add number= to the address.",
    ),
    PublisherProblem.NO_OPTION: (
        "No message names the tariff option yet",
        "If that stays so, add option= to the address: base, hphc, ejp or tempo.",
    ),
    PublisherProblem.NO_MODE: (
        "No message shows yet in which mode the meter sends",
        "If that stays so, add mode= to the address: historique or standard.",
    ),
}


@dataclass(slots=True)
class _Device:
    """What is known of one device."""

    memory: MeterMemory
    number: str | None = None
    address: str | None = None
    is_meter: bool = False
    first_at: float = 0.0
    last_at: float = 0.0
    grew_at: float = 0.0
    fields: dict[str, tuple[Raw, float]] = field(default_factory=dict)
    horodates: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)
    fresh_horodates: set[str] = field(default_factory=set)
    gathering_since: float | None = None


class PublisherDecoder:
    """Decodes the messages of one format.

    Attributes:
        format: of the messages.
        problems: what keeps frames away, or leaves something out.
        device: topic or address of the meter, once there is one.
        rivals: topics or addresses of several meters, where only one can be read.
        step_wh: the step of the registers that were published last.

    Args:
        options: what the user has added to the address.
        tz: of the meter's clock; None for French legal time.
        is_given: whether the user has chosen the format: then whatever has its fields is a meter.
    """

    def __init__(
        self, form: PublisherFormat, options: ReadingOptions, tz: ZoneInfo | None = None, *, is_given: bool = False
    ) -> None:
        self.format, self._options, self._tz, self._is_given = form, options, tz, is_given
        self.problems: set[PublisherProblem] = set()
        self.device: str | None = None
        self.rivals: tuple[str, ...] = ()
        self.step_wh = 1
        self._devices: dict[str, _Device] = {}
        self._latest: dict[str, tuple[int, float]] = {}
        self._waiting: deque[DecodedFrame] = deque(maxlen=_MAX_WAITING)
        self._is_by_address = False
        self._logged: set[PublisherProblem] = set()
        self._most_decimals = 0

    def feed(self, topic: str, payload: bytes, at: float) -> Iterable[DecodedFrame]:
        """See `MessageDecoder`."""
        published = self.format.read(topic, payload)
        if published is None or self._is_doubled(topic, payload, at):
            return ()
        device = self._device_of(published, at)
        if device is None:
            return ()
        self._merge(device, published, at)
        if not published.fields and not published.horodates:
            return ()
        if device.gathering_since is None:
            device.gathering_since = at
        return self._close(device, at) if published.stands_alone or not self.format.gathers else ()

    def due(self, at: float) -> Iterable[DecodedFrame]:
        """Return the frames whose fields have come one by one, and are together now."""
        return [
            frame
            for device in list(self._devices.values())
            if device.gathering_since is not None
            and (at - device.last_at >= _GATHER_QUIET_S or at - device.gathering_since >= _GATHER_LONGEST_S)
            for frame in self._close(device, device.last_at)
        ]

    def note_retained(self, topic: str, payload: bytes, at: float) -> None:
        """Take from a message of unknown age what does not change: which meter it is."""
        published = self.format.read(topic, payload)
        if published is not None and (device := self._device_of(published, at)) is not None:
            device.number = device.number or published.number
            device.address = device.address or published.address
            device.units |= published.units

    def _is_doubled(self, topic: str, payload: bytes, at: float) -> bool:
        before = self._latest.pop(topic, None)
        self._latest[topic] = hash(payload), at
        if len(self._latest) > _TOPICS_REMEMBERED:
            del self._latest[next(iter(self._latest))]
        return before is not None and before[0] == hash(payload) and at - before[1] < _DOUBLED_S

    def _device_of(self, published: PublishedFields, at: float) -> _Device | None:
        device = self._devices.get(published.device)
        if device is None:
            if len(self._devices) >= _MAX_DEVICES:
                return None
            device = _Device(MeterMemory(self._options), first_at=at, last_at=at, grew_at=at)
            self._devices[published.device] = device
        return device

    def _merge(self, device: _Device, published: PublishedFields, at: float) -> None:
        device.last_at = at
        device.is_meter |= published.is_meter or self._is_given
        device.number = published.number or device.number
        device.address = published.address or device.address
        device.units |= published.units
        if not published.fields.keys() <= device.fields.keys():
            device.grew_at = at
        device.fields |= {name: (value, at) for name, value in published.fields.items()}
        device.horodates |= published.horodates
        device.fresh |= published.fields.keys()
        device.fresh_horodates |= published.horodates.keys()

    def _close(self, device: _Device, at: float) -> list[DecodedFrame]:
        """The frame that a device's fields make, and those that waited for the meter's number."""
        frame = self._frame(device, at) if device.is_meter and self._is_chosen(device, at) else None
        device.gathering_since = None
        device.fresh.clear()
        device.fresh_horodates.clear()
        return [] if frame is None else self._numbered(device, frame)

    def _is_chosen(self, device: _Device, at: float) -> bool:
        meters = {
            name: each
            for name, each in self._devices.items()
            if each.is_meter and at - each.last_at <= self.format.silence_s
        }
        wanted = self._options.number
        if wanted is not None and any(each.number is not None for each in meters.values()):
            meters = {name: each for name, each in meters.items() if each.number in {wanted, None}}
            if any(each.number == wanted for each in meters.values()):
                meters = {name: each for name, each in meters.items() if each.number == wanted}
        different = {each.number or each.address or name for name, each in meters.items()}
        if len(different) > 1:
            self._note(PublisherProblem.SEVERAL_METERS, f": {', '.join(sorted(meters))}")
            self.rivals = tuple(sorted(meters))
            return False
        self.problems.discard(PublisherProblem.SEVERAL_METERS)
        self.rivals = ()
        self.device = next((name for name, each in meters.items() if each is device), self.device)
        return any(each is device for each in meters.values())

    def _frame(self, device: _Device, at: float) -> DecodedFrame | None:
        fields = {name: value for name, (value, seen) in device.fields.items() if at - seen <= self.format.silence_s}
        labelled = self.format.label(fields, device.units, device.memory)
        if labelled is None:
            self._note(PublisherProblem.NO_MODE)
            return None
        self.problems.discard(PublisherProblem.NO_MODE)
        device.memory.mode = labelled.mode
        # A label that is sent only while its alarm lasts is over when it does not come again.
        over = {name for name in fields if is_alarm(name) and name not in device.fresh}
        values = {name: value for name, value in labelled.values.items() if name not in over}
        return self._decoded(device, replace(labelled, values=values), at)

    def _decoded(self, device: _Device, labelled: LabelledFields, at: float) -> DecodedFrame | None:
        values: dict[str, int | str] = {}
        dated: dict[str, str] = {}
        rejected: list[Fault] = []
        unreadable = 0
        for name, published in labelled.values.items():
            label = LABELS[name]
            if label.kind is Kind.CLOCK or (label.dated and name not in device.horodates):
                continue
            value = label_value(label, published, self._unit(labelled, name))
            if value is None:
                rejected.append(Fault(GroupRejection.SHAPE.value, name))
                continue
            values[name] = value
            if label.dated and (horodate := self._horodate(device.horodates[name])) is not None:
                dated[name] = horodate
            elif label.dated:
                unreadable += 1
        if "DATE" in device.fresh_horodates and (horodate := self._horodate(device.horodates["DATE"])) is not None:
            dated["DATE"] = horodate
        self._add_option(labelled.mode, values)
        if not values:
            return None
        return DecodedFrame(
            mode=labelled.mode,
            number=None,
            values=values,
            dated=dated,
            complete=not self.format.gathers or at - device.grew_at >= _SETTLED_S,
            rejected=dict(Counter(fault.reason for fault in rejected)),
            groups=len(values) + len(rejected) + 1,
            horodates_unreadable=unreadable,
            parity=False,
            offset=0,
            at=at,
            faults=frozenset(rejected),
            relay=Relay(self.format.repeats, self._note_step(labelled, values)),
        )

    def _unit(self, labelled: LabelledFields, name: str) -> str:
        return labelled.units.get(name) or self._options.unit

    def _add_option(self, mode: Mode, values: dict[str, int | str]) -> None:
        label, texts = _OPTION_TEXTS[mode]
        option = self._options.option
        if label not in values and option is not None:
            values[label] = texts[option.key]
        if label in values:
            self.problems.discard(PublisherProblem.NO_OPTION)
        else:
            self._note(PublisherProblem.NO_OPTION)

    def _horodate(self, text: str) -> str | None:
        try:
            return parse_horodate(text, self._tz).isoformat()
        except CalendarError:
            return None

    def _note_step(self, labelled: LabelledFields, values: Mapping[str, int | str]) -> int:
        """The step of the registers: by the decimals of kWh seen so far, or by the numbers that carry them."""
        registers = {name for name in values.keys() & labelled.values.keys() if LABELS[name].kind is Kind.REGISTER}
        shown = [
            decimals(labelled.values[name])
            for name in registers
            if energy_factor(labelled.values[name], self._unit(labelled, name)) == _WHOLE_KWH
        ]
        counted = [value for name in registers if isinstance(value := values[name], int)]
        step = max(map(self.format.step_of, counted), default=1)
        if shown:
            self._most_decimals = max(self._most_decimals, *shown)
            step = max(step, _WHOLE_KWH // 10 ** min(self._most_decimals, _MOST_DECIMALS))
        self.step_wh = step
        return step

    def _numbered(self, device: _Device, frame: DecodedFrame) -> list[DecodedFrame]:
        """Frames with the meter's number: this one, and those that waited for it."""
        number = self._options.number or self._number_of(device, frame.at)
        if number is None:
            self._waiting.append(frame)
            self._note(PublisherProblem.NO_NUMBER)
            return []
        self.problems.discard(PublisherProblem.NO_NUMBER)
        frames = [*self._waiting, frame]
        self._waiting.clear()
        return [replace(each, number=number) for each in frames]

    def _note(self, problem: PublisherProblem, about: str = "") -> None:
        if problem not in self._logged:  # once: it may come and go with the fields
            what, remedy = _SENTENCES[problem]
            log.warning("%s%s. %s", what, about, remedy)
        self._logged.add(problem)
        self.problems.add(problem)

    def _number_of(self, device: _Device, at: float) -> str | None:
        if self._is_by_address or (device.number is None and at - device.first_at >= _NUMBER_WITHIN_S):
            if device.address is not None and not self._is_by_address:
                self._is_by_address = True
                log.warning("No message has the meter's number: the Zigbee address %s stands for it.", device.address)
            return device.address
        return device.number
