"""The registry: every kind of notification and how often it looks."""

from typing import Final

from tictally_recorder.notifications import daily, urgent
from tictally_recorder.notifications.model import SUMMARY, Event
from tictally_recorder.notifications.settings import NotifySettings
from tictally_recorder.notifications.summary import summary
from tictally_recorder.notifications.view import Kind, Pace

# Urgent ones come first: a later one that fails does not keep them from being noticed.
KINDS: Final = (
    Kind(Event.OVERLOAD, Pace.MINUTE, urgent.overload),
    Kind(Event.METER_SILENT, Pace.MINUTE, urgent.meter_silent),
    Kind(Event.RED_DAY, Pace.HOUR, daily.red_day),
    Kind(Event.BACKUP_FAILED, Pace.HOUR, daily.backup_failed),
    Kind(Event.BUDGET_EXCEEDED, Pace.HOUR, daily.budget_exceeded),
    Kind(Event.BUDGET_THREATENED, Pace.DAY, daily.budget_threatened),
    Kind(Event.STANDBY_RISES, Pace.DAY, daily.standby_rises),
    Kind(Event.TARIFF_OVERDUE, Pace.DAY, daily.tariff_overdue),
    Kind(Event.ENEDIS_DIFFERS, Pace.DAY, daily.enedis_differs),
    Kind(SUMMARY, Pace.DAY, summary),
)


def is_on(kind: Kind, settings: NotifySettings) -> bool:
    """Whether the settings switch a kind on."""
    if kind.name == SUMMARY:
        return settings.summary != "off"
    return kind.name in settings.events
