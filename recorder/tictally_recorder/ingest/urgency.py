"""Which frames are stored at once: those that show what somebody waits for. Pure."""

import re
from dataclasses import dataclass, field
from typing import Final

from tictally_recorder.ingest.events import MessageReceived
from tictally_shared.status_register import OVERLOAD_ALARMS

# The period and its price, tomorrow's colour, and the status register, which has overload: few of a day's frames.
_TEXTS: Final = ("LTARF", "PTEC", "DEMAIN", "STGE")
_CHANGE: Final = re.compile(
    "|".join((rf'"(?:{"|".join(_TEXTS)})":"[^"]*"', rf'"(?:{"|".join(sorted(OVERLOAD_ALARMS))})":')).encode()
)
_METER: Final = re.compile(rb'"meter":"([^"]*)"')
_MOST_METERS: Final = 10_000


@dataclass(slots=True)
class UrgentFrames:
    """Notices the first frame of a meter, and a change of period, colour or overload; by the bytes, not decoded."""

    _newest: dict[tuple[str, bytes], list[bytes]] = field(default_factory=dict)

    def is_urgent(self, message: MessageReceived) -> bool:
        """Whether a frame is to be stored at once."""
        meter = _METER.search(message.payload)
        if meter is None:
            return False
        key, shown = (message.topic, meter[1]), _CHANGE.findall(message.payload)
        before = self._newest.get(key)
        if before is not None or len(self._newest) < _MOST_METERS:
            self._newest[key] = shown
        return shown != before if key in self._newest else False
