"""Health checks for monitors, metrics for Prometheus, and the API's documentation."""

import time
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Depends
from prometheus_client import exposition
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from tictally_recorder.api.auth import require_read_access
from tictally_recorder.api.context import Context
from tictally_recorder.api.docs_page import docs_page
from tictally_recorder.api.metrics import registry_of
from tictally_recorder.api.problem_details import Problem
from tictally_recorder.api.responses import JSON, NO_STORE, json_response
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.ledger import LedgerError, LedgerReader

router = APIRouter(tags=["health"])

_OK: Final = "ok"
_MAX_LOOP_AGE_S: Final = 30.0


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """Every address and its parameters, on a page that loads nothing from elsewhere."""
    return HTMLResponse(docs_page(request.app.openapi()))


@router.get("/healthz", response_model=dict[str, str])
async def healthz() -> Response:
    """Alive: the HTTP server answers."""
    return json_response({"status": "alive"})


@router.get(
    "/readyz", response_model=dict[str, object], responses={503: {"description": "Not ready", "content": {JSON: {}}}}
)
async def readyz(request: Request) -> Response:
    """Ready: the ledger can be read, the broker is connected, and the recorder's loop runs."""
    context: Context = request.app.state.context
    checks = {"ledger": await _check_ledger(context), **_check_loop(context)}
    is_ready = all(each == _OK for each in checks.values())
    body = {"status": "ready" if is_ready else "not ready", "checks": checks}
    return json_response(body, HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE)


@router.get("/metrics", dependencies=[Depends(require_read_access)], response_class=Response)
async def metrics(request: Request) -> Response:
    """Metrics for Prometheus."""
    context: Context = request.app.state.context

    def work(reader: LedgerReader) -> Response:
        encode, media_type = exposition.choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry_of(context, reader)), headers=dict(NO_STORE), media_type=media_type)

    return await context.pool.read(work, Lane.QUICK)


async def _check_ledger(context: Context) -> str:
    try:
        await context.pool.read(LedgerReader.sites, Lane.QUICK)
    except (LedgerError, Problem) as error:
        return str(error)
    return _OK


def _check_loop(context: Context) -> dict[str, str]:
    heartbeat = context.broadcast.heartbeat
    if heartbeat is None:
        return dict.fromkeys(("broker", "loop"), "the recorder has not started yet")
    age_s = time.monotonic() - heartbeat.at_s
    return {
        "broker": _OK if heartbeat.is_up else "not connected to the broker",
        "loop": _OK if age_s <= _MAX_LOOP_AGE_S else f"the recorder's loop has not run for {age_s:.0f} s",
    }
