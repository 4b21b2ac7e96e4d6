"""HTTP in a thread of its own beside the recorder's loop; where its port is taken, recording goes on without it."""

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Final, Self

import uvicorn

from tictally_recorder.api.app import make_app
from tictally_recorder.api.context import Context
from tictally_recorder.api.middleware.connection_limits import MOST_HEAD_BYTES, LimitedConnection
from tictally_shared.runtime.log import RateLimitedLogger

_TRY_AGAIN_S: Final = 10.0
_LEAVE_WITHIN_S: Final = 3.0
_KEEP_ALIVE_S: Final = 15
_BACKLOG: Final = 256
_log = logging.getLogger(__name__)


class HttpServer:
    """Answers from `start` to `stop`.

    Args:
        context: what answers are made from.
        host: the address that it listens at.
        port: that it listens at; 0: any that is free.

    Attributes:
        port: that it listens at.
    """

    def __init__(self, context: Context, host: str, port: int) -> None:
        self._context = context
        self._host = host
        self.port = port
        self._stopping = threading.Event()
        self._listening = threading.Event()
        self._server: _Server | None = None
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    def start(self) -> None:
        """Begin to listen, in the background, until it succeeds."""
        self._thread.start()

    def wait(self, timeout_s: float) -> bool:
        """Wait until it listens; False where it does not by then."""
        return self._listening.wait(timeout_s)

    def stop(self) -> None:
        """End it: streams end at once, answers that are under way have a moment."""
        self._stopping.set()
        self._context.close()
        server = self._server
        if server is not None:
            server.should_exit = True
        self._thread.join(_LEAVE_WITHIN_S)

    def _run(self) -> None:
        limited_log, tries = RateLimitedLogger(_log), 0
        while not self._stopping.is_set():
            try:
                listener = _listen(self._host, self.port)
            except OSError as error:
                sentence = f"HTTP cannot listen at {self._host}:{self.port}: {error.strerror or error}"
                limited_log.log(f"{sentence}; recording goes on, and it is tried again", tries * _TRY_AGAIN_S)
                tries += 1
                self._stopping.wait(_TRY_AGAIN_S)
                continue
            self.port = listener.getsockname()[1]
            _log.info("HTTP answers at http://%s:%d", self._host, self.port)
            self._serve(listener)

    def _serve(self, listener: socket.socket) -> None:
        config = uvicorn.Config(
            make_app(self._context),
            http=LimitedConnection,
            ws="none",
            lifespan="off",
            loop="asyncio",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=_BACKLOG,
            h11_max_incomplete_event_size=MOST_HEAD_BYTES,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config, self._listening.set)
        if self._stopping.is_set():
            self._server.should_exit = True
        try:
            asyncio.run(self._server.serve([listener]))
        except Exception:  # noqa: BLE001 - recording goes on whatever becomes of HTTP; it is said, and tried again
            _log.exception("HTTP has ended by an error of ours; recording goes on, and it begins again")
            self._stopping.wait(_TRY_AGAIN_S)
        finally:
            listener.close()
            self._listening.clear()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Server(uvicorn.Server):
    """One that leaves signals to the recorder."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], object]) -> None:
        super().__init__(config)
        self._tell_listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._tell_listening()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
        listener.setblocking(False)  # noqa: FBT003 - its only parameter
    except OSError:
        listener.close()
        raise
    return listener
