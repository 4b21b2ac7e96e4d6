"""Jobs: what the recorder does by the clock, beside its loop. A feature registers each in one line."""

from tictally_recorder.jobs.job import Job, JobContext, JobError
from tictally_recorder.jobs.registry import JobKind, enabled_jobs, job_kinds, made_by, register
from tictally_recorder.jobs.report import JobReport, job_reports
from tictally_recorder.jobs.scheduler import JobScheduler, JobStep
from tictally_recorder.jobs.state import JobRun, JobState

__all__ = [
    "Job",
    "JobContext",
    "JobError",
    "JobKind",
    "JobReport",
    "JobRun",
    "JobScheduler",
    "JobState",
    "JobStep",
    "enabled_jobs",
    "job_kinds",
    "job_reports",
    "made_by",
    "register",
]
