"""A group's bytes to its label, horodate and value, or to the reason why it is rejected. Pure.

Source: Enedis-NOI-CPT_54E §5.2 (historique) and §6.2 (standard).
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from tictally_edge.decoding.framing import WITHOUT_PARITY, checksum
from tictally_shared.calendar import CalendarError, parse_horodate
from tictally_shared.labels import LABELS, UNKNOWN_LABEL, Mode

_HT: Final = "\t"
_EVEN_PARITY: Final = bytes(byte & 0x7F | (byte & 0x7F).bit_count() % 2 << 7 for byte in range(256))
_HORODATE: Final = re.compile(r"[EHeh ]\d{12}", re.ASCII)
_UNKNOWN_VALUE: Final = re.compile(r"[ -_a-z]{0,98}")
_UNPRINTABLE: Final = re.compile(r"[^ -~]")
_SEPARATOR: Final = re.compile(r"[\t\r\n ]")
# A meter was seen that sends CR before a checksum; the sum decides.
_BEFORE_CHECKSUM: Final = {Mode.HISTORIQUE: " \r\n", Mode.STANDARD: "\t\r\n"}
_LONGEST_LABEL: Final = 16
_SHORTEST_GROUP: Final = 4
_DATED_FIELDS: Final = 3


class GroupRejection(StrEnum):
    """Why a group is rejected."""

    PARITY = "parity"
    CHECKSUM = "checksum"
    LABEL = "label"
    SHAPE = "shape"
    REPEATED = "repeated"
    PLAUSIBILITY = "plausibility"


class Fault(NamedTuple):
    """A group that was rejected: for what reason, and what stands where its label should, which may be damaged."""

    reason: str
    label: str


def label_of(piece: bytes) -> str:
    """Return what stands where a group's label should: up to the first separator, 16 printable characters at most."""
    text = piece.translate(WITHOUT_PARITY).decode("ascii")
    return _UNPRINTABLE.sub("?", _SEPARATOR.split(text, maxsplit=1)[0][:_LONGEST_LABEL])


@dataclass(frozen=True, slots=True)
class Group:
    """One label with its value, as the meter sent it, well formed.

    Attributes:
        label: the TIC name.
        mode: in whose format it was sent.
        value: integer where the catalogue has a unit, else string, stripped, runs of spaces made one.
        known: True if the catalogue has the label.
        horodate: ISO 8601 with offset, or None if it has none or none that can be read.
        unreadable_horodate: True if its horodate is no date.
    """

    label: str
    mode: Mode
    value: int | str
    known: bool = True
    horodate: str | None = None
    unreadable_horodate: bool = False


# Most groups of a frame are identical to those of the frame before: on a Pi this halves the work.
@lru_cache(maxsize=1024)
def parse_group(piece: bytes, *, parity: bool, tz: ZoneInfo | None = None) -> Group | GroupRejection:
    """Parse a group.

    Args:
        piece: the bytes between LF and CR, bit 7 as it came.
        parity: True if bit 7 is even parity and checked; else a bit 7 that is set is damage.
        tz: of the meter's clock; None for French legal time.
    """
    masked = piece.translate(WITHOUT_PARITY)
    if piece != (masked.translate(_EVEN_PARITY) if parity else masked):
        return GroupRejection.PARITY
    if len(masked) < _SHORTEST_GROUP:
        return GroupRejection.SHAPE
    text = masked.decode("ascii")
    if _HT in text:
        return _standard(text, tz)
    return _historique(text)


def _historique(text: str) -> Group | GroupRejection:
    content = text[:-2]  # the last separator is not counted
    if ord(text[-1]) != checksum(content):
        return GroupRejection.CHECKSUM
    label, separator, data = content.partition(" ")
    if text[-2] not in _BEFORE_CHECKSUM[Mode.HISTORIQUE] or not separator:
        return GroupRejection.SHAPE
    return _valued(label, Mode.HISTORIQUE, data, None, None)


def _standard(text: str, tz: ZoneInfo | None) -> Group | GroupRejection:
    if ord(text[-1]) != checksum(text[:-2] + _HT):  # the last separator is counted
        return GroupRejection.CHECKSUM
    fields = text[:-2].split(_HT)
    if text[-2] not in _BEFORE_CHECKSUM[Mode.STANDARD] or len(fields) not in (2, _DATED_FIELDS):
        return GroupRejection.SHAPE
    horodate = fields[1] if len(fields) == _DATED_FIELDS else None
    return _valued(fields[0], Mode.STANDARD, fields[-1], horodate, tz)


def _valued(name: str, mode: Mode, data: str, horodate: str | None, tz: ZoneInfo | None) -> Group | GroupRejection:
    label = LABELS.get(name)
    if label is None:
        if not UNKNOWN_LABEL.fullmatch(name):
            return GroupRejection.LABEL
        good = _UNKNOWN_VALUE.fullmatch(data)
    else:
        good = label.shape.fullmatch(data) if label.mode is mode and label.dated is (horodate is not None) else None
    if good is None or (horodate is not None and not _HORODATE.fullmatch(horodate)):
        return GroupRejection.SHAPE
    value = int(data) if label is not None and label.is_number else " ".join(data.split())
    if horodate is None:
        return Group(name, mode, value, known=label is not None)
    try:
        moment = parse_horodate(horodate, tz).isoformat()
    except CalendarError:
        return Group(name, mode, value, known=label is not None, unreadable_horodate=True)
    return Group(name, mode, value, known=label is not None, horodate=moment)
