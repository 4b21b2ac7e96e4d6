"""The publisher: frames to topics, the present first, what the broker missed behind it, what was asked for last."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from tictally_edge.home_assistant.announcer import DiscoverySettings
from tictally_edge.journal.frame_store import FrameStore
from tictally_edge.mqtt.client import Acknowledged, BrokerConnection, Connected, Disconnected, MessageReceived
from tictally_edge.publishing.backfill_request import BackfillRequestError, parse_backfill_request
from tictally_edge.publishing.meter_publisher import MeterPublisher
from tictally_edge.topics.naming import Naming
from tictally_edge.topics.retained_message import RetainedMessage
from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.frames import Frame
from tictally_shared.home_assistant import birth_topic
from tictally_shared.interval_set import IntervalSet
from tictally_shared.labels import DELIVERY_POINT
from tictally_shared.topics import EdgeTopic

ONLINE, OFFLINE = "online", "offline"
# A backlog goes out this many messages at a time, so that live frames never wait behind it.
_BACKLOG_WINDOW: Final = 100
# What stands on the broker comes at once when it is asked for; where nothing stands, nothing comes.
_READ_WITHIN_S: Final = 3.0
# With so much unacknowledged the broker is stuck; what comes now waits in the journal instead of in memory.
_STUCK: Final = 900

log = logging.getLogger(__name__)


class Publisher:
    """Publishes the frames of one edge.

    Attributes:
        meter: the number or key that is published now, None before the first frame.
        online: True while the meter is heard.
        rejected_by_broker: messages that the broker rejected.
        resent: frames published again because a recorder asked for them.
        bad_requests: messages on the resend topic that were no requests.

    Args:
        broker: the connection.
        store: numbers and keeps the frames.
        naming: under which names.
        clock: monotonic seconds.
        announcing: how devices are announced to hubs, or None.
        announcement: of the edge itself, where it is announced.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it brings together
        self,
        broker: BrokerConnection,
        store: FrameStore,
        naming: Naming,
        clock: Callable[[], float],
        announcing: DiscoverySettings | None = None,
        announcement: RetainedMessage | None = None,
    ) -> None:
        self._broker, self._store, self._journal, self._naming = broker, store, store.journal, naming
        self._topics, self._edge = naming.topics, naming.edge
        self._announcing, self._announcement = announcing, announcement
        self._clock, self._read_until = clock, 0.0
        self._is_told_online = False
        self._number = ""
        self._of_meter: MeterPublisher | None = None
        self._in_flight: dict[int, tuple[str, int]] = {}
        self._is_behind = False  # a frame was not sent on this connection, and is not in the backlog that is being sent
        self._backlog: Iterator[Frame] = iter(())
        self._asked_for: Iterator[Frame] | None = None
        self._acked: dict[str, IntervalSet] = {}
        self.meter: str | None = None
        self.online = False
        self.rejected_by_broker = self.resent = self.bad_requests = 0

    def frame(self, number: str, validated: ValidatedFrame, at: float, time_ms: int | None) -> None:
        """Numbers, keeps and publishes a frame; one without date only moves label topics, until it is released.

        Args:
            number: the meter's own.
            validated: what of the frame may be published.
            at: monotonic seconds.
            time_ms: when its end arrived, or None where no clock is known to be right.
        """
        self._speak_for(number)
        if not self._naming.prm:
            shown = {label: value for label, value in validated.values.items() if label != DELIVERY_POINT}
            validated = replace(validated, values=shown, unconfirmed=validated.unconfirmed - {DELIVERY_POINT})
        kept = self._store.add(number, validated, at, time_ms)
        if not self._broker.connected:
            return
        if self._broker.unacknowledged >= _STUCK:
            self._is_behind |= kept is not None
            return
        if kept is not None:
            self._send(kept)
        if self._of_meter is not None:
            is_read = self._clock() >= self._read_until
            self._publish(self._of_meter.publish(validated, at, time_ms, is_read=is_read))

    def released(self, frames: list[Frame]) -> None:
        """Frames that waited for their date are in the journal now; they go out behind the present."""
        self._is_behind |= bool(frames)

    def tend(self) -> bool:
        """Takes what the broker had to say, and sends on what it missed.

        Returns:
            True where the broker has just accepted us.
        """
        connected = False
        for event in self._broker.events():
            match event:
                case Connected():
                    connected = True
                    self._begin()
                case Disconnected():
                    self._in_flight.clear()
                case Acknowledged(mid, taken):
                    self._settle(mid, taken=taken)
                case MessageReceived():
                    self._receive(event)
        if self._acked:
            acked, self._acked = self._acked, {}
            try:
                self._journal.acknowledge(acked)
            except OSError as error:
                log.warning("The journal cannot note what the broker has: %s", error.strerror or error)
        self._send_on()
        return connected

    def say_heard(self, *, heard: bool) -> None:
        """Says whether the meter is heard; one that was not may have been announced nowhere meanwhile."""
        self.online = heard
        if heard and self._of_meter is not None:
            self._publish(self._of_meter.announced())
        self._say_available()

    def _say_available(self) -> None:
        if self.meter is not None:
            self._is_told_online = self.online
            self._say(self._topics.meter_availability(self.meter), ONLINE if self.online else OFFLINE)

    def say_health(self, payload: str) -> None:
        """Publishes the health message."""
        self._say(self._topics.edge(self._edge, "health"), payload)

    def close(self, timeout_s: float) -> None:
        """Says goodbye: the meter and the edge are offline."""
        self.say_heard(heard=False)
        self._broker.close(OFFLINE, timeout_s)

    def _say(self, topic: str, payload: str) -> None:
        self._broker.publish(topic, payload, retain=True)

    def _begin(self) -> None:
        self._in_flight.clear()
        self._asked_for = None
        self._say(self._topics.edge(self._edge, "availability"), ONLINE)
        self._broker.listen(self._topics.edge(self._edge, "resend"))
        self._is_behind, self._backlog = False, self._missed()
        if self._announcing is not None:
            self._broker.listen(birth_topic(self._announcing.prefix))
        self._publish([self._announcement] if self._announcement is not None else [])
        if self.meter is not None and self._of_meter is not None:
            announcement = self._of_meter.connected()
            # A meter that is not heard here may be another edge's by now: it is not taken back from there.
            self._publish(announcement if self.online else [])
            if self.online or self._is_told_online:
                self._say_available()
            self._read_retained(self._of_meter)

    def _read_retained(self, of_meter: MeterPublisher) -> None:
        self._read_until = self._clock() + _READ_WITHIN_S
        for topic_filter in of_meter.filters:
            self._broker.listen(topic_filter)

    def _receive(self, message: MessageReceived) -> None:
        if self._topics.parse(message.topic) == EdgeTopic(self._edge, "resend"):
            if not message.retained:
                self._take_request(message.payload)
        elif self._announcing is not None and message.topic == birth_topic(self._announcing.prefix):
            if message.payload == ONLINE.encode():
                self._announce_again()
        elif message.retained and message.payload and self._of_meter is not None:
            self._of_meter.found(message.topic, message.payload)

    def _announce_again(self) -> None:
        self._publish([self._announcement] if self._announcement is not None else [])
        self._publish(self._of_meter.announced() if self._of_meter is not None and self.online else [])

    def _publish(self, messages: list[RetainedMessage]) -> None:
        for each in messages:
            self._broker.publish(each.topic, each.payload, retain=True, time=each.time)

    def _take_request(self, payload: bytes) -> None:
        try:
            request = parse_backfill_request(payload)
        except BackfillRequestError as error:
            self.bad_requests += 1
            if self.bad_requests == 1:
                log.warning("A request for frames cannot be read: %s.", error)
            return
        if self._asked_for is None:  # one job at a time; whoever asked meanwhile asks again
            ranges = request.ranges
            self._asked_for = (
                frame for first, last in ranges for frame in self._journal.frames(request.boot, first, last)
            )

    def _speak_for(self, number: str) -> None:
        if number == self._number:
            return
        of_meter = MeterPublisher(self._naming, number, self._announcing)
        if self.meter is not None:
            log.info("Meter %s speaks now, no longer %s.", number, self._number)
            if self.meter != of_meter.meter:
                self._say(self._topics.meter_availability(self.meter), OFFLINE)
        self.meter, self._number, self._of_meter = of_meter.meter, number, of_meter
        self._say_available()
        self._read_retained(of_meter)

    def _send(self, frame: Frame) -> None:
        mid = self._broker.publish(self._topics.edge(self._edge, "frame"), frame.to_json(), retain=False)
        if mid is None:
            self._is_behind = True
        else:
            self._in_flight[mid] = (frame.boot, frame.seq)

    def _settle(self, mid: int, *, taken: bool) -> None:
        sent = self._in_flight.pop(mid, None)
        if not taken:
            self.rejected_by_broker += 1
            if self.rejected_by_broker == 1:
                log.warning("The broker rejects what this edge publishes; its user may not write these topics.")
        elif sent is not None:
            boot, seq = sent
            self._acked.setdefault(boot, IntervalSet()).add(seq, seq)

    def _send_on(self) -> None:
        """The backlog as far as the window allows, and when there is none, what was asked for."""
        while self._broker.connected and len(self._in_flight) < _BACKLOG_WINDOW:
            if (frame := next(self._backlog, None)) is not None:
                self._send(frame)
            elif self._is_behind:
                if self._in_flight:
                    return
                self._is_behind, self._backlog = False, self._missed()
            elif self._asked_for is not None and (frame := next(self._asked_for, None)) is not None:
                self._send(frame)
                self.resent += 1
            else:
                self._asked_for = None
                return

    def _missed(self) -> Iterator[Frame]:
        """The frames that the broker has not acknowledged by now."""
        missed = {boot: list(ranges) for boot, ranges in self._journal.backlog().items()}
        for boot, ranges in missed.items():
            for first, last in ranges:
                yield from self._journal.frames(boot, first, last)
