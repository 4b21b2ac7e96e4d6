"""The frames that an edge holds, and those that it has yet to send, as its health message lists them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tictally_shared.frames import BOOT, FrameError, strict_json
from tictally_shared.interval_set import IntervalSet

MAX_BOOTS: Final = 16
MAX_RANGES: Final = 64


class HealthError(ValueError):
    """A message that is not an edge's health; the sentence says why."""


@dataclass(frozen=True, slots=True)
class BootFrames:
    """What an edge has of one boot.

    Attributes:
        held: numbers in its journal, all of them unless `is_rounded`.
        backlog: numbers that the broker has not acknowledged yet, and possibly more.
        is_rounded: True where there may be more ranges than a message names: what it does not name may be held too.
    """

    held: IntervalSet
    backlog: IntervalSet
    is_rounded: bool


@dataclass(frozen=True, slots=True)
class EdgeHealth:
    """What an edge has.

    Attributes:
        boots: boot → what it has of it, in the edge's order, the present one last.
        is_whole: False where there may be boots that it does not name.
    """

    boots: Mapping[str, BootFrames]
    is_whole: bool


def parse_health(payload: bytes) -> EdgeHealth:
    """The part of `…/edge/<edge>/health` that is about numbers.

    Args:
        payload: the message; `boots: [{"boot": …, "held": [[first, last], …], "backlog": [[first, last], …]}, …]`
            is looked at, everything else in it is free.

    Raises:
        HealthError: it is no such message.
    """
    try:
        body = strict_json(payload)
    except FrameError as error:
        raise HealthError(error.sentence) from None
    boots = body.get("boots")
    if not isinstance(boots, list) or len(boots) > MAX_BOOTS:
        raise HealthError(f"boots is not a list of at most {MAX_BOOTS}")
    here = dict(_boot(each) for each in boots)
    if len(here) != len(boots):
        raise HealthError("a boot stands twice in it")
    return EdgeHealth(here, len(boots) < MAX_BOOTS)


def _boot(each: Any) -> tuple[str, BootFrames]:  # noqa: ANN401 - whatever JSON can say
    boot = each.get("boot") if isinstance(each, dict) else None
    if not isinstance(boot, str) or not BOOT.fullmatch(boot):
        raise HealthError("boot is not 16 hexadecimal digits")
    held, backlog = each.get("held"), each.get("backlog")
    here = _ranges(held, "held")
    return boot, BootFrames(here, _ranges(backlog, "backlog"), len(held) >= MAX_RANGES)


def _ranges(pairs: Any, name: str) -> IntervalSet:  # noqa: ANN401 - whatever JSON can say
    if not isinstance(pairs, list) or len(pairs) > MAX_RANGES:
        raise HealthError(f"{name} is not a list of at most {MAX_RANGES} ranges")
    for pair in pairs:
        if not isinstance(pair, list) or [type(end) for end in pair] != [int, int] or not 1 <= pair[0] <= pair[1]:
            raise HealthError(f"{name} has a range that is not [first, last]")
    return IntervalSet(pairs)
