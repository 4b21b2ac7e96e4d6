"""A list as an answer: JSON or CSV, a page of it, and whether it is what the client has already."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.problems import Problem, wrong

Record = Mapping[str, object]

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
