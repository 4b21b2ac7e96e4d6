"""All retained topics of one meter: its labels, what is made of them, and its announcement. Pure."""

from typing import Final

from tictally_edge.home_assistant.announcer import Announcer, DiscoverySettings
from tictally_edge.topics.derived_topics import DerivedTopics
from tictally_edge.topics.label_topics import LabelTopics
from tictally_edge.topics.naming import Naming
from tictally_edge.topics.retained_message import RetainedMessage
from tictally_edge.validation.completeness import Completeness
from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.topics import DerivedTopic, LabelTopic

# A hub has taken an announcement in by then.
_TAKEN_IN_S: Final = 2.0


class MeterPublisher:
    """The topics of one meter.

    Attributes:
        meter: its number or key.
        filters: of what it may have left retained on the broker.

    Args:
        naming: under which names.
        number: the meter's own.
        announcing: how it is announced to hubs, or None.
    """

    def __init__(self, naming: Naming, number: str, announcing: DiscoverySettings | None) -> None:
        self.meter = naming.key or number
        self._topics = naming.topics
        self._labels = LabelTopics(naming.topics, self.meter, every_s=naming.every_s)
        self._derived = DerivedTopics(naming.topics, self.meter)
        self._completeness = Completeness()
        self._announcer = Announcer(announcing, naming, number) if announcing is not None else None
        self._tell_again_at: float | None = None
        announced = [self._announcer.topic] if self._announcer is not None else []
        self.filters = [*naming.topics.of_meter(self.meter), *announced]

    def connected(self) -> list[RetainedMessage]:
        """The broker is another one, or knows nothing: what it gets at once. The rest comes with the next frame."""
        self._labels.connected()
        self._derived.connected()
        return self.announced()

    def announced(self) -> list[RetainedMessage]:
        """The announcement, for a hub that has just started."""
        return self._announcer.again() if self._announcer is not None else []

    def found(self, topic: str, payload: bytes) -> None:
        """A retained message stands on the broker."""
        if self._announcer is not None and topic == self._announcer.topic:
            self._announcer.found(payload)
        match self._topics.parse(topic):
            case LabelTopic(self.meter, label):
                self._labels.found(label)
            case DerivedTopic(self.meter, name):
                self._derived.found(name)

    def publish(
        self, validated: ValidatedFrame, at: float, time_ms: int | None, *, is_read: bool
    ) -> list[RetainedMessage]:
        """What a frame changes.

        Values come before the announcement: Home Assistant cannot take another contract's periods while its state is
        still one of the old ones. It does not read a topic again whose entity is announced otherwise, so what is made
        of labels is told once more when it has had time for that.

        Args:
            validated: the frame.
            at: monotonic seconds.
            time_ms: when the frame's end arrived, or None where no clock is known to be right.
            is_read: True once what stood on the broker has had time to come.
        """
        is_complete = self._completeness.check(validated)
        if self._tell_again_at is not None and at >= self._tell_again_at:
            self._tell_again_at = None
            self._derived.connected()
        labels = self._labels.publish(validated, at, time_ms, is_complete=is_complete)
        derived = self._derived.publish(self._labels.present, at, time_ms, is_complete=is_complete)
        announced = []
        if self._announcer is not None:
            self._announcer.hear(validated, is_complete=is_complete)
            announced = self._announcer.news() if is_read else []
        if announced:
            self._tell_again_at = at + _TAKEN_IN_S
        return [*labels, *derived, *announced]
