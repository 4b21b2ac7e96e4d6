"""The ASGI application: routes, middleware, background tasks, and a problem for every error."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp

from tictally_recorder.api.auth import require_read_access
from tictally_recorder.api.compat.conso.routes import router as conso_router
from tictally_recorder.api.compat.meterit.routes import router as meterit_router
from tictally_recorder.api.context import Context
from tictally_recorder.api.live.broadcaster import Broadcaster
from tictally_recorder.api.middleware.head import HeadMiddleware
from tictally_recorder.api.middleware.request_guard import RequestGuard
from tictally_recorder.api.prewarm import prewarm
from tictally_recorder.api.problem_details import PROBLEM_TYPE, Problem, unavailable
from tictally_recorder.api.responses import JSON
from tictally_recorder.api.routes import ROUTERS, health
from tictally_recorder.cost.contracts import ContractError
from tictally_recorder.ledger import LedgerError, LedgerUnavailable
from tictally_recorder.page import page_routes
from tictally_recorder.tariffs.errors import TariffError

PREFIX: Final = "/api/v1"
_MIN_GZIP_BYTES: Final = 1024
_GZIP_LEVEL: Final = 5
_log = logging.getLogger(__name__)
_PROBLEM: Final = {
    "type": "object",
    "description": "Problem details (RFC 9457)",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened, as a sentence."},
        "parameter": {"type": "string", "description": "The invalid parameter."},
    },
}
_MESSAGE: Final = {
    "type": "object",
    "description": "An error in the format of the compatible interface",
    "required": ["status", "message"],
    "properties": {"status": {"type": "integer"}, "message": {"type": "string"}},
}


def _error_response(media_type: str, schema: str) -> dict[int | str, dict[str, Any]]:
    content = {media_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"default": {"description": "Error", "content": content}}


_OWN_ERRORS: Final = _error_response(PROBLEM_TYPE, "Problem")
_COMPATIBLE_ERRORS: Final = _error_response(JSON, "Message")


class _Api(FastAPI):
    """An application whose OpenAPI description has this API's errors instead of FastAPI's."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI description."""
        if self.openapi_schema is None:
            description = get_openapi(
                title=self.title, version=self.version, description=self.description, routes=self.routes
            )
            schemas = description.setdefault("components", {}).setdefault("schemas", {})
            schemas["Problem"], schemas["Message"] = _PROBLEM, _MESSAGE
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            self.openapi_schema = description
        return self.openapi_schema


def make_app(context: Context) -> ASGIApp:
    """The application of one server.

    Args:
        context: shared by all requests.
    """
    app = _Api(
        title="tictally",
        version=context.version,
        description="Readings of a Linky meter, their cost, and how each figure came about. See docs/api.md.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.context = context
    app.state.broadcaster = Broadcaster(context)
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX, dependencies=[Depends(require_read_access)], responses=_OWN_ERRORS)
    app.include_router(health.router, responses=_OWN_ERRORS)
    app.include_router(conso_router, responses=_COMPATIBLE_ERRORS)
    app.include_router(meterit_router, responses=_COMPATIBLE_ERRORS)
    app.router.routes.extend(page_routes())
    app.add_middleware(GZipMiddleware, minimum_size=_MIN_GZIP_BYTES, compresslevel=_GZIP_LEVEL)
    _add_error_handlers(app)
    return RequestGuard(HeadMiddleware(app), context.http.names or ())


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Runs the background tasks for as long as the server answers."""
    tasks: set[asyncio.Task[None]] = set()
    _run_in_background(app.state.broadcaster.run, tasks)
    _run_in_background(lambda: prewarm(app.state.context), tasks)
    yield
    running = [*tasks]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


def _run_in_background(work: Callable[[], Coroutine[Any, Any, None]], tasks: set[asyncio.Task[None]]) -> None:
    """Run work in a task of its own, again after it has failed."""
    task = asyncio.get_running_loop().create_task(work())
    tasks.add(task)

    def finished(task: asyncio.Task[None]) -> None:
        tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a background task of the HTTP server failed and is restarted", exc_info=error)
            _run_in_background(work, tasks)

    task.add_done_callback(finished)


def _add_error_handlers(app: FastAPI) -> None:
    app.exception_handler(Problem)(_problem)
    app.exception_handler(RequestValidationError)(_invalid_request)
    app.exception_handler(HTTPException)(_http_error)
    app.exception_handler(LedgerError)(_ledger_error)
    app.exception_handler(ContractError)(_terms_error)
    app.exception_handler(TariffError)(_terms_error)
    app.exception_handler(Exception)(_unexpected_error)


async def _problem(request: Request, problem: Problem) -> Response:
    return problem.response(request.url.path)


async def _invalid_request(request: Request, error: RequestValidationError) -> Response:
    first = error.errors()[0]
    name = ".".join(str(each) for each in first["loc"][1:]) or "the body"
    return Problem(HTTPStatus.BAD_REQUEST, f"{name}: {first['msg']}", parameter=name).response(request.url.path)


async def _http_error(request: Request, error: HTTPException) -> Response:
    path = request.url.path[:200]
    details = {
        HTTPStatus.NOT_FOUND: f"nothing is served at {path}; /docs lists every address",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{path} does not support {request.method}",
    }
    detail = details.get(HTTPStatus(error.status_code), str(error.detail))
    return Problem(error.status_code, detail, headers=error.headers).response(request.url.path)


async def _ledger_error(request: Request, error: LedgerError) -> Response:
    retry_after_s = 2 if isinstance(error, LedgerUnavailable) else 60
    return unavailable(str(error), retry_after_s=retry_after_s).response(request.url.path)


async def _terms_error(request: Request, error: ContractError | TariffError) -> Response:
    return unavailable(str(error), retry_after_s=60).response(request.url.path)


async def _unexpected_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, ClientDisconnect):
        _log.error("%s %s failed unexpectedly", request.method, request.url.path, exc_info=error)
    problem = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal error; the recorder's log has the details")
    return problem.response(request.url.path)
