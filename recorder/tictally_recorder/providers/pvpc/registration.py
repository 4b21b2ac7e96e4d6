"""Registers the job that fetches PVPC, imported where one is made: all commands load settings."""

from tictally_recorder.fetch import FetchSettings
from tictally_recorder.jobs import Job, JobKind, register
from tictally_recorder.providers.pvpc.settings import NAME, PvpcSettings
from tictally_recorder.settings import Settings


def _make(settings: Settings) -> Job | None:
    from tictally_recorder.providers.pvpc.job import PvpcJob  # noqa: PLC0415 - see above

    if settings.section(PvpcSettings).zone is None or not settings.section(FetchSettings).is_allowed:
        return None
    return PvpcJob(settings)


register(JobKind(NAME, {"fr": "Prix PVPC", "en": "PVPC prices"}, _make, PvpcSettings, fetches_prices=True))
