"""The truth about a simulated meter: the content of each frame and how it was sent, one JSON object a line."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any, TextIO

from tictally_edge.simulator.meter import HouseholdMeter
from tictally_edge.simulator.play import Sent
from tictally_edge.simulator.times import to_ms
from tictally_edge.simulator.wire import Wire
from tictally_shared.frames import iso_utc


class FrameLog:
    """Writes a line for each frame when its last character is sent.

    `time` is the meter's own, `begun` and `sent` are of this machine's clock; `whole` is True if every character
    was sent undamaged; `unread` counts the bytes that the line had to drop by then because nobody read them; `groups`
    are [label, horodate or null, data] as they were encoded.

    Args:
        file: where to, or None.
        wire: its unread bytes are logged.
    """

    def __init__(self, file: TextIO | None, wire: Wire) -> None:
        self._file, self._wire = file, wire

    def of(self, meter: HouseholdMeter, *, intact: bool) -> Callable[[Sent], None]:
        """Return what to call when the meter's present frame has been sent.

        Args:
            meter: in its present state.
            intact: False if the line has damaged the frame.
        """
        if self._file is None:
            return lambda _: None
        body = {
            "time": iso_utc(to_ms(meter.moment)),
            "number": meter.number,
            "mode": meter.mode.value,
            "registers": meter.registers(),
            "groups": [[group.label, group.horodate, group.data] for group in meter.groups()],
        }
        return partial(self._write, self._file, body, intact)

    def _write(self, file: TextIO, body: dict[str, Any], intact: bool, sent: Sent) -> None:  # noqa: FBT001 - partial
        body |= {"begun": iso_utc(sent.begun_ms), "sent": iso_utc(sent.ended_ms)}
        body |= {"whole": intact and sent.on_the_line, "unread": self._wire.unread}
        file.write(f"{json.dumps(body, ensure_ascii=False)}\n")
        file.flush()
