"""Autobaud: keeps a source of bytes open at the speed of the meter.

Mode and speed are detected by listening: a port is opened at one speed, and at the other when bytes come that make no
good frame. They are detected again when good frames stop, since Enedis can change a meter's mode without notice. A line
without any byte shows nothing of its speed; its port is reopened at the same one, which helps a dongle that hangs.
"""

import logging
import time
from collections.abc import Callable
from typing import Final

from tictally_edge.sources.base import SPEED, ByteSource, Moment, Opener, SourceError, SourceState
from tictally_shared.labels import Mode
from tictally_shared.runtime.backoff import Backoff
from tictally_shared.runtime.log import ChangeLogger, sentence

# Of bytes without a lull. The longest frame, three-phase historique, takes about three seconds, and listening may start
# in the middle of one.
_SPEED_TIMEOUT_S: Final = 8.0
# A meter pauses for less than a tenth of this between frames; after a longer pause listening starts again.
_LULL_S: Final = 2.0
SILENCE_S: Final = 30.0
_BACKOFF_S: Final = (1.0, 30.0)
_IDLE_S: Final = 0.05

log = logging.getLogger(__name__)


class AutobaudSource:
    """Reads bytes; opens and reopens the source.

    Args:
        opener: opens the source at a speed.
        mode: the mode that is set, or None if it is detected.
        name: of the port, for people.
        clock: seconds on a clock that never steps.
        reopens: False for what would start over when reopened, a recording or a simulated meter.
    """

    def __init__(
        self,
        opener: Opener,
        mode: Mode | None,
        name: str,
        clock: Callable[[], float] = time.monotonic,
        *,
        reopens: bool = True,
    ) -> None:
        self._opener, self._name, self._clock, self._reopens = opener, name, clock, reopens
        self._speeds = [SPEED[mode]] if mode is not None else [SPEED[Mode.STANDARD], SPEED[Mode.HISTORIQUE]]
        self._source: ByteSource | None = None
        self._backoff, self._retry_at = Backoff(*_BACKOFF_S), clock()
        self._listening_since = clock()
        self._bytes_since: float | None = None  # without a good frame or a lull between them
        self._last_byte_at = clock()
        self._is_found = False
        self._was_reopened = False
        self._problems = ChangeLogger(log)

    @property
    def state(self) -> SourceState:
        """The state, for health."""
        if self._source is None:
            return SourceState.CLOSED
        return SourceState.RECEIVING if self._is_found else SourceState.LISTENING

    @property
    def baud(self) -> int:
        """The speed that is detected or tried now."""
        return self._speeds[0]

    def read(self) -> bytes:
        """Return what has come; empty if nothing has, or where the source is not open.

        Raises:
            SourceEnded: a recording or a load curve is at its end.
        """
        if self._source is None:
            self._open()
        elif self._has_timed_out():
            self._reopen()
        if self._source is None:
            time.sleep(_IDLE_S)
            return b""
        try:
            data = self._source.read()
        except SourceError as error:
            self._fail(error)
            return b""
        if data:
            self._note_bytes(self._clock())
        return data

    def take_interruption(self) -> bool:
        """Return True once after the source was opened: what follows does not continue what was read before."""
        was_reopened, self._was_reopened = self._was_reopened, False
        return was_reopened

    def now(self) -> Moment:
        """Return when the last byte that was read arrived; the present where no source is open."""
        if self._source is None:
            return Moment(self._clock(), time.time_ns() // 1_000_000)
        return self._source.now()

    def confirm(self, mode: Mode) -> None:
        """Note a good frame: this is the right speed."""
        if not self._is_found:
            log.info("%s: meter found, mode %s.", self._name, mode.value)
        self._is_found = True
        self._backoff.reset()
        self._problems.reset()
        self._listening_since, self._bytes_since = self._clock(), None

    def close(self) -> None:
        """Close the source."""
        if self._source is not None:
            self._source.close()
            self._source = None

    def _open(self) -> None:
        if self._clock() < self._retry_at:
            return
        try:
            self._source = self._opener(self._speeds[0])
        except SourceError as error:
            self._fail(error)
            return
        self._was_reopened = True
        self._listening_since, self._bytes_since = self._clock(), None

    def _fail(self, error: SourceError) -> None:
        self.close()
        self._problems.warning(f"{sentence(str(error))} Retrying.")
        self._is_found = False
        self._retry_at = self._clock() + self._backoff.next_s()

    def _note_bytes(self, now: float) -> None:
        if self._bytes_since is None or now - self._last_byte_at > _LULL_S:
            self._bytes_since = now
        self._last_byte_at = now

    def _has_timed_out(self) -> bool:
        """Whether it is time to reopen the port; to be called before reading, when what came has been decoded."""
        if not self._reopens:
            return False
        now = self._clock()
        if now - self._listening_since >= SILENCE_S:
            return True
        if self._is_found or self._bytes_since is None or now - self._last_byte_at > _LULL_S:
            return False
        return now - self._bytes_since >= _SPEED_TIMEOUT_S

    def _reopen(self) -> None:
        if self._bytes_since is not None and self._clock() - self._last_byte_at < _SPEED_TIMEOUT_S:
            self._problems.warning(f"{self._name}: no good frame; trying every speed.")
            self._speeds.append(self._speeds.pop(0))
        else:
            self._problems.warning(f"{self._name}: no data; reopened every {SILENCE_S:.0f} s.")
        self._is_found = False
        self.close()
        self._retry_at = self._clock()
        self._open()
