"""Hours of a local day as people write them, `22:00-06:00`. Pure."""

import re
from datetime import time
from typing import Final

from tictally_recorder.contracts.model import Hours

_HOURS: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def parse_hours(text: str) -> Hours:
    """From and to; over midnight where the first is the later one.

    Raises:
        ValueError: it is something else, or no time at all.
    """
    match = _HOURS.fullmatch(text)
    if match is None or match.group(1, 2) == match.group(3, 4):
        raise ValueError(f"{text[:40]!r} are not hours of the day")
    begin_hour, begin_minute, end_hour, end_minute = map(int, match.groups())
    return time(begin_hour, begin_minute), time(end_hour, end_minute)
