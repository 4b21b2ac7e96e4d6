"""`tictally record`: connects ledger, broker, loop and maintenance, and stops on a signal."""

import gc
import logging
import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Final

from tictally_recorder.api.settings import HttpSettings
from tictally_recorder.backup.swap import remove_second_names
from tictally_recorder.cost.compare.kept import ConsumptionKeeper
from tictally_recorder.cost.compare.maintenance import ComparisonStep
from tictally_recorder.cost.maintenance import CostStep
from tictally_recorder.cost.recompute import CostRecomputer
from tictally_recorder.cost.standby.maintenance import StandbyStep
from tictally_recorder.cost.standby.recompute import NightRecomputer
from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.hubs.earlier_names import NOTE, EarlierNamesStep, HubMemory, HubNames
from tictally_recorder.hubs.recorder_device import DiscoveryStep, announcement_of
from tictally_recorder.hubs.recorder_health import HealthSource, HealthStep, ProviderHealth, SinkHealth
from tictally_recorder.hubs.site_device import site_device_of
from tictally_recorder.hubs.site_publisher import SitePublisher
from tictally_recorder.hubs.site_updater import SiteSource, SiteUpdater
from tictally_recorder.imports.state import ImporterHealth, ImportStep
from tictally_recorder.ingest.backfill.coordinator import BackfillCoordinator
from tictally_recorder.ingest.broadcast import Broadcast
from tictally_recorder.ingest.broker import broker_address
from tictally_recorder.ingest.events import Event, Inbox, ReloadConfig, Stop
from tictally_recorder.ingest.loop import Ingest, IngestParts, topic_listeners
from tictally_recorder.ingest.mqtt_client import Connection
from tictally_recorder.ingest.name_watch import NameWatch
from tictally_recorder.ingest.statistics import IngestStatistics, SummaryStep
from tictally_recorder.ingest.subscriptions import IngestTopics
from tictally_recorder.jobs import JobScheduler, JobStep
from tictally_recorder.ledger import Ledger, LedgerError, LedgerGone, LedgerReader, LedgerUnavailable
from tictally_recorder.ledger_opening import open_ledger
from tictally_recorder.maintenance import MaintenanceScheduler, MaintenanceStep
from tictally_recorder.maintenance.ledger_steps import DeferredStep, QuarterStep, RetentionStep
from tictally_recorder.providers.production.topic import production_topic
from tictally_recorder.providers.weather.topic import temperature_topic
from tictally_recorder.settings import OFF, Settings
from tictally_recorder.sinks.replication import Replication, replicating
from tictally_recorder.translations import catalogue
from tictally_shared.runtime.backoff import Backoff
from tictally_shared.runtime.log import RateLimitedLogger
from tictally_shared.runtime.systemd import Notifier

_RETRY_S: Final = (0.5, 5.0)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RecorderResources:
    """What a recorder has opened.

    Attributes:
        settings: the recorder's.
        ledger: open for writing.
        reader: of the same ledger.
        connection: to the broker; not started yet.
        inbox: of the loop.
        replication: to the configured sinks.
        broadcast: for other threads of this process.
        jobs: not started yet.
    """

    settings: Settings
    ledger: Ledger
    reader: LedgerReader
    connection: Connection
    inbox: Inbox
    replication: Replication
    broadcast: Broadcast
    jobs: JobScheduler


def record(settings: Settings, *, begins_new: bool = False) -> None:
    """Record until SIGTERM or SIGINT; SIGHUP applies edited tariffs and contracts at once.

    Raises:
        LedgerError: the ledger cannot be used.
    """
    inbox: Inbox = SimpleQueue()
    _handle_signals(inbox)
    notifier = Notifier(os.environ)
    opened = _open_when_available(settings, inbox, notifier, begins_new=begins_new)
    if opened is None:
        return
    stack, resources, ingest = opened
    with stack:
        edges = ", ".join(settings.edges) or "all edges"
        broker = broker_address(settings)
        _log.info("recording %s from %s into %s as %s", edges, broker, settings.ledger, settings.name)
        notifier.ready(f"recording into {settings.ledger}")
        http = _http(settings, resources, inbox)
        # Objects that exist by now live until the end. Without this the collector, which messages trigger again and
        # again, would traverse all of them each time: a fifth of the recorder's time when it is busy.
        gc.freeze()
        try:
            with http, resources.jobs.running():
                ingest.run()
            with suppress(LedgerUnavailable):  # a full disk; the jobs are run once more
                resources.jobs.store(resources.ledger)
        except LedgerGone as error:
            raise LedgerError(rescue(resources.ledger, settings.ledger, error)) from error


def _open_when_available(
    settings: Settings, inbox: Inbox, notifier: Notifier, *, begins_new: bool
) -> tuple[ExitStack, RecorderResources, Ingest] | None:
    """Open everything as soon as the ledger can be: another program may have locked it. None if stopped before."""
    backoff, limited_log = Backoff(*_RETRY_S), RateLimitedLogger(_log)
    while True:
        with ExitStack() as stack:
            try:
                ledger = stack.enter_context(open_ledger(settings, begins_new=begins_new))
                resources = _open(settings, ledger, inbox, stack)
                ingest = make_ingest(resources, notifier)
            except LedgerUnavailable as error:
                limited_log.log(f"{error}: trying again", time.monotonic())
            else:
                return stack.pop_all(), resources, ingest
        notifier.alive(time.monotonic(), lambda: "waiting for the ledger")
        with suppress(Empty):
            if isinstance(inbox.get(timeout=backoff.next_s()), Stop):
                return None


def _open(settings: Settings, ledger: Ledger, inbox: Inbox, stack: ExitStack) -> RecorderResources:
    remove_second_names(settings.ledger.resolve())
    reader = stack.enter_context(LedgerReader.open(settings.ledger))
    replication = stack.enter_context(replicating(settings, ledger))
    will = (settings.topics.recorder(settings.name, "availability"), "offline")
    connection = Connection(broker_address(settings), ledger.client_id, will, inbox)
    jobs = JobScheduler(settings, ledger.get_value)
    broadcast = Broadcast(sinks=replication.states)
    logging.getLogger().addHandler(broadcast.log)
    stack.callback(logging.getLogger().removeHandler, broadcast.log)
    return RecorderResources(settings, ledger, reader, connection, inbox, replication, broadcast, jobs)


def rescue(ledger: Ledger, path: Path, gone: LedgerGone) -> str:
    """Save a ledger whose file was deleted or replaced while it was open, before the last hold on it ends.

    Returns:
        What happened and what to do, a sentence for the log.
    """
    path = path.resolve()
    copy = path.with_name(f"{path.name}.rescued-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    try:
        ledger.rescue(copy)
    except LedgerError as error:
        return f"{gone}; {error}. Nothing was acknowledged that is not stored; the recorder stops"
    return (
        f"{gone}; the recorder stops, and acknowledged nothing that is not stored. The ledger as it was is saved as "
        f"{copy}: stop the recorder and move it to {path} to continue with it"
    )


def make_ingest(resources: RecorderResources, notifier: Notifier) -> Ingest:
    """The loop with its maintenance."""
    settings, ledger, connection = resources.settings, resources.ledger, resources.connection
    memory = HubMemory.read(ledger.get_value(NOTE))
    announcement = announcement_of(settings, resources.replication.titles, memory.entities)
    statistics = IngestStatistics(settings.idle_minutes * 60)
    backfill = BackfillCoordinator(
        ledger,
        lambda edge, request: connection.publish(settings.topics.edge(edge, "resend"), request, retain=False),
        lambda edge: connection.room(settings.topics.edge(edge, "resend")),
    )
    names = NameWatch(settings.name, settings.topics.recorder(settings.name, "health"), connection, ledger)
    steps: list[MaintenanceStep] = [
        QuarterStep(ledger),
        ImportStep(ledger),
        RetentionStep(ledger),
        *_feature_steps(resources, statistics, [backfill, names], backfill),
        SummaryStep(statistics),
    ]
    entities = {} if announcement is None else announcement.entities
    steps.insert(0, EarlierNamesStep(ledger, HubNames.of(settings), entities, connection.publish))
    if announcement is not None:
        steps.insert(0, DiscoveryStep(announcement, connection.publish))
    birth = None if announcement is None else announcement.birth
    sensors = [each for each in (temperature_topic(settings, ledger), production_topic(settings, ledger)) if each]
    steps += sensors
    listeners = topic_listeners((each.topic, each.on_message) for each in sensors)
    return Ingest(
        IngestParts(
            ledger=ledger,
            connection=connection,
            inbox=resources.inbox,
            topics=IngestTopics.of(settings.name, settings.topics, settings.edges, birth, tuple(listeners)),
            statistics=statistics,
            backfill=backfill,
            names=names,
            maintenance=MaintenanceScheduler(steps, resources.inbox.empty),
            broadcast=resources.broadcast,
            notifier=notifier,
            prompt_s=settings.prompt_s,
            commit_s=settings.commit_interval_s(is_live=resources.replication.is_live),
            health_listeners=[resources.replication.report_edge],
            topic_listeners=listeners,
        )
    )


def _feature_steps(
    resources: RecorderResources,
    statistics: IngestStatistics,
    ingest: Sequence[HealthSource],
    backfill: BackfillCoordinator,
) -> Sequence[MaintenanceStep]:
    """Cost, standby, sites and backfill, and at the end the health message that has fields of each."""
    settings, ledger, reader = resources.settings, resources.ledger, resources.reader
    terms = WatchedTerms(settings.contracts_file, settings.tariffs_folder, settings.zone)
    keeper = CostRecomputer(ledger, reader, terms, settings.zone)
    cost, standby = CostStep(keeper), StandbyStep(NightRecomputer(ledger, reader, settings.zone))
    sites = SiteUpdater(
        SiteSource(
            ledger=ledger,
            reader=reader,
            keeper=keeper,
            tz=settings.zone,
            silent_after_ms=settings.idle_minutes * 60_000,
            revision=lambda: cost.revision + standby.revision,
        ),
        SitePublisher(settings.topics, site_device_of(settings), resources.connection.publish),
        catalogue(settings.language),
    )
    sources: list[HealthSource] = [
        *(*ingest, cost, sites),
        SinkHealth(ledger, resources.replication, catalogue(settings.language)),
        ProviderHealth(terms, settings.zone),
        ImporterHealth(resources.reader),
    ]
    topic = settings.topics.recorder(settings.name, "health")
    health = HealthStep(
        ledger,
        statistics,
        sources,
        lambda payload: resources.connection.publish(topic, payload),
        [resources.replication.report_recorder],
    )
    jobs = JobStep(resources.jobs, ledger, settings, health.publish_soon)
    sources.append(jobs)
    comparison = ComparisonStep(ConsumptionKeeper(ledger, reader, settings.zone))
    return [jobs, cost, standby, comparison, sites, backfill, DeferredStep(ledger, statistics.add), health]


def _http(settings: Settings, resources: RecorderResources, inbox: Inbox) -> AbstractContextManager[object]:
    http = settings.section(HttpSettings)
    if http.switch == OFF:
        return nullcontext()
    from tictally_recorder.api.server import http_servers  # noqa: PLC0415 - it takes half a second and 30 MB

    return http_servers(settings, resources.broadcast, inbox, resources.jobs)


def _handle_signals(inbox: Inbox) -> None:
    def put(event: Event) -> Callable[[int, FrameType | None], None]:
        return lambda _signal, _frame: inbox.put(event)  # SimpleQueue may be put to from a signal handler

    signal.signal(signal.SIGTERM, put(Stop()))
    signal.signal(signal.SIGINT, put(Stop()))
    signal.signal(signal.SIGHUP, put(ReloadConfig()))
