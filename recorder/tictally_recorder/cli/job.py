"""`tictally job`: the recorder's scheduled jobs."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event
from types import FrameType
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tictally_recorder.cli.console import echo, print_table
from tictally_recorder.cli.option_groups import flattened
from tictally_recorder.cli.options import Configuration, JsonOption, group
from tictally_recorder.jobs import Job, JobError, JobReport, JobState, enabled_jobs, job_reports
from tictally_recorder.jobs.result import result_text
from tictally_recorder.jobs.runner import JobRunner
from tictally_recorder.jobs.scheduler import make_runner
from tictally_recorder.jobs.state import state_key
from tictally_recorder.ledger import Ledger, LedgerInUse, LedgerReader
from tictally_recorder.reports.cost import as_json
from tictally_recorder.reports.table import add_columns, plain_table
from tictally_recorder.settings import Settings
from tictally_recorder.translations import catalogue
from tictally_shared.catalogue import Catalogue

app = group()
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="A job, as `tictally job list` shows it.")]


@app.command("list", short_help="List the jobs with their last and next runs.")
@flattened
def list_jobs(*, json: JsonOption = False, configuration: Configuration) -> None:
    """List every job with its schedule, last success, next run and last result. Times are local."""
    settings = configuration.settings()
    reports = _reports(settings)
    if json:
        echo(as_json([report.to_record() for report in reports]))
        return
    table, words = plain_table(), catalogue(settings.language)
    add_columns(table, words, "job", "schedule", "last_success", "next_run")
    add_columns(table, words, "last_result", wraps=True)
    for report in reports:
        times = (
            words.text("job_text.never") if each is None else _local(each, settings.zone)
            for each in (report.state.last_success_ms, report.next_run_ms)
        )
        table.add_row(report.name, report.schedule or words.text("job_text.off"), *times, _outcome(report, words))
    print_table(table)


@app.command(short_help="Run a job at once, whether or not it is due.")
@flattened
def run(name: NameArgument, configuration: Configuration) -> None:
    """Run a job at once, in this process. Exit code 1 where it fails, with the reason."""
    settings = configuration.settings()
    job, words = enabled_jobs(settings).get(name), catalogue(settings.language)
    if job is None:
        _check_name(name, _reports(settings), words)
        raise JobError(words.text("job_text.switched_off", job=name))
    with LedgerReader.open(settings.ledger) as reader:
        runner = make_runner(settings, name, job, reader.get_value)
    with _stopped_by_signal(job) as stopped:
        is_well = runner.poll(time.time_ns() // 1_000_000, is_forced=True)
    if stopped.is_set():
        raise typer.Abort
    _store(settings, runner)
    if not is_well:
        problem = runner.state.problem
        raise JobError(words.text("job_text.failed", job=name, problem=words.phrase(problem) if problem else ""))
    result = runner.state.runs[-1].result
    echo("" if result is None else result_text(result, words))


@app.command(short_help="Show a job's last runs.")
@flattened
def log(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A job. Default: all of them.")] = None,
    *,
    configuration: Configuration,
) -> None:
    """Show the last 20 runs of one job, or of all jobs, oldest first. Times are local."""
    settings = configuration.settings()
    reports, words = _reports(settings), catalogue(settings.language)
    if name is not None:
        _check_name(name, reports, words)
    if not any(report.state.runs for report in reports if name in {None, report.name}):
        echo(words.text("job_text.no_runs"))
    runs = [(run, report) for report in reports if name in {None, report.name} for run in report.state.runs]
    for run, report in sorted(runs, key=lambda each: each[0].started_ms):
        seconds = (run.finished_ms - run.started_ms) / 1000
        outcome = "" if run.result is None else result_text(run.result, words)
        if run.problem is not None:
            outcome = words.text("job_text.run_failed", problem=words.phrase(run.problem))
        echo(f"{_local(run.started_ms, settings.zone)}  {report.name}  {seconds:.1f} s  {outcome}")


def _reports(settings: Settings) -> list[JobReport]:
    with LedgerReader.open(settings.ledger) as reader:
        return job_reports(settings, reader.get_value, time.time_ns() // 1_000_000)


def _outcome(report: JobReport, words: Catalogue) -> str:
    """Why it cannot do its work, else what its newest run did."""
    if report.problem is not None:
        return words.phrase(report.problem)
    return report.result_text(words) or ""


def _check_name(name: str, reports: list[JobReport], words: Catalogue) -> None:
    if name not in {report.name for report in reports}:
        known = ", ".join(report.name for report in reports)
        raise typer.BadParameter(words.text("job_text.no_such_job", job=name, known=known), param_hint="NAME")


@contextmanager
def _stopped_by_signal(job: Job) -> Iterator[Event]:
    """While the block runs, Ctrl-C and SIGTERM end the job instead of leaving behind what it has begun.

    Yields:
        Set where one of them has come.
    """
    stopped = Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()
        job.stop()

    before = {each: signal.signal(each, stop) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _store(settings: Settings, runner: JobRunner) -> None:
    """Store the state, unless a recorder runs: that one has a state of its own, and checks every minute."""
    state: JobState = runner.state
    try:
        with Ledger.open(settings.ledger, creates=False) as writer:
            writer.put_value(state_key(runner.name), state.to_json())
    except LedgerInUse:
        pass


def _local(time_ms: int, tz: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(tz):%Y-%m-%d %H:%M:%S}"
