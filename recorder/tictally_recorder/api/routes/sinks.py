"""The sinks that the ledger is replicated to: backlog, lag and problem of each."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import ReadSession
from tictally_recorder.api.params import FormatParams
from tictally_recorder.api.responses import Listing, Record, answer_list, csv_responses
from tictally_recorder.api.schemas import ListOf, SinkItem
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.sinks.protocol import SinkState
from tictally_recorder.translations import phrase_record

router = APIRouter(tags=["sinks"])


_COLUMNS: Final = tuple(SinkItem.model_fields)


@router.get("/sinks", response_model=ListOf[SinkItem], responses=csv_responses(_COLUMNS))
async def sinks(
    request: Request,
    params: Annotated[FormatParams, Query()],  # noqa: ARG001 - read from the request
) -> Response:
    """Every configured sink."""

    def work(session: ReadSession) -> Listing:
        states = session.context.broadcast.sinks(session.reader.sinks())
        return Listing([_record(each, session.now_ms) for each in states])

    return await answer_list(request, None, work, _COLUMNS, Lane.QUICK)


def _record(sink: SinkState, now_ms: int) -> Record:
    return {
        "name": sink.name,
        "title": sink.title,
        "destination": sink.destination,
        "lag_s": sink.lag_s(now_ms),
        "frames": sink.counts.frames,
        "quarters": sink.counts.quarters,
        "cost_days": sink.counts.cost_days,
        "windows": sink.counts.windows,
        "rejected": sink.counts.rejected,
        "problem": sink.problem and phrase_record(sink.problem),
    }
