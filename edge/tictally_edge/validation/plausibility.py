"""Figures of the strongest meter that speaks TIC, the bounds of everything below.

Three phases of 90 A (NF C 14-100: the largest single-phase connection has 90 A, a three-phase one 60 A) at 253 V
(EN 50160: 230 V + 10 %). The subscription is no bound: overload is real, and injection has none.
"""

from enum import Enum, auto
from typing import Final

from tictally_edge.decoding.decoder import DecodedFrame
from tictally_shared.labels import LABELS, Kind, Mode


class Verdict(Enum):
    """Believed and published, left out until another frame agrees, or refused by physics."""

    BELIEVED = auto()
    UNCONFIRMED = auto()
    REFUSED = auto()


HIGHEST_VOLTAGE_V: Final = 253
STRONGEST_VA: Final = 3 * 90 * HIGHEST_VOLTAGE_V
# Short peaks above a cut-off device's rating are measured and shown; a value beyond these is noise.
MOST_CURRENT_A: Final = 300
MOST_VOLTAGE_V: Final = 460
MOST_POWER_VA: Final = 2 * STRONGEST_VA
# Registers count whole Wh: two readings differ by up to one more than the energy between them.
_WHOLE_WH: Final = 1

_BOUND: Final = {
    Kind.CURRENT: MOST_CURRENT_A,
    Kind.ALARM: MOST_CURRENT_A,
    Kind.VOLTAGE: MOST_VOLTAGE_V,
    Kind.APPARENT_POWER: MOST_POWER_VA,
    Kind.ACTIVE_POWER: MOST_POWER_VA,
}


def most_energy_wh(elapsed_s: float, power_va: float = STRONGEST_VA) -> int:
    """The most that a register can rise in a time at a power, whole Wh."""
    return int(power_va * max(elapsed_s, 0.0) / 3600) + _WHOLE_WH


def is_possible(name: str, value: int) -> bool:
    """False for a current, voltage or power that no meter could measure."""
    label = LABELS.get(name)
    bound = _BOUND.get(label.kind) if label is not None else None
    return bound is None or value <= bound


def shown_power_va(frame: DecodedFrame) -> int | None:
    """The apparent power that a frame shows, consumed and injected, or None where it shows none."""
    if frame.mode is Mode.STANDARD:
        shown = [_number(frame, name) for name in ("SINSTS", "SINSTI")]
    else:
        shown = [_number(frame, "PAPP")]
        if shown == [None]:  # meters before 2000 send no PAPP
            amperes = [_number(frame, name) for name in ("IINST", "IINST1", "IINST2", "IINST3")]
            shown = [(a + 1) * HIGHEST_VOLTAGE_V for a in amperes if a is not None]
    powers = [power for power in shown if power is not None and power <= MOST_POWER_VA]
    return sum(powers) if powers else None


def _number(frame: DecodedFrame, name: str) -> int | None:
    value = frame.values.get(name)
    return value if isinstance(value, int) else None
