"""A list as an answer: JSON or CSV, a page of it, and whether it is what the client has already."""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.problem_details import Problem, wrong
from tictally_recorder.cost.engine import day_bounds_ms


def told(time_ms: int, tz: ZoneInfo) -> str:
    """Milliseconds since 1970 as a local time with offset; milliseconds where there are any."""
    moment = datetime.fromtimestamp(time_ms // 1000, UTC).replace(microsecond=time_ms % 1000 * 1000)
    return moment.astimezone(tz).isoformat(timespec="milliseconds" if time_ms % 1000 else "seconds")


def local_day(time_ms: int, tz: ZoneInfo) -> date:
    """The local day of a moment."""
    return datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(tz).date()


def midnight_ms(day: date, tz: ZoneInfo) -> int:
    """When a local day begins, in milliseconds since 1970."""
    return day_bounds_ms(day, tz)[0]


Record = Mapping[str, object]
Keyed = tuple[str, Record]
"""A record, and the start of its period as a question's `from` can have it."""


def page_of(rows: Iterable[Keyed], limit: int) -> tuple[list[Record], str | None]:
    """The first page of some rows, in order of time, and the `from` of the next one, or None.

    Args:
        rows: in any order of periods; those of one period stay as they are.
        limit: the page has no more rows, but for those of one period.
    """
    by_period: dict[str, list[Record]] = {}
    for start, record in rows:
        by_period.setdefault(start, []).append(record)
    found: list[Record] = []
    for start in sorted(by_period):
        if found and len(found) + len(by_period[start]) > limit:
            return found, start
        found += by_period[start]
    return found, None


def joined_states(states: Sequence[str | None]) -> str | None:
    """What an answer of several sites rests on; None where one of them may change at any moment."""
    known = [state for state in states if state is not None]
    return "|".join(known) if states and len(known) == len(states) else None


JSON: Final = "application/json"
CSV: Final = "text/csv; charset=utf-8"
_FORMATS: Final = ("json", "csv")


@dataclass(frozen=True, slots=True)
class Rows:
    """What an answer tells.

    Attributes:
        items: a record each.
        extra: what stands beside them in JSON.
        next_from: `from` of the next page, or None where this is the last.
        state: what they rest on, as a text that changes with them; None where that may change at any moment.
    """

    items: Sequence[Record]
    extra: Mapping[str, object] = field(default_factory=dict)
    next_from: str | None = None
    state: str | None = None


def wants_csv(request: Request) -> bool:
    """True where the client asks for CSV.

    Raises:
        Problem: it asks for a format that there is not.
    """
    asked = request.query_params.get("format")
    if asked is None:
        accepts = request.headers.get("accept", "")
        return "text/csv" in accepts and JSON not in accepts
    if asked not in _FORMATS:
        raise wrong("format", f"{asked[:20]!r} is neither json nor csv")
    return asked == "csv"


def tag_of(request: Request, state: str | None, version: str) -> str | None:
    """A weak validator: the same address, the same state, the same program."""
    if state is None:
        return None
    told = (str(request.url.path), str(request.url.query), str(wants_csv(request)), state, version)
    return f'W/"{hashlib.sha256(chr(0).join(told).encode()).hexdigest()[:24]}"'


def is_known(request: Request, tag: str | None) -> bool:
    """True where the client has what the tag stands for."""
    told = request.headers.get("if-none-match", "")
    return tag is not None and any(each.strip() in {tag, "*"} for each in told.split(","))


def not_modified(tag: str) -> Response:
    """What the client has is still so."""
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=_caching(tag))


def render(request: Request, rows: Rows, version: str, columns: Sequence[str] = ()) -> Response:
    """The answer.

    Args:
        request: what was asked.
        rows: what is told.
        version: of the program.
        columns: of CSV; none: there is no CSV.
    """
    tag = tag_of(request, rows.state, version)
    headers = _caching(tag) | {"vary": "accept, authorization, cookie"}
    onwards = None
    if rows.next_from is not None:
        parameters = [each for each in request.query_params.multi_items() if each[0] != "from"]
        onwards = f"{request.url.path}?{urlencode([*parameters, ('from', rows.next_from)])}"
        headers["link"] = f'<{onwards}>; rel="next"'
    if wants_csv(request):
        if not columns:
            raise Problem(HTTPStatus.NOT_ACCEPTABLE, "this answer has no form of CSV; ask for JSON")
        return Response(as_csv(rows.items, columns), headers=headers, media_type=CSV)
    return Response(
        as_json({"items": list(rows.items), **rows.extra, "next": onwards}), headers=headers, media_type=JSON
    )


def as_json(value: object) -> str:
    """Without spaces; what is no number never stands in it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def as_csv(items: Sequence[Record], columns: Sequence[str]) -> str:
    """With a header; true and false in lower case, nothing where JSON has null, JSON where it has more than a value."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for item in items:
        writer.writerow([_cell(item.get(column)) for column in columns])
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return as_json(value)
    # A spreadsheet takes a text that begins so for a formula; texts come from price lists and meters.
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "@", "\t", "\r"} else value


def _caching(tag: str | None) -> dict[str, str]:
    if tag is None:
        return {"cache-control": "no-store"}
    return {"cache-control": "private, no-cache", "etag": tag}
