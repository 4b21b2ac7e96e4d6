"""What is missing and what was refused: gaps, lost frames, edges' health."""

import json
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api import params
from tictally_recorder.api.cached_energy import cached_energy
from tictally_recorder.api.context import Context, sites_of
from tictally_recorder.api.live.snapshot import ONLINE_MS
from tictally_recorder.api.params import MOST_DAYS, Times, times
from tictally_recorder.api.responses import Record, Rows, local_day, told
from tictally_recorder.api.routes.common import Answering, context_of
from tictally_recorder.api.schemas import ListOf, QualityItem
from tictally_recorder.energy import gaps
from tictally_recorder.ledger import LedgerReader, Site, Status
from tictally_shared.calendar import QUARTER_MS, By
from tictally_shared.frames import FrameError, strict_json

router = APIRouter(tags=["quality"])

_COLUMNS: Final = ("site", "from", "to", "quarters", "covered", "lost", "gaps", "more_gaps", "falls")
_GAPS_TOLD: Final = 200
_MONTH: Final = 30


@router.get("/quality", response_model=ListOf[QualityItem])
async def quality(
    request: Request,
    site: params.Site = None,
    start: params.From = None,
    end: params.To = None,
    form: params.Format = None,  # noqa: ARG001 - read from the request
) -> Response:
    """Gaps, lost frames and falls by site; edges as the recorder hears them; what was refused, and why."""
    context = context_of(request)
    window = times(start, end, context.tz, context.now, most_days=MOST_DAYS[By.DAY], days=_MONTH)

    def work(reader: LedgerReader) -> Rows:
        sites = sites_of(reader, site)
        items = [_of_site(context, reader, each, window) for each in sites]
        edges = sorted({edge for each in sites for edge in each.edges}) if site else list(reader.edges())
        extra = {
            "edges": [_of_edge(context, reader, edge) for edge in edges],
            "refused": [
                {
                    "reason": each.reason,
                    "n": each.n,
                    "topic": each.topic,
                    "sentence": each.detail,
                    "at": None if each.arrived_ms is None else told(each.arrived_ms, context.tz),
                }
                for each in reader.rejections()
            ],
            "recorder": _recorder(context, reader),
        }
        return Rows(items, extra)

    return await Answering(request, _COLUMNS).by(work)


def _of_site(context: Context, reader: LedgerReader, site: Site, window: Times) -> Record:
    start_ms, end_ms = window.bounds_ms
    start_ms = max(start_ms, min(meter.first_ms for meter in site.meters)) // QUARTER_MS * QUARTER_MS
    last_ms = max(meter.last_ms for meter in site.meters)
    end_ms = max(min(-(-end_ms // QUARTER_MS), last_ms // QUARTER_MS + 1) * QUARTER_MS, start_ms)
    found = gaps(reader, site, start_ms, end_ms)
    quarters = (end_ms - start_ms) // QUARTER_MS
    rows, _ = cached_energy(reader, context.energies, site, window, By.DAY, context.tz, context.today)
    falls = [{"register": row.register, "day": str(local_day(row.start_ms, context.tz))} for row in rows if row.fell]
    return {
        "site": site.id,
        "from": told(start_ms, context.tz),
        "to": told(end_ms, context.tz),
        "quarters": quarters,
        "covered": quarters - sum(gap.quarters for gap in found),
        "lost": reader.lost_between(site.edges, start_ms, end_ms),
        "gaps": [
            {"from": told(gap.start_ms, context.tz), "to": told(gap.end_ms, context.tz), "quarters": gap.quarters}
            for gap in found[-_GAPS_TOLD:]
        ],
        "more_gaps": max(len(found) - _GAPS_TOLD, 0),
        "falls": falls,
    }


def _of_edge(context: Context, reader: LedgerReader, edge: str) -> Record:
    newest_ms = reader.edges().get(edge)
    said, health = context.broadcast.availability.get(edge), context.broadcast.health.get(edge)
    now_ms = int(context.now.timestamp() * 1000)
    is_fresh = newest_ms is not None and now_ms - newest_ms <= ONLINE_MS
    is_off = said is not None and said.payload == b"offline" and (newest_ms is None or newest_ms <= said.at_ms)
    lost = sum(
        each.last - each.first + 1
        for ranges in reader.frame_numbers(edge).values()
        for each in ranges
        if each.status is Status.LOST
    )
    return {
        "edge": edge,
        "state": "offline" if is_off else "online" if is_fresh else "silent",
        "newest": None if newest_ms is None else told(newest_ms, context.tz),
        "heard": None if health is None else told(health.at_ms, context.tz),
        "health": None if health is None else _health(health.payload),
        "lost": lost,
    }


def _health(payload: bytes) -> dict[str, Any] | None:
    try:
        found = strict_json(payload)
        json.dumps(found, allow_nan=False)
    except (FrameError, ValueError):
        return None
    return found


def _recorder(context: Context, reader: LedgerReader) -> Record:
    counts, heartbeat = reader.counts(), context.broadcast.heartbeat
    return {
        "version": context.version,
        "started": None if heartbeat is None else told(heartbeat.started_ms, context.tz),
        "frames": counts.frames,
        "kept": counts.deferred,
        "lost": counts.lost,
        "waiting_quarters": counts.dirty,
        "ledger_bytes": counts.size_bytes,
    }
