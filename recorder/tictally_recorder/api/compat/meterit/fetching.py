"""Fetches prices at once, for whoever asks for it: runs the jobs that fetch them, and waits for the result."""

import asyncio
from http import HTTPStatus
from typing import Final

from tictally_recorder.api.context import Context
from tictally_recorder.api.problem_details import Problem
from tictally_recorder.jobs import JobScheduler, JobState, job_kinds
from tictally_recorder.problem import ProblemCode
from tictally_recorder.translations import ENGLISH

# Some requests with pauses between them.
_TIMEOUT_S: Final = 60.0
# Prices that were fetched just now are not fetched again.
_RECENT_MS: Final = 60_000


async def fetch_prices(context: Context) -> None:
    """Run every enabled job that fetches prices, then read tariffs and contracts again.

    Raises:
        Problem: a job failed, does not end in time, or its service wants to be left alone.
    """
    now_ms = int(context.now().timestamp() * 1000)
    if context.jobs is not None:
        states = await asyncio.gather(*(_run(context.jobs, name, now_ms) for name in _price_jobs(context.jobs)))
        failed = next((state.problem for state in states if state.problem is not None), None)
        if failed is not None:
            raise Problem(HTTPStatus.BAD_GATEWAY, ENGLISH.phrase(failed))
    context.reload_terms()


def _price_jobs(jobs: JobScheduler) -> list[str]:
    return [kind.name for kind in job_kinds() if kind.fetches_prices and kind.name in jobs.states]


async def _run(jobs: JobScheduler, name: str, now_ms: int) -> JobState:
    state = jobs.states[name]
    if state.problem is not None and state.problem.code is ProblemCode.FETCH_BANNED and now_ms < (state.retry_ms or 0):
        return state
    if state.problem is None and abs(now_ms - (state.last_success_ms or 0)) < _RECENT_MS:
        return state
    done = asyncio.wrap_future(jobs.request(name))
    try:
        # Others may wait for the same run.
        return await asyncio.wait_for(asyncio.shield(done), _TIMEOUT_S)
    except (TimeoutError, asyncio.CancelledError) as error:
        if isinstance(error, asyncio.CancelledError) and not done.cancelled():
            raise  # the request was abandoned
        detail = f"job {name} has not ended yet; tictally job list shows its result"
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail) from None
