"""Registers the job that fetches temperatures, imported where one is made: all commands load settings."""

from tictally_recorder.fetch import FetchSettings
from tictally_recorder.jobs import Job, JobKind, register
from tictally_recorder.providers.weather.settings import NAME, WeatherSettings
from tictally_recorder.settings import Settings


def _make(settings: Settings) -> Job | None:
    from tictally_recorder.providers.weather.job import WeatherJob  # noqa: PLC0415 - see above

    own = settings.section(WeatherSettings)
    if own.latitude is None or own.longitude is None or not settings.section(FetchSettings).is_allowed:
        return None
    return WeatherJob(settings)


register(JobKind(NAME, {"fr": "Température extérieure", "en": "Outdoor temperature"}, _make, WeatherSettings))
