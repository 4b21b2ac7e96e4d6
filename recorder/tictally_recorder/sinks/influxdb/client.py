"""The few requests to InfluxDB that the sink makes. Everything of influxdb-client, which has no types, ends here."""

import json
from collections.abc import Iterable, Mapping, Sequence
from csv import reader as csv_reader
from dataclasses import dataclass
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

from tictally_recorder.sinks.influxdb.errors import (
    FaultError,
    InfluxError,
    NotAllowedError,
    NotThereError,
    RefusedError,
    TooLargeError,
)
from tictally_shared.frames import iso_utc, parse_time_ms

OF_EVERY_DAY: Final = "TICTALLY_INFLUXDB_TOKEN"
OF_SETUP: Final = "TICTALLY_INFLUXDB_SETUP_TOKEN"
# A query or a forced run on a small machine that is busy with its own start.
_TIMEOUT_MS: Final = 20_000
_LONGEST_SENTENCE: Final = 300
_LINES: Final = "text/plain; charset=utf-8"
_FLUX: Final = "application/vnd.flux"
_JSON: Final = "application/json"
_CSV: Final = "application/csv"


@dataclass(frozen=True, slots=True)
class Answer:
    """What InfluxDB answered.

    Attributes:
        body: text.
        date_ms: when, by InfluxDB's clock, at the latest.
    """

    body: str
    date_ms: int

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever was asked for
        """The body read as JSON."""
        return json.loads(self.body or "null")


class Client:
    """One InfluxDB, one organization, one token.

    Args:
        url: where it is.
        token: that may do what is asked of it.
        org: name of the organization.
        ca: certificate that its own must be signed by, or None for those that the system knows.
        setting: where the token is from, for sentences.
    """

    def __init__(self, url: str, token: str, org: str, ca: Path | None = None, setting: str = OF_EVERY_DAY) -> None:
        self.url, self.org, self.setting = url, org, setting
        options: dict[str, Any] = {"timeout": _TIMEOUT_MS, "retries": False, "ssl_ca_cert": ca and str(ca)}
        made: Any = InfluxDBClient(url=url, token=token, org=org, **options)
        self._client = made
        self._api = made.api_client

    def write(self, bucket: str, lines: Iterable[str]) -> int:
        """Write points; when InfluxDB had done so, by its clock, at the latest.

        Args:
            bucket: its name.
            lines: in line protocol, times in nanoseconds.

        Raises:
            RefusedError: some of the points; where their form is wrong none was written, else all others were.
            TooLargeError: none was written.
            InfluxError: none may have been written; they may be written again.
        """
        query = {"org": self.org, "bucket": bucket, "precision": "ns"}
        return self._ask("POST", "/api/v2/write", query, "\n".join(lines), _LINES).date_ms

    def query(self, flux: str) -> list[dict[str, str]]:
        """The rows that a query in Flux gives, each column → text. Raises InfluxError."""
        body = self._ask("POST", "/api/v2/query", {"org": self.org}, flux, _FLUX, _CSV).body
        rows: list[dict[str, str]] = []
        heading: Sequence[str] | None = None
        # Tables follow one another, each with its heading after an empty line.
        for cells in csv_reader(StringIO(body)):
            if not cells:
                heading = None
            elif heading is None:
                heading = cells
            elif "error" in heading:  # after the first rows it is too late for another status
                raise InfluxError(f"InfluxDB at {self.url} fails within a query: {cells[heading.index('error')]}")
            else:
                rows.append(dict(zip(heading, cells, strict=False)))
        return rows

    def delete(self, bucket: str, measurement: str, tags: Mapping[str, str], window_ms: tuple[int, int]) -> None:
        """Delete what has these tags in a window of time, both ends included. Raises InfluxError."""
        wanted = {"_measurement": measurement, **tags}
        body = {
            "start": iso_utc(window_ms[0]),
            "stop": iso_utc(window_ms[1]),
            "predicate": " AND ".join(
                f'"{name}"={json.dumps(text, ensure_ascii=False)}' for name, text in wanted.items()
            ),
        }
        self._ask("POST", "/api/v2/delete", {"org": self.org, "bucket": bucket}, body)

    def now_ms(self) -> int:
        """InfluxDB's clock, at the latest. Raises InfluxError where it does not answer."""
        return self._ask("GET", "/health").date_ms

    def get(self, path: str, **query: str) -> Any:  # noqa: ANN401 - whatever stands there
        """What stands at a path. Raises InfluxError."""
        return self._ask("GET", path, query).json

    def post(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as above
        """Make something. Raises InfluxError."""
        return self._ask("POST", path, {}, body).json

    def patch(self, path: str, body: Mapping[str, Any]) -> None:
        """Change something. Raises InfluxError."""
        self._ask("PATCH", path, {}, body)

    def close(self) -> None:
        """Let its connections go."""
        self._client.close()

    def _ask(  # noqa: PLR0913, PLR0917 - what a request has
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: object = None,
        content: str = _JSON,
        accept: str = _JSON,
    ) -> Answer:
        try:
            response, status, headers = self._api.call_api(
                path,
                method,
                query_params=list((query or {}).items()),
                header_params={"Content-Type": content, "Accept": accept},
                body=body.encode() if isinstance(body, str) else body,
                _preload_content=False,
                urlopen_kw={"redirect": False},
            )
            data: bytes = response.data
        except ApiException as error:
            if not error.status:  # its certificate is not one that is trusted: influxdb-client makes an answer of that
                raise self._unreachable(error) from None
            raise self._explained(int(error.status), error.body or b"", error.headers or {}) from None
        except (HTTPError, OSError) as error:
            raise self._unreachable(error) from None
        if status >= HTTPStatus.BAD_REQUEST:
            raise self._explained(status, data, headers)
        return Answer(data.decode(), _date_ms(headers))

    def _unreachable(self, error: Exception) -> InfluxError:
        return InfluxError(f"InfluxDB at {self.url} cannot be reached: {_short(error)}")

    def _explained(self, status: int, body: bytes | str, headers: Mapping[str, str]) -> InfluxError:
        said = _said(body)
        if status == HTTPStatus.UNPROCESSABLE_ENTITY or said.startswith("unable to parse"):
            return RefusedError(said)
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return TooLargeError(f"InfluxDB takes no request as large: {said}")
        # To run a task without the right to is answered by 500.
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} or said.endswith(": unauthorized"):
            return NotAllowedError(
                f"InfluxDB at {self.url} does not allow it, look at the token ({self.setting}) and its rights: {said}"
            )
        if status == HTTPStatus.NOT_FOUND:
            return NotThereError(f"InfluxDB at {self.url} lacks something: {said}")
        if said.startswith("a panic has occurred"):
            return FaultError(f"InfluxDB at {self.url} answers {status}: {said}")
        wait = " to wait" if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE} else ""
        return InfluxError(f"InfluxDB at {self.url} answers {status}{wait}: {said}", _retry_s(headers))


def row_ms(row: Mapping[str, str]) -> int:
    """The time of a row that a query gave, in whole milliseconds."""
    seconds, _, more = row["_time"].removesuffix("Z").partition(".")
    return parse_time_ms(f"{seconds}.{more[:3].ljust(3, '0')}Z")


def quoted(text: str) -> str:
    """A text within a path."""
    return quote(text, safe="")


def _said(body: bytes | str) -> str:
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
    try:
        text = json.loads(text)["message"]
    except (ValueError, KeyError, TypeError):
        text = text or "nothing"
    return " ".join(text.split())[:_LONGEST_SENTENCE]


def _retry_s(headers: Mapping[str, str]) -> float | None:
    """`Retry-After`: seconds, or a date (RFC 9110 §10.2.3)."""
    said = headers.get("Retry-After", "")
    if said.isdigit():
        return float(said)
    try:
        until = parsedate_to_datetime(said)
    except (ValueError, TypeError):
        return None
    return max((until - datetime.now(until.tzinfo)).total_seconds(), 0.0)


def _date_ms(headers: Mapping[str, str]) -> int:
    """The answer's date has whole seconds: it was at most one later."""
    return int(parsedate_to_datetime(headers["Date"]).timestamp()) * 1000 + 999


def _short(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return " ".join(str(reason).split("): ")[-1].split())[:_LONGEST_SENTENCE]
