"""The kinds of jobs that this program has: whatever shows or runs jobs walks through them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from pydantic import BaseModel

from tictally_recorder.jobs.job import Job
from tictally_recorder.registry import Registry
from tictally_recorder.settings import Settings
from tictally_shared.home_assistant import Language


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of job.

    Attributes:
        name: its key in health, metrics, API and on the command line: `[a-z][a-z0-9_]*`.
        title: its name for people, by language.
        make: makes it by the recorder's settings; None if they switch it off.
        settings: its section of the settings, whose names begin with the job's; None if it has none of its own.
        fetches_prices: True if it fetches what a kWh costs from hour to hour.
        has_own_findings: True if the doctor examines what the job makes, and needs no finding about the job itself.
    """

    name: str
    title: Mapping[Language, str]
    make: Callable[[Settings], Job | None]
    settings: type[BaseModel] | None = None
    fetches_prices: bool = False
    has_own_findings: bool = False


def made_by(module: str) -> Callable[[Settings], Job | None]:
    """A kind's `make` that calls the function of that name in a module.

    The module is imported only then, by whatever runs or shows jobs: every command loads all registrations, most of
    them beside the settings.
    """

    def make(settings: Settings) -> Job | None:
        job: Job | None = import_module(module).make(settings)
        return job

    return make


_kinds: Final[Registry[JobKind]] = Registry("jobs")


def register(kind: JobKind) -> Callable[[], None]:
    """Make a kind of job known to settings, recorder, command line, health, doctor and API.

    Returns:
        A function that makes it unknown again.

    Raises:
        ValueError: there is one of that name.
    """
    return _kinds.register(kind)


def job_kinds() -> Iterator[JobKind]:
    """Every registered kind, by name: the order of registration is that of imports, which differs between programs."""
    return iter(sorted(_kinds, key=lambda kind: kind.name))


def enabled_jobs(settings: Settings) -> dict[str, Job]:
    """Name → the jobs that the settings do not switch off."""
    made = ((kind.name, kind.make(settings)) for kind in job_kinds())
    return {name: job for name, job in made if job is not None}
