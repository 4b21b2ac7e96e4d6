"""Serves at the root what an application has below a path."""

from starlette.types import ASGIApp, Receive, Scope, Send


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
