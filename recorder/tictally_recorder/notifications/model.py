"""What is notified, as data: kinds of events, codes with parameters, and how the ledger keeps them. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tictally_recorder.problem import ProblemCode
from tictally_recorder.remark import RemarkCode
from tictally_recorder.stored_phrase import phrase_to_json
from tictally_shared.phrase import Phrase, PhraseCode


class Event(StrEnum):
    """The kinds of events, by the names that users switch them on and off with."""

    OVERLOAD = "overload"
    METER_SILENT = "meter_silent"
    RED_DAY = "red_day"
    STANDBY_RISES = "standby_rises"
    BUDGET_EXCEEDED = "budget_exceeded"
    BUDGET_THREATENED = "budget_threatened"
    BACKUP_FAILED = "backup_failed"
    TARIFF_OVERDUE = "tariff_overdue"
    ENEDIS_DIFFERS = "enedis_differs"


SUMMARY: Final = "summary"
TEST: Final = "test"
"""What has a title, and is no event."""


class NotificationCode(PhraseCode):
    """The sentences of notifications; the placeholders of their words are their parameters."""

    OVERLOAD = "overload"
    OVERLOAD_OF_UNKNOWN_POWER = "overload_of_unknown_power"
    METER_SILENT = "meter_silent"
    METER_BACK = "meter_back"
    RED_DAY = "red_day"
    STANDBY_RISES = "standby_rises"
    BUDGET_EXCEEDED = "budget_exceeded"
    BUDGET_THREATENED = "budget_threatened"
    BACKUP_FAILED = "backup_failed"
    REMOTE_BACKUP_FAILED = "remote_backup_failed"
    TARIFF_OVERDUE = "tariff_overdue"
    ENEDIS_DIFFERS = "enedis_differs"
    SUMMARY = "summary"
    TEST = "test"

    # Parts of a summary.
    ENERGY = "energy"
    ENERGY_UNKNOWN = "energy_unknown"
    ENERGY_BEFORE = "energy_before"
    COST = "cost"
    COST_UNKNOWN = "cost_unknown"
    COST_BEFORE = "cost_before"
    COST_OF_MONTH = "cost_of_month"
    HIGHEST_POWER = "highest_power"

    @classmethod
    def family(cls) -> str:
        """Keys begin with `notification.`."""
        return "notification"


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification.

    Attributes:
        kind: an event, or `summary`.
        site: its id, or None if it is about the recorder.
        phrase: its words to be made.
    """

    kind: str
    site: str | None
    phrase: Phrase

    def to_json(self) -> dict[str, object]:
        """As the ledger keeps it until it is sent."""
        return {"kind": self.kind, "site": self.site, "phrase": phrase_to_json(self.phrase)}


FAMILIES: Final = (NotificationCode, ProblemCode, RemarkCode)
"""Of the phrases of notifications, and of phrases in them."""


def parse_events(text: str | Iterable[str]) -> frozenset[Event]:
    """The events that a setting names: `all`, `none`, names, and names behind a hyphen that are left out of them.

    Raises:
        ValueError: there is no such event.
    """
    items = [each.strip() for each in text.split(",")] if isinstance(text, str) else list(text)
    chosen = set(Event) if items and items[0].startswith("-") else set()
    for item in items:
        if item == "all":
            chosen = set(Event)
        elif item == "none":
            chosen = set()
        elif item.removeprefix("-") not in set(Event):
            raise ValueError(f"there is no event {item[:40]!r}; there are {', '.join(Event)}")
        elif item.startswith("-"):
            chosen.discard(Event(item[1:]))
        else:
            chosen.add(Event(item))
    return frozenset(chosen)
