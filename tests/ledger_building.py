"""Frames and messages for tests of the ledger and of the answers computed from it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypedDict, Unpack

from tictally_recorder.ledger import Message
from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

METER: Final = "021900000002"
EDGE: Final = "cellar"
BOOT: Final = "00000000000000a1"
NOON_MS: Final = 1_795_262_400_000  # 2026-11-21T12:00:00Z
MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000


class Origin(TypedDict, total=False):
    """Fields of a frame that show where it comes from."""

    meter: str
    edge: str
    boot: str
    serial: str | None
    mode: Mode


def frame(seq: int, time_ms: int, values: Mapping[str, int | str], **origin: Unpack[Origin]) -> Frame:
    """A frame; by default of METER, read by EDGE since BOOT, without serial."""
    return replace(Frame(METER, EDGE, BOOT, seq, time_ms, Mode.STANDARD, dict(values), {}, None), **origin)


def message(content: Frame | bytes, *, edge: str = EDGE, arrived_ms: int | None = None) -> Message:
    if isinstance(content, Frame):
        arrived = content.time_ms if arrived_ms is None else arrived_ms
        return Message(content.edge, content.to_json().encode(), arrived, f"tictally/edge/{content.edge}/frame")
    return Message(edge, content, NOON_MS if arrived_ms is None else arrived_ms, f"tictally/edge/{edge}/frame")
