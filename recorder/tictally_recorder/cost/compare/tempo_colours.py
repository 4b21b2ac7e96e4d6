"""Which colour a Tempo day had, from the strings of a meter. Pure.

A Tempo day begins at 06:00 and bears the date of that morning.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.ledger import TextChange
from tictally_shared.status_register import Colour, parse_status_register

_OF_PTEC: Final = {"JB": Colour.BLEU, "JW": Colour.BLANC, "JR": Colour.ROUGE}
# Meters' clocks and ours may differ: nothing is learned from the hours beside a change of day.
_SURE: Final = (time(7), time(22))


def heard_colours(changes: Sequence[TextChange], heard_ms: Iterable[int], tz: ZoneInfo) -> dict[date, Colour]:
    """The colours that a meter reported; a day with two reported colours has none.

    Args:
        changes: of one label, STGE or PTEC, in order of time.
        heard_ms: times of frames with that label; a string is not carried over a gap.
        tz: of the local days.
    """
    times = [change.time_ms for change in changes]
    # A string is heard a few dozen times a day, and has few values; that of most meters never has a colour.
    of_string = {
        (label, value): _colour(label, value) for label, value in {(each.label, each.value) for each in changes}
    }
    if not any(of_string.values()):
        return {}
    colours = [of_string[change.label, change.value] for change in changes]
    found: dict[date, set[Colour]] = {}
    for at_ms in heard_ms:
        at = bisect_right(times, at_ms) - 1
        if at < 0 or not (colour := colours[at]):
            continue
        local = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(tz)
        if _SURE[0] <= local.time() < _SURE[1]:
            found.setdefault(local.date(), set()).add(colour)
    return {day: colours.pop() for day, colours in found.items() if len(colours) == 1}


def agreed(reports: Iterable[Mapping[date, Colour]]) -> dict[date, Colour]:
    """The days for which all labels and meters that reported a colour agree."""
    found: dict[date, set[Colour]] = {}
    for colours in reports:
        for day, colour in colours.items():
            found.setdefault(day, set()).add(colour)
    return {day: colours.pop() for day, colours in found.items() if len(colours) == 1}


def _colour(label: str, value: str) -> Colour:
    if label == "PTEC":
        return _OF_PTEC.get(value[2:], Colour.NONE)
    try:
        return parse_status_register(value).colour_today
    except ValueError:
        return Colour.NONE
