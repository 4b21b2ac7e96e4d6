"""Groups to the bytes of the line: separators, checksums, frame marks, parity, and how long they take.

Source: Enedis-NOI-CPT_54E §5.2 and §6.2 (groups and their checksum), §4 (characters and speeds).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tictally_shared.labels import Mode

BAUD: Final = {Mode.HISTORIQUE: 1200, Mode.STANDARD: 9600}
BITS_A_CHARACTER: Final = 10  # start, seven data, parity, stop

_STX: Final = b"\x02"
_ETX: Final = b"\x03"
_WITH_PARITY: Final = bytes((code & 0x7F) | ((code & 0x7F).bit_count() % 2) << 7 for code in range(256))


@dataclass(frozen=True, slots=True)
class EncodedGroup:
    """One label with its value, as text.

    Attributes:
        label: `EAST`, `NJOURF+1`.
        data: the data field with the meter's padding.
        horodate: `SAAMMJJhhmmss` where the label carries one; only in standard mode.
    """

    label: str
    data: str
    horodate: str | None = None


@lru_cache(maxsize=4096)  # most groups of a frame are those of the frame before
def encode_group(mode: Mode, label: str, data: str, horodate: str | None = None) -> bytes:
    """One group from LF to CR, seven bits a character.

    Historique counts label to data in the checksum, standard also the separator that follows the data.
    """
    if mode is Mode.HISTORIQUE:
        counted = f"{label} {data}".encode("ascii")
        return b"\n%b %c\r" % (counted, _checksum(counted))
    fields = (label, data) if horodate is None else (label, horodate, data)
    counted = "\t".join((*fields, "")).encode("ascii")
    return b"\n%b%c\r" % (counted, _checksum(counted))


def _checksum(counted: bytes) -> int:
    return (sum(counted) & 0x3F) + 0x20


def encode_frame(mode: Mode, groups: Iterable[EncodedGroup]) -> bytes:
    """A frame from STX to ETX, seven bits a character."""
    return b"".join((_STX, *(encode_group(mode, g.label, g.data, g.horodate) for g in groups), _ETX))


def with_parity(characters: bytes) -> bytes:
    """The same characters with even parity in bit 7, as a port opened at 8N1 hands a meter's line over."""
    return characters.translate(_WITH_PARITY)


def line_ms(mode: Mode, characters: int) -> int:
    """How long so many characters take on the line, in milliseconds, rounded up."""
    return -(-characters * BITS_A_CHARACTER * 1000 // BAUD[mode])
