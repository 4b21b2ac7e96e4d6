"""A segment of the journal: consecutive frames of one boot, compressed. Pure.

Format, version 1: zlib (RFC 1950) over lines of JSON in UTF-8, each ended by a line feed. The first line is
`{"segment":1,"edge":…,"boot":…,"first":…,"last":…}`; then a line for each frame, in the order of their numbers:
`[time, meter, serial, mode, set, unset, dated, undated]`. time: milliseconds since the frame before (the first: since
1970). meter, serial, mode: null where they are those of the frame before, an empty string for a serial that is gone.
set and dated: what differs from the frame before; unset and undated: labels that it had and this one lacks. Elements at
the end of a line that are empty or null are left out. A label's integer is written as the difference to its integer in
the frame before.
"""

import json
import zlib
from collections.abc import Sequence
from typing import Any, Final

from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

VERSION: Final = 1
_ELEMENTS: Final = 8
# More than any segment unpacks to; a damaged or foreign file must not fill the memory.
_MAX_BYTES: Final = 64 * 1024 * 1024


class SegmentError(ValueError):
    """A segment that cannot be read; the message states why."""


def pack(frames: Sequence[Frame]) -> bytes:
    """Pack consecutive frames of one boot into a segment.

    Raises:
        ValueError: none, or not consecutive.
    """
    if not frames or any(frame.seq != frames[0].seq + i for i, frame in enumerate(frames)):
        raise ValueError("a segment holds consecutive frames")
    head = {"segment": VERSION, "edge": frames[0].edge, "boot": frames[0].boot}
    lines = [_line(head | {"first": frames[0].seq, "last": frames[-1].seq})]
    before: Frame | None = None
    for frame in frames:
        lines.append(_line(_difference(before, frame)))
        before = frame
    return zlib.compress("".join(lines).encode(), level=9)


def unpack(data: bytes) -> list[Frame]:
    """Unpack the frames of a segment.

    Raises:
        SegmentError: it is damaged, or of another version.
    """
    try:
        text = zlib.decompressobj().decompress(data, _MAX_BYTES).decode()
        head, *rows = (json.loads(line) for line in text.rstrip("\n").split("\n"))
        sound = head["segment"] == VERSION and len(rows) == head["last"] - head["first"] + 1
        frames = _frames(head, rows) if sound else []
    except (zlib.error, ValueError, KeyError, TypeError, IndexError) as error:
        raise SegmentError(f"a damaged segment: {error}") from None
    if not sound:
        raise SegmentError(f"a segment of another version than {VERSION}, or with frames missing")
    return frames


def _frames(head: dict[str, Any], rows: list[list[Any]]) -> list[Frame]:
    frames: list[Frame] = []
    for seq, row in enumerate(rows, head["first"]):
        frames.append(_follow(frames[-1] if frames else None, row, head["edge"], head["boot"], seq))
    return frames


def _line(body: object) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")) + "\n"


def _difference(before: Frame | None, frame: Frame) -> list[Any]:
    if before is None:
        row = [frame.time_ms, frame.meter, frame.serial, frame.mode.value, frame.values, [], frame.dated, []]
    else:
        serial = None if frame.serial == before.serial else frame.serial or ""
        row = [
            frame.time_ms - before.time_ms,
            None if frame.meter == before.meter else frame.meter,
            serial,
            None if frame.mode is before.mode else frame.mode.value,
            {k: _step(before.values.get(k), v) for k, v in frame.values.items() if before.values.get(k) != v},
            [k for k in before.values if k not in frame.values],
            {k: v for k, v in frame.dated.items() if before.dated.get(k) != v},
            [k for k in before.dated if k not in frame.dated],
        ]
    while len(row) > 1 and not row[-1] and row[-1] != "":
        row.pop()
    return row


def _step(before: int | str | None, value: int | str) -> int | str:
    return value - before if isinstance(before, int) and isinstance(value, int) else value


def _follow(before: Frame | None, row: list[Any], edge: str, boot: str, seq: int) -> Frame:
    time_ms, meter, serial, mode, changed, unset, dated, undated = row + [None] * (_ELEMENTS - len(row))
    if before is None:
        return Frame(meter, edge, boot, seq, time_ms, Mode(mode), changed or {}, dated or {}, serial)
    values = {k: v for k, v in before.values.items() if k not in (unset or ())}
    for k, v in (changed or {}).items():
        last = before.values.get(k)
        values[k] = last + v if isinstance(last, int) and isinstance(v, int) else v
    dates = {k: v for k, v in before.dated.items() if k not in (undated or ())} | (dated or {})
    return Frame(
        meter=meter or before.meter,
        edge=edge,
        boot=boot,
        seq=seq,
        time_ms=before.time_ms + time_ms,
        mode=Mode(mode) if mode else before.mode,
        values=values,
        dated=dates,
        serial=before.serial if serial is None else serial or None,
    )
