"""Fetches Enedis' figures through Conso API into observations, once a day.

The quota is shared by all its users, and who asks too often is banned: `visits` decides on both. Every visit is one
run of imports, so that it can be listed and undone.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import ClassVar, Final

from tictally_recorder.fetch import Answer, FetchError, FetchSettings
from tictally_recorder.fetch.client import FetchClient
from tictally_recorder.imports.conso.answers import FigureKind, FigureRequest, observed
from tictally_recorder.imports.conso.settings import NAME, EnedisSettings
from tictally_recorder.imports.conso.visits import (
    Memory,
    VisitStep,
    after_figures,
    after_step,
    is_due,
    past_steps,
    recent_steps,
    schedule_of,
)
from tictally_recorder.imports.errors import ImportFileError
from tictally_recorder.imports.target import target_site
from tictally_recorder.jobs import JobContext, JobError
from tictally_recorder.jobs.result import ResultCode
from tictally_recorder.jobs.schedule import Schedule
from tictally_recorder.ledger import IntervalEnergy, LedgerReader, LedgerUnavailable, ObservedFile, Site, importing
from tictally_recorder.problem import ProblemCode
from tictally_recorder.settings import Settings
from tictally_shared.calendar import QUARTER_MS, day_bounds_ms, local_day
from tictally_shared.phrase import Phrase, Value

_PAUSE_S: Final = 3.0
_DAY_S: Final = 86_400.0
_ATTEMPTS: Final = 5
_BANS: Final = frozenset({ProblemCode.FETCH_BANNED, ProblemCode.FETCH_DENIED})


class EnedisJob:
    """Asks for yesterday's figures each morning, and for a step of the past.

    Args:
        settings: the recorder's.
        pause_s: between two requests of a visit, seconds.
    """

    time_limit_s: ClassVar[float] = 900.0
    retry_s: ClassVar[tuple[float, float]] = (600.0, 3600.0)

    def __init__(self, settings: Settings, pause_s: float = _PAUSE_S) -> None:
        self._settings = settings
        self._own = settings.section(EnedisSettings)
        self._tz = settings.zone
        token = "" if self._own.token is None else self._own.token.get_secret_value()
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._key = hashlib.sha256(f"{token} {self._own.prm} {self._own.url}".encode()).hexdigest()[:16]
        self._schedule = Schedule.spread(self.schedule, settings.zone, f"{settings.name}/{NAME}")
        self._pause_s = pause_s

    @property
    def schedule(self) -> str:
        """A time of the morning of this home's own, and the one of the second try."""
        return schedule_of(f"{self._settings.name}/{self._key}")

    def check(self, context: JobContext) -> bool:
        """Whether to ask now.

        Raises:
            FetchError: the service has refused requests from here, and the day for which they stop is not over.
        """
        memory = Memory.read(context.memory, self._key)
        self._check_ban(memory, context.now_ms)
        return is_due(memory, self._schedule.last_ms(context.now_ms), context.now_ms, self._tz)

    def run(self, context: JobContext) -> Phrase:
        """Ask for the days since the last visit and for a step of the past; import what is answered.

        Raises:
            JobError: the site or the delivery point is not clear, or the figures do not fit it.
            FetchError: the service cannot be reached, or an answer is refused, or yesterday's figure is not there yet.
        """
        context.waits_for = self._own.url
        memory = Memory.read(context.memory, self._key)
        self._check_ban(memory, context.now_ms)
        prm, site = self._own.delivery_point(), self._site()
        today = local_day(context.now_ms, self._tz)
        files: list[ObservedFile] = []
        failure: FetchError | None = None
        try:
            with FetchClient() as client:
                for step in self._steps(memory, today, site):
                    if memory.asked_ms == context.now_ms and context.stopping.wait(self._pause_s):
                        break
                    files += self._ask(client, memory, FigureRequest(step.kind, prm, step.start, step.end), context)
        except FetchError as error:
            failure = error
        stored = self._store(files, site, context)
        memory.write(context.memory)
        if failure is not None:
            self._wait_after(failure, memory, context)
            if failure.problem.code is ProblemCode.FETCH_BANNED:
                self._check_ban(memory, context.now_ms)  # raises, with the end of the ban
            raise failure
        if not memory.is_complete(today):
            missing: dict[str, Value] = {"day": str(today - timedelta(days=1))}
            late = FetchError(Phrase(ProblemCode.ENEDIS_NO_FIGURE, missing), is_normal=True)
            self._wait_after(late, memory, context)
            raise late
        return Phrase(ResultCode.ENERGIES_IMPORTED, {"count": stored})

    def stop(self) -> None:
        """A request that is under way ends by its own time limit; `stopping` ends the rest."""

    def _check_ban(self, memory: Memory, now_ms: int) -> None:
        if now_ms < memory.banned_until_ms:
            until = datetime.fromtimestamp(memory.banned_until_ms // 1000, UTC).astimezone(self._tz)
            about: dict[str, Value] = {"service": self._own.url, "until": until.isoformat(timespec="minutes")}
            wait_s = (memory.banned_until_ms - now_ms) / 1000
            raise FetchError(Phrase(ProblemCode.ENEDIS_BANNED, about), retry_after_s=wait_s)

    def _steps(self, memory: Memory, today: date, site: Site | None) -> Iterator[VisitStep]:
        has_gap = self._gaps_of(site)
        yield from recent_steps(memory, today, injection=self._own.injection, has_gap=has_gap)
        if self._own.since is not None:
            yield from past_steps(memory, self._own.since, today, injection=self._own.injection, has_gap=has_gap)

    def _ask(
        self, client: FetchClient, memory: Memory, wanted: FigureRequest, context: JobContext
    ) -> list[ObservedFile]:
        """The answer as a file to import; none where the service has nothing."""
        today = local_day(context.now_ms, self._tz)
        step = VisitStep(wanted.kind, wanted.start, wanted.end)
        asked_before_ms, memory.asked_ms = memory.asked_ms, context.now_ms
        try:
            answer = client.get(f"{self._own.url}/{wanted.kind}", parameters=wanted.parameters, headers=self._headers)
        except FetchError as error:
            if error.is_normal:  # it was not reached
                memory.asked_ms = asked_before_ms
            if error.problem.parameters.get("status") != HTTPStatus.NOT_FOUND:
                raise
            after_step(memory, step, today, has_data=False)
            return []
        found = observed(answer, wanted, self._tz)
        after_step(memory, step, today, has_data=bool(found))
        if wanted.kind is FigureKind.DAYS and wanted.end == today and found:
            after_figures(memory, step, {local_day(each.start_ms, self._tz) for each in found})
        return [self._file(answer, wanted, found)] if found else []

    def _file(self, answer: Answer, wanted: FigureRequest, found: Sequence[IntervalEnergy]) -> ObservedFile:
        last = wanted.end - timedelta(days=1)
        days = f"{wanted.start}" if wanted.start == last else f"{wanted.start} to {last}"
        digest = hashlib.sha256(answer.body).hexdigest()
        return ObservedFile(NAME, f"{wanted.kind} {days}", digest, wanted.prm, tuple(found))

    def _store(self, files: Sequence[ObservedFile], site: Site | None, context: JobContext) -> int:
        """Import files in one run, those that were imported before excepted; returns the count of energies."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with importing(self._settings.ledger) as ledger:
                    known = {file.hash for run in ledger.runs() for file in run.files if file.importer == NAME}
                    new = [file for file in files if file.hash not in known]
                    if new:
                        wanted = self._own.site if site is None else site.id
                        ledger.put(target_site(ledger, wanted, new), context.now_ms, new)
                    return sum(len(file.observations) for file in new)
            except ImportFileError as error:
                raise JobError(str(error)) from None
            except LedgerUnavailable:  # the recorder writes
                if attempt == _ATTEMPTS or context.stopping.wait(float(attempt)):
                    raise
        raise AssertionError("not reached")

    def _wait_after(self, failure: FetchError, memory: Memory, context: JobContext) -> None:
        """No other attempt before the next time of the schedule, nor before a ban ends."""
        if failure.problem.code in _BANS:
            failure.retry_after_s = max(failure.retry_after_s or 0.0, _DAY_S)
            memory.banned_until_ms = context.now_ms + round(failure.retry_after_s * 1000)
            memory.write(context.memory)
        elif memory.asked_ms == context.now_ms:
            next_s = (self._schedule.next_ms(context.now_ms) - context.now_ms) / 1000
            failure.retry_after_s = max(failure.retry_after_s or 0.0, next_s)

    def _site(self) -> Site | None:
        """The site of the settings, or the only one; None for one that is not in the ledger yet."""
        with LedgerReader.open(self._settings.ledger) as reader:
            sites = reader.sites()
        if self._own.site is not None:
            return next((each for each in sites if each.id == self._own.site), None)
        if len(sites) != 1:
            about: dict[str, Value] = {"sites": ", ".join(each.id for each in sites) or "…"}
            raise JobError(Phrase(ProblemCode.ENEDIS_SITE_NEEDED, about))
        return sites[0]

    def _gaps_of(self, site: Site | None) -> Callable[[date, date], bool]:
        """Whether frames of a site are missing between two days, the end excluded."""

        def has_gap(start: date, end: date) -> bool:
            start_ms, end_ms = (day_bounds_ms(each, self._tz)[0] for each in (start, end))
            if site is None:
                return True
            with LedgerReader.open(self._settings.ledger) as reader:
                covered = {
                    each for meter in site.meters for each in reader.quarters_with_frames(meter.id, start_ms, end_ms)
                }
            return len(covered) < (end_ms - start_ms) // QUARTER_MS

        return has_gap


def make(settings: Settings) -> EnedisJob | None:
    """The job, or None where its settings want none."""
    if settings.section(EnedisSettings).token is None or not settings.section(FetchSettings).is_allowed:
        return None
    return EnedisJob(settings)
