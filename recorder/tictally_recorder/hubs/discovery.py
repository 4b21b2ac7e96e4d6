"""The maintenance step that announces the recorder to hubs, at each connection and whenever a hub starts."""

from collections.abc import Callable
from math import inf
from typing import ClassVar

from tictally_recorder.hubs.recorder_device import Announcement
from tictally_recorder.maintenance import Turn, Wake


class DiscoveryStep:
    """Publishes the recorder's discovery message.

    Args:
        announcement: what to publish.
        publish: sends a retained message: topic, payload.
    """

    name: ClassVar[str] = "discovery"
    needs_idle: ClassVar[bool] = False

    def __init__(self, announcement: Announcement, publish: Callable[[str, str], object]) -> None:
        self._announcement = announcement
        self._publish = publish
        self.due_s = inf

    def run(self, turn: Turn) -> bool:
        """Publish it, once there is a connection."""
        if turn.is_connected:
            self._publish(self._announcement.topic, self._announcement.payload)
            self.due_s = inf
        return True

    def wake(self, reason: Wake) -> None:
        """A broker or a hub may have lost it."""
        if reason is not Wake.CONFIG_CHANGED:
            self.due_s = 0.0
