"""Runs the doctor's checks: source, broker, then the line (or the edge that reads it), and the journal."""

import json
import time
from collections.abc import Iterable, Iterator

from tictally_edge.clock.kernel import KernelClock
from tictally_edge.doctor import LISTEN_S
from tictally_edge.doctor.broker import BrokerProbe, probe_broker
from tictally_edge.doctor.clock import diagnose_clock
from tictally_edge.doctor.folder import check_folders
from tictally_edge.doctor.listening import LineSample, diagnose_line, listen
from tictally_edge.doctor.service import diagnose_service
from tictally_edge.finding import EdgeFinding, FindingCode, Subject, bad
from tictally_edge.mqtt.client import broker_access
from tictally_edge.processes import Process
from tictally_edge.publishing.publisher import ONLINE
from tictally_edge.settings import Settings
from tictally_edge.sources.base import Moment, Opener, SourceError
from tictally_edge.sources.registry import SOURCES
from tictally_edge.sources.settings import SourceSettings
from tictally_shared.frames import parse_time_ms
from tictally_shared.labels import Mode
from tictally_shared.runtime.log import sentence
from tictally_shared.topics import Topics


def examine(settings: Settings, *, listen_s: float = LISTEN_S, show: bool = False) -> Iterator[EdgeFinding]:
    """Yield findings as they are made; nothing is changed anywhere.

    Args:
        settings: those of `run`.
        listen_s: how long to listen at each speed, at most.
        show: True to show the meter's whole number.
    """
    chosen = settings.section(SourceSettings)
    kind, address = SOURCES.parse(chosen.port, chosen.fixed_mode)
    source = kind.examine(address, settings)
    yield source.finding
    topics = Topics(settings.base_topic)
    names = topics.edge(settings.name, "availability"), topics.edge(settings.name, "health")
    probe = probe_broker(broker_access(settings), *names)
    yield probe.finding
    if source.edge is not None or probe.availability == ONLINE:
        yield from _service(source.edge, probe)
    elif source.finding.ok and source.opener is not None:
        yield from _listen(settings, source.opener, listen_s, show=show)
    else:
        yield _clock(settings, LineSample(), has_own_dates=source.has_own_dates)
    yield from check_folders(settings.journal, settings.state, settings.journal_mb)


def as_json(findings: Iterable[EdgeFinding]) -> str:
    """An array of objects, each as `EdgeFinding.as_json` has it."""
    return json.dumps([finding.as_json() for finding in findings], ensure_ascii=False, indent=2)


def _service(edge: Process | None, probe: BrokerProbe) -> Iterator[EdgeFinding]:
    try:
        age_s = time.time() - parse_time_ms(str((probe.health or {}).get("time"))) / 1000
    except ValueError:
        age_s = None
    yield from diagnose_service(edge, probe.availability, probe.health, age_s)


def _listen(settings: Settings, opener: Opener, listen_s: float, *, show: bool) -> Iterator[EdgeFinding]:
    chosen = settings.section(SourceSettings)
    try:
        sample = listen(opener, chosen.fixed_mode, listen_s, settings.meter_zone)
    except SourceError as error:
        yield bad(Subject.LINE, FindingCode.PORT_FAILS, detail=sentence(str(error)), port=chosen.port)
        sample = LineSample()
    else:
        yield from diagnose_line(sample, chosen.fixed_mode, show=show)
    yield _clock(settings, sample)


def _clock(settings: Settings, sample: LineSample, *, has_own_dates: bool = False) -> EdgeFinding:
    now = Moment(time.monotonic(), time.time_ns() // 1_000_000)
    meter_ms = None if sample.meter_ms is None else sample.meter_ms + round((now.at - sample.meter_at) * 1000)
    status = KernelClock().status(meter_ms)
    trusted = settings.clock == "trust" or has_own_dates
    # A meter in historique mode has no clock to prove ours by.
    is_heard = sample.mode is not None or settings.section(SourceSettings).fixed_mode is Mode.HISTORIQUE
    return diagnose_clock(now, status, trusted=trusted, zone=settings.timezone, is_heard=is_heard)
