"""The sinks that the ledger is replicated to: backlog, lag and problem of each."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import Context
from tictally_recorder.api.responses import Record, json_response
from tictally_recorder.api.schemas import ListOf, SinkItem
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.sinks.protocol import SinkState
from tictally_recorder.translations import phrase_record

router = APIRouter(tags=["sinks"])


@router.get("/sinks", response_model=ListOf[SinkItem])
async def sinks(request: Request) -> Response:
    """Every configured sink."""
    context: Context = request.app.state.context
    items = await context.pool.read(lambda reader: _items(context, reader))
    return json_response({"items": items, "next": None})


def _items(context: Context, reader: LedgerReader) -> list[Record]:
    now_ms = int(context.now().timestamp() * 1000)
    return [_record(each, now_ms) for each in context.broadcast.sinks(reader.sinks())]


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
