"""What the doctor finds about jobs."""

from collections.abc import Iterable, Iterator
from typing import Final

from tictally_recorder.finding import Finding, FindingCode, Level, Moments, Subject, SubjectKind
from tictally_recorder.jobs.report import JobReport
from tictally_shared.phrase import Phrase, Value

_SUCCESS: Final = FindingCode.LAST_SUCCESS, FindingCode.NO_SUCCESS_YET


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
