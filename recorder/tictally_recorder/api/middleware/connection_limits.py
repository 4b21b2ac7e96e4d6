"""Connections that are bounded: how many, how slow, how long silent. uvicorn bounds none of these by itself."""

import asyncio
import logging
from typing import Any, Final

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

MOST_CONNECTIONS: Final = 256
MOST_HEAD_BYTES: Final = 16 * 1024
REQUEST_WITHIN_S: Final = 10.0
"""For a whole request, its body included, from the connection or the answer before."""
READ_WITHIN_S: Final = 30.0
"""For some part of an answer that waits to be sent."""
_LOOK_S: Final = 2.0

logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # what clients do wrong is not the recorder's trouble


class LimitedConnection(H11Protocol):
    """A connection that is closed when it is slow, and gives its place to another when it is silent.

    Where all places are taken, who has been silent longest goes: so clients that only hold connections open never keep
    out one that asks something.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._waits_since_s = self._sent_s = self.loop.time()
        self._unsent = 0
        self._look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a place, or another's."""
        if len(self.connections) >= MOST_CONNECTIONS and not self._make_room():
            transport.abort()
            # Never among the connections; connection_lost finds what it looks at.
            self.transport = transport
            return
        super().connection_made(transport)
        self._waits_since_s = self.loop.time()
        self._look = self.loop.call_later(_LOOK_S, self._look_after)

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave the place."""
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """From now on the next request is waited for."""
        self._waits_since_s = self.loop.time()
        super().on_response_complete()

    @property
    def is_silent(self) -> bool:
        """True while no request of it is being answered."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def _make_room(self) -> bool:
        silent = [each for each in self.connections if isinstance(each, LimitedConnection) and each.is_silent]
        if not silent:
            return False
        oldest = min(silent, key=lambda each: each._waits_since_s)  # noqa: SLF001 - of this class
        oldest.transport.abort()
        self.connections.discard(oldest)
        return True

    def _look_after(self) -> None:
        now_s = self.loop.time()
        unsent = self.transport.get_write_buffer_size()
        if unsent < self._unsent or not unsent:
            self._sent_s = now_s
        self._unsent = unsent
        if unsent:  # to uvicorn an answer is complete once it waits to be sent
            self._waits_since_s = now_s
        is_late = self.is_silent and now_s - self._waits_since_s > REQUEST_WITHIN_S
        if is_late or now_s - self._sent_s > READ_WITHIN_S:
            self.transport.abort()
            return
        self._look = self.loop.call_later(_LOOK_S, self._look_after)

    def send_400_response(self, msg: str) -> None:
        """Tell a client that what it sends is no HTTP; where an answer is under way already, only end it."""
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            super().send_400_response(msg)
        else:
            self.transport.abort()
