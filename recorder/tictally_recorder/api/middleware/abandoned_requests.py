"""Ends the work for a request whose client has left before the response began."""

import asyncio
from contextlib import suppress
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_DISCONNECT: Final = "http.disconnect"


class AbandonedRequests:
    """Cancels the application's task once the client has left; what it waits for in a thread is given up then.

    A response that has begun ends by itself: writing fails, and a stream hears of it.

    Args:
        app: the application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or give it up."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        messages: asyncio.Queue[Message | Exception] = asyncio.Queue()
        is_responding = False

        async def forward() -> None:
            """Read what the client sends until it leaves: reading is the only way to hear of that."""
            message: Message = {"type": ""}
            while message["type"] != _DISCONNECT:
                try:
                    message = await receive()
                except Exception as error:
                    messages.put_nowait(error)
                    await asyncio.Event().wait()
                    raise
                messages.put_nowait(message)

        async def receive_forwarded() -> Message:
            message = await messages.get()
            if isinstance(message, Exception):
                raise message
            if message["type"] == _DISCONNECT:
                messages.put_nowait(message)  # as often as it is asked
            return message

        async def send_watched(message: Message) -> None:
            nonlocal is_responding
            is_responding = True
            await send(message)

        answering = asyncio.ensure_future(self._app(scope, receive_forwarded, send_watched))
        forwarding = asyncio.ensure_future(forward())
        try:
            await asyncio.wait({answering, forwarding}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done() and not is_responding:
                answering.cancel()
                with suppress(asyncio.CancelledError):
                    await answering
                return
            await answering
        finally:
            forwarding.cancel()
            answering.cancel()
