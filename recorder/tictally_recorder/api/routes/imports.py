"""Imports: the runs of observations from elsewhere, and what can be imported."""

from collections.abc import Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import Context
from tictally_recorder.api.responses import json_response
from tictally_recorder.api.schemas import ImporterItem, ImportRunItem, ListOf
from tictally_recorder.imports.state import importer_states, run_records
from tictally_recorder.ledger import LedgerReader

router = APIRouter(prefix="/imports", tags=["imports"])


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


async def _list(context: Context, items: Callable[[LedgerReader], list[dict[str, object]]]) -> Response:
    return json_response({"items": await context.pool.read(items), "next": None})
