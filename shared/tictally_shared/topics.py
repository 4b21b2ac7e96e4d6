"""Builds and parses MQTT topics. The topics are a public interface."""

import re
from dataclasses import dataclass
from typing import Final

from tictally_shared.frames import KEY
from tictally_shared.labels import UNKNOWN_LABEL

RESERVED: Final = frozenset({"edge", "site", "recorder"})
_BASE: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}(?:/[A-Za-z0-9_.-]{1,64}){0,3}")
_DERIVED: Final = re.compile(r"[a-z]+(?:_[a-z]+)*")
_PLUS: Final = "_PLUS_"
_AFTER_NAME: Final = 2


@dataclass(frozen=True, slots=True)
class LabelTopic:
    """`<base>/<meter>/<LABEL>`, or with `/time` the topic of its horodate."""

    meter: str
    label: str
    is_time: bool = False


@dataclass(frozen=True, slots=True)
class DerivedTopic:
    """`<base>/<meter>/<name>`, in lower case: a value that an edge derives from labels."""

    meter: str
    name: str


@dataclass(frozen=True, slots=True)
class EdgeTopic:
    """`<base>/edge/<edge>/<what>`; what: frame, availability, health or resend."""

    edge: str
    what: str


@dataclass(frozen=True, slots=True)
class SiteTopic:
    """`<base>/site/<site>/<what>`: what its energy costs, a figure each."""

    site: str
    what: str


@dataclass(frozen=True, slots=True)
class MeterAvailability:
    """`<base>/<meter>/availability`."""

    meter: str


@dataclass(frozen=True, slots=True)
class Topics:
    """Topics below one base.

    Attributes:
        base: `tictally` unless set otherwise; one to four levels of letters, digits and `_.-`.

    Raises:
        ValueError: the base cannot be the beginning of a topic.
    """

    base: str = "tictally"

    def __post_init__(self) -> None:
        if not _BASE.fullmatch(self.base):
            raise ValueError(f"base topic {self.base[:80]!r} is not one to four levels of letters, digits and _.-")

    def label(self, meter: str, label: str) -> str:
        """Topic of a label's value."""
        return f"{self.base}/{meter}/{label.replace('+', _PLUS)}"

    def label_time(self, meter: str, label: str) -> str:
        """Topic of a label's horodate."""
        return f"{self.label(meter, label)}/time"

    def meter_availability(self, meter: str) -> str:
        """Topic of the meter's availability."""
        return f"{self.base}/{meter}/availability"

    def derived(self, meter: str, name: str) -> str:
        """Topic of a derived value; in lower case, so that no label can have it."""
        return f"{self.base}/{meter}/{name}"

    def edge(self, edge: str, what: str) -> str:
        """Topic of an edge: frame, availability, health or resend."""
        return f"{self.base}/edge/{edge}/{what}"

    def recorder(self, name: str, what: str) -> str:
        """Topic of a recorder: availability or health."""
        return f"{self.base}/recorder/{name}/{what}"

    def site(self, site: str, what: str) -> str:
        """Topic of a site: what its energy costs, a figure each."""
        return f"{self.base}/site/{site}/{what}"

    def frames(self, edge: str = "+") -> str:
        """Filter of the frames of one edge, or of all."""
        return self.edge(edge, "frame")

    def of_meter(self, meter: str) -> tuple[str, str]:
        """Filters of everything below a meter."""
        return f"{self.base}/{meter}/+", f"{self.base}/{meter}/+/time"

    def parse(self, topic: str) -> LabelTopic | DerivedTopic | EdgeTopic | SiteTopic | MeterAvailability | None:
        """Parse a topic; None if it is not one of a meter, an edge or a site."""
        if not topic.startswith(f"{self.base}/"):
            return None
        first, *rest = topic[len(self.base) + 1 :].split("/")
        if first == "edge":
            return EdgeTopic(*rest) if len(rest) == _AFTER_NAME and KEY.fullmatch(rest[0]) else None
        if first == "site":
            return SiteTopic(*rest) if len(rest) == _AFTER_NAME and KEY.fullmatch(rest[0]) else None
        return _below_meter(first, rest) if is_name(first) else None


def _below_meter(meter: str, rest: list[str]) -> LabelTopic | DerivedTopic | MeterAvailability | None:
    if rest == ["availability"]:
        return MeterAvailability(meter)
    if len(rest) == 1 and _DERIVED.fullmatch(rest[0]):
        return DerivedTopic(meter, rest[0])
    label = rest[0].replace(_PLUS, "+") if rest else ""
    if not UNKNOWN_LABEL.fullmatch(label) or rest[1:] not in ([], ["time"]):
        return None
    return LabelTopic(meter, label, is_time=len(rest) > 1)


def is_name(text: str) -> bool:
    """Return True for a valid name of a meter, an edge or a recorder: `[a-z0-9-]{1,32}` and no reserved word."""
    return KEY.fullmatch(text) is not None and text not in RESERVED
