"""Fetches PVPC prices every evening into `pvpc-<zone>.csv` in the folder of tariffs.

Tomorrow's prices appear between 20:15 and 20:47 in Madrid. Days of the past are fetched some at a time, yesterday's,
today's and tomorrow's again, because corrections come later. What an answer changes is recomputed by cost as after an
edit of the file by hand: the hours that changed, and nothing else.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar, Final

from tictally_recorder.fetch import Answer, FetchClient, FetchError, FetchSettings
from tictally_recorder.jobs import JobContext, JobError, JobKind, register
from tictally_recorder.problem import ProblemCode
from tictally_recorder.providers.pvpc.answers import MADRID, DayOfPrices, read_api, read_archive
from tictally_recorder.providers.pvpc.settings import PvpcSettings
from tictally_recorder.providers.series_file import Merged, SeriesFile
from tictally_recorder.settings import Settings
from tictally_shared.phrase import Phrase, Value

NAME: Final = "pvpc"
_INDICATOR: Final = 1001
_ARCHIVE: Final = 70
# Tomorrow's prices appear from then on.
_PUBLISHED: Final = (20, 15)
_MAX_DAYS: Final = 31
_PAUSE_S: Final = 2.0
_CORRECTED_DAYS: Final = 2


class NoPricesError(FetchError):
    """A day has no prices; tomorrow's may be late."""


class PvpcJob:
    """Keeps the file of a zone complete from a day on.

    Args:
        settings: the recorder's.
        pause_s: between two requests, so that a year of the past is no burden, seconds.
    """

    schedule: ClassVar[str] = "15 20 * * *"
    time_limit_s: ClassVar[float] = 900.0
    retry_s: ClassVar[tuple[float, float]] = (600.0, 3600.0)

    def __init__(self, settings: Settings, pause_s: float = _PAUSE_S) -> None:
        own = settings.section(PvpcSettings)
        if own.zone is None:
            raise ValueError("PVPC needs a zone")
        self._zone = own.zone
        self._since = own.since
        self._url = own.url
        self._token = None if own.token is None else own.token.get_secret_value()
        self._path = settings.tariffs_folder / f"pvpc-{own.zone}.csv"
        self._pause_s = pause_s

    def check(self, context: JobContext) -> bool:
        """Whether the evening's prices, or days of the past, are still to be fetched."""
        return context.is_scheduled or bool(context.memory.get("past_days"))

    def run(self, context: JobContext) -> str:
        """Fetch what is missing: the evening's days, then at most a month of the past.

        Raises:
            JobError: the file cannot be used.
            FetchError: the service cannot be reached, or an answer was refused; all other days are stored.
        """
        context.waits_for = self._url
        file, today = SeriesFile(self._path, MADRID), _local(context.now_ms).date()
        first = self._since or date.fromisoformat(context.memory.setdefault("first_day", str(today)))
        absent = set(context.memory.get("absent_days", ()))
        missing = [day for day in self._missing(file, first, today) if str(day) not in absent]
        merged = Merged()
        refused: FetchError | None = None
        with FetchClient(context.memory) as client:
            for number, day in enumerate([*self._recent(first, context.now_ms), *missing[:_MAX_DAYS]]):
                if context.stopping.wait(self._pause_s if number else 0.0):
                    raise JobError(Phrase(ProblemCode.RECORDER_STOPPED))
                answer = self._get(client, day)
                try:
                    merged += self._store(answer, file, day, today)
                except NoPricesError as error:
                    if day < today - timedelta(days=_CORRECTED_DAYS):
                        context.memory["absent_days"] = sorted({*context.memory.get("absent_days", ()), str(day)})
                    else:
                        refused = refused or error
                except FetchError as error:
                    refused = refused or error
                else:
                    if answer is not None:
                        client.accept(answer)
        context.memory["past_days"] = max(len(missing) - _MAX_DAYS, 0)
        if refused is not None:
            raise refused
        return f"{merged.added} hours added, {merged.corrected} corrected in {self._path.name}"

    def stop(self) -> None:
        """A request that is under way ends by its own time limit; `stopping` ends the rest."""

    def _missing(self, file: SeriesFile, first: date, today: date) -> Iterator[date]:
        """Days of the past that have hours without a price, newest first."""
        day = today - timedelta(days=_CORRECTED_DAYS)
        while day >= first:
            if not file.has(DayOfPrices(day, self._zone).hours_ms):
                yield day
            day -= timedelta(days=1)

    def _recent(self, first: date, now_ms: int) -> Iterator[date]:
        now = _local(now_ms)
        days = [now.date() - timedelta(days=1), now.date()]
        if (now.hour, now.minute) >= _PUBLISHED:
            days.append(now.date() + timedelta(days=1))
        return (day for day in days if day >= first)

    def _store(self, answer: Answer | None, file: SeriesFile, day: date, today: date) -> Merged:
        if answer is None:
            return Merged()
        read = read_archive if self._token is None else read_api
        prices = read(answer, DayOfPrices(day, self._zone))
        if not prices:
            about: dict[str, Value] = {"service": answer.service, "day": str(day)}
            raise NoPricesError(Phrase(ProblemCode.PRICES_NOT_PUBLISHED, about), is_normal=day > today)
        return file.merge(prices)

    def _get(self, client: FetchClient, day: date) -> Answer | None:
        if self._token is None:
            url = f"{self._url}/archives/{_ARCHIVE}/download_json"
            return client.get_changed(url, parameters={"locale": "es", "date": str(day)})
        return client.get_changed(
            f"{self._url}/indicators/{_INDICATOR}",
            parameters={"start_date": f"{day}T00:00", "end_date": f"{day}T23:59"},
            headers={"x-api-key": self._token, "Accept": "application/json; application/vnd.esios-api-v1+json"},
        )


def _local(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(MADRID)


def _make(settings: Settings) -> PvpcJob | None:
    if settings.section(PvpcSettings).zone is None or not settings.section(FetchSettings).is_allowed:
        return None
    return PvpcJob(settings)


register(JobKind(NAME, {"fr": "Prix PVPC", "en": "PVPC prices"}, _make, PvpcSettings))
