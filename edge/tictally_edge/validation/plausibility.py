"""Plausibility: the limits of the strongest meter with a TIC output, and of what its sensors can measure.

Three phases of 90 A (NF C 14-100: the largest single-phase connection has 90 A, a three-phase one 60 A) at 253 V
(EN 50160: 230 V + 10 %). The subscribed power is no limit: overload is real, and injection has none.
"""

from enum import Enum, auto
from typing import Final

from tictally_edge.decoding.decoder import DecodedFrame
from tictally_shared.labels import LABELS, Kind, Mode


class Decision(Enum):
    """Of a value: published, left out until another frame agrees, or rejected as implausible."""

    ACCEPTED = auto()
    UNCONFIRMED = auto()
    REJECTED = auto()


HIGHEST_VOLTAGE_V: Final = 253
STRONGEST_VA: Final = 3 * 90 * HIGHEST_VOLTAGE_V
# Short peaks above the rating of the cut-off device are measured and shown; a value beyond these is noise.
MAX_CURRENT_A: Final = 300
MAX_VOLTAGE_V: Final = 460
MAX_POWER_VA: Final = 2 * STRONGEST_VA
# Registers count whole Wh: two readings differ by up to one more than the energy between them.
_WHOLE_WH: Final = 1

_LIMIT: Final = {
    Kind.CURRENT: MAX_CURRENT_A,
    Kind.ALARM: MAX_CURRENT_A,
    Kind.VOLTAGE: MAX_VOLTAGE_V,
    Kind.APPARENT_POWER: MAX_POWER_VA,
    Kind.ACTIVE_POWER: MAX_POWER_VA,
}


def max_energy_wh(elapsed_s: float, power_va: float = STRONGEST_VA) -> int:
    """Return the most that a register can rise within a time at a power, in whole Wh."""
    return int(power_va * max(elapsed_s, 0.0) / 3600) + _WHOLE_WH


def is_within_limits(name: str, value: int) -> bool:
    """Return False for a current, voltage or power that no meter could measure."""
    label = LABELS.get(name)
    limit = _LIMIT.get(label.kind) if label is not None else None
    return limit is None or value <= limit


def shown_power_va(frame: DecodedFrame) -> int | None:
    """Return the apparent power that a frame shows, consumption plus injection, or None if it shows none."""
    if frame.mode is Mode.STANDARD:
        shown = [_number(frame, name) for name in ("SINSTS", "SINSTI")]
    else:
        shown = [_number(frame, "PAPP")]
        if shown == [None]:  # meters before 2000 send no PAPP
            amperes = [_number(frame, name) for name in ("IINST", "IINST1", "IINST2", "IINST3")]
            shown = [(a + 1) * HIGHEST_VOLTAGE_V for a in amperes if a is not None]
    powers = [power for power in shown if power is not None and power <= MAX_POWER_VA]
    return sum(powers) if powers else None


def _number(frame: DecodedFrame, name: str) -> int | None:
    value = frame.values.get(name)
    return value if isinstance(value, int) else None
