"""The application: routes, guard, and every failure as a sentence."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tictally_recorder.api.auth import require_read_access
from tictally_recorder.api.compat.conso.routes import router as conso_router
from tictally_recorder.api.compat.meterit.routes import router as meterit_router
from tictally_recorder.api.context import Context, problem_of
from tictally_recorder.api.live.broadcaster import Broadcaster
from tictally_recorder.api.middleware.head import HeadMiddleware
from tictally_recorder.api.middleware.request_guard import RequestGuard
from tictally_recorder.api.prewarm import prewarm
from tictally_recorder.api.problem_details import PROBLEM_TYPE, Problem
from tictally_recorder.api.responses import JSON
from tictally_recorder.api.routes import ROUTERS, health
from tictally_recorder.api.settings import HttpSettings
from tictally_recorder.cost.contracts import ContractError
from tictally_recorder.ledger import LedgerError
from tictally_recorder.page import page_routes
from tictally_recorder.tariffs.errors import TariffError

PREFIX: Final = "/api/v1"
_WORTH_PACKING: Final = 1024
_PACKED_SO_MUCH: Final = 5
_log = logging.getLogger(__name__)
_PROBLEM: Final = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for a person."},
        "parameter": {"type": "string", "description": "That is wrong."},
    },
}
_MESSAGE: Final = {
    "type": "object",
    "description": "As the interfaces of others have it",
    "required": ["status", "message"],
    "properties": {"status": {"type": "integer"}, "message": {"type": "string"}},
}


def make_app(context: Context) -> ASGIApp:
    """What answers requests, for one server.

    Args:
        context: what answers are made from.
    """
    app = FastAPI(
        title="tictally",
        version=context.version,
        description="What a Linky meter said, what its energy cost, and why. See docs/api.md.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.context = context
    app.state.broadcaster = Broadcaster(context)
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX, dependencies=[Depends(require_read_access)], responses=_OURS)
    app.include_router(health.router, responses=_OURS)
    app.include_router(conso_router, responses=_OF_OTHERS)
    app.include_router(meterit_router, responses=_OF_OTHERS)
    app.router.routes.extend(page_routes())
    app.add_middleware(GZipMiddleware, minimum_size=_WORTH_PACKING, compresslevel=_PACKED_SO_MUCH)
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    names = context.settings.section(HttpSettings).names or ()
    return _Begun(RequestGuard(HeadMiddleware(app), names), app.state.broadcaster)


class _Begun:
    """Starts what runs beside requests, in the loop that answers."""

    def __init__(self, app: ASGIApp, broadcaster: Broadcaster) -> None:
        self._app = app
        self._broadcaster = broadcaster
        self._follows: asyncio.Task[None] | None = None
        self._warms: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        if self._follows is None or self._follows.done():
            self._follows = loop.create_task(self._broadcaster.follow())
        if self._warms is None:
            self._warms = loop.create_task(prewarm(self._broadcaster.context))
        await self._app(scope, receive, send)


def _wrong(media_type: str, schema: str) -> dict[int | str, dict[str, Any]]:
    content = {media_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"default": {"description": "What is wrong", "content": content}}


_OURS: Final = _wrong(PROBLEM_TYPE, "Problem")
_OF_OTHERS: Final = _wrong(JSON, "Message")


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
        )
        schemas = found.setdefault("components", {}).setdefault("schemas", {})
        schemas["Problem"], schemas["Message"] = _PROBLEM, _MESSAGE
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        app.openapi_schema = found
    return app.openapi_schema


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - what it is called for
    return error.response(request.url.path)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what it is called for
    first = error.errors()[0]
    place = [str(each) for each in first["loc"][1:]]
    name = ".".join(place) or "the body"
    return Problem(HTTPStatus.BAD_REQUEST, f"{name}: {first['msg']}", parameter=name).response(request.url.path)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is called for
    sentences = {
        HTTPStatus.NOT_FOUND: f"there is nothing at {request.url.path[:200]}; /docs lists what there is",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{request.method} is not possible at {request.url.path[:200]}",
    }
    detail = sentences.get(HTTPStatus(error.status_code), str(error.detail))
    return Problem(error.status_code, detail, headers=error.headers).response(request.url.path)


async def _ledger(request: Request, error: Exception) -> Response:
    assert isinstance(error, LedgerError)  # noqa: S101 - what it is called for
    return problem_of(error).response(request.url.path)


async def _terms(request: Request, error: Exception) -> Response:
    problem = Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error), headers={"retry-after": "60"})
    return problem.response(request.url.path)


async def _unexpected(request: Request, error: Exception) -> Response:
    if not isinstance(error, ClientDisconnect):
        _log.error("%s %s was not answered, by an error of ours", request.method, request.url.path, exc_info=error)
    detail = "an error of ours; the recorder's log has it"
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail).response(request.url.path)


_HANDLERS: Final[dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]]] = {
    Problem: _problem,
    RequestValidationError: _invalid,
    HTTPException: _http,
    LedgerError: _ledger,
    ContractError: _terms,
    TariffError: _terms,
    Exception: _unexpected,
}
