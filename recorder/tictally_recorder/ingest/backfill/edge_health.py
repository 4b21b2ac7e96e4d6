"""The frames that an edge holds, and those that it has yet to send, as its health message lists them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tictally_shared.frames import BOOT, FrameError, strict_json
from tictally_shared.interval_set import IntervalSet

MAX_BOOTS: Final = 16
MAX_RANGES: Final = 64


class HealthError(ValueError):
    """A message is not an edge's health; the exception's message names the reason."""


@dataclass(frozen=True, slots=True)
class BootFrames:
    """The frames that an edge has of one boot.

    Attributes:
        held: numbers in its journal, all of them unless `is_rounded`.
        backlog: numbers that the broker has not acknowledged yet, and possibly more.
        is_rounded: True if the message may lack ranges: a number that it does not list may be held too.
        last: the last number that is known to have been given, held or not; 0 if the message does not have it.
    """

    held: IntervalSet
    backlog: IntervalSet
    is_rounded: bool
    last: int = 0


@dataclass(frozen=True, slots=True)
class EdgeFrames:
    """The frames that an edge has.

    Attributes:
        boots: boot → its frames, in the edge's order, the current boot last.
        is_whole: False if the edge may have boots that the message does not list.
    """

    boots: Mapping[str, BootFrames]
    is_whole: bool


def parse_health(payload: bytes) -> EdgeFrames:
    """Read the frame numbers of `…/edge/<edge>/health`.

    Args:
        payload: the message; `boots: [{"boot": …, "held": [[first, last], …], "backlog": [[first, last], …], "last": …,
            "rounded": …}, …]` and `more_boots` are read, everything else ignored.

    Raises:
        HealthError: it is not such a message.
    """
    try:
        body = strict_json(payload)
    except FrameError as error:
        raise HealthError(error.sentence) from None
    boots = body.get("boots")
    if not isinstance(boots, list) or len(boots) > MAX_BOOTS:
        raise HealthError(f"boots is not a list of at most {MAX_BOOTS}")
    frames = dict(_boot(each) for each in boots)
    if len(frames) != len(boots):
        raise HealthError("it lists a boot twice")
    return EdgeFrames(frames, len(boots) < MAX_BOOTS and body.get("more_boots") is not True)


def _boot(each: Any) -> tuple[str, BootFrames]:  # noqa: ANN401 - whatever JSON can say
    boot = each.get("boot") if isinstance(each, dict) else None
    if not isinstance(boot, str) or not BOOT.fullmatch(boot):
        raise HealthError("boot is not 16 hexadecimal digits")
    held, backlog = each.get("held"), each.get("backlog")
    held_numbers = _ranges(held, "held")
    last = each.get("last")
    if last is not None and (type(last) is not int or last < 0):
        raise HealthError("last is not a number")
    is_rounded = len(held) >= MAX_RANGES or each.get("rounded") is True
    return boot, BootFrames(held_numbers, _ranges(backlog, "backlog"), is_rounded, last or 0)


def _ranges(pairs: Any, name: str) -> IntervalSet:  # noqa: ANN401 - whatever JSON can say
    if not isinstance(pairs, list) or len(pairs) > MAX_RANGES:
        raise HealthError(f"{name} is not a list of at most {MAX_RANGES} ranges")
    for pair in pairs:
        if not isinstance(pair, list) or [type(end) for end in pair] != [int, int] or not 1 <= pair[0] <= pair[1]:
            raise HealthError(f"{name} has a range that is not [first, last]")
    return IntervalSet(pairs)
