"""Registers the job that fetches Tempo colours, imported where one is made: all commands load settings."""

from tictally_recorder.fetch import FetchSettings
from tictally_recorder.jobs import Job, JobKind, register
from tictally_recorder.providers.tempo.settings import NAME, TempoSettings
from tictally_recorder.settings import Settings


def _make(settings: Settings) -> Job | None:
    from tictally_recorder.providers.tempo.job import TempoJob  # noqa: PLC0415 - see above

    if settings.section(TempoSettings).source is None or not settings.section(FetchSettings).is_allowed:
        return None
    return TempoJob(settings)


register(JobKind(NAME, {"fr": "Couleurs Tempo", "en": "Tempo colours"}, _make, TempoSettings))
