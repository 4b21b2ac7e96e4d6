"""The connection to an InfluxDB: its clock, its buckets and tasks, and what has to be done again after an outage."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tictally_recorder.ledger import Outbox, TimeWindow
from tictally_recorder.problem import ProblemCode
from tictally_recorder.sinks.influxdb.client import EVERYDAY_SETTING, SETUP_SETTING, Client
from tictally_recorder.sinks.influxdb.config import Bucket, Buckets, Target
from tictally_recorder.sinks.influxdb.errors import InfluxError, NotAllowedError, NotFoundError
from tictally_recorder.sinks.influxdb.provisioning import InfluxResources, find_resources, provision
from tictally_recorder.sinks.influxdb.verification import incomplete_hours
from tictally_recorder.sinks.influxdb.windows import HOUR_MS, OFFSET_MS, lost_windows, window_of
from tictally_recorder.translations import ENGLISH
from tictally_shared.frames import iso_utc
from tictally_shared.phrase import Phrase

_CHECK_INTERVAL_S: Final = 3600.0
# A point that is about to leave the retention may do so before it arrives.
_MARGIN_MS: Final = 60_000
# A run that had begun before an outage may not have ended.
_BEFORE_OUTAGE_MS: Final = 90_000
# How long after its task an hour's rows are verified, and how many hours at most, where that was not possible for long.
_VERIFY_AFTER_MS: Final = 60_000
_MOST_VERIFIED: Final = 48
_DAY_MS: Final = 86_400_000
_MAX_CLOCK_DIFFERENCE_MS: Final = _DAY_MS
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Clients:
    """The clients of one InfluxDB.

    Attributes:
        everyday: with the token for everyday use.
        setup: with a token that may create buckets and tasks, or None.
    """

    everyday: Client
    setup: Client | None = None


def clients_of(target: Target) -> Clients:
    """A client for each token."""
    everyday = Client(target.url, target.token, target.org, target.ca, EVERYDAY_SETTING)
    if target.setup_token is None:
        return Clients(everyday)
    return Clients(everyday, Client(target.url, target.setup_token, target.org, target.ca, SETUP_SETTING))


class Session:
    """Connects to InfluxDB and checks it once an hour.

    Args:
        clients: of the InfluxDB.
        buckets: that shall exist there.
        outbox: of the sink; receives the windows to aggregate again.

    Attributes:
        now_ms: InfluxDB's clock, when it last answered.
        newest_written_ms: time of the newest frame that it has got.
        resources: buckets and tasks; None while not connected.
    """

    def __init__(self, clients: Clients, buckets: Buckets, outbox: Outbox) -> None:
        self._clients, self._buckets, self._outbox = clients, buckets, outbox
        self._check_at_s = 0.0
        self._has_logged_denial = False
        self._has_activated_task = False
        # What was written before this start may have missed its task like that before an outage.
        self._outage_ms: int | None = outbox.newest_copied_ms
        self._verified_ms: int | None = None
        self.newest_written_ms = self._outage_ms or 0
        self._ahead_ms = 0
        self.now_ms = 0
        self.resources: InfluxResources | None = None

    @property
    def raw_since_ms(self) -> int:
        """From when on InfluxDB has every raw frame that the ledger had."""
        return max(self._outbox.raw_since_ms, self.oldest_ms(self._buckets.raw))

    def oldest_ms(self, bucket: Bucket) -> int:
        """The oldest time that is sent to a bucket."""
        return bucket.oldest_ms(self.now_ms) + _MARGIN_MS

    def ensure(self) -> InfluxResources:
        """Connect where there is no connection; look buckets and tasks up again once an hour, as they may be deleted.

        Raises:
            InfluxError: InfluxDB does not answer, or lacks something.
        """
        if self.resources is None:
            # Whatever a failed step had taken. Here, so that it is tried again where the ledger is busy now.
            self._outbox.release()
            resources = self._check()
            self._queue_lost()
            self.resources = resources
        elif time.monotonic() >= self._check_at_s:
            self.resources = self._check()
        return self.resources

    def lose(self, error: Exception) -> None:
        """A step has failed: the next one connects again."""
        is_outage = isinstance(error, InfluxError) and not isinstance(error, NotAllowedError | NotFoundError)
        if is_outage and self._outage_ms is None:
            self._outage_ms = self.now_ms
        self.resources = None

    def set_clock(self, now_ms: int) -> None:
        """Take InfluxDB's clock over: it decides which points are too old.

        Raises:
            InfluxError: it is so wrong that points would be left out.
        """
        ahead_ms = now_ms - time.time_ns() // 1_000_000
        if abs(ahead_ms) > _MAX_CLOCK_DIFFERENCE_MS:
            code = ProblemCode.INFLUX_CLOCK_AHEAD if ahead_ms > 0 else ProblemCode.INFLUX_CLOCK_BEHIND
            raise InfluxError(Phrase(code, {"days": f"{abs(ahead_ms) / _DAY_MS:.1f}"}))
        self.now_ms, self._ahead_ms = now_ms, ahead_ms

    def read_clock(self) -> None:
        """Ask InfluxDB for its time. Raises InfluxError."""
        self.set_clock(self._clients.everyday.now_ms())

    @property
    def present_ms(self) -> int:
        """InfluxDB's clock now, by how far it was ahead when it last answered."""
        return time.time_ns() // 1_000_000 + self._ahead_ms

    def verify_hours(self) -> None:
        """Once after each hour: put it into the outbox again where InfluxDB lacks rows of it that its frames make.

        Raises:
            InfluxError: InfluxDB does not answer.
        """
        last_ms = self.present_ms - OFFSET_MS[HOUR_MS] - _VERIFY_AFTER_MS
        last = window_of(last_ms - HOUR_MS, HOUR_MS)
        if self._verified_ms == last.start_ms or self._outbox.windows(self.present_ms):
            return  # what waits to be aggregated is not there yet
        noted = self._verified_ms or self._outbox.note.get("verified_ms", last.start_ms - HOUR_MS)
        first_ms = max(noted + HOUR_MS, last.start_ms - (_MOST_VERIFIED - 1) * HOUR_MS, self.raw_since_ms)
        hours = [TimeWindow(HOUR_MS, each) for each in range(first_ms, last.start_ms + 1, HOUR_MS)]
        lacking = incomplete_hours(self._clients.everyday.query, self._buckets, hours) if hours else []
        for hour in lacking:
            _log.warning("InfluxDB lacks rows of the hour from %s; it is aggregated again", iso_utc(hour.start_ms))
        self._outbox.save_note({"verified_ms": last.start_ms}, lacking)
        self._verified_ms = last.start_ms

    def _queue_lost(self) -> None:
        """Whether InfluxDB makes what was lost up to now is not certain: it begins with the windows that end next."""
        now_ms, lost_ms = self.now_ms, self._outage_ms
        since_ms = now_ms if lost_ms is None else min(lost_ms, now_ms) - _BEFORE_OUTAGE_MS
        # Frames of older windows are written after this, and are late then.
        near_ms = max(since_ms, now_ms - _MOST_VERIFIED * HOUR_MS)
        windows = lost_windows(near_ms, now_ms) | lost_windows(since_ms, min(since_ms + _BEFORE_OUTAGE_MS, now_ms))
        # What ended before this moment and is not due yet has not run, and may never.
        windows |= lost_windows(now_ms - max(OFFSET_MS.values()), now_ms)
        self._outbox.add_windows(each for each in windows if each.start_ms >= self.raw_since_ms)
        self._outage_ms = None

    def _check(self) -> InfluxResources:
        self.read_clock()
        resources = self._find_or_provision()
        for sentence in resources.changes:
            _log.info("InfluxDB: %s", sentence)
        if resources.problem is not None:
            _log.warning("%s", ENGLISH.phrase(resources.problem))
        self._has_activated_task |= resources.has_activated
        if self._refill_what_is_new(resources) and self.resources is not None:
            self._queue_lost()  # as on a connect
        self._has_activated_task = False
        self._check_at_s = time.monotonic() + _CHECK_INTERVAL_S
        return resources

    def _find_or_provision(self) -> InfluxResources:
        everyday, setup = self._clients.everyday, self._clients.setup
        try:
            resources = provision(setup or everyday, self._buckets)
        except NotAllowedError as error:
            denial = error
        else:
            self._has_logged_denial = False
            return resources
        try:
            resources = find_resources(everyday, self._buckets)
        except (NotAllowedError, NotFoundError) as error:
            if setup is None:
                raise
            raise type(error)(f"{error}; and {denial}") from None
        if setup is not None and not self._has_logged_denial:
            _log.warning("InfluxDB's buckets and tasks stay as they are: %s", denial)
            self._has_logged_denial = True
        return resources

    def _refill_what_is_new(self, resources: InfluxResources) -> bool:
        """Buckets with another id than before are empty, and tasks that did not exist have aggregated nothing yet.

        Returns:
            True if anything is new.
        """
        note, raw = self._outbox.note, self._buckets.raw.name
        current = {"buckets": dict(resources.bucket_ids), "tasks": sorted(resources.task_ids.values())}
        known = note.get("buckets", {})
        new = {name for name, each in resources.bucket_ids.items() if known.get(name) != each}
        has_new_tasks = self._has_activated_task or set(current["tasks"]) - set(note.get("tasks", current["tasks"]))
        hours: list[TimeWindow] = []
        if known and raw not in new and (has_new_tasks or new & {each.name for each in self._buckets.aggregated}):
            hours = self._all_hours()
        if new & {raw, self._buckets.ledger.name}:
            self._outbox.reset(raw=raw in new, note=current, windows=hours)
        elif hours or not _is_noted(current, note):
            self._outbox.save_note(current, hours)
        return bool(new or has_new_tasks)

    def _all_hours(self) -> list[TimeWindow]:
        """The hours that InfluxDB's raw frames may cover."""
        first = max(self.raw_since_ms, self._outbox.oldest_ms)
        start_ms = window_of(first + HOUR_MS - 1, HOUR_MS).start_ms
        return [TimeWindow(HOUR_MS, each) for each in range(start_ms, self.now_ms - HOUR_MS, HOUR_MS)]


def _is_noted(current: Mapping[str, object], note: Mapping[str, object]) -> bool:
    return all(note.get(name) == value for name, value in current.items())
