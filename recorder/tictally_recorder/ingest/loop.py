"""The recorder's loop: messages are stored in batches, and acknowledged after that."""

import json
import logging
import time
from collections.abc import Callable
from math import inf
from queue import Empty
from typing import Final

from tictally_recorder.backup.scheduler import NOTE, BackupState, Nightly
from tictally_recorder.backup.settings import BackupSettings
from tictally_recorder.hubs.recorder_device import announcement_of
from tictally_recorder.ingest.backfill.coordinator import BackfillCoordinator
from tictally_recorder.ingest.batch import MessageBuffer
from tictally_recorder.ingest.broadcast import Broadcast, LoopHeartbeat
from tictally_recorder.ingest.events import (
    Connected,
    ConnectionProblem,
    Event,
    Inbox,
    MessageReceived,
    ReloadConfig,
    Stop,
    Subscribed,
    WriteCommand,
)
from tictally_recorder.ingest.health import Uptime, health_json, summary
from tictally_recorder.ingest.mqtt_client import WINDOW, Connection
from tictally_recorder.ingest.subscriptions import edge_and_what, edge_filters, is_birth
from tictally_recorder.ledger import Ledger, LedgerUnavailable, Message, Stored
from tictally_recorder.maintenance import Cost
from tictally_recorder.settings import Settings
from tictally_recorder.sinks.runner import Copy
from tictally_shared.runtime.log import RateLimitedLogger
from tictally_shared.runtime.systemd import Notifier

_RETRY_S: Final = (0.5, 30.0)
_TICK_S: Final = 1.0
_BEAT_S: Final = 0.25
_MINUTE_S: Final = 60.0
_HOUR_S: Final = 3600.0
# Quarters and cost are computed again in what a tick can spare, each: live frames wait meanwhile.
_SPARE_S: Final = 0.25
# In a torrent each message would wake the loop, and the two threads would take turns at every one of them. Less than a
# lull, so that no message is stored later for it.
_GATHER_S: Final = 0.005
_LEAVE_WITHIN_S: Final = 2.0
_FILTERS: Final = "filters"
_BORN: Final = b"online"
# What edges say of themselves; every other message but a hub's birth is a frame, or set aside in the place of one.
_HEALTH: Final = "health"
_OF_EDGES: Final = frozenset({_HEALTH, "availability"})
_log = logging.getLogger(__name__)


class Ingest:
    """Takes events from the inbox until it finds Stop there.

    Args:
        ledger: where messages go.
        connection: where they come from; not started yet.
        inbox: where the connection puts its events.
        settings: the recorder's name, topics and edges.
        notifier: hears each round of the loop.
        cost: is tended while nothing more urgent waits.
        copy: of the ledger, or None; hears what recorder and edges say of themselves.
        broadcast: is told what others in this process want to know.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - all that the loop stands between
        self,
        ledger: Ledger,
        connection: Connection,
        inbox: Inbox,
        settings: Settings,
        notifier: Notifier,
        cost: Cost,
        copy: Copy | None = None,
        broadcast: Broadcast | None = None,
    ) -> None:
        self._ledger = ledger
        self._broadcast = broadcast or Broadcast()
        self._connection = connection
        self._inbox = inbox
        self._notifier = notifier
        self._cost = cost
        self._copy = copy
        self._availability = settings.topics.recorder(settings.name, "availability")
        self._health = settings.topics.recorder(settings.name, "health")
        self._announcement = announcement_of(settings, has_sink=copy is not None)
        births = [self._announcement.birth] if self._announcement is not None else []
        self._filters = edge_filters(settings.topics, settings.edges) + births
        self._given_up = _note_filters(ledger, self._filters)
        self._pending = MessageBuffer(WINDOW // 2)
        self._healer = BackfillCoordinator(
            ledger,
            lambda edge, request: connection.publish(settings.topics.edge(edge, "resend"), request, retain=False),
        )
        folder = settings.section(BackupSettings).folder
        noted = BackupState.of_note(ledger.recall(NOTE), folder) if folder is not None else None
        self._backup = noted
        self._nightly = Nightly(settings, noted) if noted is not None else None
        self._limited_log = RateLimitedLogger(_log)
        self._done = self._this_hour = Stored()
        self._started_ms = time.time_ns() // 1_000_000
        self._started_s = now_s = time.monotonic()
        self._stored_s: float | None = None
        self._idle_after_s = settings.idle_minutes * 60
        self._was_idle = False
        self._tick_s = self._minute_s = now_s
        self._hour_s = now_s + _HOUR_S
        self._retry_s, self._retry_wait_s = now_s, 0.0
        self._greeted: int | None = None
        self._running = True

    def run(self) -> None:
        """Record until Stop, then store what has arrived, say good-bye, and leave.

        Raises:
            LedgerError: the ledger cannot be used any more.
        """
        self._connection.start()
        if self._nightly is not None:
            self._nightly.start()
        while self._running:
            now_s = time.monotonic()
            self._notifier.alive(now_s, self._status)
            self._beat(now_s)
            store_s, tick_s = self._due_s()
            if min(store_s, tick_s) > now_s:
                self._wait(min(store_s, tick_s) - now_s)
            else:
                self._try(self._store if store_s <= now_s else self._tick)
        self._notifier.stopping()
        if self._nightly is not None:
            self._nightly.stop()
        self._finish()

    def _beat(self, now_s: float) -> None:
        last = self._broadcast.heartbeat
        if last is not None and now_s < last.at_s + _BEAT_S and last.is_up == self._connection.is_up:
            return
        self._broadcast.heartbeat = LoopHeartbeat(
            now_s, self._connection.is_up, self._done, self._healer.state.missing, self._started_ms
        )

    def _due_s(self) -> tuple[float, float]:
        """When to store and when to tick; neither before a ledger that was unavailable is tried again."""
        store_s = self._pending.due_s()
        return max(self._retry_s, inf if store_s is None else store_s), max(self._retry_s, self._tick_s)

    def _wait(self, timeout_s: float) -> None:
        try:
            event = self._inbox.get(timeout=timeout_s)
        except Empty:
            return
        self._take(event, time.monotonic())
        if self._inbox.empty():
            time.sleep(_GATHER_S)
        now_s = time.monotonic()
        for _ in range(self._inbox.qsize()):
            self._take(self._inbox.get(), now_s)

    def _take(self, event: Event, now_s: float) -> None:
        match event:
            case MessageReceived():
                self._pending.add(event, now_s)
            case Connected(connection):
                self._greet(connection)
            case Subscribed():
                # Not before: what is published until then is for nobody, and whoever reads this may begin to publish.
                self._limited_log.log("connected to the broker", now_s, logging.INFO)
            case ConnectionProblem(sentence):
                self._limited_log.log(sentence, now_s)
            case ReloadConfig():
                self._cost.hurry()
                self._tick_s = now_s
            case WriteCommand():
                self._do(event)
            case Stop():
                self._running = False

    def _do(self, event: WriteCommand) -> None:
        if not event.done.set_running_or_notify_cancel():
            return
        try:
            event.done.set_result(event.work(self._ledger))
        except Exception as error:  # noqa: BLE001 - whoever asked for it is told, and says so; the loop goes on
            event.done.set_exception(error)

    def _greet(self, connection: int) -> None:
        self._connection.subscribe(self._filters)
        if self._given_up:
            self._connection.unsubscribe(self._given_up)
        self._connection.publish(self._availability, "online")
        self._announce()
        self._cost.connected()
        self._healer.forget_requests()
        self._greeted = connection
        self._tick_s = self._minute_s = time.monotonic()

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
        except LedgerUnavailable as error:
            now_s = time.monotonic()
            self._retry_wait_s = min(max(2 * self._retry_wait_s, _RETRY_S[0]), _RETRY_S[1])
            self._retry_s = now_s + self._retry_wait_s
            self._limited_log.log(f"{error}: trying again; the broker keeps what is not stored yet", now_s)
        else:
            self._retry_wait_s = 0.0

    def _store(self) -> None:
        batch = self._pending.batch()
        frames: list[Message] = []
        said: list[MessageReceived] = []
        for arrived in batch:
            edge, what = edge_and_what(arrived.topic)
            if what in _OF_EDGES or is_birth(arrived.topic):
                said.append(arrived)
            else:
                frames.append(Message(edge, arrived.payload, arrived.arrived_ms, arrived.topic))
        if frames:
            self._count(self._ledger.store(frames))
            self._broadcast.publish_stored(frames)
        for arrived in self._pending.remove(batch, time.monotonic()):
            self._connection.acknowledge(arrived)
        for arrived in said:
            if not arrived.is_retained:
                self._hear(arrived)

    def _hear(self, said: MessageReceived) -> None:
        if not is_birth(said.topic):
            edge, what = edge_and_what(said.topic)
            self._healer.hear(edge, what, said.payload, time.monotonic())
            if self._copy is not None and what == _HEALTH:
                self._copy.say_edge(edge, said.payload, said.arrived_ms)
            self._broadcast.publish_status(edge, what, said.payload, said.arrived_ms)
        elif self._announcement is not None and (said.topic, said.payload) == (self._announcement.birth, _BORN):
            self._announce()
            self._cost.hub_began()

    def _announce(self) -> None:
        if self._announcement is not None:
            self._connection.publish(self._announcement.topic, self._announcement.payload)

    def _tick(self) -> None:
        now_s = time.monotonic()
        self._tick_s = now_s + _TICK_S
        if self._inbox.empty():
            self._settle(now_s + _SPARE_S)
            self._ledger.prune(time.time_ns() // 1_000_000)
        backup = self._nightly.state if self._nightly is not None else None
        if backup is not None and backup != self._backup:
            self._ledger.remember(NOTE, backup.to_note())
            self._backup = backup
            self._minute_s = now_s  # hubs are told at once
        # A connection may stand before the loop has heard of it: until it is subscribed nothing is asked for or said.
        is_greeted = self._connection.is_current(self._greeted)
        if self._inbox.empty():
            end_s = time.monotonic() + _SPARE_S
            self._cost.tend(now_s, lambda: time.monotonic() < end_s and self._inbox.empty(), tells=is_greeted)
        if is_greeted:
            self._healer.tend(now_s)
        life = self._life(now_s)
        if now_s >= self._minute_s or life.is_idle != self._was_idle:
            self._count(self._ledger.retry_kept(life.now_ms))
            self._say_health(life, is_greeted=is_greeted)
            self._was_idle = life.is_idle
            self._minute_s = now_s + _MINUTE_S
        if now_s >= self._hour_s:
            _log.info("the last hour: %s", summary(self._this_hour))
            self._this_hour = Stored()
            self._hour_s = now_s + _HOUR_S

    def _say_health(self, life: Uptime, *, is_greeted: bool) -> None:
        counts, sink = self._ledger.counts(), next(iter(self._ledger.sinks()), None)
        health = health_json(self._done, counts, self._healer.state, self._cost.state, life, self._backup, sink)
        if is_greeted:
            self._connection.publish(self._health, health)
        if self._copy is not None:
            self._copy.say_health(json.loads(health), counts.refused, life.now_ms)

    def _settle(self, end_s: float) -> None:
        """Compute quarters again until none is left, time is up, or something has come that is more urgent."""
        while self._ledger.settle_dirty(1) and time.monotonic() < end_s and self._inbox.empty():
            pass

    def _life(self, now_s: float) -> Uptime:
        return Uptime(
            now_ms=time.time_ns() // 1_000_000,
            started_ms=self._started_ms,
            uptime_s=int(now_s - self._started_s),
            stored_age_s=None if self._stored_s is None else int(now_s - self._stored_s),
            idle_after_s=self._idle_after_s,
        )

    def _count(self, stored: Stored) -> None:
        if stored.stored:
            self._stored_s = time.monotonic()
        self._done += stored
        self._this_hour += stored

    def _status(self) -> str:
        broker = "connected to the broker" if self._connection.is_up else "waiting for the broker"
        ledger = "; the ledger is unavailable" if self._retry_wait_s else ""
        return f"{broker}{ledger}; {summary(self._done)}"

    def _finish(self) -> None:
        while not self._inbox.empty():
            event = self._inbox.get_nowait()
            if isinstance(event, MessageReceived):
                self._pending.add(event, time.monotonic())
            elif isinstance(event, WriteCommand):
                self._do(event)
        while self._pending and not self._retry_wait_s:
            self._try(self._store)
        if self._pending:
            _log.warning("%d messages are not stored; the broker keeps them for the next start", len(self._pending))
        self._connection.close(self._availability, "offline", _LEAVE_WITHIN_S)
        _log.info("stopped: %s since the start", summary(self._done))


def _note_filters(ledger: Ledger, filters: list[str]) -> list[str]:
    """The filters that this ledger's session has had before and shall not have any more; the new ones are noted.

    A session keeps its filters at the broker until they are given up, and MQTT has no way to ask for them.
    """
    noted = set((ledger.recall(_FILTERS) or "").split())
    if not noted.issuperset(filters):
        ledger.remember(_FILTERS, " ".join(sorted(noted.union(filters))))
    return sorted(noted.difference(filters))
