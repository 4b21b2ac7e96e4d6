"""Registers the job that fetches CRE's tariffs, imported where one is made: all commands load settings."""

from tictally_recorder.fetch import FetchSettings
from tictally_recorder.jobs import Job, JobKind, register
from tictally_recorder.providers.cre.settings import NAME, CreSettings
from tictally_recorder.settings import Settings


def _make(settings: Settings) -> Job | None:
    from tictally_recorder.providers.cre.job import CreJob  # noqa: PLC0415 - see above

    if settings.section(CreSettings).updates is None or not settings.section(FetchSettings).is_allowed:
        return None
    return CreJob(settings)


register(JobKind(NAME, {"fr": "Tarifs réglementés de la CRE", "en": "CRE's regulated tariffs"}, _make, CreSettings))
