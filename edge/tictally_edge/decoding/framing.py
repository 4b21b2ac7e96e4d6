"""Bytes to frames: the content between STX and ETX, in any chunks.

Source: Enedis-NOI-CPT_54E §5.2 and §6.2. A port that was opened at 8N1 delivers the line's even parity as bit 7, so
control characters are searched without it.

Some adapters swallow STX, or deliver STX or LF as another control character. So ETX opens the next frame as well,
control characters before a group are skipped, and the checksum alone decides what a group is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# The longest real frame (three-phase producer on Tempo, standard) has about 1 900 characters.
MAX_FRAME_BYTES: Final = 4096

WITHOUT_PARITY: Final = bytes(byte & 0x7F for byte in range(256))
_SEVEN_BITS: Final = bytes(range(128))
_CONTROL: Final = re.compile(rb"[\x02\x03\x04]")
_STX, _ETX, _EOT = 0x02, 0x03, 0x04
_GROUP_END: Final = re.compile(rb"[\r\n]")
_GROUP_END_AS_RECEIVED: Final = re.compile(rb"[\r\n\x8d\x8a]")
# What is skipped before a group.
_UNPRINTABLE: Final = bytes([*range(0x20), 0x7F])
_STRAY: Final = re.compile(rb"[^\t\r\n -~]")
_HT: Final = 0x09


class Deviation(StrEnum):
    """How a frame that could be read differs from the specification."""

    MISSING_STX = "missing_stx"
    MISSING_ETX = "missing_etx"
    CONTROL_CHARACTER = "control_character"
    SEPARATOR = "separator"


@dataclass(frozen=True, slots=True)
class FrameBytes:
    """The content of one frame.

    Attributes:
        content: the bytes between STX and what closed the frame, bit 7 as it came; an unfinished group is cut off where
            something else than ETX closed it.
        complete: True if ETX closed it.
        offset: bytes fed so far when it was closed, the closing character included.
        has_stx: False if the ETX of the frame before opened it.
    """

    content: bytes
    complete: bool
    offset: int
    has_stx: bool = True


class Framer:
    """Splits a stream into frames.

    STX opens a frame and ends an unfinished one, ETX closes one and opens the next, EOT aborts one. What follows ETX is
    a frame only if another ETX closes it: otherwise these are bytes outside frames, and they are skipped. A frame that
    grows beyond 4 096 bytes is closed, incomplete.
    """

    def __init__(self) -> None:
        self._open: bytearray | None = None
        self._has_stx = False  # of the frame that is open
        self._line_has_stx = False  # as the last frame showed
        self._offset = 0

    def feed(self, chunk: bytes) -> Iterator[FrameBytes]:
        """Yield the frames that a chunk closes."""
        masked = chunk.translate(WITHOUT_PARITY)
        here = 0
        for control in _CONTROL.finditer(masked):
            position = control.start()
            yield from self._take(chunk[here:position], self._offset + position)
            here = position + 1
            code = masked[position]
            if code == _EOT and self._open is not None and not self._open and not self._has_stx:
                continue  # nothing was open that could be broken off: it may be the next frame's STX
            yield from self._close(complete=code == _ETX, offset=self._offset + here)
            if code in (_STX, _ETX):
                self._open, self._has_stx = bytearray(), code == _STX
                self._line_has_stx |= self._has_stx
        yield from self._take(chunk[here:], self._offset + len(chunk))
        self._offset += len(chunk)

    def interrupt(self) -> None:
        """Discard the open frame: what follows does not continue it, and may begin inside another."""
        self._open = None

    def pause(self) -> None:
        """Discard the open frame after a silence; on a line without STX what follows a whole frame is the next one."""
        if self._open or self._line_has_stx:
            self._open = None

    def flush(self) -> Iterator[FrameBytes]:
        """Yield the open frame as an incomplete one; for the end of a recorded file."""
        yield from self._close(complete=False, offset=self._offset)

    def _take(self, piece: bytes, offset: int) -> Iterator[FrameBytes]:
        if self._open is None:
            return
        room = MAX_FRAME_BYTES - len(self._open)
        self._open += piece[:room]
        if len(piece) > room:
            yield from self._close(complete=False, offset=offset)

    def _close(self, *, complete: bool, offset: int) -> Iterator[FrameBytes]:
        if self._open is None:
            return
        content, self._open = bytes(self._open), None
        if not complete:
            content = content[: _last_group_end(content)] if self._has_stx else b""
        if content:
            self._line_has_stx = self._has_stx
            yield FrameBytes(content, complete, offset, self._has_stx)


def _last_group_end(content: bytes) -> int:
    masked = content.translate(WITHOUT_PARITY)
    return max(masked.rfind(b"\r"), masked.rfind(b"\n")) + 1


def split_groups(content: bytes) -> list[bytes]:
    """Return the groups of a frame's content, without the control characters before them, bit 7 as received.

    CR and LF both end a group: a damaged LF must not glue two groups together, and a terminal in cooked mode turns CR
    into LF. Some meters send CR also as the separator before a checksum: it stays inside its group.
    """
    masked = content.translate(WITHOUT_PARITY)
    spans: list[tuple[int, int]] = []
    here = 0
    for end in [*(match.start() for match in _GROUP_END.finditer(masked)), len(masked)]:
        span = end - len(masked[here:end].lstrip(_UNPRINTABLE)), end
        here = end + 1
        if span[0] == end:
            continue
        if spans and _is_checksum_of(masked, spans[-1], span):
            spans[-1] = spans[-1][0], span[1]
        else:
            spans.append(span)
    return [content[start:end] for start, end in spans]


def checksum(content: bytes | str) -> int:
    """The checksum character of a group's content: (sum & 0x3F) + 0x20."""
    data = content.encode("ascii") if isinstance(content, str) else content
    return (sum(data) & 0x3F) + 0x20


def deviations(raw: FrameBytes, groups: list[bytes]) -> frozenset[Deviation]:
    """Return how a frame differs from the specification."""
    found = {
        Deviation.MISSING_STX: not raw.has_stx,
        Deviation.MISSING_ETX: not raw.complete,
        Deviation.CONTROL_CHARACTER: _STRAY.search(raw.content.translate(WITHOUT_PARITY)) is not None,
        Deviation.SEPARATOR: _GROUP_END_AS_RECEIVED.search(b"".join(groups)) is not None,
    }
    return frozenset(deviation for deviation, is_there in found.items() if is_there)


def _is_checksum_of(masked: bytes, group: tuple[int, int], span: tuple[int, int]) -> bool:
    """True if one character after one CR (or LF) is the checksum of what stands before it."""
    if span[1] - span[0] != 1 or span[0] - group[1] != 1:
        return False
    content = masked[group[0] : group[1]]
    # Standard mode counts the separator, which was HT before it became CR.
    counted = content + bytes([_HT]) if _HT in content else content
    return masked[span[0]] == checksum(counted)


def carries_parity(content: bytes) -> bool:
    """True if bit 7 is the line's parity, False if a bridge delivered seven bits.

    About half of all characters have odd weight, and never less than a sixth in a real frame; a single damaged
    character does not make a line with parity of one without.
    """
    return len(content.translate(None, _SEVEN_BITS)) * 10 >= len(content)
