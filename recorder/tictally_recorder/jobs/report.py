"""How jobs stand, for health, metrics, doctor, API and command line: registry, settings and ledger put together."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tictally_recorder.finding import Finding, FindingCode, Level, Moments, Subject, SubjectKind
from tictally_recorder.jobs.registry import JobKind, job_kinds
from tictally_recorder.jobs.result import result_text
from tictally_recorder.jobs.schedule import Schedule
from tictally_recorder.jobs.state import JobRun, JobState, state_key
from tictally_recorder.settings import Settings
from tictally_recorder.translations import ENGLISH, catalogue, phrase_record
from tictally_shared.catalogue import LANGUAGES, Catalogue
from tictally_shared.frames import iso_utc
from tictally_shared.phrase import Phrase, Value

_SUCCESS: Final = FindingCode.LAST_SUCCESS, FindingCode.NO_SUCCESS_YET


@dataclass(frozen=True, slots=True)
class JobReport:
    """A job.

    Attributes:
        kind: of the job.
        title: its name for people, in the language of the settings.
        schedule: cron expression in local time, or None if the job is switched off.
        state: what is known of it.
        next_run_ms: when it runs next, milliseconds since 1970; None if it is switched off.
        is_failing: whether its problem needs a person; one that a healthy home has too does not for two days.
    """

    kind: JobKind
    title: str
    schedule: str | None
    state: JobState
    next_run_ms: int | None
    is_failing: bool = False

    def to_record(self, language: str | None = None) -> dict[str, object]:
        """The report as API and command line show it; times are ISO 8601 in UTC.

        Args:
            language: of the title and the result. Without it, or where there is none in it, the title is in that of the
                settings, the result in English.
        """
        return {
            "name": self.kind.name,
            "title": next((text for each, text in self.kind.title.items() if each == language), self.title),
            "schedule": self.schedule,
            "is_enabled": self.is_enabled,
            "last_run": _iso(self.last_run_ms),
            "last_result": self.result_text(catalogue(language) if language in LANGUAGES else ENGLISH),
            "last_success": _iso(self.state.last_success_ms),
            "next_run": _iso(self.next_run_ms),
            "problem": self.problem and phrase_record(self.problem),
        }

    def result_text(self, words: Catalogue) -> str | None:
        """What its newest run did, or None if that failed or there was none."""
        result = None if self.last_run is None else self.last_run.result
        return None if result is None else result_text(result, words)

    @property
    def name(self) -> str:
        """Its key."""
        return self.kind.name

    @property
    def is_enabled(self) -> bool:
        """False if the settings switch it off."""
        return self.schedule is not None

    @property
    def problem(self) -> Phrase | None:
        """Why it cannot do its work at present, or None."""
        return self.state.problem

    @property
    def last_success_ms(self) -> int | None:
        """When it last succeeded, milliseconds since 1970, or None."""
        return self.state.last_success_ms

    @property
    def last_run(self) -> JobRun | None:
        """Its newest run, or None."""
        return self.state.runs[-1] if self.state.runs else None

    @property
    def last_run_ms(self) -> int | None:
        """When its newest run began, milliseconds since 1970, or None."""
        return None if self.last_run is None else self.last_run.started_ms


def job_reports(settings: Settings, get_value: Callable[[str], str | None], now_ms: int) -> list[JobReport]:
    """Every registered job, by name.

    Args:
        settings: the recorder's.
        get_value: reads its ledger's key-value store.
        now_ms: milliseconds since 1970.
    """
    return [_report(kind, settings, get_value, now_ms) for kind in job_kinds()]


def _report(kind: JobKind, settings: Settings, get_value: Callable[[str], str | None], now_ms: int) -> JobReport:
    state, title = JobState.from_json(get_value(state_key(kind.name))), kind.title[settings.language]
    job = kind.make(settings)
    if job is None:
        return JobReport(kind, title, None, state, None)
    schedule = Schedule.spread(job.schedule, settings.zone, f"{settings.name}/{kind.name}")
    next_run_ms = schedule.next_ms(now_ms) if state.retry_ms is None else state.retry_ms
    return JobReport(kind, title, job.schedule, state, next_run_ms, state.is_failing(now_ms))


def job_findings(reports: Iterable[JobReport], moments: Moments) -> Iterator[Finding]:
    """A finding about each enabled job, but those whose results the doctor examines by themselves.

    Args:
        reports: of all jobs.
        moments: of now.
    """
    for report in reports:
        if report.is_enabled and not report.kind.has_own_findings:
            yield _finding(report, moments)


def _finding(report: JobReport, moments: Moments) -> Finding:
    about, success_ms = Subject(SubjectKind.JOB, report.name), report.last_success_ms
    parameters: dict[str, Value] = {
        "job": report.name,
        "success": moments.since(success_ms, *_SUCCESS),
        "next": moments.iso(report.next_run_ms or moments.now_ms),
    }
    if report.problem is not None:
        level = Level.TROUBLE if report.is_failing else Level.NOTE
        return Finding(about, level, Phrase(FindingCode.JOB_FAILED, {**parameters, "problem": report.problem}))
    if success_ms is None:
        return Finding(about, Level.NOTE, Phrase(FindingCode.JOB_NOT_RUN_YET, parameters))
    return Finding(about, Level.OK, Phrase(FindingCode.JOB_SUCCEEDED, parameters))


def _iso(time_ms: int | None) -> str | None:
    return None if time_ms is None else iso_utc(time_ms)
