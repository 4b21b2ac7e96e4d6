"""The recorder as a system: what is wrong and what to do, versions, disk, backups."""

import platform
import shutil
import sqlite3
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.params import LanguageParams
from tictally_recorder.api.responses import Record, json_response, local_iso
from tictally_recorder.api.schemas import SystemRecord
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.doctor import diagnose
from tictally_recorder.doctor.broker_probe import Outcome, ProbeResult
from tictally_recorder.doctor.collect import collect_with
from tictally_recorder.doctor.facts import BackupFacts, Facts
from tictally_recorder.doctor.words import records
from tictally_recorder.finding import Finding, Level, SubjectKind
from tictally_recorder.ingest.broker import broker_address
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.translations import ENGLISH, catalogue
from tictally_shared.catalogue import LANGUAGES
from tictally_shared.phrase import Phrase

router = APIRouter(tags=["system"])

# That the recorder runs is plain to whoever has its answer, and the page shows missing packages beside the importers.
_PLAIN: Final = frozenset({SubjectKind.RECORDER, SubjectKind.IMPORTER})


@router.get("/system", response_model=SystemRecord)
async def system(request: Request, params: Annotated[LanguageParams, Query()]) -> Response:
    """What `tictally doctor` finds that needs attention, and the recorder's versions, disk space and backups.

    The check of the whole ledger, which takes seconds, is left to `tictally doctor`.
    """
    context: Context = request.app.state.context
    words = catalogue(params.language) if params.language in LANGUAGES else ENGLISH

    def work(reader: LedgerReader) -> Response:
        session = context.session(reader)
        facts = _facts(session)
        found = [each for each in diagnose(facts, session.tz) if _is_shown(each)]
        found.sort(key=lambda each: each.level is not Level.TROUBLE)
        folder = context.settings.ledger.resolve().parent
        return json_response(
            {
                "findings": records(found, words),
                "versions": _versions(session, facts),
                "disk": _disk(folder)
                | {"ledger_bytes": 0 if isinstance(facts.ledger, Phrase) else facts.ledger.size_bytes},
                "backup": _backup(facts.backup or BackupFacts(), session),
            }
        )

    return await context.pool.read(work, Lane.SLOW)


def _facts(session: ReadSession) -> Facts:
    """What the loop has seen of the broker stands for what a probe would see."""
    context = session.context
    broadcast, topics = context.broadcast, context.settings.topics
    heartbeat = broadcast.heartbeat
    retained = {topics.edge(edge, "availability"): each.payload for edge, each in broadcast.availability.items()}
    retained |= {topics.edge(edge, "health"): each.payload for edge, each in broadcast.health.items()}
    is_up = heartbeat is None or heartbeat.is_up
    seen = ProbeResult(Outcome.CONNECTED if is_up else Outcome.SILENT, "", retained)
    broker = str(broker_address(context.settings))
    return collect_with(context.settings, broker, seen, session.now_ms, checks_integrity=False)


def _is_shown(found: Finding) -> bool:
    return found.level is not Level.OK and found.about.kind not in _PLAIN


def _versions(session: ReadSession, facts: Facts) -> Record:
    return {
        "recorder": session.context.version,
        "schema": None if isinstance(facts.ledger, Phrase) else facts.ledger.version,
        "sqlite": sqlite3.sqlite_version,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _disk(folder: Path) -> dict[str, object]:
    try:
        found = shutil.disk_usage(folder)
    except OSError:
        return {"folder": str(folder), "total_bytes": None, "free_bytes": None}
    return {"folder": str(folder), "total_bytes": found.total, "free_bytes": found.free}


def _backup(facts: BackupFacts, session: ReadSession) -> Record:
    """The nightly backup: each is read back before its file gets its name."""
    folder = facts.folder
    return {
        "folder": None if folder is None else str(folder),
        "made": None if facts.made_ms is None else local_iso(facts.made_ms, session.tz),
        "is_verified": facts.made_ms is not None,
        "free_bytes": _disk(folder)["free_bytes"] if folder is not None else None,
    }
