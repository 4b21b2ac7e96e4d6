"""What a simulated meter sent, read from its frame log."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tictally_shared.calendar import parse_horodate
from tictally_shared.frames import parse_time_ms
from tictally_shared.labels import DELIVERY_POINT, LABELS, METER_NUMBER, Kind

_NOT_PUBLISHED: Final = frozenset({DELIVERY_POINT, *METER_NUMBER.values()})


@dataclass(frozen=True, slots=True)
class SentFrame:
    """A frame as it was sent.

    Attributes:
        begun_ms: when its first character was sent, milliseconds since 1970.
        ended_ms: when its last one was sent.
        undamaged: True if every character was sent undamaged on a line that was plugged in.
        unread: bytes that the line had to drop by then because nobody read them.
        number: of the meter.
        mode: of the line.
        values: what a recorder should store of it.
        dated: their horodates, and DATE.
    """

    begun_ms: int
    ended_ms: int
    undamaged: bool
    unread: int
    number: str
    mode: str
    values: dict[str, int | str]
    dated: dict[str, str]


def read_frame_log(path: Path) -> list[SentFrame]:
    """Read all logged frames, in order; a line that is being written is left out."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return [_sent(json.loads(line)) for line in lines if line.endswith("\n")]


def _sent(note: dict[str, Any]) -> SentFrame:
    values: dict[str, int | str] = {}
    dated: dict[str, str] = {}
    for name, horodate, data in note["groups"]:
        if name in _NOT_PUBLISHED:
            continue
        if horodate is not None:
            dated[name] = parse_horodate(horodate).isoformat()
        if LABELS[name].kind is not Kind.CLOCK:
            values[name] = int(data) if LABELS[name].is_number else " ".join(data.split())
    begun_ms, ended_ms = parse_time_ms(note["begun"]), parse_time_ms(note["sent"])
    return SentFrame(begun_ms, ended_ms, note["whole"], note["unread"], note["number"], note["mode"], values, dated)
