"""Whether the recorder lives, for who watches it; and what it can be asked, for people."""

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
from tictally_recorder.api.responses import JSON, as_json
from tictally_recorder.api.routes.common import context_of
from tictally_recorder.ledger import LedgerError, LedgerReader

router = APIRouter(tags=["life"])

_OK: Final = "ok"
_PULSE_WITHIN_S: Final = 30.0


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """Every address and its parameters, on a page that needs nothing from elsewhere."""
    return HTMLResponse(docs_page(request.app.openapi()))


@router.get("/healthz", response_model=dict[str, str])
async def healthz() -> Response:
    """Alive: HTTP answers."""
    return Response('{"status":"alive"}', media_type=JSON, headers={"cache-control": "no-store"})


@router.get(
    "/readyz",
    response_model=dict[str, object],
    responses={503: {"description": "Not ready", "content": {JSON: {}}}},
)
async def readyz(request: Request) -> Response:
    """Ready: the ledger can be read, the broker is there, and the loop goes round."""
    context = context_of(request)
    checks = {"ledger": await _ledger(context), **_loop(context)}
    is_ready = all(each == _OK for each in checks.values())
    body = {"status": "ready" if is_ready else "not ready", "checks": checks}
    status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    return Response(as_json(body), status, {"cache-control": "no-store"}, JSON)


@router.get("/metrics", dependencies=[Depends(require_read_access)], response_class=Response)
async def metrics(request: Request) -> Response:
    """For Prometheus."""
    context = context_of(request)

    def work(reader: LedgerReader) -> Response:
        encode, media_type = exposition.choose_encoder(request.headers.get("accept", ""))
        body = encode(registry_of(context, reader))
        return Response(body, headers={"cache-control": "no-store"}, media_type=media_type)

    return await context.pool.read(work)


async def _ledger(context: Context) -> str:
    try:
        await context.pool.read(LedgerReader.sites)
    except (LedgerError, Problem) as error:
        return str(error)
    return _OK


def _loop(context: Context) -> dict[str, str]:
    heartbeat = context.broadcast.heartbeat
    if heartbeat is None:
        return dict.fromkeys(("broker", "loop"), "the recorder has not begun yet")
    age_s = time.monotonic() - heartbeat.at_s
    return {
        "broker": _OK if heartbeat.is_up else "there is no connection to the broker",
        "loop": _OK if age_s <= _PULSE_WITHIN_S else f"the recorder's loop has not gone round for {age_s:.0f} s",
    }
