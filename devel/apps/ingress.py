"""A stand-in of Home Assistant's ingress: shows a server below a path of its own, to who has its session's cookie.

The supervisor and its proxy need Home Assistant's operating system. This one does what theirs does: removes the path,
sends it in `X-Ingress-Path`, keeps the host name that the browser asked for, decodes compressed responses and passes
streams on.
"""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from typing import Final, Self

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

COOKIE: Final = "ingress_session"
SESSION: Final = "a-session"
_TOKEN: Final = "Wn3-kq_7"  # noqa: S105 - part of the path, as in Home Assistant
_OF_THE_CONNECTION: Final = {"content-length", "transfer-encoding", "connection", "content-encoding", "server", "date"}


class Ingress:
    """Serves from `__enter__` to `__exit__`.

    Args:
        target: address of the server, without a trailing slash.

    Attributes:
        origin: of the hub, such as `http://127.0.0.1:8123`.
        path: that the server is shown below.
        address: of the server's page, with a trailing slash.
    """

    path: Final = f"/api/hassio_ingress/{_TOKEN}"

    def __init__(self, target: str) -> None:
        self._target = target
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.address = f"{self.origin}{self.path}/"
        methods = ["GET", "POST", "DELETE", "HEAD"]
        app = Starlette(routes=[Route(f"{self.path}/{{path:path}}", self._handle, methods=methods)])
        self._server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve([self._socket])), daemon=True)

    def __enter__(self) -> Self:
        self._socket.listen()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()

    async def _handle(self, request: Request) -> Response:
        if request.cookies.get(COOKIE) != SESSION:
            return Response("401: Unauthorized", 401)
        headers = [(k, v) for k, v in request.headers.items() if k not in _OF_THE_CONNECTION]
        headers += [("x-ingress-path", self.path), ("x-remote-user-name", "zoe")]
        client = httpx.AsyncClient(timeout=None)  # noqa: S113 - a live stream has no end
        # The path as it was asked for: what is escaped stays escaped.
        path = request.scope["raw_path"].decode().removeprefix(self.path)
        query = f"?{request.url.query}" if request.url.query else ""
        asked = client.build_request(
            request.method, f"{self._target}{path}{query}", headers=headers, content=await request.body()
        )
        try:
            answer = await client.send(asked, stream=True)
        except httpx.HTTPError as error:
            await client.aclose()
            return Response(f"502: Bad Gateway: {error}", 502)

        async def body() -> AsyncIterator[bytes]:
            try:
                async for part in answer.aiter_bytes():
                    yield part
            finally:
                await answer.aclose()
                await client.aclose()

        kept = {k: v for k, v in answer.headers.items() if k not in _OF_THE_CONNECTION}
        return StreamingResponse(body(), answer.status_code, kept)
