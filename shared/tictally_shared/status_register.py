"""Decodes STGE, the status register of the standard mode. Source: Enedis-NOI-CPT_54E §6.2.3.14."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

OVERLOAD_ALARMS: Final = ("ADPS", "ADIR1", "ADIR2", "ADIR3")
"""The labels of historique mode that are sent only while a meter is overloaded. Source: Enedis-NOI-CPT_54E §6.1."""

_NOT_ASSIGNED: Final = 7


class Cutoff(IntEnum):
    """Why the meter's switch is open, as the meter numbers it."""

    CLOSED = 0
    OVERLOAD = 1
    OVERVOLTAGE = 2
    SHEDDING = 3
    ORDER = 4
    OVERHEATING = 5
    OVERHEATING_ON_OVERLOAD = 6


class Colour(IntEnum):
    """Of a Tempo day."""

    NONE = 0
    BLEU = 1
    BLANC = 2
    ROUGE = 3


@dataclass(frozen=True, slots=True)
class StatusRegister:
    """The fields of STGE.

    Attributes:
        contact_open: the dry contact, which starts a water heater, is open.
        cutoff: the meter's switch; None for the value that is not assigned.
        cover_open: the terminals' cover is open.
        overvoltage: on a phase.
        overload: consumption exceeds the reference power.
        producer: the meter counts injection too.
        injecting: active energy flows outward.
        supplier_register: that counts now, 1 … 10 (up to 16 can be written).
        distributor_register: that counts now, 1 … 4.
        clock_degraded: the meter's clock has lost its reserve.
        colour_today: of a Tempo day.
        colour_tomorrow: of a Tempo day.
        peak_notice: number of the mobile peak that is announced, 0 for none.
        peak_now: number of the mobile peak that is on, 0 for none.
    """

    contact_open: bool
    cutoff: Cutoff | None
    cover_open: bool
    overvoltage: bool
    overload: bool
    producer: bool
    injecting: bool
    supplier_register: int
    distributor_register: int
    clock_degraded: bool
    colour_today: Colour
    colour_tomorrow: Colour
    peak_notice: int
    peak_now: int


def parse_status_register(stge: str) -> StatusRegister:
    """Decode the register.

    Args:
        stge: eight hexadecimal digits.

    Raises:
        ValueError: it is not hexadecimal.
    """
    word = int(stge, 16)

    def bits(first: int, count: int) -> int:
        return word >> first & (1 << count) - 1

    cutoff = bits(1, 3)
    return StatusRegister(
        contact_open=bool(bits(0, 1)),
        cutoff=Cutoff(cutoff) if cutoff != _NOT_ASSIGNED else None,
        cover_open=bool(bits(4, 1)),
        overvoltage=bool(bits(6, 1)),
        overload=bool(bits(7, 1)),
        producer=bool(bits(8, 1)),
        injecting=bool(bits(9, 1)),
        supplier_register=bits(10, 4) + 1,
        distributor_register=bits(14, 2) + 1,
        clock_degraded=bool(bits(16, 1)),
        colour_today=Colour(bits(24, 2)),
        colour_tomorrow=Colour(bits(26, 2)),
        peak_notice=bits(28, 2),
        peak_now=bits(30, 2),
    )


def is_overloaded(values: Mapping[str, int | str]) -> bool:
    """Whether consumption exceeds the subscribed power, by the labels of a frame of either mode."""
    if any(alarm in values for alarm in OVERLOAD_ALARMS):
        return True
    try:
        return parse_status_register(str(values["STGE"])).overload
    except (KeyError, ValueError):
        return False
