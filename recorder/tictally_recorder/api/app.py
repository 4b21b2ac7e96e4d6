"""The ASGI application: routes, middleware, background tasks, and a problem for every error."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp

from tictally_recorder.api.auth import require_read_access
from tictally_recorder.api.compat.conso import errors as conso_errors
from tictally_recorder.api.compat.conso.routes import router as conso_router
from tictally_recorder.api.compat.meterit.routes import router as meterit_router
from tictally_recorder.api.context import Context
from tictally_recorder.api.description import DescribedApi, error_responses, operation_id, problem_responses
from tictally_recorder.api.known_parameters import require_known_parameters
from tictally_recorder.api.live.broadcaster import Broadcaster
from tictally_recorder.api.middleware.abandoned_requests import AbandonedRequests
from tictally_recorder.api.middleware.cross_origin import with_cross_origin
from tictally_recorder.api.middleware.request_guard import RequestGuard, frames_policy
from tictally_recorder.api.middleware.reverse_proxy import ReverseProxy
from tictally_recorder.api.middleware.rewriting import BelowPath, HeadMiddleware
from tictally_recorder.api.prewarm import prewarm
from tictally_recorder.api.problem_details import CONSO_PATHS, METERIT, Problem, unavailable
from tictally_recorder.api.responses import JSON
from tictally_recorder.api.routes import ROUTERS, health
from tictally_recorder.cost.contracts import ContractError
from tictally_recorder.ledger import LedgerError, LedgerUnavailable
from tictally_recorder.page import page_routes
from tictally_recorder.tariffs.errors import TariffError

PREFIX: Final = "/api/v1"
_MIN_GZIP_BYTES: Final = 1024
_GZIP_LEVEL: Final = 5
_EXPIRY_S: Final = 600.0
_log = logging.getLogger(__name__)
_OF_ALL: Final = (Depends(require_known_parameters),)
_OF_READS: Final = (Depends(require_read_access), *_OF_ALL)
_OWN_ERRORS: Final = problem_responses()
_COMPATIBLE_ERRORS: Final = error_responses(JSON, "Message")


def make_app(context: Context) -> ASGIApp:
    """The application of one server.

    Args:
        context: shared by all requests.
    """
    app = DescribedApi(
        title="tictally",
        version=context.version,
        description="Readings of a Linky meter, their cost, and how each figure came about. See docs/api.md.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
        lifespan=_lifespan,
    )
    app.state.context, app.state.root = context, ""
    app.state.broadcaster = Broadcaster(context)
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX, dependencies=_OF_READS, responses=_OWN_ERRORS)
    app.include_router(health.router, dependencies=_OF_ALL, responses=_OWN_ERRORS)
    for router in (conso_router, meterit_router):
        app.include_router(router, dependencies=_OF_ALL, responses=_COMPATIBLE_ERRORS)
    app.router.routes.extend(page_routes(frames=frames_policy(context.http.frame_ancestors)))
    app.add_middleware(GZipMiddleware, minimum_size=_MIN_GZIP_BYTES, compresslevel=_GZIP_LEVEL)
    _add_error_handlers(app)
    return ReverseProxy(_guarded(app, context), context.http.path, context.http.ingress)


def make_meterit_app(context: Context) -> ASGIApp:
    """The application of a server that has meterit's interface at its original addresses.

    Args:
        context: shared by all requests.
    """
    app = DescribedApi(
        title="tictally: readings by HTTP",
        version=context.version,
        description="The interface of meterit. See docs/api.md.",
        openapi_url=f"{METERIT}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
    )
    app.state.context, app.state.root = context, METERIT
    app.include_router(meterit_router, dependencies=_OF_ALL, responses=_COMPATIBLE_ERRORS)
    app.add_api_route(f"{METERIT}/docs", health.docs, include_in_schema=False)
    _add_error_handlers(app)
    return BelowPath(_guarded(app, context), METERIT)


def _guarded(app: ASGIApp, context: Context) -> ASGIApp:
    http = context.http
    names, origins = http.names or (), http.origins or ()
    inner = with_cross_origin(AbandonedRequests(HeadMiddleware(app)), origins)
    return RequestGuard(inner, names, origins, http.frame_ancestors)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Runs the background tasks for as long as the server answers."""
    tasks: set[asyncio.Task[None]] = set()
    _run_in_background(app.state.broadcaster.run, tasks)
    _run_in_background(lambda: prewarm(app.state.context), tasks)
    _run_in_background(lambda: _expire_uploads(app.state.context), tasks)
    yield
    running = [*tasks]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def _expire_uploads(context: Context) -> None:
    await asyncio.to_thread(context.uploads.discard)  # what a recorder that was killed has left
    while True:
        await asyncio.sleep(_EXPIRY_S)
        if not context.imports.is_running:  # it may read them for hours
            await asyncio.to_thread(context.uploads.expire)


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
    if request.url.path in CONSO_PATHS and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = conso_errors.WRONG_METHOD
    return Problem(error.status_code, detail, headers=error.headers).response(request.url.path)


async def _ledger_error(request: Request, error: LedgerError) -> Response:
    retry_after_s = 2 if isinstance(error, LedgerUnavailable) else 60
    return unavailable(str(error), retry_after_s=retry_after_s).response(request.url.path)


async def _terms_error(request: Request, error: ContractError | TariffError) -> Response:
    return unavailable(str(error), retry_after_s=60).response(request.url.path)


async def _unexpected_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, ClientDisconnect):
        _log.error("%s %s failed unexpectedly", request.method, request.url.path, exc_info=error)
    detail = "internal error; the recorder's log has the details"
    if request.url.path in CONSO_PATHS:
        detail = conso_errors.UNEXPECTED
    problem = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)
    return problem.response(request.url.path)
