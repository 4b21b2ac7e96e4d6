"""Authorization of requests: reading, writing, and readings by HTTP."""

import hmac
from enum import StrEnum
from http import HTTPStatus

from starlette.requests import Request

from tictally_recorder.api.context import Context
from tictally_recorder.api.middleware.networks import is_in_networks
from tictally_recorder.api.middleware.reverse_proxy import is_from_ingress
from tictally_recorder.api.problem_details import Problem
from tictally_recorder.api.settings import COOKIE, MeteritSettings


class Writes(StrEnum):
    """Whether a client may write.

    Attributes:
        ALLOWED: it may.
        REFUSED: not without the recorder's token.
        OFF: nobody may, but through a proxy that authenticates: the recorder has no token.
    """

    ALLOWED = "allowed"
    REFUSED = "refused"
    OFF = "off"


def bearer(request: Request) -> str | None:
    """The bearer token of a request, or None."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def require_read_access(request: Request) -> None:
    """Check that a request may read.

    Raises:
        Problem: reading requires the token, and the request has none or a wrong one.
    """
    context: Context = request.app.state.context
    if context.http.reads == "token" and not _has_token(request, context, by_cookie=True):
        raise _unauthorized()


def require_meterit_access(request: Request) -> None:
    """Check that a request may use `/meterit`.

    Raises:
        Problem: the interface is off, or the request has neither the token nor an allowed address.
    """
    context: Context = request.app.state.context
    allowed = context.settings.section(MeteritSettings).access
    if allowed == "off":
        raise Problem(HTTPStatus.NOT_FOUND, "readings by HTTP are off; set TICTALLY_METERIT to enable them")
    by_address = not isinstance(allowed, str) and request.client and is_in_networks(request.client.host, allowed)
    if not by_address and not _has_token(request, context):
        raise _unauthorized()


def require_token(request: Request) -> None:
    """Check that a request may write.

    Raises:
        Problem: it has no token, or a wrong one.
    """
    if not _has_token(request, request.app.state.context):
        raise _unauthorized()


def writes_of(request: Request) -> Writes:
    """Whether the client of a request may write, if it sends the token that this request has, if only in a cookie."""
    context: Context = request.app.state.context
    if _has_token(request, context, by_cookie=True):
        return Writes.ALLOWED
    return Writes.OFF if context.http.token is None else Writes.REFUSED


def _has_token(request: Request, context: Context, *, by_cookie: bool = False) -> bool:
    """True if a request has the recorder's token, or comes from a proxy that has authenticated its user.

    Args:
        request: the request.
        context: with the settings.
        by_cookie: also in a cookie, and of any page. Never for writes: pages of other sites make browsers send cookies.
    """
    # The hub's cookie also goes with requests of other pages of its host.
    is_own_page = request.headers.get("sec-fetch-site", "none") in {"same-origin", "none"}
    if is_from_ingress(request.scope) and (by_cookie or is_own_page):
        return True
    expected = context.http.token
    token = bearer(request) or (request.cookies.get(COOKIE) if by_cookie else None)
    if expected is None or token is None:
        return False
    return hmac.compare_digest(token.encode(), expected.get_secret_value().encode())


def _unauthorized() -> Problem:
    """Does not reveal whether a token is missing or wrong."""
    headers = {"www-authenticate": 'Bearer realm="tictally"'}
    return Problem(HTTPStatus.UNAUTHORIZED, "the recorder's token is required (TICTALLY_HTTP_TOKEN)", headers=headers)
