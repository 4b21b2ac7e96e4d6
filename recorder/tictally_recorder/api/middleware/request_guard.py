"""What every request passes before anything looks at it: whose name it calls, how large it is, how many come."""

import ipaddress
import time
from collections.abc import Collection, Iterable, Mapping
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tictally_recorder.api.problem_details import Problem, unavailable

MOST_BODY_BYTES: Final = 16 * 1024
_PER_S: Final = 50.0
_AT_ONCE: Final = 200.0
_ADDRESSES: Final = 4096
# Names that nobody outside can have answered with an address of ours. RFC 6761, 6762, 8375.
_PRIVATE_ENDS: Final = (".local", ".localhost", ".lan", ".home", ".home.arpa", ".internal", ".test")
# A page may show nothing and ask nobody but this recorder, and stand in no other's frame.
_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"content-security-policy",
        b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'",
    ),
)


class RequestGuard:
    """Lets through what is worth looking at.

    Args:
        app: what comes next.
        names: by which the recorder may be called, beside addresses and names of a local network.
    """

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app = app
        self._names = frozenset(names)
        self._buckets: dict[str, tuple[float, float]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(reversed(scope["headers"]))

        has_begun = False

        async def send_guarded(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            if message["type"] == "http.response.start":
                there = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(each for each in _HEADERS if each[0] not in there)]
            await send(message)

        try:
            self._check_name(headers.get(b"host", b"").decode("latin-1"))
            _check_origin(headers)
            self._check_rate(scope)
            _check_length(headers.get(b"content-length", b"0"))
        except Problem as problem:
            await problem.response(scope["path"])(scope, receive, send_guarded)
            return
        taken = 0

        async def receive_bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MOST_BODY_BYTES:
                if has_begun:  # it is too late for another answer: this one is over
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                    return {"type": "http.disconnect"}
                raise _too_large()
            return message

        await self._app(scope, receive_bounded, send_guarded)

    def _check_name(self, host: str) -> None:
        """A page of somebody else's can have its own name answered with our address, and read what we answer."""
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        name = name.strip("[]").rstrip(".").lower()
        if name in self._names or "." not in name or name.endswith(_PRIVATE_ENDS) or _is_address(name):
            return
        sentence = f"{name[:80]!r} is no name of this recorder; TICTALLY_HTTP_NAMES names those that are"
        raise Problem(HTTPStatus.MISDIRECTED_REQUEST, sentence)

    def _check_rate(self, scope: Scope) -> None:
        client = scope.get("client")
        address = client[0] if client else ""
        now_s = time.monotonic()
        left, since_s = self._buckets.pop(address, (_AT_ONCE, now_s))
        left = min(left + (now_s - since_s) * _PER_S, _AT_ONCE)
        self._buckets[address] = max(left - 1, 0.0), now_s
        if len(self._buckets) > _ADDRESSES:
            del self._buckets[next(iter(self._buckets))]
        if left < 1:
            raise unavailable(
                "too many requests; at most 50 a second are answered", status=HTTPStatus.TOO_MANY_REQUESTS
            )


def is_in_networks(address: str, networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    """True where an address is in one of some ranges, also one of IPv4 that is written as IPv6."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in network for network in networks)


def _check_origin(headers: Mapping[bytes, bytes]) -> None:
    """A page from elsewhere cannot read what we answer, and shall not make us work either; a link may be followed."""
    if headers.get(b"sec-fetch-site") == b"cross-site" and headers.get(b"sec-fetch-dest") != b"document":
        raise Problem(HTTPStatus.FORBIDDEN, "a page from elsewhere asks, which could not read the answer")


def _check_length(told: bytes) -> None:
    # h11 has seen that it is digits.
    if int(told) > MOST_BODY_BYTES:
        raise _too_large()


def _too_large() -> Problem:
    sentence = f"a body is at most {MOST_BODY_BYTES} bytes"
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence, headers={"connection": "close"})


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
