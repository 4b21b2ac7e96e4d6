"""All retained topics of one meter: labels, derived values, and its discovery message. Pure."""

from typing import Final

from tictally_edge.home_assistant.announcer import Announcer
from tictally_edge.home_assistant.edge_device import DiscoverySettings
from tictally_edge.topics.derived_topics import DerivedTopics
from tictally_edge.topics.label_topics import LabelTopics
from tictally_edge.topics.naming import Naming, RetainedMessage
from tictally_edge.validation.completeness import Completeness
from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.topics import DerivedTopic, LabelTopic

# A hub has processed a discovery message by then.
_PROCESSED_S: Final = 2.0
# An edge publishes every label again after five minutes; what no edge has published for longer is left over.
_LEFT_OVER_S: Final = 360.0


class MeterPublisher:
    """The topics of one meter.

    Attributes:
        meter: its number or key.
        filters: of what it may have left retained on the broker.

    Args:
        naming: under which names.
        number: the meter's own.
        announcing: how it is published to hubs, or None.
    """

    def __init__(self, naming: Naming, number: str, announcing: DiscoverySettings | None) -> None:
        self.meter = naming.key or number
        self._topics, self._hidden, self._has_labels = naming.topics, naming.hidden, naming.has_labels
        self._labels = LabelTopics(naming.topics, self.meter, every_s=naming.every_s)
        self._derived = DerivedTopics(naming.topics, self.meter, every_s=naming.every_s)
        self._completeness = Completeness()
        self._announcer = Announcer(announcing, naming, number) if announcing is not None else None
        self._republish_at: float | None = None
        self._left_over: set[str] = set()
        self._since: float | None = None
        own = [self._announcer.topic] if self._announcer is not None else []
        self.filters = [*naming.topics.of_meter(self.meter), *own]

    def reset(self) -> list[RetainedMessage]:
        """Publish everything again, to a broker that may have nothing: return the first part; frames bring the rest."""
        self._labels.reset()
        self._derived.reset()
        return self.discovery()

    def discovery(self) -> list[RetainedMessage]:
        """Return the discovery message, for a hub that has just started."""
        return self._announcer.current() if self._announcer is not None else []

    def note_retained(self, topic: str, payload: bytes) -> list[RetainedMessage]:
        """Note a message that is retained on the broker; return what clears it where a setting has switched it off."""
        if self._announcer is not None and topic == self._announcer.topic:
            self._announcer.note_retained(payload)
        parsed = self._topics.parse(topic)
        if not self._has_labels:
            self._left_over |= {topic} if isinstance(parsed, LabelTopic | DerivedTopic) else set()
            return []
        match parsed:
            case LabelTopic(self.meter, label) if label in self._hidden:
                return [RetainedMessage(topic, "")]
            case LabelTopic(self.meter, label):
                self._labels.note_retained(label)
            case DerivedTopic(self.meter, name):
                self._derived.note_retained(name, payload)
        return []

    def note_live(self, topic: str) -> None:
        """Note that another edge publishes on a topic of this meter: then nothing there is left over."""
        if isinstance(self._topics.parse(topic), LabelTopic | DerivedTopic):
            self._left_over.clear()
            self._since = None

    def publish(
        self, validated: ValidatedFrame, at: float, time_ms: int | None, *, is_read: bool
    ) -> list[RetainedMessage]:
        """Return the messages that a frame changes.

        Values come before the discovery message: Home Assistant rejects another option's periods while its state is one
        of the old ones. It does not read a topic again when the discovery message of its entity changes, so derived
        values are published once more when it has had time to process that.

        Args:
            validated: the frame.
            at: monotonic seconds.
            time_ms: when the frame's end arrived, or None if no clock is proved.
            is_read: whether the retained messages of the broker have had time to arrive.
        """
        if not self._has_labels:
            return self._clear_left_over(at)
        is_complete = self._completeness.check(validated)
        if self._republish_at is not None and at >= self._republish_at:
            self._republish_at = None
            self._derived.reset()
        labels = self._labels.publish(validated, at, time_ms, is_complete=is_complete)
        self._derived.add(validated.values, at)
        derived = self._derived.publish(self._labels.present, at, time_ms, is_complete=is_complete)
        discovery = []
        if self._announcer is not None:
            self._announcer.add(validated, is_complete=is_complete)
            discovery = self._announcer.update() if is_read else []
        if discovery:
            self._republish_at = at + _PROCESSED_S
        return [*labels, *derived, *discovery]

    def _clear_left_over(self, at: float) -> list[RetainedMessage]:
        """What clears the labels of an edge that read this meter before another program was its source."""
        self._since = at if self._since is None else self._since
        if at - self._since < _LEFT_OVER_S:
            return []
        topics, self._left_over = sorted(self._left_over), set()
        return [RetainedMessage(topic, "") for topic in topics]
