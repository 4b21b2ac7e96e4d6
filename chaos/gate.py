"""A TCP relay that can be shut, or let nothing through while it stays open: a network that fails."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

_HOST: Final = "127.0.0.1"
_PIECE_BYTES: Final = 65536


class Gate:
    """Relays one port to another, in a thread of its own, until `close`.

    Attributes:
        port: to connect to.

    Args:
        to_port: of this machine.
    """

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._is_shut = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._flows: asyncio.Event | None = None
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self.port = 0
        self._thread = threading.Thread(target=self._loop.run_forever, name="gate", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()

    def cut(self) -> None:
        """Break all connections and let nobody in."""
        self._do(self._cut)

    def stall(self) -> None:
        """Keep all connections and move no byte."""
        self._do(self._stall)

    def restore(self) -> None:
        """Let everything through again."""
        self._do(self._restore)

    def close(self) -> None:
        """End it."""
        self._do(self._end)
        self._thread.join()
        self._loop.close()

    def _do(self, step: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(step)

    # Below here: the gate's thread.

    async def _open(self) -> None:
        self._flows = asyncio.Event()
        self._flows.set()
        self._server = await asyncio.start_server(self._connected, _HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def _cut(self) -> None:
        self._is_shut = True
        for writer in self._writers:
            writer.transport.abort()

    def _stall(self) -> None:
        if self._flows is not None:
            self._flows.clear()

    def _restore(self) -> None:
        self._is_shut = False
        if self._flows is not None:
            self._flows.set()

    def _end(self) -> None:
        self._cut()
        if self._server is not None:
            self._server.close()
        self._loop.call_later(0.05, self._loop.stop)  # the relays see their ends first

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_shut:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(_HOST, self._to_port)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, far_writer}
        self._writers |= both
        await asyncio.gather(self._relay(reader, far_writer), self._relay(far_reader, writer))
        self._writers -= both

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(_PIECE_BYTES):
                if self._flows is not None:
                    await self._flows.wait()
                writer.write(piece)
                await writer.drain()
        with suppress(OSError):
            writer.close()
