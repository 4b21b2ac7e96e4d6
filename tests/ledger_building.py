"""Frames and messages for tests of the ledger and of what is answered from it."""

from collections.abc import Mapping
from typing import Final

from tictally_recorder.ledger import Message
from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

METER: Final = "021900000002"
EDGE: Final = "cellar"
BOOT: Final = "00000000000000a1"
NOON_MS: Final = 1_795_262_400_000  # 2026-11-21T12:00:00Z
MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000


def frame(  # noqa: PLR0913 - what a frame has
    seq: int,
    time_ms: int,
    values: Mapping[str, int | str],
    *,
    meter: str = METER,
    edge: str = EDGE,
    boot: str = BOOT,
    serial: str | None = None,
) -> Frame:
    return Frame(meter, edge, boot, seq, time_ms, Mode.STANDARD, dict(values), {}, serial)


def message(content: Frame | bytes, *, edge: str = EDGE, arrived_ms: int | None = None) -> Message:
    if isinstance(content, Frame):
        arrived = content.time_ms if arrived_ms is None else arrived_ms
        return Message(content.edge, content.to_json().encode(), arrived, f"tictally/edge/{content.edge}/frame")
    return Message(edge, content, NOON_MS if arrived_ms is None else arrived_ms, f"tictally/edge/{edge}/frame")
