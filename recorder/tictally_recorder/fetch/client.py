"""One client for all requests to services on the internet.

Certificates are verified, proxies come from the environment (`HTTPS_PROXY`, `NO_PROXY`), an answer is at most 8 MiB and
takes at most a minute. A redirection never leads from https to http, another host never gets the headers that the first
one was sent, and a compressed answer must be whole. An answer whose ETag is unchanged is not transferred again. Where
the service's date is days off this machine's clock, one of both is wrong, and so is any day that was asked for: the
answer is refused.
"""

import base64
import email.utils
import hashlib
import logging
import ssl
import time
import zlib
from collections.abc import Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from importlib.metadata import version
from types import TracebackType
from typing import Any, Final, Self

import httpx

from tictally_recorder.fetch.answer import Answer, FetchError
from tictally_recorder.problem import ProblemCode
from tictally_shared.phrase import Phrase, Value

USER_AGENT: Final = f"tictally-recorder/{version('tictally-recorder')}"
_TIMEOUT_S: Final = 20.0
_TOTAL_S: Final = 60.0
_MAX_BYTES: Final = 8 * 1024 * 1024
_MAX_REDIRECTS: Final = 3
_DAY_S: Final = 86_400.0
_CLOCK_TOLERANCE_S: Final = 2 * _DAY_S
_NOT_MODIFIED: Final = 304
_GZIP: Final = "gzip"
_WITH_GZIP_HEADER: Final = 31  # of zlib
# What another host may be sent as well.
_FOR_ANY_HOST: Final = frozenset({"accept", "accept-encoding", "connection", "host", "user-agent"})
# Services that ban a client answer so; asking again at once prolongs the ban.
_BANS: Final = frozenset({403, 429})
_DENIALS: Final = frozenset({401})
_ETAGS: Final = "etags"
_MAX_ETAGS: Final = 50
_KEY_DIGITS: Final = 16
# It logs every address at INFO, and some services take their token in it.
logging.getLogger("httpx").setLevel(logging.WARNING)


class FetchClient:
    """Sends requests; close it after use.

    Args:
        memory: where ETags are kept between runs, such as a job's memory; None: nowhere.
        clock: seconds since 1970, with which the dates of answers are compared.
    """

    def __init__(self, memory: MutableMapping[str, Any] | None = None, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._memory: MutableMapping[str, Any] = {} if memory is None else memory
        self._client = httpx.Client(
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": _GZIP},
            timeout=_TIMEOUT_S,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(
        self,
        url: str,
        *,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a GET request.

        Args:
            url: http or https.
            parameters: of the query.
            headers: beside the User-Agent; secrets are never logged.

        Raises:
            FetchError: no connection, no answer in time, one that is too large, or an HTTP status of an error.
        """
        return self._send(self._request("GET", url, params=parameters, headers=headers))

    def get_changed(
        self,
        url: str,
        *,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer | None:
        """As `get`, or None where the answer is the one that was accepted last."""
        request = self._request("GET", url, params=parameters, headers=headers)
        etag = self._memory.get(_ETAGS, {}).get(_key(str(request.url)))
        if etag is not None:
            request.headers["If-None-Match"] = etag
        try:
            return self._send(request)
        except _NotModified:
            return None

    def oauth_token(self, url: str, client_id: str, secret: str) -> str:
        """An access token by client credentials (RFC 6749 §4.4).

        Args:
            url: of the token endpoint.
            client_id: of the application.
            secret: of the application.

        Raises:
            FetchError: as `get`, or the answer has no token.
        """
        credentials = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        form = {"grant_type": "client_credentials"}
        request = self._request("POST", url, data=form, headers={"Authorization": f"Basic {credentials}"})
        body = self._send(request).json()
        token = body.get("access_token") if isinstance(body, dict) else None
        if not isinstance(token, str):
            about: dict[str, Value] = {"service": httpx.URL(url).host, "detail": "it has no access_token"}
            raise FetchError(Phrase(ProblemCode.FETCH_UNEXPECTED, about))
        return token

    def _request(self, method: str, url: str, **parts: Any) -> httpx.Request:  # noqa: ANN401 - of the library
        try:
            return self._client.build_request(method, url, **parts)
        except (httpx.InvalidURL, ValueError) as error:
            raise FetchError(Phrase(ProblemCode.FETCH_FAILED, {"service": url, "detail": str(error)})) from None

    def _send(self, request: httpx.Request) -> Answer:
        service = request.url.host
        try:
            response = self._follow(request)
            try:
                if response.status_code == _NOT_MODIFIED and "If-None-Match" in request.headers:
                    raise _NotModified
                _check_clock(response, service, self._clock())
                _check_status(response, service)
                body = _read(response, service)
            finally:
                response.close()
        except httpx.HTTPError as error:
            raise _failure(error, service) from None
        return Answer(service, body, str(request.url), response.headers.get("ETag", ""))

    def _follow(self, request: httpx.Request) -> httpx.Response:
        """The answer after redirections."""
        service = request.url.host
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._client.send(request, stream=True)
            following = response.next_request
            if following is None:
                return response
            response.close()
            if request.url.scheme == "https" and following.url.scheme != "https":
                about: dict[str, Value] = {"service": service, "address": str(following.url.copy_with(query=None))}
                raise FetchError(Phrase(ProblemCode.FETCH_UNENCRYPTED, about))
            if following.url.netloc != request.url.netloc:
                for name in following.headers.keys() - _FOR_ANY_HOST:
                    del following.headers[name]
            request = following
        detail = f"it redirects more than {_MAX_REDIRECTS} times"
        raise FetchError(Phrase(ProblemCode.FETCH_FAILED, {"service": service, "detail": detail}))

    def accept(self, answer: Answer) -> None:
        """Remember that an answer was used: `get_changed` then skips it while it is unchanged."""
        if answer.etag:
            etags = self._memory.get(_ETAGS, {})
            key = _key(answer.url)
            others = [(each, etag) for each, etag in etags.items() if each != key]
            self._memory[_ETAGS] = dict([*others, (key, answer.etag)][-_MAX_ETAGS:])


class _NotModified(Exception):  # noqa: N818 - an answer, not a fault
    """The answer has the ETag that was sent."""


def _key(url: str) -> str:
    """Of an address in the memory, which must not hold a token that stands in it."""
    return hashlib.sha256(url.encode()).hexdigest()[:_KEY_DIGITS]


def _read(response: httpx.Response, service: str) -> bytes:
    body, end = bytearray(), time.monotonic() + _TOTAL_S
    decoder = _decoder(response, service)
    try:
        for chunk in response.iter_raw():
            # At most one byte more than is allowed: a small answer may be compressed from a huge one.
            body += decoder.decompress(chunk, _MAX_BYTES + 1 - len(body)) if decoder else chunk
            if len(body) > _MAX_BYTES:
                about: dict[str, Value] = {"service": service, "limit": _MAX_BYTES}
                raise FetchError(Phrase(ProblemCode.FETCH_TOO_LARGE, about))
            if time.monotonic() > end:
                raise FetchError(Phrase(ProblemCode.FETCH_TIMEOUT, {"service": service}))
    except zlib.error:
        raise _cut_off(service) from None
    if decoder and not decoder.eof:
        raise _cut_off(service)
    return bytes(body)


def _decoder(response: httpx.Response, service: str) -> "zlib._Decompress | None":
    """What decompresses a body, or None where it is not compressed."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        return None
    if encoding in {_GZIP, "x-gzip"}:
        return zlib.decompressobj(_WITH_GZIP_HEADER)
    about: dict[str, Value] = {"service": service, "detail": f"Content-Encoding is {encoding[:40]!r}"}
    raise FetchError(Phrase(ProblemCode.FETCH_UNEXPECTED, about))


def _cut_off(service: str) -> FetchError:
    return FetchError(Phrase(ProblemCode.FETCH_CUT_OFF, {"service": service}))


def _check_status(response: httpx.Response, service: str) -> None:
    if response.is_success:
        return
    status = response.status_code
    about: dict[str, Value] = {"service": service, "status": status}
    if status in _DENIALS:
        raise FetchError(Phrase(ProblemCode.FETCH_DENIED, about))
    if status in _BANS:
        wait_s = max(_retry_after_s(response) or 0.0, _DAY_S)
        raise FetchError(Phrase(ProblemCode.FETCH_BANNED, about), retry_after_s=wait_s)
    raise FetchError(Phrase(ProblemCode.FETCH_STATUS, about), retry_after_s=_retry_after_s(response))


def _check_clock(response: httpx.Response, service: str, now_s: float) -> None:
    """RFC 9110 §6.6.1: when the answer was made; RFC 9111 §5.1: how long a cache has had it since."""
    date, age = (response.headers.get(name, "") for name in ("Date", "Age"))
    try:
        made_s = email.utils.parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError):
        return
    off_s = abs(now_s - made_s - (int(age) if age.isdecimal() else 0))
    if off_s > _CLOCK_TOLERANCE_S:
        about: dict[str, Value] = {"service": service, "days": int(off_s / _DAY_S)}
        raise FetchError(Phrase(ProblemCode.FETCH_CLOCK, about))


def _retry_after_s(response: httpx.Response) -> float | None:
    """RFC 9110 §10.2.3: seconds, or a date."""
    text = response.headers.get("Retry-After", "")
    if text.isdecimal():
        return float(text)
    try:
        return max((email.utils.parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None


def _failure(error: httpx.HTTPError, service: str) -> FetchError:
    if isinstance(error, httpx.TimeoutException):
        is_normal = isinstance(error, httpx.ConnectTimeout)
        return FetchError(Phrase(ProblemCode.FETCH_TIMEOUT, {"service": service}), is_normal=is_normal)
    detail = str(error) or type(error).__name__
    if isinstance(_cause(error), ssl.SSLError) or "CERTIFICATE" in detail:
        return FetchError(Phrase(ProblemCode.FETCH_CERTIFICATE, {"service": service, "detail": detail}))
    if isinstance(error, httpx.ConnectError | httpx.ProxyError):
        return FetchError(Phrase(ProblemCode.FETCH_OFFLINE, {"service": service, "detail": detail}), is_normal=True)
    return FetchError(Phrase(ProblemCode.FETCH_FAILED, {"service": service, "detail": detail}))


def _cause(error: BaseException) -> BaseException | None:
    cause = error
    while cause.__cause__ is not None or cause.__context__ is not None:
        cause = cause.__cause__ or cause.__context__ or cause
    return cause
