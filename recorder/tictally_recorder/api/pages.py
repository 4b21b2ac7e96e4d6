"""Long lists in pages that end between two periods of time. Pure."""

from collections.abc import Iterable, Sequence

from tictally_recorder.api.answers import Record

Keyed = tuple[str, Record]
"""A record, and the start of its period as a question's `from` can have it."""


def page_of(rows: Iterable[Keyed], limit: int) -> tuple[list[Record], str | None]:
    """The first page of some rows, in order of time, and the `from` of the next one, or None.

    Args:
        rows: in any order of periods; those of one period stay as they are.
        limit: the page has no more rows, but for those of one period.
    """
    by_period: dict[str, list[Record]] = {}
    for start, record in rows:
        by_period.setdefault(start, []).append(record)
    found: list[Record] = []
    for start in sorted(by_period):
        if found and len(found) + len(by_period[start]) > limit:
            return found, start
        found += by_period[start]
    return found, None


def joined_states(states: Sequence[str | None]) -> str | None:
    """What an answer of several sites rests on; None where one of them may change at any moment."""
    known = [state for state in states if state is not None]
    return "|".join(known) if states and len(known) == len(states) else None
