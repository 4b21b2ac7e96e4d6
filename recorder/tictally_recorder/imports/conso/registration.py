"""Registers the job that fetches Enedis' figures, imported where one is made: all commands load settings."""

from tictally_recorder.fetch import FetchSettings
from tictally_recorder.imports.conso.settings import NAME, EnedisSettings
from tictally_recorder.jobs import Job, JobKind, register
from tictally_recorder.settings import Settings


def _make(settings: Settings) -> Job | None:
    from tictally_recorder.imports.conso.job import EnedisJob  # noqa: PLC0415 - see above

    if settings.section(EnedisSettings).token is None or not settings.section(FetchSettings).is_allowed:
        return None
    return EnedisJob(settings)


register(JobKind(NAME, {"fr": "Chiffres Enedis", "en": "Enedis figures"}, _make, EnedisSettings))
