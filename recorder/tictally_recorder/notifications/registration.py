"""Registers the job that sends notifications, imported where one is made: all commands load settings."""

from tictally_recorder.jobs import Job, JobKind, register
from tictally_recorder.notifications.settings import NAME, NotifySettings
from tictally_recorder.settings import Settings


def _make(settings: Settings) -> Job | None:
    from tictally_recorder.notifications.job import NotifyJob  # noqa: PLC0415 - see above

    return NotifyJob(settings) if settings.section(NotifySettings).urls else None


register(JobKind(NAME, {"fr": "Notifications", "en": "Notifications"}, _make, NotifySettings))
