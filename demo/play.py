"""One demo from start to end: programs, hub and ledger."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from demo.broker import HOST
from demo.hub import TopicReader
from demo.ledger_totals import LedgerTotals, read_totals
from demo.picture import Picture
from demo.stage import NAME, DemoStage
from tictally_recorder.ledger import LedgerError
from tictally_shared.topics import Topics

_ZONE: Final = ZoneInfo("Europe/Paris")
_TICK_S: Final = 0.25
_READ_INTERVAL_S: Final = 2
_LAST_FRAMES_S: Final = 5
# Three frames at 1200 baud, and one attempt at the wrong speed before them.
_SILENCE_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class PlayEvents:
    """What is called while a demo runs, once each.

    Attributes:
        ready: everything runs.
        silence: no frame has come for a time in which any line shows some, at either speed.
    """

    ready: Callable[[], None]
    silence: Callable[[], None]


class Play:
    """A demo.

    Args:
        stage: not yet started.
        past: writes the ledger that the recorder finds, before it starts.
        show: called with the state of MQTT and ledger, several times a second.
        stopped: waits that many seconds; returns True as soon as the demo is to end.
    """

    def __init__(
        self,
        stage: DemoStage,
        past: Callable[[Path], None],
        show: Callable[[Picture, LedgerTotals], None],
        stopped: Callable[[float], bool],
    ) -> None:
        self._stage = stage
        self._past = past
        self._show = show
        self._stopped = stopped
        self._topics = Topics()
        self._picture = Picture(self._topics, recorder=NAME)
        self._totals = LedgerTotals()
        self._past_frames = 0
        self._read_at_s = float("-inf")

    def run(self, seconds: float, events: PlayEvents) -> tuple[Picture, LedgerTotals]:
        """Run it for so long, or until it is stopped, and end the programs.

        Args:
            seconds: how long.
            events: called while it runs.

        Returns:
            The last state of MQTT and ledger.

        Raises:
            PartError: a program ended by itself, or did not come up.
        """
        try:
            self._stage.start_broker()
            if not self._stopped(0):
                with TopicReader(HOST, self._stage.port, self._topics.base) as hub:
                    self._act(hub, seconds, events)
        finally:
            self._stage.stop()
        return self._picture, self._totals

    def _act(self, hub: TopicReader, seconds: float, events: PlayEvents) -> None:
        def recorder_is_online() -> bool:
            hub.update(self._picture)
            return self._picture.states.get("recorder") == "online"

        self._stage.start_meter()
        self._past(self._stage.ledger)
        self._read_ledger()
        self._past_frames = self._totals.frames
        self._stage.start_recorder(recorder_is_online)
        self._stage.start_edge()
        events.ready()
        started_s = time.monotonic()
        end_s, silent_s = started_s + seconds, started_s + _SILENCE_S
        while not self._stopped(_TICK_S) and time.monotonic() < end_s:
            self._stage.check()
            hub.update(self._picture)
            if time.monotonic() - self._read_at_s >= _READ_INTERVAL_S:
                self._read_ledger()
            if not self._picture.frames and time.monotonic() >= silent_s:
                events.silence()
                silent_s = float("inf")
            self._show(self._picture, self._totals)
        self._stage.stop("meter", "edge")
        self._take_last_frames(hub)

    def _take_last_frames(self, hub: TopicReader) -> None:
        # The edge has ended, so the broker has everything; the recorder commits within a second.
        end_s = time.monotonic() + _LAST_FRAMES_S
        while time.monotonic() < end_s:
            hub.update(self._picture)
            self._read_ledger()
            if self._totals.frames + self._totals.rejected >= self._picture.frames:
                return
            time.sleep(_TICK_S)

    def _read_ledger(self) -> None:
        self._read_at_s = time.monotonic()
        try:
            totals = read_totals(self._stage.ledger, datetime.now(UTC), _ZONE)
            # Frames of the past were never sent.
            self._totals = replace(totals, frames=totals.frames - self._past_frames)
        except LedgerError:
            return  # not yet created by its recorder: the totals stay as they were
