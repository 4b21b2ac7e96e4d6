"""The HTTP server: a thread beside the recorder's loop. While its port is taken, recording continues without it."""

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Final, Self

import uvicorn
from starlette.types import ASGIApp

from tictally_recorder.api.app import make_app, make_meterit_app
from tictally_recorder.api.context import Context
from tictally_recorder.api.middleware.connection_limits import MAX_HEADER_BYTES, LimitedConnection
from tictally_recorder.api.settings import HttpSettings, MeteritSettings
from tictally_recorder.ingest.broadcast import Broadcast
from tictally_recorder.ingest.events import Inbox
from tictally_recorder.jobs import JobScheduler
from tictally_recorder.settings import Settings
from tictally_shared.runtime.log import RateLimitedLogger

_RETRY_S: Final = 10.0
_STOP_TIMEOUT_S: Final = 3.0
_KEEP_ALIVE_S: Final = 15
_BACKLOG: Final = 256
_log = logging.getLogger(__name__)


@contextlib.contextmanager
def http_servers(settings: Settings, broadcast: Broadcast, inbox: Inbox, jobs: JobScheduler) -> Iterator[None]:
    """Serves inside of the block: page and API, and meterit's interface at a port of its own if there is one.

    Args:
        settings: of the recorder.
        broadcast: what the recorder's loop publishes.
        inbox: of the recorder's loop.
        jobs: of the recorder.
    """
    context = Context(settings, broadcast, inbox, jobs=jobs)
    http, meterit = settings.section(HttpSettings), settings.section(MeteritSettings)
    with contextlib.ExitStack() as stack:
        stack.enter_context(HttpServer(context, http.host, http.port))
        if meterit.port is not None:
            stack.enter_context(HttpServer(context, http.host, meterit.port, make_meterit_app))
        yield


class HttpServer:
    """Serves from `start` to `stop`.

    Args:
        context: shared by all requests.
        host: address to listen on.
        port: to listen on; 0: any free port.
        app: makes the application.

    Attributes:
        port: that it listens on.
    """

    def __init__(self, context: Context, host: str, port: int, app: Callable[[Context], ASGIApp] = make_app) -> None:
        self._context = context
        self._app = app
        self._host = host
        self.port = port
        self._stopping = threading.Event()
        self._listening = threading.Event()
        self._server: _Server | None = None
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    def start(self) -> None:
        """Listen, in the background; retried until it succeeds."""
        self._thread.start()

    def wait(self, timeout_s: float) -> bool:
        """Wait until it listens; False if it does not in time."""
        return self._listening.wait(timeout_s)

    def stop(self) -> None:
        """Stop it: streams end at once, requests in progress have a second."""
        self._stopping.set()
        self._context.close()
        server = self._server
        if server is not None:
            server.should_exit = True
        self._thread.join(_STOP_TIMEOUT_S)

    def _run(self) -> None:
        limited_log, tries = RateLimitedLogger(_log), 0
        while not self._stopping.is_set():
            try:
                listener = _listen(self._host, self.port)
            except OSError as error:
                problem = f"HTTP cannot listen on {self._host}:{self.port}: {error.strerror or error}"
                remedy = "TICTALLY_HTTP_HOST and TICTALLY_HTTP_PORT name another place"
                again = f"recording continues, next attempt in {_RETRY_S:.0f} s"
                limited_log.log(f"{problem}; {remedy}; {again}", tries * _RETRY_S)
                tries += 1
                self._stopping.wait(_RETRY_S)
                continue
            self.port = listener.getsockname()[1]
            _log.info("HTTP server listens on http://%s:%d", self._host, self.port)
            self._serve(listener)

    def _serve(self, listener: socket.socket) -> None:
        config = uvicorn.Config(
            self._app(self._context),
            http=LimitedConnection,
            ws="none",
            lifespan="on",
            loop="asyncio",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=_BACKLOG,
            h11_max_incomplete_event_size=MAX_HEADER_BYTES,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config, self._listening.set)
        if self._stopping.is_set():
            self._server.should_exit = True
        try:
            asyncio.run(self._server.serve([listener]))
        except Exception:  # noqa: BLE001 - recording continues whatever happens to HTTP; it is logged and restarted
            _log.exception("the HTTP server failed; recording continues, and the server is restarted")
            self._stopping.wait(_RETRY_S)
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
    """A server that leaves signals to the recorder."""

    def __init__(self, config: uvicorn.Config, on_listening: Callable[[], object]) -> None:
        super().__init__(config)
        self._on_listening = on_listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_listening()

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
