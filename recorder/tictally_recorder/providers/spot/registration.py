"""Registers the job that fetches spot prices, imported where one is made: all commands load settings."""

from tictally_recorder.fetch import FetchSettings
from tictally_recorder.jobs import Job, JobKind, register
from tictally_recorder.providers.spot.settings import NAME, SpotSettings
from tictally_recorder.settings import Settings


def _make(settings: Settings) -> Job | None:
    from tictally_recorder.providers.spot.job import SpotJob  # noqa: PLC0415 - see above

    if settings.section(SpotSettings).source is None or not settings.section(FetchSettings).is_allowed:
        return None
    return SpotJob(settings)


register(JobKind(NAME, {"fr": "Prix spot", "en": "Spot prices"}, _make, SpotSettings, fetches_prices=True))
