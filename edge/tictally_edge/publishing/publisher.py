"""Publishes frames: the present first, then the backlog that the broker missed, then what recorders request."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from tictally_edge.home_assistant.edge_device import edge_discovery
from tictally_edge.journal.frame_store import FrameStore
from tictally_edge.mqtt.client import Acknowledged, BrokerConnection, Connected, Disconnected, MessageReceived
from tictally_edge.publishing.backfill_request import BackfillRequestError, NumberConflict, parse_backfill_request
from tictally_edge.publishing.broker_watch import BrokerWatch
from tictally_edge.publishing.meter_publisher import MeterPublisher
from tictally_edge.publishing.presence import BrokerPresence
from tictally_edge.topics.naming import RetainedMessage
from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.frames import Frame
from tictally_shared.home_assistant import birth_topic
from tictally_shared.interval_set import IntervalSet
from tictally_shared.topics import EdgeTopic

ONLINE, OFFLINE = "online", "offline"
# A backlog goes out this many messages at a time, so that live frames never wait behind it.
_BACKLOG_WINDOW: Final = 100
# Retained messages come at once after a subscription; if there is none, nothing comes.
_RETAINED_WITHIN_S: Final = 3.0
# With so much unacknowledged the broker is stuck; what comes now waits in the journal instead of in memory.
_STUCK: Final = 900

log = logging.getLogger(__name__)


class Publisher:
    """Publishes the frames of one edge.

    Attributes:
        meter: the number or key that is published now, None before the first frame.
        online: whether the meter sends good frames.
        rejected_by_broker: messages that the broker rejected.
        backfilled: frames published again because a recorder requested them.
        invalid_requests: messages on the resend topic that were no requests.
        number_conflicts: new boots, begun because numbers were given twice.
        meters: how many meters were read.
        watch: of what others publish.

    Args:
        broker: the connection.
        store: numbers and stores the frames.
        presence: under which names, and what earlier ones left behind.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        broker: BrokerConnection,
        store: FrameStore,
        presence: BrokerPresence,
        clock: Callable[[], float],
    ) -> None:
        self._broker, self._store, self._journal, self._presence = broker, store, store.journal, presence
        naming, announcing = presence.naming, presence.announcing
        self._naming = naming
        self._topics, self._edge = naming.topics, naming.edge
        self._announcing = announcing
        self._edge_discovery = [edge_discovery(announcing, naming)] if announcing is not None else []
        self._clock, self._retained_until = clock, 0.0
        self._published_online = False
        self._number = ""
        self._meter_publisher: MeterPublisher | None = None
        self._in_flight: dict[int, tuple[str, int]] = {}
        self._is_behind = False  # a frame was not sent on this connection, and is not in the backlog being sent
        self._backlog: Iterator[Frame] = iter(())
        self._requested: Iterator[Frame] | None = None
        self._acked: dict[str, IntervalSet] = {}
        self.meter: str | None = None
        self.online = False
        self.rejected_by_broker = self.backfilled = self.invalid_requests = self.number_conflicts = self.meters = 0
        self.watch = BrokerWatch(naming.topics, naming.edge)
        self._health_mid: int | None = None

    def publish_frame(self, number: str, validated: ValidatedFrame, at: float, time_ms: int | None) -> None:
        """Store and publish a frame; one without date only updates label topics, until it is dated.

        Args:
            number: the meter's own.
            validated: what of the frame may be published.
            at: when its end arrived, in monotonic seconds.
            time_ms: the same in milliseconds since 1970, or None if no clock is proved.
        """
        self._switch_meter(number)
        if hidden := self._naming.hidden:
            shown = {label: value for label, value in validated.values.items() if label not in hidden}
            validated = replace(validated, values=shown, unconfirmed=validated.unconfirmed - hidden)
        stored = self._store.add(number, validated, at, time_ms)
        if not self._broker.connected:
            return
        if self._broker.unacknowledged >= _STUCK:
            self._is_behind |= stored is not None
            return
        if stored is not None:
            self._send(stored)
        if self._meter_publisher is not None:
            is_read = self._clock() >= self._retained_until
            self._publish(self._meter_publisher.publish(validated, at, time_ms, is_read=is_read))

    def add_dated(self, frames: list[Frame]) -> None:
        """Frames that waited for their date are in the journal now; they go out behind the present."""
        self._is_behind |= bool(frames)

    def tick(self) -> bool:
        """Process what the broker sent, and send what it missed.

        Returns:
            True if the broker has just accepted the connection.
        """
        connected = False
        for event in self._broker.events():
            match event:
                case Connected():
                    connected = True
                    self._on_connected()
                case Disconnected():
                    self._in_flight.clear()
                case Acknowledged(mid, accepted):
                    self._on_acknowledged(mid, accepted=accepted)
                case MessageReceived():
                    self._on_message(event)
        if self._acked:
            acked, self._acked = self._acked, {}
            try:
                self._journal.acknowledge(acked)
            except OSError as error:
                log.warning("The journal cannot record acknowledgements: %s", error.strerror or error)
        self._send_pending()
        if self._broker.connected:
            self._clear_obsolete()
        return connected

    def set_meter_online(self, *, is_online: bool) -> None:
        """Publish the meter's availability, and its discovery message again: another edge may have had it."""
        self.online = is_online
        if is_online and self._meter_publisher is not None:
            self._publish(self._meter_publisher.discovery())
        self._publish_meter_availability()

    def publish_health(self, payload: str) -> None:
        """Publish the health message."""
        self._health_mid = self._broker.publish(self.health_topic, payload, retain=True)

    @property
    def health_topic(self) -> str:
        """Topic of the health message."""
        return self._topics.edge(self._edge, "health")

    def close(self, timeout_s: float) -> None:
        """Publish meter and edge as offline, and disconnect."""
        self.set_meter_online(is_online=False)
        self._broker.close(OFFLINE, timeout_s)

    def _clear_obsolete(self) -> None:
        now_s = self._clock()
        self._publish(self._presence.clear(now_s))
        for topic_filter in self._presence.read(now_s):
            self._broker.subscribe(topic_filter)

    def _publish_meter_availability(self) -> None:
        if self.meter is not None:
            self._published_online = self.online
            self._publish_retained(self._topics.meter_availability(self.meter), ONLINE if self.online else OFFLINE)

    def _publish_retained(self, topic: str, payload: str) -> None:
        self._broker.publish(topic, payload, retain=True)

    def _on_connected(self) -> None:
        self._in_flight.clear()
        self._requested = self._health_mid = None
        self.watch.on_connected()
        for topic_filter in self.watch.filters:
            self._broker.subscribe(topic_filter)
        self._presence.connected()
        self._publish_retained(self._topics.edge(self._edge, "availability"), ONLINE)
        self._broker.subscribe(self._topics.edge(self._edge, "resend"))
        self._is_behind, self._backlog = False, self._unacknowledged()
        if self._announcing is not None:
            self._broker.subscribe(birth_topic(self._announcing.prefix))
        self._publish(self._edge_discovery)
        if self.meter is not None and self._meter_publisher is not None:
            discovery = self._meter_publisher.reset()
            # A meter that is offline here may be another edge's by now: its discovery message is not overwritten.
            self._publish(discovery if self.online else [])
            if self.online or self._published_online:
                self._publish_meter_availability()
            self._read_retained(self._meter_publisher)

    def _read_retained(self, meter_publisher: MeterPublisher) -> None:
        self._retained_until = self._clock() + _RETAINED_WITHIN_S
        for topic_filter in meter_publisher.filters:
            self._broker.subscribe(topic_filter)

    def _on_message(self, message: MessageReceived) -> None:
        self._presence.note(message.topic, message.payload, is_retained=message.retained)
        if self._topics.parse(message.topic) == EdgeTopic(self._edge, "resend"):
            if not message.retained:
                self._on_backfill_request(message.payload)
        elif self.watch.concerns(message.topic):
            self._on_watched(message)
        elif self._announcing is not None and message.topic == birth_topic(self._announcing.prefix):
            if message.payload == ONLINE.encode():
                self._republish_discovery()
        elif message.retained and message.payload and self._meter_publisher is not None:
            self._publish(self._meter_publisher.note_retained(message.topic, message.payload))
        elif message.payload and self._meter_publisher is not None:
            self._meter_publisher.note_live(message.topic)

    def _on_watched(self, message: MessageReceived) -> None:
        self.watch.note_recorder(message.topic, message.payload, self._clock())
        if self.watch.is_other_edge(message.topic, message.payload, retained=message.retained):
            self._broker.note_dispute()
        elif self.watch.was_set_back(message.topic, message.payload, self._journal.boot, self._journal.next_seq - 1):
            self._begin_boot()

    def _begin_boot(self) -> None:
        """Begin a new boot: this edge was set back to an older state, and would give numbers twice."""
        log.warning("This edge was set back to an older state: frames are numbered in a new boot from now on.")
        try:
            self._journal.begin_boot()
        except OSError as error:
            log.warning("Journal: a new boot cannot be begun: %s", error.strerror or error)
            return
        self.number_conflicts += 1

    def _republish_discovery(self) -> None:
        self._publish(self._edge_discovery)
        if self._meter_publisher is not None and self.online:
            self._publish(self._meter_publisher.discovery())

    def _publish(self, messages: list[RetainedMessage]) -> None:
        for each in messages:
            self._broker.publish(each.topic, each.payload, retain=True, time=each.time)

    def _on_backfill_request(self, payload: bytes) -> None:
        try:
            request = parse_backfill_request(payload)
        except BackfillRequestError as error:
            self.invalid_requests += 1
            if self.invalid_requests == 1:
                log.warning("A request for missing frames is invalid: %s.", error)
            return
        if isinstance(request, NumberConflict):
            if request.boot == self._journal.boot:
                self._begin_boot()
        elif self._requested is None:  # one at a time; whoever requested meanwhile requests again
            ranges = request.ranges
            self._requested = (
                frame for first, last in ranges for frame in self._journal.frames(request.boot, first, last)
            )

    def _switch_meter(self, number: str) -> None:
        if number == self._number:
            return
        self.meters += 1
        meter_publisher = MeterPublisher(self._naming, number, self._announcing)
        if self.meter is not None:
            log.info("The meter is now %s, no longer %s.", number, self._number)
            if self.meter != meter_publisher.meter:
                self._publish_retained(self._topics.meter_availability(self.meter), OFFLINE)
        self.meter, self._number, self._meter_publisher = meter_publisher.meter, number, meter_publisher
        self._presence.enter_meter(meter_publisher.meter)
        self._publish_meter_availability()
        self._read_retained(meter_publisher)

    def _send(self, frame: Frame) -> None:
        topic, payload = self._topics.edge(self._edge, "frame"), frame.to_json()
        mid = self._broker.publish(topic, payload, retain=False)
        if mid is None:
            self._is_behind |= len(payload.encode()) <= self._broker.room(topic)  # else it never will be sent here
        else:
            self._in_flight[mid] = (frame.boot, frame.seq)

    def _on_acknowledged(self, mid: int, *, accepted: bool) -> None:
        sent = self._in_flight.pop(mid, None)
        if accepted and mid == self._health_mid:
            self.watch.note_acknowledged()
        if not accepted:
            self.rejected_by_broker += 1
            if self.rejected_by_broker == 1:
                log.warning("The broker rejects messages of this edge; its user may not write these topics.")
        elif sent is not None:
            boot, seq = sent
            self._acked.setdefault(boot, IntervalSet()).add(seq, seq)

    def _send_pending(self) -> None:
        """Send the backlog as far as the window allows, and when there is none, what was requested."""
        while self._broker.connected and len(self._in_flight) < _BACKLOG_WINDOW:
            if (frame := next(self._backlog, None)) is not None:
                self._send(frame)
            elif self._is_behind:
                if self._in_flight:
                    return
                self._is_behind, self._backlog = False, self._unacknowledged()
            elif self._requested is not None and (frame := next(self._requested, None)) is not None:
                self._send(frame)
                self.backfilled += 1
            else:
                self._requested = None
                return

    def _unacknowledged(self) -> Iterator[Frame]:
        """The frames that the broker has not acknowledged by now."""
        missed = {boot: list(ranges) for boot, ranges in self._journal.backlog().items()}
        for boot, ranges in missed.items():
            for first, last in ranges:
                yield from self._journal.frames(boot, first, last)
