"""What meters said: quarters of an hour for ever, raw frames for two days."""

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api import params
from tictally_recorder.api.context import sites_of
from tictally_recorder.api.params import Times, times
from tictally_recorder.api.responses import Keyed, Record, Rows, page_of, told
from tictally_recorder.api.routes.common import Answering, context_of
from tictally_recorder.api.schemas import FrameItem, ListOf, QuarterItem
from tictally_recorder.ledger import LedgerReader, Quarter, Site
from tictally_shared.labels import LABELS

router = APIRouter(prefix="/readings", tags=["readings"])

_QUARTER_DAYS: Final = 32
_FRAME_DAYS: Final = 32
_POWER: Final = "power"
_POWERS: Final = frozenset({"SINSTS", "PAPP"})
_QUARTER_COLUMNS: Final = (
    *("site", "meter", "from", "to", "label", "kind", "unit", "n", "mean", "min", "max", "first", "last"),
)
_FRAME_COLUMNS: Final = ("site", "meter", "at", "values")

Labels = Annotated[
    list[Annotated[str, Query(max_length=16)]] | None,
    Query(alias="label", max_length=32, description="A label, several times for several; `power` is SINSTS or PAPP."),
]


@router.get("/quarters", response_model=ListOf[QuarterItem])
async def quarters(  # noqa: PLR0913, PLR0917 - parameters of a question
    request: Request,
    site: params.Site = None,
    start: params.From = None,
    end: params.To = None,
    label: Labels = None,
    limit: Annotated[int, Query(ge=1, le=2000)] = 2000,
    form: params.Format = None,  # noqa: ARG001 - read from the request
) -> Response:
    """Statistics of powers, currents and voltages by quarter of an hour; registers and others where they are named."""
    context = context_of(request)
    window = times(start, end, context.tz, context.now, most_days=_QUARTER_DAYS)
    labels = _wanted(label)

    def records(reader: LedgerReader) -> Iterator[Keyed]:
        for each in sites_of(reader, site):
            for meter in each.meters:
                for quarter in reader.quarters(meter.id, *window.bounds_ms):
                    start_at = told(quarter.start_ms, context.tz)
                    about = {"site": each.id, "meter": meter.key, "from": start_at}
                    about["to"] = told(quarter.end_ms, context.tz)
                    for record in _of_quarter(quarter, labels):
                        yield f"{quarter.start_ms:015}", {**about, **record}

    def work(reader: LedgerReader) -> Rows:
        items, onwards = page_of(records(reader), limit)
        return Rows(items, next_from=None if onwards is None else told(int(onwards), context.tz))

    return await Answering(request, _QUARTER_COLUMNS).by(work)


@router.get("/frames", response_model=ListOf[FrameItem])
async def frames(  # noqa: PLR0913, PLR0917 - parameters of a question
    request: Request,
    site: params.Site = None,
    start: params.From = None,
    end: params.To = None,
    label: Labels = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
    form: params.Format = None,  # noqa: ARG001 - read from the request
) -> Response:
    """Raw frames, as far as they are still here (two days); without a window those of the last quarter of an hour."""
    context = context_of(request)
    now = context.now
    if start is None and end is None:
        window = Times(now - timedelta(minutes=15), now + timedelta(minutes=10))
    else:
        window = times(start, end, context.tz, now, most_days=_FRAME_DAYS, days=2)
    labels = _wanted(label)

    def work(reader: LedgerReader) -> Rows:
        found: list[tuple[int, Record]] = []
        for each in sites_of(reader, site):
            for meter in each.meters:
                found += _of_meter(reader, each, meter.id, meter.key, window, labels, limit)
        found.sort(key=lambda pair: pair[0])
        # Frames of one millisecond stay together.
        last = len(found)
        if last > limit:
            last = limit
            while last > 1 and found[last - 1][0] == found[last][0]:
                last -= 1
            if found[0][0] == found[last][0]:
                last = len(found)
        onwards = told(found[last][0], context.tz) if last < len(found) else None
        items = [{**record, "at": told(at_ms, context.tz)} for at_ms, record in found[:last]]
        return Rows(items, next_from=onwards)

    return await Answering(request, _FRAME_COLUMNS).by(work)


def _of_meter(  # noqa: PLR0913, PLR0917 - as above
    reader: LedgerReader,
    site: Site,
    meter_id: int,
    key: str,
    window: Times,
    labels: Collection[str] | None,
    limit: int,
) -> Iterator[tuple[int, Record]]:
    """So many frames of a meter that a page and where the next one begins are known."""
    number, last_ms = 0, -1
    for at_ms, values in reader.frames(meter_id, *window.bounds_ms):
        if number > limit and at_ms != last_ms:
            return
        number, last_ms = number + 1, at_ms
        told_of = values if labels is None else {name: value for name, value in values.items() if name in labels}
        yield at_ms, {"site": site.id, "meter": key, "at": "", "values": told_of}


def _wanted(labels: list[str] | None) -> frozenset[str] | None:
    if not labels:
        return None
    return frozenset(labels).difference({_POWER}) | (_POWERS if _POWER in labels else frozenset())


def _of_quarter(quarter: Quarter, labels: Collection[str] | None) -> Iterator[dict[str, object]]:
    for name, live in quarter.live.items():
        if labels is None or name in labels:
            statistics = {"n": live.n, "mean": round(live.sum / live.n, 1), "min": live.min, "max": live.max}
            yield _record(name, "live", live.first, live.last) | statistics
    if labels is None:
        return
    for name, runs in quarter.registers.items():
        if name in labels:
            yield _record(name, "register", runs[0].first, runs[-1].last)
    for name, ends in quarter.ends.items():
        if name in labels:
            yield _record(name, "ends", ends.first, ends.last)


def _record(name: str, kind: str, first: int, last: int) -> dict[str, object]:
    label = LABELS.get(name)
    return {
        "label": name,
        "kind": kind,
        "unit": label.unit if label else None,
        **dict.fromkeys(("n", "mean", "min", "max")),
        "first": first,
        "last": last,
    }
