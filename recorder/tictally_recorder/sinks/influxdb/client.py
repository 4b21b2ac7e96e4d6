"""The requests to InfluxDB that the sink makes; the only module that touches influxdb-client, which has no types."""

import json
from collections.abc import Iterable, Mapping, Sequence
from csv import reader as csv_reader
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from io import StringIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from tictally_recorder.problem import ProblemCode
from tictally_recorder.sinks.influxdb.errors import (
    InfluxError,
    NotAllowedError,
    NotFoundError,
    RejectedError,
    ServerFaultError,
    TooLargeError,
)
from tictally_shared.frames import iso_utc, parse_time_ms
from tictally_shared.phrase import Phrase
from tictally_shared.runtime.connection_errors import connection_problem

EVERYDAY_SETTING: Final = "TICTALLY_INFLUXDB_TOKEN"
SETUP_SETTING: Final = "TICTALLY_INFLUXDB_SETUP_TOKEN"
# A query or a forced task run on a small machine that is busy with its own start.
_TIMEOUT_MS: Final = 20_000
_MAX_MESSAGE_LENGTH: Final = 300
_LINE_PROTOCOL: Final = "text/plain; charset=utf-8"
_FLUX: Final = "application/vnd.flux"
_JSON: Final = "application/json"
_CSV: Final = "application/csv"


@dataclass(frozen=True, slots=True)
class _ApiRequest:
    """One request; `body` is a string, or what is sent as JSON."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    content_type: str = _JSON
    accept: str = _JSON


@dataclass(frozen=True, slots=True)
class InfluxResponse:
    """A successful response.

    Attributes:
        body: its text.
        date_ms: the latest moment, by InfluxDB's clock, at which it can have been sent.
    """

    body: str
    date_ms: int

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever was requested
        """The body parsed as JSON."""
        return json.loads(self.body or "null")


class Client:
    """One InfluxDB, one organization, one token.

    Args:
        url: base address of the server.
        token: with the rights that the calls need.
        org: name of the organization.
        ca: certificate that must have signed the server's, or None for the system's authorities.
        setting: name of the setting that holds the token, for error messages.
    """

    def __init__(self, url: str, token: str, org: str, ca: Path | None = None, setting: str = EVERYDAY_SETTING) -> None:
        self.url, self.org, self.setting = url, org, setting
        options: dict[str, Any] = {"timeout": _TIMEOUT_MS, "retries": False, "ssl_ca_cert": ca and str(ca)}
        client: Any = InfluxDBClient(url=url, token=token, org=org, **options)
        self._client = client
        self._api = client.api_client

    def write(self, bucket: str, lines: Iterable[str]) -> int:
        """Write points; returns the latest time, by InfluxDB's clock, at which they were written.

        Args:
            bucket: its name.
            lines: line protocol with times in nanoseconds.

        Raises:
            RejectedError: some points; where their syntax is wrong none was written, else all others were.
            TooLargeError: none was written.
            InfluxError: some may not have been written; writing all of them again is safe.
        """
        query = {"org": self.org, "bucket": bucket, "precision": "ns"}
        return self._send(_ApiRequest("POST", "/api/v2/write", query, "\n".join(lines), _LINE_PROTOCOL)).date_ms

    def query(self, flux: str) -> list[dict[str, str]]:
        """The rows of a Flux query, each column → text. Raises InfluxError."""
        body = self._send(_ApiRequest("POST", "/api/v2/query", {"org": self.org}, flux, _FLUX, _CSV)).body
        rows: list[dict[str, str]] = []
        header: Sequence[str] | None = None
        # Tables follow one another, each with its header after an empty line.
        for cells in csv_reader(StringIO(body)):
            if not cells:
                header = None
            elif header is None:
                header = cells
            elif "error" in header:  # after the first rows it is too late for another status code
                raise InfluxError(self._problem(ProblemCode.INFLUX_QUERY_FAILED, cells[header.index("error")]))
            else:
                rows.append(dict(zip(header, cells, strict=False)))
        return rows

    def delete(self, bucket: str, measurement: str, tags: Mapping[str, str], range_ms: tuple[int, int]) -> None:
        """Delete the points with these tags in a time range, both ends included. Raises InfluxError."""
        matches = {"_measurement": measurement, **tags}
        body = {
            "start": iso_utc(range_ms[0]),
            "stop": iso_utc(range_ms[1]),
            "predicate": " AND ".join(
                f'"{name}"={json.dumps(text, ensure_ascii=False)}' for name, text in matches.items()
            ),
        }
        self._send(_ApiRequest("POST", "/api/v2/delete", {"org": self.org, "bucket": bucket}, body))

    def now_ms(self) -> int:
        """InfluxDB's clock, rounded up to the second. Raises InfluxError where it does not answer."""
        return self._send(_ApiRequest("GET", "/health")).date_ms

    def get(self, path: str, **query: str) -> Any:  # noqa: ANN401 - whatever the path returns
        """The JSON at a path. Raises InfluxError."""
        return self._send(_ApiRequest("GET", path, query)).json

    def post(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as above
        """Create something. Raises InfluxError."""
        return self._send(_ApiRequest("POST", path, body=body)).json

    def patch(self, path: str, body: Mapping[str, Any]) -> None:
        """Change something. Raises InfluxError."""
        self._send(_ApiRequest("PATCH", path, body=body))

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def _send(self, request: _ApiRequest) -> InfluxResponse:
        body = request.body
        try:
            response, status, headers = self._api.call_api(
                request.path,
                request.method,
                query_params=list(request.query.items()),
                header_params={"Content-Type": request.content_type, "Accept": request.accept},
                body=body.encode() if isinstance(body, str) else body,
                _preload_content=False,
                urlopen_kw={"redirect": False},
            )
            data: bytes = response.data
        except ApiException as error:
            if not error.status:  # an untrusted certificate: influxdb-client reports it like a response
                raise self._unreachable(error) from None
            raise self._error(int(error.status), error.body or b"", error.headers or {}) from None
        except (HTTPError, OSError) as error:
            raise self._unreachable(error) from None
        if status >= HTTPStatus.BAD_REQUEST:
            raise self._error(status, data, headers)
        return InfluxResponse(data.decode(), _date_ms(headers))

    def _unreachable(self, error: Exception) -> InfluxError:
        return InfluxError(self._problem(ProblemCode.INFLUX_UNREACHABLE, _why(error)))

    def _problem(self, code: ProblemCode, detail: str, **about: str | int) -> Phrase:
        return Phrase(code, {"url": self.url, "detail": detail, **about})

    def _error(self, status: int, body: bytes | str, headers: Mapping[str, str]) -> InfluxError:
        message = _message(body)
        if status == HTTPStatus.UNPROCESSABLE_ENTITY or message.startswith("unable to parse"):
            return RejectedError(message)
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return TooLargeError(self._problem(ProblemCode.INFLUX_REQUEST_TOO_LARGE, message))
        # Running a task without the right to is answered by 500.
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} or message.endswith(": unauthorized"):
            return NotAllowedError(self._problem(ProblemCode.INFLUX_DENIES_ACCESS, message, setting=self.setting))
        if status == HTTPStatus.NOT_FOUND:
            return NotFoundError(self._problem(ProblemCode.INFLUX_LACKS, message))
        if message.startswith("a panic has occurred"):
            return ServerFaultError(self._problem(ProblemCode.INFLUX_ANSWERS, message, status=int(status)))
        must_wait = status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
        code = ProblemCode.INFLUX_ASKS_TO_WAIT if must_wait else ProblemCode.INFLUX_ANSWERS
        return InfluxError(self._problem(code, message, status=int(status)), _retry_s(headers))


def row_ms(row: Mapping[str, str]) -> int:
    """The time of a query's row, in whole milliseconds."""
    seconds, _, fraction = row["_time"].removesuffix("Z").partition(".")
    return parse_time_ms(f"{seconds}.{fraction[:3].ljust(3, '0')}Z")


def quoted(text: str) -> str:
    """A text as one segment of a path."""
    return quote(text, safe="")


def _message(body: bytes | str) -> str:
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
    if text.lstrip()[:1] == "<":
        return "a web page comes from there; is it InfluxDB 2?"
    try:
        text = json.loads(text)["message"]
    except (ValueError, KeyError, TypeError):
        text = text or "nothing"
    return " ".join(text.split())[:_MAX_MESSAGE_LENGTH]


def _retry_s(headers: Mapping[str, str]) -> float | None:
    """`Retry-After`: seconds, or a date (RFC 9110 §10.2.3)."""
    value = headers.get("Retry-After", "")
    if value.isdigit():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    return max((until - datetime.now(until.tzinfo)).total_seconds(), 0.0)


def _date_ms(headers: Mapping[str, str]) -> int:
    """The Date header has whole seconds: the response was sent at most one later."""
    return int(parsedate_to_datetime(headers["Date"]).timestamp()) * 1000 + 999


def _why(error: BaseException) -> str:
    """Why there was no response: by the error of the connection itself, which urllib3 and influxdb-client wrap."""
    cause = _of_connection(error)
    if isinstance(cause, ConnectionResetError):
        return "it closes the connection without an answer"
    if cause is not None:
        return connection_problem(cause)
    reason = getattr(error, "reason", None) or error
    return " ".join(str(reason).split("): ")[-1].split())[:_MAX_MESSAGE_LENGTH]


def _of_connection(error: object) -> OSError | None:
    """The error of a socket or of TLS in or behind another error."""
    pending, seen = [error], set[int]()
    while pending:
        each = pending.pop(0)
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, OSError):
            return each
        pending += [getattr(each, "reason", None), *each.args, each.__cause__, each.__context__]
    return None
