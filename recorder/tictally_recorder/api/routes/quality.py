"""Completeness of the data: gaps, lost frames, rejected messages, health of edges."""

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.cached_energy import cached_energy
from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.live.snapshot import ONLINE_MS
from tictally_recorder.api.params import MAX_DAYS, ListParams, TimeRange, time_range
from tictally_recorder.api.responses import Listing, Record, answer_list, csv_responses, local_iso
from tictally_recorder.api.schemas import ListOf, QualityItem
from tictally_recorder.energy import gaps
from tictally_recorder.ledger import Site, Status
from tictally_shared.calendar import QUARTER_MS, By, local_day
from tictally_shared.frames import FrameError, strict_json

router = APIRouter(tags=["quality"])

_COLUMNS: Final = ("site", "from", "to", "quarters", "covered", "lost", "gaps", "more_gaps", "falls")
_MAX_GAPS: Final = 200
_MONTH_DAYS: Final = 30


@router.get("/quality", response_model=ListOf[QualityItem], responses=csv_responses(_COLUMNS))
async def quality(request: Request, params: Annotated[ListParams, Query()]) -> Response:
    """Gaps, lost frames and register falls by site; status of edges; rejected messages by reason."""
    context: Context = request.app.state.context
    window = time_range(params, context.now(), context.tz, max_days=MAX_DAYS[By.DAY], days_back=_MONTH_DAYS)

    def work(session: ReadSession) -> Listing:
        newest_ms = session.reader.edges()
        edges = sorted({edge for site in session.sites for edge in site.edges}) if params.site else list(newest_ms)
        extra = {
            "edges": [_edge_record(session, edge, newest_ms.get(edge)) for edge in edges],
            "rejected": [
                {
                    "reason": each.reason,
                    "n": each.n,
                    "topic": each.topic,
                    "detail": each.detail,
                    "at": None if each.arrived_ms is None else local_iso(each.arrived_ms, session.tz),
                }
                for each in session.reader.rejections()
            ],
            "recorder": _recorder_record(session),
        }
        return Listing([_site_record(session, site, window) for site in session.sites], extra)

    return await answer_list(request, params.site, work, _COLUMNS)


def _site_record(session: ReadSession, site: Site, window: TimeRange) -> Record:
    tz = session.tz
    start_ms, end_ms = window.bounds_ms
    start_ms = max(start_ms, site.first_ms) // QUARTER_MS * QUARTER_MS
    end_ms = max(min(-(-end_ms // QUARTER_MS), site.last_ms // QUARTER_MS + 1) * QUARTER_MS, start_ms)
    found = gaps(session.reader, site, start_ms, end_ms)
    quarters = (end_ms - start_ms) // QUARTER_MS
    rows, _ = cached_energy(session, site, window, By.DAY)
    return {
        "site": site.id,
        "from": local_iso(start_ms, tz),
        "to": local_iso(end_ms, tz),
        "quarters": quarters,
        "covered": quarters - sum(gap.quarters for gap in found),
        "lost": session.reader.lost_between(site.edges, start_ms, end_ms),
        "gaps": [
            {"from": local_iso(gap.start_ms, tz), "to": local_iso(gap.end_ms, tz), "quarters": gap.quarters}
            for gap in found[-_MAX_GAPS:]
        ],
        "more_gaps": max(len(found) - _MAX_GAPS, 0),
        "falls": [{"register": row.register, "day": str(local_day(row.start_ms, tz))} for row in rows if row.fell],
    }


def _edge_record(session: ReadSession, edge: str, newest_ms: int | None) -> Record:
    broadcast = session.context.broadcast
    availability, health = broadcast.availability.get(edge), broadcast.health.get(edge)
    is_fresh = newest_ms is not None and session.now_ms - newest_ms <= ONLINE_MS
    is_offline = (
        availability is not None
        and availability.payload == b"offline"
        and (newest_ms is None or newest_ms <= availability.at_ms)
    )
    lost = sum(
        each.last - each.first + 1
        for ranges in session.reader.frame_numbers(edge).values()
        for each in ranges
        if each.status is Status.LOST
    )
    return {
        "edge": edge,
        "state": "offline" if is_offline else "online" if is_fresh else "silent",
        "newest": None if newest_ms is None else local_iso(newest_ms, session.tz),
        "health_at": None if health is None else local_iso(health.at_ms, session.tz),
        "health": None if health is None else _parsed_health(health.payload),
        "lost": lost,
    }


def _parsed_health(payload: bytes) -> dict[str, Any] | None:
    try:
        found = strict_json(payload)
        json.dumps(found, allow_nan=False)
    except (FrameError, ValueError):
        return None
    return found


def _recorder_record(session: ReadSession) -> Record:
    counts, heartbeat = session.reader.counts(), session.context.broadcast.heartbeat
    return {
        "version": session.context.version,
        "started": None if heartbeat is None else local_iso(heartbeat.started_ms, session.tz),
        "frames": counts.frames,
        "deferred": counts.deferred,
        "lost": counts.lost,
        "waiting_quarters": counts.dirty,
        "ledger_bytes": counts.size_bytes,
    }
