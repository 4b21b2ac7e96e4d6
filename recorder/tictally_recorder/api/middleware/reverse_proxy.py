"""Requests through a reverse proxy: the path below which it shows us, and whether it has authenticated its user.

Home Assistant's ingress removes its path and sends it in `X-Ingress-Path`; Traefik does the same with
`X-Forwarded-Prefix`. A proxy that leaves the path is configured with `TICTALLY_HTTP_PATH`.
"""

from collections.abc import Collection
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tictally_recorder.api.middleware.networks import PREFIX_PATH, Network, is_in_networks

_INGRESS_PATH: Final = "x-ingress-path"
_PREFIX_HEADERS: Final = (_INGRESS_PATH, "x-forwarded-prefix")
_PREFIX_KEY, _INGRESS_KEY = "prefix", "is_from_ingress"


class ReverseProxy:
    """Serves an application below a path as well as at the root, and notes what a proxy reports of a request.

    Args:
        app: the application.
        path: that a proxy shows the application below and does not remove, such as `/tictally`; or empty.
        ingress: addresses of a proxy that has authenticated its users.
    """

    def __init__(self, app: ASGIApp, path: str, ingress: Collection[Network]) -> None:
        self._app = app
        self._path = path
        self._ingress = ingress

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; the path itself, without a slash, is redirected: the page's addresses are relative."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        prefix = next(
            filter(PREFIX_PATH.fullmatch, (headers.get(name, "").rstrip("/") for name in _PREFIX_HEADERS)), ""
        )
        if self._path and scope["path"] == self._path:
            query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
            redirect = RedirectResponse(f"{self._path}/{query}", HTTPStatus.PERMANENT_REDIRECT)
            await redirect(scope, receive, send)
            return
        if self._path and scope["path"].startswith(f"{self._path}/"):
            prefix = self._path
            path = scope["path"][len(prefix) :]
            raw = scope.get("raw_path")
            scope = {**scope, "path": path, "raw_path": raw[len(prefix) :] if raw else path.encode()}
        address = (scope.get("client") or ("",))[0]
        is_ingress = _INGRESS_PATH in headers and is_in_networks(address, self._ingress)
        state = {**scope.get("state", {}), _PREFIX_KEY: prefix, _INGRESS_KEY: is_ingress}
        await self._app({**scope, "state": state}, receive, send)


def prefix_of(scope: Scope) -> str:
    """The path that a client sees in front of ours, without a slash at its end; empty: none."""
    return str(scope.get("state", {}).get(_PREFIX_KEY, ""))


def is_from_ingress(scope: Scope) -> bool:
    """True if a request comes from a proxy that has authenticated its user."""
    return bool(scope.get("state", {}).get(_INGRESS_KEY, False))
