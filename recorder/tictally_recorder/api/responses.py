"""Lists as responses: JSON or CSV, in pages, with a validator where the rows rest on a known state."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.middleware.reverse_proxy import prefix_of
from tictally_recorder.api.params import ListFormat
from tictally_recorder.api.problem_details import Problem, invalid_parameter
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.csv_writer import csv_text
from tictally_recorder.ledger import LedgerReader

JSON: Final = "application/json"
CSV: Final = "text/csv; charset=utf-8"
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_-]")
_NAME_PART: Final = 40
NO_STORE: Final[Mapping[str, str]] = {"cache-control": "no-store"}

Record = Mapping[str, object]


def csv_responses(columns: Sequence[str]) -> dict[int | str, dict[str, Any]]:
    """The description of a list that is available as CSV.

    Args:
        columns: of the CSV.
    """
    about = {
        "type": "string",
        "description": f"UTF-8, RFC 4180 with line feeds; lists and objects as JSON. Columns: {', '.join(columns)}",
    }
    disposition = {"schema": {"type": "string"}, "description": "CSV: the name of the file."}
    content = {"text/csv": {"schema": about, "example": f"{','.join(columns)}\n"}}
    return {200: {"content": content, "headers": {"Content-Disposition": disposition}}}


@dataclass(frozen=True, slots=True)
class PagedRows:
    """Rows of which a response has one page. A page ends between two periods.

    Attributes:
        rows: (start of its period, record), in any order of periods; rows of one period keep their order.
        limit: maximum number of rows of a page, exceeded only by the rows of one period.
        start_text: the start of a period as the parameter `from` takes it.
    """

    rows: Iterable[tuple[int, Record]]
    limit: int
    start_text: Callable[[int], str]

    def first_page(self) -> tuple[list[Record], str | None]:
        """The records of the first page, and `from` of the next one, or None."""
        by_period: dict[int, list[Record]] = {}
        for start, record in self.rows:
            by_period.setdefault(start, []).append(record)
        page: list[Record] = []
        for start in sorted(by_period):
            if page and len(page) + len(by_period[start]) > self.limit:
                return page, self.start_text(start)
            page += by_period[start]
        return page, None


@dataclass(frozen=True, slots=True)
class Listing:
    """The content of a response that is a list.

    Attributes:
        items: a record each, or rows to be cut into pages.
        extra: further members of the JSON object.
        next_from: `from` of the next page where `items` are one page already, or None.
        states: what the items rest on; each changes with its items, and is None if that can happen at any moment.
    """

    items: Sequence[Record] | PagedRows
    extra: Mapping[str, object] = field(default_factory=dict)
    next_from: str | None = None
    states: Sequence[str | None] = ()

    @property
    def state(self) -> str | None:
        """All states in one, or None if an item can change at any moment."""
        known = [state for state in self.states if state is not None]
        return "|".join(known) if known and len(known) == len(self.states) else None


async def answer_list(
    request: Request,
    site: str | None,
    work: Callable[[ReadSession], Listing],
    columns: Sequence[str] = (),
    lane: Lane = Lane.NORMAL,
) -> Response:
    """The response to a request for a list.

    Args:
        request: the request.
        site: id of a site or key of a meter; None: every site.
        work: makes the list; runs in a thread of the pool.
        columns: of CSV; empty: there is no CSV.
        lane: what the work costs.

    Raises:
        Problem: no such site, no CSV, or too many requests are waiting.
        LedgerError: the ledger cannot be read.
    """
    context: Context = request.app.state.context

    def answer(reader: LedgerReader) -> Response:
        return respond(request, work(context.session(reader, site)), context.version, columns)

    return await context.pool.read(answer, lane)


def respond(request: Request, listing: Listing, version: str, columns: Sequence[str] = ()) -> Response:
    """A list as a response, or 304 where the client has it already.

    Args:
        request: the request.
        listing: its content.
        version: of the program.
        columns: of CSV; empty: there is no CSV.

    Raises:
        Problem: the requested format is unknown, or there is no CSV.
    """
    is_csv = _wants_csv(request)
    headers = dict(NO_STORE)
    if (state := listing.state) is not None:
        tag = _entity_tag(request, state, version, is_csv=is_csv)
        headers = {"cache-control": "private, no-cache", "etag": tag}
        if any(each.strip() in {tag, "*"} for each in request.headers.get("if-none-match", "").split(",")):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    headers["vary"] = "accept, authorization, cookie"
    items, next_from = (
        listing.items.first_page() if isinstance(listing.items, PagedRows) else (listing.items, listing.next_from)
    )
    next_page = None
    if next_from is not None:
        parameters = [each for each in request.query_params.multi_items() if each[0] != "from"]
        next_page = f"{prefix_of(request.scope)}{request.url.path}?{urlencode([*parameters, ('from', next_from)])}"
        headers["link"] = f'<{next_page}>; rel="next"'
    if is_csv:
        if not columns:
            raise Problem(HTTPStatus.NOT_ACCEPTABLE, "this list is not available as CSV; request JSON")
        headers["content-disposition"] = f'attachment; filename="{_file_name(request)}"'
        cells = ([item.get(column) for column in columns] for item in items)
        return Response(csv_text(columns, cells), headers=headers, media_type=CSV)
    return Response(
        as_json({"items": list(items), **listing.extra, "next": next_page}), headers=headers, media_type=JSON
    )


def json_response(value: object, status: int = HTTPStatus.OK) -> Response:
    """A JSON response that is not to be cached."""
    return Response(as_json(value), status, dict(NO_STORE), JSON)


def as_json(value: object) -> str:
    """Compact JSON.

    Raises:
        ValueError: it contains NaN or an infinity.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def local_iso(time_ms: int, tz: ZoneInfo) -> str:
    """Milliseconds since 1970 as local time with offset; with milliseconds unless they are zero."""
    moment = datetime.fromtimestamp(time_ms // 1000, UTC).replace(microsecond=time_ms % 1000 * 1000)
    return moment.astimezone(tz).isoformat(timespec="milliseconds" if time_ms % 1000 else "seconds")


def _wants_csv(request: Request) -> bool:
    name = request.query_params.get("format")
    if name is None:
        accepted = request.headers.get("accept", "")
        return "text/csv" in accepted and JSON not in accepted
    if name not in {*ListFormat}:
        raise invalid_parameter("format", f"{name[:20]!r} is neither json nor csv")
    return name == ListFormat.CSV


def _file_name(request: Request) -> str:
    """What a browser saves CSV as: what was requested, of which site and which days."""
    given = (request.query_params.get(name, "") for name in ("site", "from", "to"))
    words = (*request.url.path.split("/")[3:], *(text.partition("T")[0] for text in given))
    plain = (_NOT_IN_NAMES.sub("", word)[:_NAME_PART] for word in words)
    return f"{'-'.join(('tictally', *filter(None, plain)))}.csv"


def _entity_tag(request: Request, state: str, version: str, *, is_csv: bool) -> str:
    """A weak validator: the same address, state and program."""
    parts = (prefix_of(request.scope), str(request.url.path), str(request.url.query), str(is_csv), state, version)
    return f'W/"{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:24]}"'
