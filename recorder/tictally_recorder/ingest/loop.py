"""The recorder's loop: messages are stored in batches and acknowledged after that; maintenance gets the spare time.

Live views get a frame as it comes: they do not wait for the commit, which comes seldom.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from queue import Empty
from typing import Final

from tictally_recorder.ingest.backfill.coordinator import MAX_EDGES, BackfillCoordinator
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
from tictally_recorder.ingest.mqtt_client import WINDOW, Connection
from tictally_recorder.ingest.name_watch import NameWatch
from tictally_recorder.ingest.statistics import IngestStatistics, summary
from tictally_recorder.ingest.subscriptions import IngestTopics, edge_and_what, is_birth, is_recorder_health
from tictally_recorder.ingest.urgency import UrgentFrames
from tictally_recorder.ledger import Ledger, LedgerUnavailable, Message
from tictally_recorder.maintenance import MaintenanceScheduler, Wake
from tictally_shared.runtime.backoff import Backoff
from tictally_shared.runtime.log import RateLimitedLogger
from tictally_shared.runtime.systemd import Notifier

_RETRY_S: Final = (0.5, 30.0)
_TICK_S: Final = 1.0
_HEARTBEAT_S: Final = 0.25
# In a torrent each message would wake the loop, and the two threads would take turns at every one of them. Less than a
# lull, so that no message is stored later for it.
_GATHER_S: Final = 0.005
_LEAVE_WITHIN_S: Final = 2.0
_FILTERS_NOTE: Final = "filters"
_BIRTH: Final = b"online"
_HEALTH: Final = "health"
# Every message that is neither one of these nor a hub's birth is a frame, or becomes a dead letter in place of one.
_STATUSES: Final = frozenset({_HEALTH, "availability"})
_log = logging.getLogger(__name__)

HealthListener = Callable[[str, bytes, int], None]
"""Gets each live health message of an edge: edge, payload, time of arrival in milliseconds since 1970."""
TopicListener = Callable[[bytes, int], None]
"""Gets each live message on a topic of another program: payload, time of arrival in milliseconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestParts:
    """What the loop connects.

    Attributes:
        ledger: where messages are stored.
        connection: where they come from; not started yet.
        inbox: where the connection puts its events.
        topics: that it subscribes to and publishes on.
        statistics: counts what is stored.
        backfill: gets what edges publish of themselves.
        names: notices another recorder of this name.
        maintenance: runs in the time that messages leave.
        broadcast: for other threads of this process.
        notifier: of the service manager.
        commit_s: how long a frame may wait to be stored, in seconds; 0: until the next pause.
        prompt_s: how long after the start no frame waits, in seconds.
        health_listeners: get the health messages of edges.
        topic_listeners: topic of another program → who gets its messages.
    """

    ledger: Ledger
    connection: Connection
    inbox: Inbox
    topics: IngestTopics
    statistics: IngestStatistics
    backfill: BackfillCoordinator
    names: NameWatch
    maintenance: MaintenanceScheduler
    broadcast: Broadcast
    notifier: Notifier
    commit_s: float = 0.0
    prompt_s: float = 0.0
    health_listeners: Sequence[HealthListener] = ()
    topic_listeners: Mapping[str, TopicListener] = field(default_factory=dict)


class Ingest:
    """Takes events from the inbox until it finds Stop there.

    Args:
        parts: what it connects.
    """

    def __init__(self, parts: IngestParts) -> None:
        self._parts = parts
        self._ledger = parts.ledger
        self._connection = parts.connection
        self._inbox = parts.inbox
        self._stale_filters = _note_filters(parts.ledger, parts.topics.filters)
        self._prompt_until_s = time.monotonic() + parts.prompt_s
        self._buffer = MessageBuffer(WINDOW // 2, parts.commit_s, is_prompt=parts.prompt_s > 0)
        self._limited_log = RateLimitedLogger(_log)
        self._backoff = Backoff(*_RETRY_S)
        self._is_ledger_available = True
        self._tick_s = self._retry_s = time.monotonic()
        self._subscribed_connection: int | None = None
        self._live: list[Message] = []
        self._known_edges: set[str] = set()
        self._urgent = UrgentFrames()
        self._is_running = True

    def run(self) -> None:
        """Record until Stop, then store what has arrived, publish `offline`, and disconnect.

        Raises:
            LedgerError: the ledger cannot be used any more.
        """
        self._connection.start()
        while self._is_running:
            now_s = time.monotonic()
            self._parts.notifier.alive(now_s, self._status)
            self._publish_heartbeat(now_s)
            store_s, tick_s = self._due_s()
            if min(store_s, tick_s) > now_s:
                self._wait(min(store_s, tick_s) - now_s)
            else:
                self._try(self._store if store_s <= now_s else self._tick)
        self._parts.notifier.stopping()
        self._finish()

    def _publish_heartbeat(self, now_s: float) -> None:
        broadcast, is_up = self._parts.broadcast, self._connection.is_up
        last = broadcast.heartbeat
        if last is not None and now_s < last.at_s + _HEARTBEAT_S and last.is_up == is_up:
            return
        statistics, missing = self._parts.statistics, self._parts.backfill.state.missing
        broadcast.heartbeat = LoopHeartbeat(now_s, is_up, statistics.total, missing, statistics.started_ms)

    def _due_s(self) -> tuple[float, float]:
        """When to store and when to tick; neither before a ledger that was unavailable is tried again."""
        store_s = self._buffer.due_s()
        return max(self._retry_s, inf if store_s is None else store_s), max(self._retry_s, self._tick_s)

    def _wait(self, timeout_s: float) -> None:
        try:
            event = self._inbox.get(timeout=timeout_s)
        except Empty:
            return
        self._handle(event, time.monotonic())
        if self._inbox.empty():
            time.sleep(_GATHER_S)
        now_s = time.monotonic()
        for _ in range(self._inbox.qsize()):
            self._handle(self._inbox.get(), now_s)
        if self._live:
            self._parts.broadcast.publish_frames(self._live)
            self._live = []

    def _handle(self, event: Event, now_s: float) -> None:
        match event:
            case MessageReceived():
                self._receive(event, now_s)
            case Connected(connection):
                self._known_edges.clear()
                self._subscribe(connection)
            case Subscribed():
                # Not before: what is published until then reaches nobody, and whoever reads this may begin to publish.
                self._limited_log.log("connected to the broker", now_s, logging.INFO)
            case ConnectionProblem(sentence):
                self._limited_log.log(sentence, now_s)
            case ReloadConfig():
                self._wake(Wake.CONFIG_CHANGED)
            case WriteCommand():
                self._write(event)
            case Stop():
                self._is_running = False

    def _write(self, command: WriteCommand) -> None:
        if not command.done.set_running_or_notify_cancel():
            return
        try:
            command.done.set_result(command.work(self._ledger))
        except Exception as error:  # noqa: BLE001 - the thread that waits for it reports it; the loop goes on
            command.done.set_exception(error)

    def _subscribe(self, connection: int) -> None:
        topics = self._parts.topics
        self._parts.names.on_connected()
        self._connection.subscribe([each for each in topics.filters if each != topics.recorders])
        self._connection.subscribe([topics.recorders], retained=True)
        if self._stale_filters:
            self._connection.unsubscribe(self._stale_filters)
        self._connection.publish(topics.availability, "online")
        self._subscribed_connection = connection
        self._wake(Wake.CONNECTED)

    def _wake(self, reason: Wake) -> None:
        self._parts.maintenance.wake(reason)
        self._tick_s = time.monotonic()

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
        except LedgerUnavailable as error:
            now_s = time.monotonic()
            self._is_ledger_available = False
            self._retry_s = now_s + self._backoff.next_s()
            self._limited_log.log(f"{error}: trying again; the broker keeps what is not stored yet", now_s)
        else:
            self._is_ledger_available = True
            self._backoff.reset()

    def _receive(self, message: MessageReceived, now_s: float) -> None:
        """Show a message where it is shown live. All wait in one buffer, because MQTT has them acknowledged in order.

        Source: MQTT 5 §4.6.
        """
        edge, what = edge_and_what(message.topic)
        is_urgent = False
        if self._is_frame(message):
            self._live.append(_to_store(message))
            is_urgent = self._urgent.is_urgent(message)
        elif is_recorder_health(message.topic):
            self._parts.names.on_health(message.topic, message.payload, retained=message.is_retained)
        elif not message.is_retained:
            # What an edge lacks is known from its first health on; the later ones can wait as long as frames.
            is_urgent = what in _STATUSES and (what != _HEALTH or edge not in self._known_edges)
            if what == _HEALTH and len(self._known_edges) < MAX_EDGES:
                self._known_edges.add(edge)
            self._show(message)
        self._buffer.add(message, now_s, is_urgent=is_urgent)

    def _store(self) -> None:
        batch = self._buffer.batch()
        if frames := [_to_store(message) for message in batch if self._is_frame(message)]:
            self._parts.statistics.add(self._ledger.store(frames))
        for message in self._buffer.remove(batch, time.monotonic()):
            self._connection.acknowledge(message)
        for message in batch:
            edge, what = edge_and_what(message.topic)
            if what in _STATUSES and not message.is_retained:
                self._parts.backfill.on_message(edge, what, message.payload, time.monotonic())

    def _is_frame(self, message: MessageReceived) -> bool:
        """Whether it is a frame, or becomes a dead letter in place of one."""
        if edge_and_what(message.topic)[1] in _STATUSES or self._listener(message.topic) is not None:
            return False
        return not is_birth(message.topic) and not is_recorder_health(message.topic)

    def _listener(self, topic: str) -> TopicListener | None:
        """Who gets a topic's messages; whatever a setting names, an edge's topics stay the recorder's own."""
        return None if edge_and_what(topic)[1] else self._parts.topic_listeners.get(topic)

    def _show(self, message: MessageReceived) -> None:
        if (on_message := self._listener(message.topic)) is not None:
            on_message(message.payload, message.arrived_ms)
            return
        if is_birth(message.topic):
            if (message.topic, message.payload) == (self._parts.topics.birth, _BIRTH):
                self._wake(Wake.HUB_STARTED)
            return
        edge, what = edge_and_what(message.topic)
        self._parts.broadcast.publish_status(edge, what, message.payload, message.arrived_ms)
        if what == _HEALTH:
            for listener in self._parts.health_listeners:
                listener(edge, message.payload, message.arrived_ms)

    def _tick(self) -> None:
        now_s = time.monotonic()
        self._tick_s = now_s + _TICK_S
        # A connection may stand before the loop has handled it: until it is subscribed nothing is published.
        is_connected = self._connection.is_current(self._subscribed_connection)
        self._parts.maintenance.run(now_s, is_connected=is_connected)
        # An edge sends some of what is missing, and the next when that is stored.
        self._buffer.is_prompt = now_s < self._prompt_until_s or self._parts.backfill.state.missing > 0

    def _status(self) -> str:
        broker = "connected to the broker" if self._connection.is_up else "waiting for the broker"
        ledger = "" if self._is_ledger_available else "; the ledger is unavailable"
        return f"{broker}{ledger}; {summary(self._parts.statistics.total)}"

    def _finish(self) -> None:
        while not self._inbox.empty():
            event = self._inbox.get_nowait()
            if isinstance(event, MessageReceived):
                self._receive(event, time.monotonic())
            elif isinstance(event, WriteCommand):
                self._write(event)
        while self._buffer and self._is_ledger_available:
            self._try(self._store)
        if self._buffer:
            _log.warning("%d messages are not stored; the broker keeps them for the next start", len(self._buffer))
        self._connection.close(self._parts.topics.availability, "offline", _LEAVE_WITHIN_S)
        _log.info("stopped: %s since the start", summary(self._parts.statistics.total))


def _to_store(message: MessageReceived) -> Message:
    edge, _ = edge_and_what(message.topic)
    return Message(edge, message.payload, message.arrived_ms, message.topic, message.size)


def topic_listeners(heard: Iterable[tuple[str, TopicListener]]) -> dict[str, TopicListener]:
    """Topic → who gets its messages; one of JSON may have values for several."""
    found: dict[str, TopicListener] = {}
    for topic, listener in heard:
        found[topic] = _both(found[topic], listener) if topic in found else listener
    return found


def _both(one: TopicListener, other: TopicListener) -> TopicListener:
    def deliver(payload: bytes, arrived_ms: int) -> None:
        one(payload, arrived_ms)
        other(payload, arrived_ms)

    return deliver


def _note_filters(ledger: Ledger, filters: Sequence[str]) -> list[str]:
    """The filters that this ledger's session had before and is to give up; the new ones are noted.

    A session keeps its filters at the broker until they are given up, and MQTT has no way to ask for them.
    """
    noted = set((ledger.get_value(_FILTERS_NOTE) or "").split())
    if not noted.issuperset(filters):
        ledger.put_value(_FILTERS_NOTE, " ".join(sorted(noted.union(filters))))
    return sorted(noted.difference(filters))
