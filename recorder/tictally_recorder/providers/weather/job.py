"""Fetches the hourly outdoor temperature of the recorder's place, the past included, once a day.

The forecast service has the last days, the archive what is older than that; its values replace the earlier ones.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar, Final

from tictally_recorder.fetch import FetchSettings
from tictally_recorder.fetch.client import FetchClient
from tictally_recorder.jobs import JobContext, JobError
from tictally_recorder.jobs.result import ResultCode
from tictally_recorder.ledger import importing
from tictally_recorder.problem import ProblemCode
from tictally_recorder.providers.weather.answers import read_hours
from tictally_recorder.providers.weather.settings import WeatherSettings
from tictally_recorder.settings import Settings
from tictally_shared.phrase import Phrase

_PAUSE_S: Final = 2.0
# The archive is complete after some days.
_ARCHIVE_DELAY: Final = timedelta(days=7)
_RECENT_DAYS: Final = 10
_CHUNK: Final = timedelta(days=366)
_MOST_CHUNKS: Final = 5
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request.

    Attributes:
        url: of the service.
        parameters: of the query, beside the place.
        first: day in UTC.
        last: day in UTC.
        is_archive: True if all is known up to the last day once it is answered.
    """

    url: str
    parameters: Mapping[str, str]
    first: date
    last: date
    is_archive: bool


class WeatherJob:
    """Keeps the temperatures complete from a day on.

    Args:
        settings: the recorder's.
        pause_s: between two requests, seconds.
    """

    schedule: ClassVar[str] = "25 5 * * *"
    time_limit_s: ClassVar[float] = 600.0
    retry_s: ClassVar[tuple[float, float]] = (900.0, 6 * 3600.0)

    def __init__(self, settings: Settings, pause_s: float = _PAUSE_S) -> None:
        self._ledger = settings.ledger
        self._own = settings.section(WeatherSettings)
        self._pause_s = pause_s

    def check(self, context: JobContext) -> bool:
        """Whether the daily fetch is due, or years of the past are left."""
        return context.is_scheduled or bool(context.memory.get("is_past_left"))

    def run(self, context: JobContext) -> Phrase:
        """Fetch the last days, then at most five years of the archive.

        Raises:
            FetchError: the service cannot be reached, or an answer was refused; what came before it is stored.
            LedgerError: the ledger cannot be written.
        """
        now = datetime.fromtimestamp(context.now_ms // 1000, UTC)
        changed = 0
        with FetchClient() as client:
            for number, asked in enumerate(self._requests(context, now.date())):
                context.waits_for = asked.url
                if number and context.stopping.wait(self._pause_s):
                    raise JobError(Phrase(ProblemCode.RECORDER_STOPPED))
                answer = client.get(asked.url, parameters={**self._place(), **asked.parameters})
                with importing(self._ledger) as ledger:
                    changed += ledger.put_weather(read_hours(answer, now, (asked.first, asked.last)))
                if asked.is_archive:
                    context.memory["archived"] = str(asked.last)
        archived = date.fromisoformat(context.memory["archived"])
        context.memory["is_past_left"] = archived < now.date() - _ARCHIVE_DELAY
        return Phrase(ResultCode.TEMPERATURES_STORED, {"count": changed})

    def stop(self) -> None:
        """A request that is under way ends by its own time limit; `stopping` ends the rest."""

    def _place(self) -> dict[str, str]:
        place = {"latitude": f"{self._own.latitude}", "longitude": f"{self._own.longitude}"}
        return {**place, "hourly": "temperature_2m", "timezone": "UTC"}

    def _requests(self, context: JobContext, today: date) -> Iterator[_Asked]:
        """The last days, then what of the archive is not known yet."""
        recent = {"past_days": str(_RECENT_DAYS), "forecast_days": "1"}
        yield _Asked(self._own.forecast_url, recent, today - timedelta(days=_RECENT_DAYS), today, is_archive=False)
        since = self._since(context, today)
        first = date.fromisoformat(context.memory.setdefault("archived", str(since - _DAY))) + _DAY
        newest = today - _ARCHIVE_DELAY
        for _ in range(_MOST_CHUNKS):
            if first > newest:
                return
            last = min(first + _CHUNK - _DAY, newest)
            days = {"start_date": str(first), "end_date": str(last)}
            yield _Asked(self._own.archive_url, days, first, last, is_archive=True)
            first = last + _DAY

    def _since(self, context: JobContext, today: date) -> date:
        """The first day; where the setting has become an earlier one, the archive is fetched again from there."""
        since = self._own.since or date.fromisoformat(context.memory.setdefault("first_day", str(today)))
        if str(since) < context.memory.get("since", str(since)):
            context.memory.pop("archived", None)
        context.memory["since"] = str(since)
        return since


def make(settings: Settings) -> WeatherJob | None:
    """The job, or None where its settings want none."""
    own = settings.section(WeatherSettings)
    if own.latitude is None or own.longitude is None or not settings.section(FetchSettings).is_allowed:
        return None
    return WeatherJob(settings)
