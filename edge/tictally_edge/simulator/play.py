"""Sends characters at the pace of the line, or a multiple of it."""

import time
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from tictally_edge.simulator.encode import BITS_A_CHARACTER
from tictally_edge.simulator.wire import Wire

_CHUNK_S: Final = 0.02


class Sent(NamedTuple):
    """How characters were sent.

    Attributes:
        begun_ms: when the first one was sent, milliseconds since 1970.
        ended_ms: when the last one was sent.
        on_the_line: True if all of them were sent on a line that was plugged in.
    """

    begun_ms: int
    ended_ms: int
    on_the_line: bool


class Sending(NamedTuple):
    """Characters that begin at a time.

    Attributes:
        begin_s: seconds on the meter's clock since the beginning.
        characters: as they arrive at the end of the line; none to let the time pass in silence.
        baud: of the line.
        sent: called when the last one has been sent.
    """

    begin_s: float
    characters: bytes
    baud: int
    sent: Callable[[Sent], None]


def play(wire: Wire, sendings: Iterable[Sending], speed: float, wait: Callable[[float], None] = time.sleep) -> None:
    """Send each character when it is due.

    Args:
        wire: where to.
        sendings: in order, none beginning before the one before it has ended.
        speed: 1 for the line's own pace, 60 for an hour in a minute.
        wait: lets so many seconds pass, or fewer.
    """
    origin = time.monotonic()
    for begin_s, characters, baud, sent in sendings:
        while (early_s := begin_s / speed - (time.monotonic() - origin)) > 0:
            wait(early_s)
        begun_ms = _now_ms()
        out, on_the_line = 0, True
        while out < len(characters):
            elapsed_s = (time.monotonic() - origin) * speed - begin_s
            due = min(int(elapsed_s * baud / BITS_A_CHARACTER), len(characters))
            if due > out:
                on_the_line = wire.send(characters[out:due]) and on_the_line
                out = due
            else:
                wait(_CHUNK_S)
        sent(Sent(begun_ms, _now_ms(), on_the_line))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
