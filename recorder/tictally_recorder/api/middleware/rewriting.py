"""Rewrites requests that an application answers as it answers others: HEAD, and paths below its own."""

from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class _HeadSent(BaseException):
    """The client has all that a HEAD returns; no error handler may catch this."""


class HeadMiddleware:
    """Lets the application answer HEAD as it answers GET; the server sends no body after such a head.

    Args:
        app: the application, which knows GET.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            await send({**message, "more_body": False} if message["type"] == "http.response.body" else message)
            if message.get("more_body"):  # a stream goes on until its client leaves
                raise _HeadSent

        with suppress(_HeadSent):
            await self._app({**scope, "method": "GET"}, receive, send_head)


class BelowPath:
    """Adds a path in front of that of each request: `/ping` becomes `/meterit/ping`.

    Args:
        app: the application.
        path: without a slash at its end.
    """

    def __init__(self, app: ASGIApp, path: str) -> None:
        self._app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http":
            path, raw = self._path + scope["path"], scope.get("raw_path") or scope["path"].encode()
            scope = {**scope, "path": path, "raw_path": self._path.encode() + raw}
        await self._app(scope, receive, send)
