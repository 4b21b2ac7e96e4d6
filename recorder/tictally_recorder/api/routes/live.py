"""The current state of sites: once, or as a stream of Server-Sent Events."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from tictally_recorder.api.context import Context
from tictally_recorder.api.live.broadcaster import Broadcaster
from tictally_recorder.api.middleware.networks import client_of
from tictally_recorder.api.params import SiteListParams, SiteParams
from tictally_recorder.api.problem_details import unavailable
from tictally_recorder.api.responses import NO_STORE, Listing, as_json, respond
from tictally_recorder.api.schemas import ListOf, NowItem
from tictally_recorder.api.worker_pool import Lane

router = APIRouter(tags=["now"])

_MAX_STREAMS: Final = 64
_MAX_STREAMS_OF_CLIENT: Final = 16
_HEARTBEAT_S: Final = 15.0
_MIN_INTERVAL_S: Final = 1.0
_RETRY_MS: Final = 3000


@router.get("/now", response_model=ListOf[NowItem])
async def now(request: Request, params: Annotated[SiteListParams, Query()]) -> Response:
    """The current state of each site: power, tariff period, today's energy and cost."""
    context: Context = request.app.state.context
    broadcaster: Broadcaster = request.app.state.broadcaster
    wanted = await _site_id(context, params.site)
    current = await broadcaster.current()
    items = [each.record for site_id, each in current.items() if wanted in {None, site_id}]
    return respond(request, Listing(items), context.version)


@router.get(
    "/live",
    response_class=StreamingResponse,
    responses={200: {"description": "Events `now`, each an item of /now", "content": {"text/event-stream": {}}}},
)
async def live(request: Request, params: Annotated[SiteParams, Query()]) -> Response:
    """The same as Server-Sent Events: at once, then after each change."""
    broadcaster: Broadcaster = request.app.state.broadcaster
    wanted = await _site_id(request.app.state.context, params.site)
    client = client_of(request.scope)
    of_client = sum(each == client for each in broadcaster.streams.values())
    for number, most, whose in (
        (len(broadcaster.streams), _MAX_STREAMS, "streams"),
        (of_client, _MAX_STREAMS_OF_CLIENT, "streams of one address"),
    ):
        if number >= most:
            raise unavailable(f"the maximum of {most} {whose} is reached; request /now instead", retry_after_s=30)
    stream = object()
    broadcaster.streams[stream] = client
    try:
        await broadcaster.current()
    except BaseException:
        broadcaster.streams.pop(stream, None)
        raise
    return _EventStream(_events(broadcaster, wanted), lambda: _release(broadcaster, stream))


def _release(broadcaster: Broadcaster, stream: object) -> None:
    broadcaster.streams.pop(stream, None)


class _EventStream(StreamingResponse):
    """A stream that is released also where no client ever reads from it.

    Args:
        content: the events.
        release: called when it ends.
    """

    def __init__(self, content: AsyncIterator[str], release: Callable[[], None]) -> None:
        headers = {**NO_STORE, "x-accel-buffering": "no"}
        super().__init__(content, headers=headers, media_type="text/event-stream")
        self._release = release

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the client leaves or the recorder ends."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._release()


async def _events(broadcaster: Broadcaster, wanted: str | None) -> AsyncIterator[str]:
    sent: dict[str, Mapping[str, object]] = {}
    yield f"retry: {_RETRY_MS}\n\n"
    while not broadcaster.is_closing:
        seen = broadcaster.changes
        for site_id, snapshot in broadcaster.snapshots.items():
            if wanted in {None, site_id} and sent.get(site_id) != snapshot.content:
                sent[site_id] = snapshot.content
                yield f"id: {snapshot.at_ms}\nevent: now\ndata: {as_json(snapshot.record)}\n\n"
        await asyncio.sleep(_MIN_INTERVAL_S)
        if not await broadcaster.wait(seen, _HEARTBEAT_S):
            yield ": alive\n\n"


async def _site_id(context: Context, site: str | None) -> str | None:
    if site is None:
        return None
    return await context.pool.read(lambda reader: context.session(reader, site).sites[0].id, Lane.QUICK)
