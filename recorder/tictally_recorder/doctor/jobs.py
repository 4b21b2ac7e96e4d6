"""What the doctor finds about jobs."""

from collections.abc import Callable, Iterable, Iterator

from tictally_recorder.doctor.facts import Finding, Level
from tictally_recorder.jobs import JobReport


def job_findings(reports: Iterable[JobReport], when: Callable[[int], str]) -> Iterator[Finding]:
    """A finding about each enabled job, but those whose results the doctor examines by themselves.

    Args:
        reports: of all jobs.
        when: writes a time in milliseconds since 1970.
    """
    for report in reports:
        if report.is_enabled and not report.kind.has_own_findings:
            yield _finding(report, when)


def _finding(report: JobReport, when: Callable[[int], str]) -> Finding:
    about, success_ms = f"job {report.name}", report.last_success_ms
    success = "it has not succeeded yet" if success_ms is None else f"its last success was {when(success_ms)}"
    if report.problem is not None:
        advice = f"`tictally job run {report.name}` runs it at once, `tictally job log {report.name}` has its last runs"
        return Finding(about, Level.TROUBLE, f"{report.problem}; {success}", advice)
    if success_ms is None:
        advice = f"a running recorder runs it when it is due, `tictally job run {report.name}` at once"
        return Finding(about, Level.NOTE, success, advice)
    return Finding(about, Level.OK, success)
