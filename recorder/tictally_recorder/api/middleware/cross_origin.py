"""Lets pages of other origins read responses (CORS), where the settings name those origins."""

from collections.abc import Sequence
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

ANY: Final = "*"
_READABLE: Final = ("content-disposition", "etag", "link", "retry-after")
_PREFLIGHT_S: Final = 3600


def with_cross_origin(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """The application, with CORS for some origins; cookies of their pages are never accepted.

    Args:
        app: the application.
        origins: such as `https://home.example`, or `*`; none: the application itself.
    """
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=("GET", "HEAD", "POST", "PUT", "DELETE"),
        allow_headers=("authorization", "content-type", "if-none-match"),
        expose_headers=_READABLE,
        max_age=_PREFLIGHT_S,
    )


def is_allowed(origin: str, origins: Sequence[str]) -> bool:
    """True if an origin is one of them."""
    return ANY in origins or origin in origins
