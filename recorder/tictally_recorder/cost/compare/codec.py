"""A day's consumption as the ledger keeps it, and back. Pure.

byte 1, byte of the Tempo colour, then deflated (RFC 1950), little-endian, for each kind of quarters:
id of the kind (4 bytes) · which quarters (12 bytes, bit n for quarter n of the day by the clock) ·
how many registers count (1 byte) · bytes of a number (1 byte) · 96 numbers for each of them: Wh by quarter
"""

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Final

from tictally_recorder.cost.compare.consumption import DayConsumption, KindEnergy, QuarterKind, RegisterKind
from tictally_recorder.tariffs.period_rules import QUARTER_TIMES
from tictally_shared.status_register import Colour

_FORMAT_1: Final = 1
_HEAD: Final = struct.Struct("<I12sBB")
_NUMBERS: Final = {
    size: struct.Struct(f"<{len(QUARTER_TIMES)}{letter}") for size, letter in ((1, "B"), (2, "H"), (4, "I"), (8, "Q"))
}


def kind_text(kind: QuarterKind) -> str:
    """A kind of quarters as the ledger names it."""
    return json.dumps(kind, separators=(",", ":"))


def kind_of(text: str) -> QuarterKind:
    """The kind that `kind_text` names."""
    return tuple(RegisterKind(*each) for each in json.loads(text))


def pack(day: DayConsumption, ids: Mapping[QuarterKind, int]) -> bytes:
    """The bytes of a day.

    Args:
        day: its consumption.
        ids: kind of quarters → id.
    """
    body = bytearray()
    for kind, energy in day.kinds.items():
        most = max(map(max, energy.energies), default=0)
        size = next(each for each in _NUMBERS if most >> (8 * each) == 0)
        body += _HEAD.pack(ids[kind], energy.quarters.to_bytes(12, "little"), len(energy.energies), size)
        for numbers in energy.energies:
            body += _NUMBERS[size].pack(*numbers)
    return bytes((_FORMAT_1, day.colour.value)) + zlib.compress(body, 9)


def unpack(packed: bytes, kinds: Mapping[int, QuarterKind]) -> DayConsumption | None:
    """The day that `pack` packed; None if it is damaged or of another format: it can be computed again.

    Args:
        packed: its bytes.
        kinds: id → kind of quarters.
    """
    if packed[:1] != bytes((_FORMAT_1,)):
        return None
    found: dict[QuarterKind, KindEnergy] = {}
    try:
        body, at = zlib.decompress(packed[2:]), 0
        while at < len(body):
            kind, quarters, count, size = _HEAD.unpack_from(body, at)
            at += _HEAD.size
            numbers = _NUMBERS[size]
            energies = tuple(numbers.unpack_from(body, at + n * numbers.size) for n in range(count))
            at += count * numbers.size
            found[kinds[kind]] = KindEnergy(int.from_bytes(quarters, "little"), energies)
        return DayConsumption(found, Colour(packed[1]))
    except (zlib.error, struct.error, KeyError, ValueError):
        return None
