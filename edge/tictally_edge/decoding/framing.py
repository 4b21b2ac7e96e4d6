"""Bytes to frames: the content between STX and ETX, in any chunks.

Source: Enedis-NOI-CPT_54E §5.2 and §6.2. A port that was opened at 8N1 delivers the line's even parity as bit 7, so
control characters are searched without it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

# The longest real frame (three-phase producer on Tempo, standard) has about 1 900 characters.
MAX_FRAME_BYTES: Final = 4096

WITHOUT_PARITY: Final = bytes(byte & 0x7F for byte in range(256))
_SEVEN_BITS: Final = bytes(range(128))
_CONTROL: Final = re.compile(rb"[\x02\x03\x04]")
_STX, _ETX = 0x02, 0x03
_GROUP_END: Final = re.compile(rb"[\r\n]")


@dataclass(frozen=True, slots=True)
class FrameBytes:
    """The content of one frame.

    Attributes:
        content: the bytes between STX and what closed the frame, bit 7 as it came; an unfinished group is cut off where
            something else than ETX closed it.
        complete: True if ETX closed it.
        offset: bytes fed so far when it was closed, the closing character included.
    """

    content: bytes
    complete: bool
    offset: int


class Framer:
    """Splits a stream into frames.

    A new STX ends an unfinished frame, EOT aborts one, and bytes outside frames are skipped. A frame that grows beyond
    4 096 bytes is closed, incomplete.
    """

    def __init__(self) -> None:
        self._open: bytearray | None = None
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
            yield from self._close(complete=code == _ETX, offset=self._offset + here)
            if code == _STX:
                self._open = bytearray()
        yield from self._take(chunk[here:], self._offset + len(chunk))
        self._offset += len(chunk)

    def interrupt(self) -> None:
        """Discard the open frame: what follows does not continue it."""
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
            content = content[: _last_group_end(content)]
        if content:
            yield FrameBytes(content, complete, offset)


def _last_group_end(content: bytes) -> int:
    masked = content.translate(WITHOUT_PARITY)
    return max(masked.rfind(b"\r"), masked.rfind(b"\n")) + 1


def split_groups(content: bytes) -> list[bytes]:
    """Return the groups of a frame's content, without LF and CR, bit 7 as received.

    Either of the two ends a group: a damaged LF must not glue two groups together, and a terminal in cooked mode turns
    CR into LF.
    """
    masked = content.translate(WITHOUT_PARITY)
    found, here = [], 0
    for end in _GROUP_END.finditer(masked):
        if end.start() > here:
            found.append(content[here : end.start()])
        here = end.end()
    if here < len(content):
        found.append(content[here:])
    return found


def carries_parity(content: bytes) -> bool:
    """True if bit 7 is the line's parity, False if a bridge delivered seven bits.

    About half of all characters have odd weight, and never less than a sixth in a real frame; a single damaged
    character does not make a line with parity of one without.
    """
    return len(content.translate(None, _SEVEN_BITS)) * 10 >= len(content)
