"""Imports: the runs of observations from elsewhere, what can be imported, and importing and undoing from the page."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.auth import Writes, require_token, writes_of
from tictally_recorder.api.context import Context
from tictally_recorder.api.problem_details import Problem
from tictally_recorder.api.responses import Record, json_response
from tictally_recorder.api.schemas import ImporterItem, ImportRunItem, ImportTaskRecord, ListOf, UploadRecord
from tictally_recorder.api.uploads import PIECE_BYTES, Piece
from tictally_recorder.imports.background import TaskRunning, TaskState
from tictally_recorder.imports.home_assistant_statistics import HomeAssistantSettings
from tictally_recorder.imports.state import importer_states, run_records
from tictally_recorder.imports.task import ImportTask, TaskKind
from tictally_recorder.ledger import LedgerReader

router = APIRouter(prefix="/imports", tags=["imports"])

_MOST_FILES: Final = 100_000
_WRITES: Final = [Depends(require_token)]
_PIECE: Final = {
    "requestBody": {
        "required": True,
        "description": f"The bytes of the file from `offset` on, {PIECE_BYTES} at most.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
UploadId = Annotated[str, Path(max_length=32)]
Run = Annotated[int, Path(ge=1, le=2**62)]


class PieceParams(BaseModel):
    """Where a piece belongs."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(max_length=200, description="Name of the file, without folders.")
    offset: int = Field(0, ge=0, le=2**62, description="How many bytes of the file came before.")


class TargetParams(BaseModel):
    """Where files are imported."""

    model_config = ConfigDict(frozen=True)

    site: str | None = Field(
        None,
        max_length=64,
        description="Site, maybe a new one, named by its meter's number. Default: the only one, or that of the files' "
        "delivery point.",
    )


@router.get("", response_model=ListOf[ImportRunItem])
async def imports(request: Request) -> Response:
    """Every import run with its files, the newest first; times in UTC."""
    return await _list(request.app.state.context, lambda reader: list(run_records(reader.import_runs())))


@router.get("/importers", response_model=ListOf[ImporterItem])
async def importers(request: Request) -> Response:
    """Every importer: what it reads, its last import, and the package that it needs if that is not installed."""
    return await _list(
        request.app.state.context, lambda reader: [each.to_record() for each in importer_states(reader.import_runs())]
    )


@router.get("/task", response_model=ImportTaskRecord)
async def import_task(request: Request) -> Response:
    """The import, dry run or undoing that is running, or the last one; and whether this client may start one."""
    context: Context = request.app.state.context
    return json_response(_task_record(context, writes_of(request)))


@router.post("/task/cancel", response_model=ImportTaskRecord, dependencies=_WRITES)
async def cancel_import_task(request: Request) -> Response:
    """End the running task; nothing of it is written."""
    context: Context = request.app.state.context
    context.imports.cancel()
    return json_response(_task_record(context, Writes.ALLOWED))


@router.post("/uploads", response_model=UploadRecord, status_code=HTTPStatus.CREATED, dependencies=_WRITES)
async def begin_upload(request: Request) -> Response:
    """Begin to send files; an earlier upload ends. Nothing is imported yet."""
    context: Context = request.app.state.context
    _require_idle(context)
    upload = await context.pool.run(context.uploads.begin)
    return json_response(upload.to_record(context.uploads.most_bytes), HTTPStatus.CREATED)


@router.post("/uploads/{upload}/files/{file}", response_model=UploadRecord, dependencies=_WRITES, openapi_extra=_PIECE)
async def add_to_upload(
    request: Request,
    upload: UploadId,
    file: Annotated[int, Path(ge=0, le=_MOST_FILES)],
    params: Annotated[PieceParams, Query()],
) -> Response:
    """Send a piece of a file. After a failure the same piece may be sent again."""
    context: Context = request.app.state.context
    _require_idle(context)
    context.uploads.find(upload)
    piece = Piece(file, params.name, params.offset, await request.body())
    found = await context.pool.run(lambda: context.uploads.add(upload, piece))
    return json_response(found.to_record(context.uploads.most_bytes))


@router.delete("/uploads/{upload}", status_code=HTTPStatus.NO_CONTENT, dependencies=_WRITES)
async def discard_upload(request: Request, upload: UploadId) -> Response:
    """Delete the files of an upload."""
    context: Context = request.app.state.context
    _require_idle(context)
    await context.pool.run(lambda: context.uploads.discard(upload))
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post(
    "/uploads/{upload}/check",
    response_model=ImportTaskRecord,
    status_code=HTTPStatus.ACCEPTED,
    dependencies=_WRITES,
)
async def check_upload(request: Request, upload: UploadId, params: Annotated[TargetParams, Query()]) -> Response:
    """Start a dry run: what importing these files would change."""
    return await _start(request, _of_upload(request, TaskKind.CHECK, upload, params))


@router.post(
    "/uploads/{upload}/import",
    response_model=ImportTaskRecord,
    status_code=HTTPStatus.ACCEPTED,
    dependencies=_WRITES,
)
async def import_upload(request: Request, upload: UploadId, params: Annotated[TargetParams, Query()]) -> Response:
    """Start to import these files in one run."""
    return await _start(request, _of_upload(request, TaskKind.IMPORT, upload, params))


@router.post(
    "/home-assistant/check", response_model=ImportTaskRecord, status_code=HTTPStatus.ACCEPTED, dependencies=_WRITES
)
async def check_home_assistant(request: Request, params: Annotated[TargetParams, Query()]) -> Response:
    """Start a dry run with the statistics that Home Assistant has since the last such import."""
    return await _start(request, _of_home_assistant(request, TaskKind.CHECK, params))


@router.post(
    "/home-assistant/import", response_model=ImportTaskRecord, status_code=HTTPStatus.ACCEPTED, dependencies=_WRITES
)
async def import_home_assistant(request: Request, params: Annotated[TargetParams, Query()]) -> Response:
    """Start to import the statistics that Home Assistant has since the last such import."""
    return await _start(request, _of_home_assistant(request, TaskKind.IMPORT, params))


@router.post("/{run}/undo", response_model=ImportTaskRecord, status_code=HTTPStatus.ACCEPTED, dependencies=_WRITES)
async def undo_import(request: Request, run: Run) -> Response:
    """Start to delete a run and everything that came from it."""
    context: Context = request.app.state.context
    known = await context.pool.read(lambda reader: {each.id for each in reader.import_runs()})
    if run not in known:
        raise Problem(HTTPStatus.NOT_FOUND, f"there is no import run {run}; /api/v1/imports lists them")
    return await _start(request, ImportTask(TaskKind.UNDO, run=run))


async def _list(context: Context, items: Callable[[LedgerReader], list[dict[str, object]]]) -> Response:
    return json_response({"items": await context.pool.read(items), "next": None})


def _of_upload(request: Request, kind: TaskKind, upload: str, params: TargetParams) -> ImportTask:
    context: Context = request.app.state.context
    paths = tuple(context.uploads.find(upload).paths.values())
    if not paths:
        raise Problem(HTTPStatus.CONFLICT, "the upload has no files yet")
    return ImportTask(kind, paths, params.site or None)


def _of_home_assistant(request: Request, kind: TaskKind, params: TargetParams) -> ImportTask:
    if not _has_home_assistant(request.app.state.context):
        detail = "no Home Assistant is set: TICTALLY_HOME_ASSISTANT_URL and TICTALLY_HOME_ASSISTANT_TOKEN"
        raise Problem(HTTPStatus.CONFLICT, detail)
    return ImportTask(kind, site=params.site or None, is_home_assistant=True)


def _has_home_assistant(context: Context) -> bool:
    own = context.settings.section(HomeAssistantSettings)
    return own.url is not None and own.token is not None


async def _start(request: Request, task: ImportTask) -> Response:
    context: Context = request.app.state.context
    try:
        await context.pool.run(lambda: context.imports.start(task))
    except TaskRunning:
        raise _is_running() from None
    return json_response(_task_record(context, Writes.ALLOWED), HTTPStatus.ACCEPTED)


def _require_idle(context: Context) -> None:
    """Check that no task is running: it may be reading the files."""
    if context.imports.is_running:
        raise _is_running()


def _is_running() -> Problem:
    detail = "an import is running; wait for its end or cancel it: GET /api/v1/imports/task"
    return Problem(HTTPStatus.CONFLICT, detail)


def _task_record(context: Context, writes: Writes) -> Record:
    status = context.imports.status
    access = {"writes": writes, "home_assistant": _has_home_assistant(context)}
    if status is None:
        return {**dict.fromkeys(("kind", "state", "run", "phase", "values", "result", "error")), **access}
    return {
        "kind": status.task.kind,
        "state": status.state,
        "run": status.task.run or None,
        "phase": status.phase if status.state is TaskState.RUNNING else None,
        "values": status.values,
        "result": status.result,
        "error": status.error,
        **access,
    }
