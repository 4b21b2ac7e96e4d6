"""The present: once, or as a stream that a page leaves open."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from tictally_recorder.api import params
from tictally_recorder.api.context import sites_of
from tictally_recorder.api.live.broadcaster import Broadcaster
from tictally_recorder.api.problem_details import unavailable
from tictally_recorder.api.responses import Rows, as_json, render
from tictally_recorder.api.routes.common import context_of
from tictally_recorder.api.schemas import ListOf, NowItem

router = APIRouter(tags=["now"])

_STREAMS_AT_MOST: Final = 64
_HEARTBEAT_S: Final = 15.0
_AT_MOST_EVERY_S: Final = 1.0
_RETRY_MS: Final = 3000


@router.get("/now", response_model=ListOf[NowItem])
async def now(request: Request, site: params.Site = None) -> Response:
    """What is the case at each site now: power, period, today's energy and cost."""
    context = context_of(request)
    wanted = await _wanted(request, site)
    found = await _broadcaster(request).now()
    items = [item.record for site_id, item in found.items() if wanted is None or site_id == wanted]
    return render(request, Rows(items), context.version)


@router.get(
    "/live",
    response_class=StreamingResponse,
    responses={200: {"description": "Events `now`, each an item of /now", "content": {"text/event-stream": {}}}},
)
async def live(request: Request, site: params.Site = None) -> Response:
    """The same as Server-Sent Events: at once, then whenever something has changed."""
    wanted = await _wanted(request, site)
    broadcaster = _broadcaster(request)
    if len(broadcaster.streams) >= _STREAMS_AT_MOST:
        raise unavailable(f"there are {_STREAMS_AT_MOST} streams already; ask /now instead", seconds=30)
    place = object()
    broadcaster.streams.add(place)
    try:
        await broadcaster.now()
    except BaseException:
        broadcaster.streams.discard(place)
        raise
    return _Stream(_events(broadcaster, wanted), lambda: broadcaster.streams.discard(place))


class _Stream(StreamingResponse):
    """One that gives its place back also where nobody ever reads from it.

    Args:
        content: what is sent.
        leave: gives the place back.
    """

    def __init__(self, content: AsyncIterator[str], leave: Callable[[], None]) -> None:
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        super().__init__(content, headers=headers, media_type="text/event-stream")
        self._leave = leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it until the client leaves or the recorder ends."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()


async def _events(broadcaster: Broadcaster, wanted: str | None) -> AsyncIterator[str]:
    told: dict[str, object] = {}
    yield f"retry: {_RETRY_MS}\n\n"
    while not broadcaster.is_closing:
        seen = broadcaster.changes
        for site_id, item in broadcaster.items.items():
            if (wanted is None or site_id == wanted) and told.get(site_id) != item.told:
                told[site_id] = item.told
                yield f"id: {item.at_ms}\nevent: now\ndata: {as_json(item.record)}\n\n"
        await asyncio.sleep(_AT_MOST_EVERY_S)
        if not await broadcaster.wait(seen, _HEARTBEAT_S):
            yield ": alive\n\n"


def _broadcaster(request: Request) -> Broadcaster:
    found: Broadcaster = request.app.state.broadcaster
    return found


async def _wanted(request: Request, site: str | None) -> str | None:
    if site is None:
        return None
    found = await context_of(request).pool.read(lambda reader: sites_of(reader, site))
    return found[0].id
