"""Typed results of queries on a real InfluxDB, run as if it were another time."""

import csv
import io
import json
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Final

from real_influx import ORG, TOKEN, Influxd

_NUMBERS: Final = {"double": float, "long": int, "unsignedLong": int}
_DIALECT: Final = {"annotations": ["datatype", "group"], "header": True}

Row = dict[str, object]


def answer(server: Influxd, flux: str, now: datetime) -> list[list[Row]]:
    """The tables, each the list of its rows; a column in which a row has nothing is left out of it.

    Args:
        server: who is asked.
        flux: the query.
        now: what `now()` is in it.
    """
    moment = f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    body = json.dumps({"query": flux, "now": moment, "type": "flux", "dialect": _DIALECT})
    request = urllib.request.Request(  # noqa: S310 - ours
        f"{server.url}/api/v2/query?org={ORG}",
        body.encode(),
        {"Authorization": f"Token {TOKEN}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=300) as given:  # noqa: S310
            return _tables(given.read().decode())
    except urllib.error.HTTPError as rejected:
        raise ValueError(f"{json.loads(rejected.read())['message']}\n{flux}") from None


def _tables(text: str) -> list[list[Row]]:
    """Annotated CSV: tables of other columns are apart by annotations of their own."""
    found: list[list[Row]] = []
    types: list[str] = []
    names: list[str] = []
    block = 0
    last: tuple[int, str] | None = None
    for cells in csv.reader(io.StringIO(text)):
        if not cells or cells[0] == "#group":
            continue
        if cells[0] == "#datatype":
            types, names, block = cells, [], block + 1
        elif not names:
            names = cells
        elif "error" in names:
            raise ValueError(cells[names.index("error")])
        else:
            if last != (block, cells[2]):
                last = (block, cells[2])
                found.append([])
            shown = zip(names[3:], types[3:], cells[3:], strict=True)
            found[-1].append({name: _value(kind, cell) for name, kind, cell in shown if cell})
    return found


def _value(kind: str, text: str) -> object:
    if kind in _NUMBERS:
        return _NUMBERS[kind](text)
    if kind == "boolean":
        return text == "true"
    return datetime.fromisoformat(text) if kind.startswith("dateTime") else text
