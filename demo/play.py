"""One demo from start to end: stage, hub and ledger together."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from demo.broker import HOST
from demo.hub import Hub
from demo.kept import Kept, ask
from demo.picture import Picture
from demo.stage import NAME, Stage
from tictally_recorder.ledger import LedgerError
from tictally_shared.topics import Topics

_ZONE: Final = ZoneInfo("Europe/Paris")
_TICK_S: Final = 0.25
_ASK_S: Final = 2
_LAST_FRAMES_S: Final = 5


class Play:
    """A demo.

    Args:
        stage: not yet started.
        past: lays the ledger that the recorder finds, before it starts.
        show: is handed what MQTT and the ledger say, several times a second.
        stopped: waits that many seconds; true as soon as somebody wants the demo to end.
    """

    def __init__(
        self,
        stage: Stage,
        past: Callable[[Path], None],
        show: Callable[[Picture, Kept], None],
        stopped: Callable[[float], bool],
    ) -> None:
        self._stage = stage
        self._past = past
        self._show = show
        self._stopped = stopped
        self._topics = Topics()
        self._picture = Picture(self._topics, recorder=NAME)
        self._kept = Kept()
        self._laid = 0
        self._asked_s = float("-inf")

    def run(self, seconds: float, ready: Callable[[], None]) -> tuple[Picture, Kept]:
        """Play it for so long, or until it is stopped, and take the stage down.

        Args:
            seconds: how long.
            ready: called once everything runs.

        Returns:
            What MQTT and the ledger said in the end.

        Raises:
            PartError: a part ended by itself, or did not come up.
        """
        try:
            self._stage.start_broker()
            if not self._stopped(0):
                with Hub(HOST, self._stage.port, self._topics.base) as hub:
                    self._act(hub, seconds, ready)
        finally:
            self._stage.stop()
        return self._picture, self._kept

    def _act(self, hub: Hub, seconds: float, ready: Callable[[], None]) -> None:
        def recorder_is_online() -> bool:
            hub.update(self._picture)
            return self._picture.states.get("recorder") == "online"

        self._stage.start_meter()
        self._past(self._stage.ledger)
        self._ask_ledger()
        self._laid = self._kept.frames
        self._stage.start_recorder(recorder_is_online)
        self._stage.start_edge()
        ready()
        end_s = time.monotonic() + seconds
        while not self._stopped(_TICK_S) and time.monotonic() < end_s:
            self._stage.check()
            hub.update(self._picture)
            if time.monotonic() - self._asked_s >= _ASK_S:
                self._ask_ledger()
            self._show(self._picture, self._kept)
        self._stage.stop("meter", "edge")
        self._take_last_frames(hub)

    def _take_last_frames(self, hub: Hub) -> None:
        # The edge is gone, so the broker has everything that it will have; the recorder commits within a second.
        end_s = time.monotonic() + _LAST_FRAMES_S
        while time.monotonic() < end_s:
            hub.update(self._picture)
            self._ask_ledger()
            if self._kept.frames + self._kept.refused >= self._picture.frames:
                return
            time.sleep(_TICK_S)

    def _ask_ledger(self) -> None:
        self._asked_s = time.monotonic()
        try:
            kept = ask(self._stage.ledger, datetime.now(UTC), _ZONE)
            # Those of the past were never sent.
            self._kept = replace(kept, frames=kept.frames - self._laid)
        except LedgerError:
            return  # not yet made by its recorder: the answer stays what it was
