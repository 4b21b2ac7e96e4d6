"""Who may read, and who may write."""

import hmac
from http import HTTPStatus

from starlette.requests import Request

from tictally_recorder.api.context import Context
from tictally_recorder.api.middleware.request_guard import is_in_networks
from tictally_recorder.api.problem_details import Problem
from tictally_recorder.api.settings import HttpSettings, MeteritSettings

_COOKIE = "tictally_token"


def bearer(request: Request) -> str | None:
    """The token that a request bears, or None."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def has_token(request: Request, context: Context, *, by_cookie: bool = False) -> bool:
    """True where a request bears the recorder's token.

    Args:
        request: what came.
        context: with the settings.
        by_cookie: also where it is in a cookie: never for what writes, as others' pages make browsers send cookies.
    """
    wanted = context.settings.section(HttpSettings).token
    told = bearer(request) or (request.cookies.get(_COOKIE) if by_cookie else None)
    if wanted is None or told is None:
        return False
    return hmac.compare_digest(told.encode(), wanted.get_secret_value().encode())


def require_read_access(request: Request) -> None:
    """Let a reading request pass.

    Raises:
        Problem: it needs a token and has none, or a wrong one.
    """
    context: Context = request.app.state.context
    if context.settings.section(HttpSettings).reads == "token" and not has_token(request, context, by_cookie=True):
        raise unauthorized()


def require_meterit_access(request: Request) -> None:
    """Let a request to `/meterit` pass.

    Raises:
        Problem: it is off, or the request has neither token nor an allowed address.
    """
    context: Context = request.app.state.context
    allowed = context.settings.section(MeteritSettings).access
    if allowed == "off":
        raise Problem(HTTPStatus.NOT_FOUND, "readings by HTTP are off; TICTALLY_METERIT switches them on")
    by_address = not isinstance(allowed, str) and request.client and is_in_networks(request.client.host, allowed)
    if not by_address and not has_token(request, context):
        raise unauthorized()


def require_token(request: Request) -> None:
    """Let a request pass that does something.

    Raises:
        Problem: it has no token.
    """
    if not has_token(request, request.app.state.context):
        raise unauthorized()


def unauthorized() -> Problem:
    """No token, or a wrong one: which of the two is nobody's business."""
    headers = {"www-authenticate": 'Bearer realm="tictally"'}
    return Problem(
        HTTPStatus.UNAUTHORIZED, "this needs the token of the recorder (TICTALLY_HTTP_TOKEN)", headers=headers
    )
