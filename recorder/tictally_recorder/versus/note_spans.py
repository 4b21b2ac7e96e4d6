"""The days before and after a note. Pure."""

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum

from tictally_recorder.versus.span import Span

_DAY = timedelta(days=1)
_YEAR = timedelta(days=365)


class NoteSpan(StrEnum):
    """How many days before and after a note are looked at: so many weeks, or those between the notes around it."""

    WEEKS_4 = "4"
    WEEKS_8 = "8"
    WEEKS_13 = "13"
    NOTES = "notes"


def spans_of_note(day: date, length: NoteSpan, others: Iterable[date], known: Span) -> tuple[Span, Span] | None:
    """The span before and the span after the day of a note, which is in neither: it is half of each.

    Args:
        day: of the note.
        length: of both.
        others: the days of the site's notes.
        known: the days with data; between notes they end the spans, which have a year at most.

    Returns:
        None where there is no day before or after it.
    """
    if length is not NoteSpan.NOTES:
        weeks = timedelta(weeks=int(length))
        return Span(day - weeks, day), Span(day + _DAY, day + _DAY + weeks)
    days = set(others)
    first = max((each + _DAY for each in days if each < day), default=known.first)
    until = min((each for each in days if each > day), default=known.until)
    first, until = max(first, known.first, day - _YEAR), min(until, known.until, day + _DAY + _YEAR)
    return (Span(first, day), Span(day + _DAY, until)) if first < day and day + _DAY < until else None
