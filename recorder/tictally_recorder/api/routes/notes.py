"""Notes on days: listing, adding, changing and deleting them."""

from collections.abc import Callable
from datetime import date
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.auth import require_token, writes_of
from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.params import FormatParams, RangeParams, day_range
from tictally_recorder.api.problem_details import Problem, invalid_parameter
from tictally_recorder.api.responses import Listing, Record, answer_list, csv_responses, json_response
from tictally_recorder.api.schemas import ListOf, NoteItem
from tictally_recorder.ledger import Ledger, LedgerReader, Note, NoteError
from tictally_recorder.problem import ProblemCode

router = APIRouter(prefix="/notes", tags=["notes"])

_WRITES: Final = [Depends(require_token)]
_COLUMNS: Final = ("note", "site", "day", "text")
_MAX_BYTES: Final = 4000
_CENTURIES: Final = 1_000_000
Number = Annotated[int, Path(ge=1, le=2**62)]


class NotesParams(RangeParams, FormatParams):
    """Selects notes."""

    deleted: bool = Field(default=False, description="The deleted notes in place of the others.")


class NoteBody(BaseModel):
    """A note."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    day: date = Field(description="Local day.")
    text: str = Field(max_length=_MAX_BYTES, description="A line.")


class NewNoteBody(NoteBody):
    """A new note."""

    site: str | None = Field(
        None, max_length=64, description="A site's id, or the key of one of its meters; default: the only site."
    )


@router.get("", response_model=ListOf[NoteItem], responses=csv_responses(_COLUMNS))
async def notes(request: Request, params: Annotated[NotesParams, Query()]) -> Response:
    """The notes by day, and in `writes` whether this client may change them."""
    context: Context = request.app.state.context
    writes = writes_of(request)
    bounds = None
    if params.start is not None or params.end is not None:
        bounds = day_range(params, context.now(), context.tz, max_days=_CENTURIES, days_back=_CENTURIES // 2)

    def work(session: ReadSession) -> Listing:
        found = [
            each
            for site in session.sites
            for each in session.reader.notes(site.id, deleted=params.deleted)
            if bounds is None or bounds.first <= each.day < bounds.until
        ]
        return Listing([_record(each) for each in sorted(found, key=lambda each: each.day)], {"writes": writes})

    return await answer_list(request, params.site, work, _COLUMNS)


@router.post("", response_model=NoteItem, status_code=HTTPStatus.CREATED, dependencies=_WRITES)
async def add_note(request: Request, body: NewNoteBody) -> Response:
    """Add a note."""
    context: Context = request.app.state.context

    def site_of(reader: LedgerReader) -> str:
        sites = context.session(reader, body.site).sites
        if len(sites) != 1:
            raise invalid_parameter("site", "the ledger has several sites: name one" if sites else "there is none yet")
        return sites[0].id

    site = await context.pool.read(site_of)
    found = await _write(context, lambda ledger: ledger.edit_notes(lambda own: own.add(site, body.day, body.text)))
    return json_response(found, HTTPStatus.CREATED)


@router.put("/{note}", response_model=NoteItem, dependencies=_WRITES)
async def change_note(request: Request, note: Number, body: NoteBody) -> Response:
    """Change a note; a deleted one is shown again."""
    context: Context = request.app.state.context
    return json_response(
        await _write(context, lambda ledger: ledger.edit_notes(lambda own: own.change(note, body.day, body.text)))
    )


@router.delete("/{note}", response_model=NoteItem, dependencies=_WRITES)
async def delete_note(request: Request, note: Number) -> Response:
    """Show a note no more; PUT shows it again."""
    context: Context = request.app.state.context
    return json_response(await _write(context, lambda ledger: ledger.edit_notes(lambda own: own.delete(note))))


async def _write(context: Context, work: Callable[[Ledger], Note]) -> Record:
    """Store a change in the recorder's loop.

    Raises:
        Problem: there is no such note, or it cannot be stored.
    """
    try:
        return _record(await context.write(work))
    except NoteError as error:
        raise _problem(error) from None


def _problem(error: NoteError) -> Problem:
    is_missing = error.problem.code is ProblemCode.NOTE_UNKNOWN
    if is_missing:
        problem = Problem(HTTPStatus.NOT_FOUND, f"{error}; /api/v1/notes lists them")
    else:
        parameter = "day" if error.problem.code is ProblemCode.NOTE_TOO_FAR else "text"
        problem = Problem(HTTPStatus.BAD_REQUEST, str(error), parameter=parameter)
    problem.reason = error.problem
    return problem


def _record(note: Note) -> Record:
    return {"note": note.id, "site": note.site, "day": str(note.day), "text": note.text}
