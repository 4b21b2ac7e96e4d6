"""What is known of a job; kept in the ledger, so that it outlives the process and any other can show it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from tictally_recorder.jobs.result import ResultCode
from tictally_recorder.problem import ProblemCode
from tictally_recorder.stored_phrase import phrase_from_json, phrase_to_json
from tictally_shared.phrase import Phrase

_MAX_RUNS: Final = 20


@dataclass(frozen=True, slots=True)
class JobRun:
    """A run, or an attempt that failed before.

    Attributes:
        started_ms: milliseconds since 1970.
        finished_ms: the same.
        result: what was done, as a sentence in English where it has no code; None if it failed.
        problem: why it failed, or None.
    """

    started_ms: int
    finished_ms: int
    result: Phrase | str | None
    problem: Phrase | None


@dataclass(frozen=True, slots=True)
class JobState:
    """The state of a job.

    Attributes:
        last_success_ms: when it last succeeded, milliseconds since 1970, or None.
        problem: why it cannot do its work at present, or None.
        retry_ms: when it is tried again after a failure, milliseconds since 1970, or None.
        tolerated_until_ms: until when the problem needs nobody, because it happens in a healthy home too: no internet,
            prices that come later; milliseconds since 1970, or None.
        memory: what the job keeps for its next runs.
        runs: the newest 20, oldest first.
    """

    last_success_ms: int | None = None
    problem: Phrase | None = None
    retry_ms: int | None = None
    tolerated_until_ms: int | None = None
    memory: Mapping[str, Any] = field(default_factory=dict)
    runs: tuple[JobRun, ...] = ()

    def is_failing(self, now_ms: int) -> bool:
        """Whether a person has to look, milliseconds since 1970."""
        return self.problem is not None and (self.tolerated_until_ms is None or now_ms >= self.tolerated_until_ms)

    def with_run(self, run: JobRun) -> Self:
        """The state with one run more."""
        return replace(self, runs=(*self.runs, run)[-_MAX_RUNS:])

    def to_json(self) -> str:
        """As the ledger keeps it."""
        body = {each: getattr(self, each) for each in ("last_success_ms", "retry_ms", "tolerated_until_ms", "memory")}
        runs = [
            {
                "started_ms": run.started_ms,
                "finished_ms": run.finished_ms,
                "result": phrase_to_json(run.result) if isinstance(run.result, Phrase) else run.result,
                "problem": run.problem and phrase_to_json(run.problem),
            }
            for run in self.runs
        ]
        problem = self.problem and phrase_to_json(self.problem)
        return json.dumps({**body, "problem": problem, "runs": runs}, separators=(",", ":"))

    @classmethod
    def from_json(cls, stored: str | None) -> Self:
        """The state as the ledger keeps it; a new one where it keeps none."""
        if stored is None:
            return cls()
        body = json.loads(stored)
        runs = tuple(
            JobRun(**{**run, "result": _result(run["result"]), "problem": _problem(run["problem"])})
            for run in body["runs"]
        )
        return cls(**{**body, "problem": _problem(body["problem"]), "runs": runs})


def _problem(stored: Mapping[str, Any] | None) -> Phrase | None:
    """A stored problem; one that this version does not know must not keep the recorder from starting."""
    if stored is None:
        return None
    try:
        return phrase_from_json(stored, ProblemCode)
    except (KeyError, ValueError):
        return Phrase(ProblemCode.OTHER, {"detail": str(stored.get("key") or stored.get("code") or "?")})


def _result(stored: Mapping[str, Any] | str | None) -> Phrase | str | None:
    """A stored result; one of another version is shown by its name."""
    if not isinstance(stored, Mapping):
        return stored
    try:
        return phrase_from_json(stored, ResultCode)
    except (KeyError, ValueError):
        return str(stored.get("key"))


def state_key(job: str) -> str:
    """The key of a job's state in the ledger."""
    return f"job:{job}"
