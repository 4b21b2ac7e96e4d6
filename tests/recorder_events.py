"""Waiting for events in the inbox of a recorder's connection."""

from typing import TypeVar

from tictally_recorder.ingest.events import Event, Inbox

T = TypeVar("T", bound=Event)


def next_of(kind: type[T], inbox: Inbox, within_s: float = 60.0) -> T:
    """The next event of a kind; those before it are skipped."""
    while True:
        event = inbox.get(timeout=within_s)
        if isinstance(event, kind):
            return event
