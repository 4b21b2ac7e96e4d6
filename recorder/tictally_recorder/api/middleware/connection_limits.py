"""Limits of connections: how many, how slow, how long idle. uvicorn limits none of these by itself."""

import asyncio
import logging
from typing import Any, Final

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

MAX_CONNECTIONS: Final = 256
MAX_HEADER_BYTES: Final = 16 * 1024
REQUEST_TIMEOUT_S: Final = 10.0
"""For a complete request including its body, from the connection or the previous response on."""
READ_TIMEOUT_S: Final = 30.0
"""For the client to read some part of a response."""
_CHECK_INTERVAL_S: Final = 2.0

logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # errors of clients do not belong in the recorder's log


class LimitedConnection(H11Protocol):
    """A connection that is closed when it is slow, and gives way to a new one when it is idle.

    At the maximum the connection that has been idle longest is closed: clients that only hold connections open cannot
    lock out one that sends a request.
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
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept the connection, in place of an idle one at the maximum."""
        if len(self.connections) >= MAX_CONNECTIONS and not self._make_room():
            transport.abort()
            # Not one of the connections; connection_lost needs the attribute.
            self.transport = transport
            return
        super().connection_made(transport)
        self._waits_since_s = self.loop.time()
        self._timer = self.loop.call_later(_CHECK_INTERVAL_S, self._check)

    def connection_lost(self, exc: Exception | None) -> None:
        """Release the connection."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Wait for the next request from now on."""
        self._waits_since_s = self.loop.time()
        super().on_response_complete()

    @property
    def is_idle(self) -> bool:
        """True while it has no request in progress."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def _make_room(self) -> bool:
        idle = [each for each in self.connections if isinstance(each, LimitedConnection) and each.is_idle]
        if not idle:
            return False
        oldest = min(idle, key=lambda each: each._waits_since_s)  # noqa: SLF001 - of this class
        oldest.transport.abort()
        self.connections.discard(oldest)
        return True

    def _check(self) -> None:
        now_s = self.loop.time()
        unsent = self.transport.get_write_buffer_size()
        if unsent < self._unsent or not unsent:
            self._sent_s = now_s
        self._unsent = unsent
        if unsent:  # to uvicorn a response is complete once it is buffered
            self._waits_since_s = now_s
        is_late = self.is_idle and now_s - self._waits_since_s > REQUEST_TIMEOUT_S
        if is_late or now_s - self._sent_s > READ_TIMEOUT_S:
            self.transport.abort()
            return
        self._timer = self.loop.call_later(_CHECK_INTERVAL_S, self._check)

    def send_400_response(self, msg: str) -> None:
        """Respond to invalid HTTP; during a response only close the connection."""
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            super().send_400_response(msg)
        else:
            self.transport.abort()
