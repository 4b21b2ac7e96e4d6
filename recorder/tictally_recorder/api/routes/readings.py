"""Readings of meters: quarter-hours for ever, raw frames for two days."""

from collections.abc import Collection, Iterator
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.compat.meterit.integrator import MILLIWATTS
from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.params import ListParams, TimeRange, time_range
from tictally_recorder.api.problem_details import unknown_name
from tictally_recorder.api.responses import Listing, PagedRows, Record, answer_list, csv_responses, local_iso
from tictally_recorder.api.schemas import FrameItem, ListOf, QuarterItem
from tictally_recorder.ledger import Quarter
from tictally_shared.labels import LABELS
from tictally_shared.nearest_name import nearest_name

router = APIRouter(prefix="/readings", tags=["readings"])

_MAX_DAYS: Final = 32
_POWER: Final = "power"
_POWERS: Final = frozenset({"SINSTS", "PAPP"})
_KNOWN: Final = (*LABELS, _POWER, MILLIWATTS)
_QUARTER_COLUMNS: Final = (
    *("site", "meter", "from", "to", "label", "kind", "unit", "n", "mean", "min", "max", "first", "last"),
)
_FRAME_COLUMNS: Final = ("site", "meter", "at", "values")


class LabelParams(ListParams):
    """Selects labels of readings."""

    label: list[Annotated[str, Field(max_length=16)]] | None = Field(
        None, max_length=32, description="A label, repeated for several; `power` stands for SINSTS or PAPP."
    )

    def check_labels(self, session: ReadSession) -> None:
        """Check that the catalogue has the labels, or that a meter sent them.

        Raises:
            Problem: 404, with the nearest label.
        """
        strange = [name for name in self.label or () if name not in _KNOWN]
        if not strange:
            return
        seen = {
            name for site in session.sites for meter in site.meters for name in session.reader.labels_seen(meter.id)
        }
        for name in strange:
            if name not in seen:
                nearest = nearest_name(name, _KNOWN)
                hint = f"did you mean {nearest}?" if nearest else "docs/topics.md lists them"
                raise unknown_name(HTTPStatus.NOT_FOUND, "label", f"there is no label {name!r}; {hint}", nearest)

    @property
    def labels(self) -> frozenset[str] | None:
        """The labels; None: those that a request without labels returns."""
        if not self.label:
            return None
        return frozenset(self.label).difference({_POWER}) | (_POWERS if _POWER in self.label else frozenset())


class QuarterParams(LabelParams):
    """Selects quarter-hours."""

    limit: int = Field(2000, ge=1, le=2000, description="Maximum number of rows of a page.")


class FrameParams(LabelParams):
    """Selects frames."""

    limit: int = Field(1000, ge=1, le=1000, description="Maximum number of frames of a page.")


@router.get("/quarters", response_model=ListOf[QuarterItem], responses=csv_responses(_QUARTER_COLUMNS))
async def quarters(request: Request, params: Annotated[QuarterParams, Query()]) -> Response:
    """Statistics of powers, currents and voltages by quarter-hour; registers and others where they are named."""
    context: Context = request.app.state.context
    window = time_range(params, context.now(), context.tz, max_days=_MAX_DAYS)

    def rows(session: ReadSession) -> Iterator[tuple[int, Record]]:
        labels = params.labels
        for site in session.sites:
            for meter in site.meters:
                for quarter in session.reader.quarters(meter.id, *window.bounds_ms):
                    about = {"site": site.id, "meter": meter.key, "from": local_iso(quarter.start_ms, session.tz)}
                    about["to"] = local_iso(quarter.end_ms, session.tz)
                    for record in _quarter_records(quarter, labels):
                        yield quarter.start_ms, {**about, **record}

    def work(session: ReadSession) -> Listing:
        params.check_labels(session)
        return Listing(PagedRows(rows(session), params.limit, partial(local_iso, tz=session.tz)))

    return await answer_list(request, params.site, work, _QUARTER_COLUMNS)


@router.get("/frames", response_model=ListOf[FrameItem], responses=csv_responses(_FRAME_COLUMNS))
async def frames(request: Request, params: Annotated[FrameParams, Query()]) -> Response:
    """Raw frames of the last two days; without a time range those of the last 15 minutes."""
    context: Context = request.app.state.context
    now = context.now()
    if params.start is None and params.end is None:
        window = TimeRange(now - timedelta(minutes=15), now + timedelta(minutes=10))
    else:
        window = time_range(params, now, context.tz, max_days=_MAX_DAYS, days_back=2)

    def work(session: ReadSession) -> Listing:
        params.check_labels(session)
        found = sorted(_frames(session, window, params), key=lambda pair: pair[0])
        size = _page_size([at_ms for at_ms, _ in found], params.limit)
        next_from = local_iso(found[size][0], session.tz) if size < len(found) else None
        return Listing([record for _, record in found[:size]], next_from=next_from)

    return await answer_list(request, params.site, work, _FRAME_COLUMNS)


def _page_size(times_ms: list[int], limit: int) -> int:
    """How many of some frames make a page: frames of the same millisecond stay together."""
    size = len(times_ms)
    if size > limit:
        size = limit
        while size > 1 and times_ms[size - 1] == times_ms[size]:
            size -= 1
        if times_ms[0] == times_ms[size]:
            size = len(times_ms)
    return size


def _frames(session: ReadSession, window: TimeRange, params: FrameParams) -> Iterator[tuple[int, Record]]:
    """Of each meter as many frames as determine the page and the start of the next one."""
    labels = params.labels
    for site in session.sites:
        for meter in site.meters:
            number, last_ms = 0, -1
            for at_ms, values in session.reader.frames(meter.id, *window.bounds_ms):
                if number > params.limit and at_ms != last_ms:
                    break
                number, last_ms = number + 1, at_ms
                shown = values if labels is None else {name: values[name] for name in values if name in labels}
                at = local_iso(at_ms, session.tz)
                yield at_ms, {"site": site.id, "meter": meter.key, "at": at, "values": shown}


def _quarter_records(quarter: Quarter, labels: Collection[str] | None) -> Iterator[dict[str, object]]:
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
