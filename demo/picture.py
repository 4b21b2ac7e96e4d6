"""What an ordinary MQTT client knows of a meter from the topics alone."""

import json
from dataclasses import dataclass, field
from typing import Any

from tictally_shared.frames import Frame
from tictally_shared.labels import CATALOGUE, Kind
from tictally_shared.topics import EdgeTopic, LabelTopic, MeterAvailability, SiteTopic, Topics


@dataclass
class Picture:
    """The topics' present state.

    Attributes:
        topics: what they are below.
        recorder: the recorder's name.
        meter: the meter's number, None until the first message.
        labels: label → value as it stands in its topic.
        frames: frame messages seen.
        rejected: groups rejected by the edge, by reason.
        mode: historique or standard, "" before it is known.
        states: `meter`, `edge` or `recorder` → online or offline.
        cost: figure of the site → what stands there, `price` → 0.1612.
    """

    topics: Topics
    recorder: str
    meter: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    frames: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    mode: str = ""
    states: dict[str, str] = field(default_factory=dict)
    cost: dict[str, str] = field(default_factory=dict)

    def take(self, topic: str, payload: bytes) -> None:
        """Take a message in; one that is none of ours changes nothing."""
        text = payload.decode(errors="replace")
        match self.topics.parse(topic):
            case LabelTopic(meter, label, is_time=False):
                self._label(meter, label, text)
            case MeterAvailability(_):
                self.states["meter"] = text
            case SiteTopic(_, what):
                self.cost[what] = text
            case EdgeTopic(_, "frame"):
                self.frames += 1
                self.mode = Frame.from_json(payload).mode.value
            case EdgeTopic(_, "health"):
                self._health(text)
            case EdgeTopic(_, "availability"):
                self.states["edge"] = text
            case _ if topic == self.topics.recorder(self.recorder, "availability"):
                self.states["recorder"] = text

    @property
    def power_va(self) -> int | None:
        """Apparent power consumed, in VA; None while it is unknown."""
        return self._number("SINSTS", "PAPP")

    @property
    def injection_va(self) -> int | None:
        """Apparent power injected, in VA; None if the meter shows none."""
        return self._number("SINSTI")

    @property
    def period(self) -> str | None:
        """The tariff period in the meter's words."""
        return self.labels.get("LTARF") or self.labels.get("PTEC")

    @property
    def registers(self) -> dict[str, int]:
        """The supplier's energy registers that have counted anything, in Wh, in the catalogue's order."""
        registers = {
            label.name: int(self.labels[label.name])
            for label in CATALOGUE
            if label.kind is Kind.REGISTER and label.unit == "Wh" and self.labels.get(label.name, "").isdigit()
            if not label.name.startswith("EASD")  # the network operator's
        }
        return {name: value for name, value in registers.items() if value}

    def _number(self, *names: str) -> int | None:
        texts = (self.labels.get(name, "") for name in names)
        return next((int(text) for text in texts if text.isdigit()), None)

    def _label(self, meter: str, label: str, value: str) -> None:
        if meter != self.meter:  # another meter on the line: the old one's values no longer count
            self.meter = meter
            self.labels.clear()
        if value:
            self.labels[label] = value
        else:
            self.labels.pop(label, None)  # a cleared topic

    def _health(self, text: str) -> None:
        health: dict[str, Any] = json.loads(text) if text else {}
        self.rejected = {reason: count for reason, count in health.get("rejected", {}).items() if count}
