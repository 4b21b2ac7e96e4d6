"""A job that keeps a file of prices complete: tomorrow's as soon as they appear, and days of the past some at a time.

Yesterday's, today's and tomorrow's prices are fetched again each day, because corrections come later. What an answer
changes is recomputed by cost as after an edit of the file by hand: the hours that changed, and nothing else.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import ClassVar, Final, Protocol
from zoneinfo import ZoneInfo

from tictally_recorder.fetch import Answer, FetchError
from tictally_recorder.fetch.client import FetchClient
from tictally_recorder.jobs import JobContext, JobError
from tictally_recorder.jobs.result import ResultCode
from tictally_recorder.problem import ProblemCode
from tictally_recorder.providers.price_checks import HOUR_MS, WantedDay
from tictally_recorder.providers.series_file import Merged, SeriesFile
from tictally_shared.phrase import Phrase, Value

PAUSE_S: Final = 2.0
_MAX_DAYS: Final = 31
_CORRECTED_DAYS: Final = 2


class NoPricesError(FetchError):
    """A day has no prices; tomorrow's may be late."""


class PriceSource(Protocol):
    """A service that publishes the prices of one day at a time."""

    @property
    def url(self) -> str:
        """Its address, for people."""

    def get(self, client: FetchClient, day: date) -> Answer | None:
        """Request a day; None if the answer is the one that was used last. Raises a FetchError."""

    def read(self, answer: Answer, day: date) -> Mapping[int, Decimal]:
        """Beginning of the step, milliseconds since 1970 → price of a kWh; empty if none is published yet.

        Raises:
            FetchError: the answer is not usable, as a whole.
        """


@dataclass(frozen=True, slots=True)
class PriceFile:
    """What is kept of a service's prices.

    Attributes:
        path: of the file.
        tz: whose days the service has.
        published: local time from which on tomorrow's prices are expected.
        since: the first day; None: that of the first run.
        step_ms: how long each price holds.
    """

    path: Path
    tz: ZoneInfo
    published: time
    since: date | None = None
    step_ms: int = HOUR_MS

    def local(self, time_ms: int) -> datetime:
        """A time, milliseconds since 1970, as the service's days have it."""
        return datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(self.tz)


class DailyPricesJob:
    """Keeps a file of prices complete from a day on.

    Args:
        source: of the prices.
        kept: what is kept of them.
        pause_s: between two requests, so that a year of the past is no burden, seconds.
    """

    time_limit_s: ClassVar[float] = 900.0
    retry_s: ClassVar[tuple[float, float]] = (600.0, 3600.0)

    def __init__(self, source: PriceSource, kept: PriceFile, pause_s: float = PAUSE_S) -> None:
        self._source = source
        self._kept = kept
        self._pause_s = pause_s

    @property
    def schedule(self) -> str:
        """When tomorrow's prices are expected."""
        return f"{self._kept.published.minute} {self._kept.published.hour} * * *"

    def check(self, context: JobContext) -> bool:
        """Whether tomorrow's prices, or days of the past, are still to be fetched.

        The schedule is in the recorder's time zone, and prices appear by the service's.
        """
        newest = context.memory.get("newest_day")
        is_late = newest is not None and str(newest) < str(self._newest(context.now_ms))
        return context.is_scheduled or is_late or bool(context.memory.get("past_days"))

    def run(self, context: JobContext) -> Phrase:
        """Fetch what is missing: the newest days, then at most a month of the past.

        Raises:
            JobError: the file cannot be used.
            FetchError: the service cannot be reached, or an answer was refused; all other days are stored.
        """
        kept = self._kept
        context.waits_for = self._source.url
        file, today = SeriesFile(kept.path, kept.tz, kept.step_ms), kept.local(context.now_ms).date()
        first = kept.since or date.fromisoformat(context.memory.setdefault("first_day", str(today)))
        absent = set(context.memory.get("absent_days", ()))
        missing = [day for day in self._missing(file, first, today) if str(day) not in absent]
        merged = Merged()
        refused: FetchError | None = None
        with FetchClient(context.memory) as client:
            for number, day in enumerate([*self._recent(first, context.now_ms), *missing[:_MAX_DAYS]]):
                if context.stopping.wait(self._pause_s if number else 0.0):
                    raise JobError(Phrase(ProblemCode.RECORDER_STOPPED))
                answer = self._source.get(client, day)
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
        context.memory["newest_day"] = str(self._newest(context.now_ms))
        about: dict[str, Value] = {"count": merged.added, "corrected": merged.corrected, "file": kept.path.name}
        return Phrase(ResultCode.PRICES_ADDED, about)

    def stop(self) -> None:
        """A request that is under way ends by its own time limit; `stopping` ends the rest."""

    def _missing(self, file: SeriesFile, first: date, today: date) -> Iterator[date]:
        """Days of the past that have hours without a price, newest first."""
        day = today - timedelta(days=_CORRECTED_DAYS)
        while day >= first:
            if not file.has(WantedDay(day, self._kept.tz, self._kept.step_ms).starts_ms):
                yield day
            day -= timedelta(days=1)

    def _newest(self, now_ms: int) -> date:
        """The last day that has prices by now."""
        now = self._kept.local(now_ms)
        return now.date() + timedelta(days=now.time() >= self._kept.published)

    def _recent(self, first: date, now_ms: int) -> Iterator[date]:
        today, newest = self._kept.local(now_ms).date(), self._newest(now_ms)
        return (day for day in dict.fromkeys([today - timedelta(days=1), today, newest]) if day >= first)

    def _store(self, answer: Answer | None, file: SeriesFile, day: date, today: date) -> Merged:
        if answer is None:
            return Merged()
        prices = self._source.read(answer, day)
        if not prices:
            about: dict[str, Value] = {"service": answer.service, "day": str(day)}
            raise NoPricesError(Phrase(ProblemCode.PRICES_NOT_PUBLISHED, about), is_normal=day > today)
        return file.merge(prices)
