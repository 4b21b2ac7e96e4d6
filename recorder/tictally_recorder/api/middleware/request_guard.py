"""Checks of every request before it is routed: its host name, its origin, its rate and its size."""

import time
from collections.abc import Collection, Mapping, Sequence
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tictally_recorder.api.middleware.cross_origin import is_allowed
from tictally_recorder.api.middleware.networks import client_of, is_address
from tictally_recorder.api.middleware.reverse_proxy import is_from_ingress
from tictally_recorder.api.problem_details import Problem, unavailable
from tictally_recorder.api.uploads import PIECE_BYTES
from tictally_recorder.api.worker_pool import CLIENT

MAX_BODY_BYTES: Final = 16 * 1024
# Of pieces of files to import.
_UPLOADS: Final = "/api/v1/imports/uploads/"
_REQUESTS_PER_S: Final = 50.0
_BURST: Final = 200.0
_MAX_CLIENTS: Final = 4096
# Public DNS cannot resolve these to an address of this network. RFC 6761, 6762, 8375.
_PRIVATE_SUFFIXES: Final = (".local", ".localhost", ".lan", ".home", ".home.arpa", ".internal", ".test")
_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_SAME_ORIGIN_FRAMES: Final = (b"x-frame-options", b"SAMEORIGIN")
# A page loads from and connects to this recorder only.
_POLICY: Final = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"


class RequestGuard:
    """Rejects requests that must not reach the application.

    Args:
        app: the application.
        host_names: allowed in addition to IP addresses and names of a local network.
        origins: whose pages may send requests from another site.
        frame_ancestors: origins whose pages may show this one in a frame.
    """

    def __init__(
        self,
        app: ASGIApp,
        host_names: Collection[str],
        origins: Sequence[str] = (),
        frame_ancestors: Sequence[str] = (),
    ) -> None:
        self._app = app
        self._host_names = frozenset(host_names)
        self._origins = origins
        self._is_framed = bool(frame_ancestors)
        policy = (b"content-security-policy", f"{_POLICY}; {frames_policy(frame_ancestors)}".encode())
        # The older header knows no list of origins.
        self._headers = (*_HEADERS, policy, *(() if frame_ancestors else (_SAME_ORIGIN_FRAMES,)))
        self._buckets: dict[str, tuple[float, float]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or reject it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(reversed(scope["headers"]))
        is_responding = False

        async def send_guarded(message: Message) -> None:
            nonlocal is_responding
            is_responding = True
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(each for each in self._headers if each[0] not in present)]
            await send(message)

        try:
            if not is_from_ingress(scope):  # which is reached by names that its own server knows
                self._check_host(headers.get(b"host", b"").decode("latin-1"))
            if not is_allowed(headers.get(b"origin", b"").decode("latin-1"), self._origins):
                _check_origin(headers, is_framed=self._is_framed)
            self._check_rate(scope)
            most_bytes = _most_bytes(scope)
            _check_length(headers, most_bytes)
        except Problem as problem:
            await problem.response(scope["path"])(scope, receive, send_guarded)
            return
        CLIENT.set(client_of(scope))
        received = 0

        async def receive_bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most_bytes:
                if is_responding:  # too late for another response: end this one
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                    return {"type": "http.disconnect"}
                raise _too_large(most_bytes)
            return message

        await self._app(scope, receive_bounded, send_guarded)

    def _check_host(self, host: str) -> None:
        """Against DNS rebinding: a foreign page may have its own name resolved to our address, and read responses."""
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        name = name.strip("[]").rstrip(".").lower()
        if name in self._host_names or "." not in name or name.endswith(_PRIVATE_SUFFIXES) or is_address(name):
            return
        detail = f"{name[:80]!r} is not a host name of this recorder; add it to TICTALLY_HTTP_NAMES"
        raise Problem(HTTPStatus.MISDIRECTED_REQUEST, detail)

    def _check_rate(self, scope: Scope) -> None:
        address = client_of(scope)
        now_s = time.monotonic()
        left, since_s = self._buckets.pop(address, (_BURST, now_s))
        left = min(left + (now_s - since_s) * _REQUESTS_PER_S, _BURST)
        self._buckets[address] = max(left - 1, 0.0), now_s
        if len(self._buckets) > _MAX_CLIENTS:
            del self._buckets[next(iter(self._buckets))]
        if left < 1:
            raise unavailable("too many requests; the limit is 50 per second", status=HTTPStatus.TOO_MANY_REQUESTS)


def frames_policy(frame_ancestors: Sequence[str]) -> str:
    """The directive of a content security policy with the origins whose pages may show this one in a frame."""
    return " ".join(("frame-ancestors 'self'", *frame_ancestors))


def _check_origin(headers: Mapping[bytes, bytes], *, is_framed: bool) -> None:
    """Foreign pages cannot read responses and must not cause work either; following a link is allowed.

    Whose pages may show a frame is the content security policy's affair, which browsers enforce.
    """
    allowed = {b"document", b"iframe"} if is_framed else {b"document"}
    if headers.get(b"sec-fetch-site") == b"cross-site" and headers.get(b"sec-fetch-dest") not in allowed:
        raise Problem(HTTPStatus.FORBIDDEN, "cross-site requests are not allowed")


def _most_bytes(scope: Scope) -> int:
    """How large a request's body may be."""
    return PIECE_BYTES if scope["method"] == "POST" and scope["path"].startswith(_UPLOADS) else MAX_BODY_BYTES


def _check_length(headers: Mapping[bytes, bytes], most_bytes: int) -> None:
    if b"content-length" in headers and b"transfer-encoding" in headers:
        # A proxy may go by the other of the two, and take the rest of the body for a request of another client's.
        # RFC 9112 §6.1: such a connection must be closed.
        detail = "content-length and transfer-encoding exclude each other"
        raise Problem(HTTPStatus.BAD_REQUEST, detail, headers={"connection": "close"})
    # h11 has checked that it consists of digits.
    if int(headers.get(b"content-length", b"0")) > most_bytes:
        raise _too_large(most_bytes)


def _too_large(most_bytes: int) -> Problem:
    detail = f"the body exceeds {most_bytes} bytes"
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail, headers={"connection": "close"})
