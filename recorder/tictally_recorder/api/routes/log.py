"""The recorder's log of the last day, for people who cannot read it where the recorder runs."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import ReadSession
from tictally_recorder.api.params import FormatParams
from tictally_recorder.api.responses import Listing, answer_list, csv_responses, local_iso
from tictally_recorder.api.schemas import ListOf, LogItem
from tictally_recorder.api.worker_pool import Lane

router = APIRouter(tags=["log"])

_DAY: Final = timedelta(days=1)
_COLUMNS: Final = tuple(LogItem.model_fields)


@router.get("/log", response_model=ListOf[LogItem], responses=csv_responses(_COLUMNS))
async def log(
    request: Request,
    params: Annotated[FormatParams, Query()],  # noqa: ARG001 - read from the request
) -> Response:
    """The newest lines of the recorder's log, at most a thousand and of the last day; the newest first."""

    def work(session: ReadSession) -> Listing:
        since_ms = int((session.now - _DAY).timestamp() * 1000)
        lines = session.context.broadcast.log.since(since_ms)
        return Listing(
            [
                {"at": local_iso(each.time_ms, session.tz), "level": each.level, "message": each.message}
                for each in lines
            ]
        )

    return await answer_list(request, None, work, _COLUMNS, Lane.QUICK)
