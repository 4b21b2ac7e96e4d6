"""Collects facts for the doctor from ledger, broker and files. Reads only; the recorder may run meanwhile."""

import fcntl
import os
import shutil
import stat
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from tictally_recorder.backup.file_format import BackupError
from tictally_recorder.backup.job import stored_state
from tictally_recorder.backup.repository import OwnBackups, list_backups
from tictally_recorder.backup.schedule import last_due_ms, not_ahead_of
from tictally_recorder.backup.settings import BackupSettings
from tictally_recorder.cost.contract_problems import contract_problems
from tictally_recorder.cost.contracts.meter_reported import announced
from tictally_recorder.cost.contracts.onboarding import needs_contract
from tictally_recorder.cost.model import Terms
from tictally_recorder.cost.reasons import missing_amounts, provisional_reason
from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.doctor.broker_probe import ProbeResult, probe
from tictally_recorder.doctor.facts import BackupFacts, CostFacts, EdgeFacts, Facts, LedgerFacts, PaidFacts
from tictally_recorder.doctor.reconciliation import collect_reconciliation
from tictally_recorder.imports.state import collect_importers
from tictally_recorder.ingest.broker import BrokerAddress
from tictally_recorder.ingest.subscriptions import edge_and_what, edge_filters
from tictally_recorder.jobs import JobReport, JobState, job_reports
from tictally_recorder.ledger import LedgerError, LedgerReader, Site, integrity
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.settings import Settings
from tictally_recorder.sinks.findings import collect_sinks
from tictally_recorder.tariffs.model import Direction
from tictally_recorder.tariffs.providers.findings import collect_providers
from tictally_shared.calendar import local_day
from tictally_shared.phrase import Phrase


def collect_cost(settings: Settings, now_ms: int) -> CostFacts:
    """How cost stands; nothing where the ledger cannot be read, which is reported elsewhere."""
    today = local_day(now_ms, settings.zone)
    watched = WatchedTerms(settings.contracts_file, settings.tariffs_folder, settings.zone)
    try:
        with LedgerReader.open(settings.ledger) as reader:
            sites = reader.sites()
            watched.look(sites)
            if watched.terms is None:
                return CostFacts(watched.problem)
            paid = tuple(_paid(reader, site, watched.terms, today, settings.zone) for site in sites)
            broken = tuple(each.error for each in watched.terms.broken.values())
            return CostFacts(None, paid, broken, watched.unused, watched.taxes)
    except LedgerError:
        return CostFacts()


def _paid(reader: LedgerReader, site: Site, terms: Terms, today: date, tz: ZoneInfo) -> PaidFacts:
    contract = terms.contracts.on(site.id, Direction.CONSUMPTION, today)
    if contract is None and not needs_contract(reader, site, terms.contracts, announced(reader, site)):
        contract = terms.contracts.on(site.id, Direction.INJECTION, today)
    if contract is None:
        return PaidFacts(site.id, None, terms.contracts.why_none(site.id, Direction.CONSUMPTION, today))
    tariff = terms.tariffs.get(contract.tariff)
    if tariff is None:
        return PaidFacts(site.id, None, terms.why_no_tariff(contract))
    found = tuple(contract_problems(reader, site, contract, tariff, tz))
    version = tariff.in_force(today, contract.power_kva)
    if version is None:
        no_version = Reason(ReasonCode.NO_VERSION, {"tariff": tariff.id})
        return PaidFacts(site.id, None, no_version, contradictions=found)
    if missing := missing_amounts(tariff, version, contract.power_kva):
        return PaidFacts(site.id, version.id, missing[0], contradictions=found)
    reason = provisional_reason(tariff, contract.power_kva, today)
    not_revised = reason if reason and reason.code is ReasonCode.POWER_NOT_REVISED else None
    return PaidFacts(site.id, version.id, None, tariff.overdue_since(today), found, not_revised)


def collect(settings: Settings, broker: BrokerAddress, now_ms: int) -> Facts:
    """The facts, with these settings, at a moment."""
    own_health = settings.topics.recorder(settings.name, "health")
    seen = probe(broker, [*edge_filters(settings.topics, settings.edges), own_health])
    return collect_with(settings, str(broker), seen, now_ms)


def collect_with(
    settings: Settings, broker: str, seen: ProbeResult, now_ms: int, *, checks_integrity: bool = True
) -> Facts:
    """The facts, with what the broker has retained.

    Args:
        settings: the recorder's.
        broker: its address.
        seen: there.
        now_ms: milliseconds since 1970.
        checks_integrity: False to leave out the check of the whole file, which takes seconds.
    """
    own_health = settings.topics.recorder(settings.name, "health")
    return Facts(
        now_ms,
        _ledger(settings.ledger, checks_integrity=checks_integrity),
        broker,
        seen,
        _edges(seen),
        collect_cost(settings, now_ms),
        _backup(settings, now_ms),
        collect_sinks(settings),
        _jobs(settings, now_ms),
        collect_providers(settings, local_day(now_ms, settings.zone)),
        seen.retained.get(own_health),
        collect_importers(settings),
        collect_reconciliation(settings, now_ms),
    )


def _ledger(ledger: Path, *, checks_integrity: bool) -> LedgerFacts | Phrase:
    path = ledger.resolve()  # lock and log lie beside the file, not beside a link to it
    try:
        problems = tuple(integrity(path)) if checks_integrity else ()
        with LedgerReader.open(path) as reader, reader.snapshot():
            newest_ms = reader.edges()
            return LedgerFacts(
                path=path,
                size_bytes=_size_bytes(path),
                free_bytes=shutil.disk_usage(path.parent).free,
                version=reader.version,
                problems=problems,
                recorder=recorder_of(path),
                counts=reader.counts(),
                rejected=tuple(reader.rejections()),
                numbers={edge: reader.frame_numbers(edge) for edge in newest_ms},
                newest_ms=newest_ms,
                sites=tuple(reader.sites()),
                sinks=tuple(reader.sinks()),
                ignored=tuple(reader.ignored_sites()),
                conflicts=reader.conflicts(),
                is_readable_by_all=bool(path.stat().st_mode & stat.S_IROTH),
            )
    except LedgerError as error:
        return error.problem


def _backup(settings: Settings, now_ms: int) -> BackupFacts:
    nightly = settings.section(BackupSettings)
    folder = nightly.folder
    if folder is None:
        return BackupFacts()
    noted, own = _noted(settings.ledger, folder)
    due_ms = last_due_ms(now_ms, nightly.hour, settings.zone)
    try:
        made_ms = max(not_ahead_of(own.select(list_backups(folder, settings.name)), now_ms), default=None)
        shared = folder.stat().st_dev == settings.ledger.parent.stat().st_dev
    except BackupError as error:
        return BackupFacts(folder, noted.last_success_ms, now_ms, error.problem)
    except OSError:
        shared = False
    return BackupFacts(folder, made_ms, due_ms, noted.problem, shared)


def _noted(ledger: Path, folder: Path) -> tuple[JobState, OwnBackups]:
    try:
        with LedgerReader.open(ledger) as reader:
            return stored_state(reader.get_value, folder), OwnBackups(reader.created)
    except LedgerError:
        return JobState(), OwnBackups(None)


def _jobs(settings: Settings, now_ms: int) -> tuple[JobReport, ...]:
    try:
        with LedgerReader.open(settings.ledger) as reader:
            return tuple(job_reports(settings, reader.get_value, now_ms))
    except LedgerError:
        return ()


def _size_bytes(path: Path) -> int:
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def recorder_of(path: Path) -> str | None:
    """Who holds the ledger's lock. To find out it is taken for a moment, shared, where nobody has it."""
    try:
        lock = os.open(path.with_name(f"{path.name}.lock"), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return os.pread(lock, 32, 0).decode(errors="replace").strip() or "unknown"
    finally:
        os.close(lock)
    return None


def _edges(seen: ProbeResult) -> dict[str, EdgeFacts]:
    payloads: dict[str, dict[str, bytes]] = {}
    for topic, payload in seen.retained.items():
        edge, what = edge_and_what(topic)
        if edge:
            payloads.setdefault(edge, {})[what] = payload
    return {
        edge: EdgeFacts(
            each["availability"].decode(errors="replace") if "availability" in each else None, each.get("health")
        )
        for edge, each in payloads.items()
    }
