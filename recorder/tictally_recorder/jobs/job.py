"""What a job is, and what it is given."""

from dataclasses import dataclass, field
from threading import Event
from typing import Any, Protocol

from tictally_recorder.problem import ProblemError
from tictally_shared.phrase import Phrase


class JobError(ProblemError):
    """A job could not do its work: what happened and what to do. It is retried."""


@dataclass(slots=True)
class JobContext:
    """What a job knows when it checks or runs; what it changes here is stored in the ledger.

    Attributes:
        now_ms: milliseconds since 1970.
        is_scheduled: True if the schedule has been due since the last success.
        last_success_ms: when it last succeeded, milliseconds since 1970, or None. The scheduler sets it after each run;
            a job that finds its own traces elsewhere may correct it.
        memory: what the job keeps for its next runs; values that JSON has.
        waits_for: what does not answer, where the job takes longer than it may: a path or an address.
        stopping: set when the recorder stops.
    """

    now_ms: int
    is_scheduled: bool
    last_success_ms: int | None = None
    memory: dict[str, Any] = field(default_factory=dict)
    waits_for: str = ""
    stopping: Event = field(default_factory=Event)


class Job(Protocol):
    """One for the life of a recorder, in a thread of its own: whatever hangs in it holds up nothing else."""

    @property
    def schedule(self) -> str:
        """When it is due, as a cron expression in local time: `0 4 * * *`."""

    @property
    def time_limit_s(self) -> float:
        """How long a run may take, in seconds. The job ends itself in time; one that does not is reported."""

    @property
    def retry_s(self) -> tuple[float, float]:
        """The first and the longest delay between attempts that fail, in seconds."""

    def check(self, context: JobContext) -> bool:
        """Whether it is to run now; asked every minute, and must answer within five.

        Raises:
            JobError: it could not run now, whether or not it is due.
        """

    def run(self, context: JobContext) -> Phrase | str:
        """Do the work.

        Returns:
            What was done: a phrase, or a sentence in English.

        Raises:
            JobError: it could not be done.
        """

    def stop(self) -> None:
        """End a run that is under way; called from another thread."""
