"""InfluxDB as a sink: one short step after another, each of which may fail and is then done again."""

import logging
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from tictally_recorder.ledger import Outbox, RefusedPoint, Window
from tictally_recorder.sinks.influxdb.client import Client
from tictally_recorder.sinks.influxdb.config import Bucket, Buckets
from tictally_recorder.sinks.influxdb.errors import InfluxError, NotAllowedError, NotThereError
from tictally_recorder.sinks.influxdb.ledger_source import LedgerRows
from tictally_recorder.sinks.influxdb.points import Point, of_frame
from tictally_recorder.sinks.influxdb.provisioning import Place, find, set_up
from tictally_recorder.sinks.influxdb.reaggregation import Again
from tictally_recorder.sinks.influxdb.reconcile import OF_SITES, Rows, stale
from tictally_recorder.sinks.influxdb.windows import HOUR_MS, MINUTE_MS, late_windows, window_of
from tictally_recorder.sinks.influxdb.writer import write
from tictally_recorder.sinks.runner import Wait

_FRAMES_AT_ONCE: Final = 500
_POINTS_AT_ONCE: Final = 5000
# Four days of a meter are some thousand points, and as many rows to compare.
_QUARTERS_AT_ONCE: Final = 4 * 96
_COST_DAYS_AT_ONCE: Final = 31
_ROUND_S: Final = 30.0
_LOOK_S: Final = 3600.0
_IDLE_S: Final = 1.0
_NEWEST: Final = 2**62
# What is about to grow too old may be so before it arrives.
_MARGIN_MS: Final = 60_000
# Frames that were written just before a trouble may have missed their task, and the task them.
_BEFORE_TROUBLE_MS: Final = 90_000
_DAY_MS: Final = 86_400_000
_CLOCKS_APART_MS: Final = _DAY_MS
_EVER_MS: Final = 0, 4_102_444_800_000
_log = logging.getLogger(__name__)


class InfluxSink:
    """Copies a ledger; `step` again and again, in one thread.

    Args:
        client: with the token of every day.
        setup: with a token that may make buckets and tasks, or None.
        buckets: where to.
        outbox: what is to be copied.
        rows: of the same ledger.
        wait: sleeps for so many seconds, or shorter where the sink shall end: True then.
        said: points of health, put there by whatever thread, which are copied as long as InfluxDB answers.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - all that it stands between
        self,
        client: Client,
        setup: Client | None,
        buckets: Buckets,
        outbox: Outbox,
        rows: LedgerRows,
        wait: Wait,
        said: deque[Point],
    ) -> None:
        self._client, self._setup, self._buckets = client, setup, buckets
        self._outbox, self._rows = outbox, rows
        self._again = Again(client, buckets, outbox, wait)
        self._said = said
        self._place: Place | None = None
        self._is_refused = False
        self._before: int | None = None
        self._round_s = 0.0
        self._look_s = 0.0
        self._has_begun = False
        self._standby: dict[object, Point] = {}
        self._refills: int | None = None
        self._now_ms = 0
        self._lost_ms: int | None = outbox.newest_copied_ms

    @property
    def task_ids(self) -> Mapping[int, str]:
        """Length of windows → id of the task that makes them, as far as is known."""
        return {} if self._place is None else self._place.task_ids

    @property
    def unmade(self) -> str | None:
        """Why minutes or hours wait that are not made again now nor in a moment, a sentence; or None."""
        return self._again.unmade

    def step(self) -> float:
        """Copy some; in how many seconds there may be more to copy.

        Raises:
            InfluxError: InfluxDB did not take it; to be tried again.
            LedgerUnavailable: the ledger is busy.
            LedgerError: it is damaged.
        """
        try:
            return self._step()
        except Exception as error:
            is_away = isinstance(error, InfluxError) and not isinstance(error, NotAllowedError | NotThereError)
            if is_away and self._lost_ms is None:
                self._lost_ms = self._now_ms
            self._place, self._before = None, None
            raise

    def _step(self) -> float:
        if self._place is None:
            # What was taken when a step failed. Here, so that where the ledger is busy now it is tried again.
            self._outbox.release()
            self._place = self._connect()
        elif time.monotonic() >= self._look_s:
            self._place = self._look()
        if self._said:
            self._copy_health()
        more = self._copy_frames()
        now_s = time.monotonic()
        if self._before is None and now_s >= self._round_s:
            self._before = _NEWEST
            self._begin_round()
        if self._before is not None:
            self._before = self._copy_quarters(self._before)
            if self._before is None:
                self._round_s = now_s + _ROUND_S
            more = True
        more |= self._copy_cost()
        if not more:
            more = self._run_windows(self._place)
        return 0.0 if more else _IDLE_S

    def _connect(self) -> Place:
        place = self._look()
        if self._lost_ms is not None:
            # Once more what was written before the trouble and may have missed its task, or its task it.
            times_ms = range(self._lost_ms, max(self._lost_ms - _BEFORE_TROUBLE_MS, 0), -MINUTE_MS // 2)
            self._outbox.add_windows(late_windows(times_ms, self._now_ms, self._raw_since_ms()))
            self._lost_ms = None
        return place

    def _look(self) -> Place:
        """What there is. Nobody tells of a bucket or a task that is taken away, so it is looked for now and then."""
        self._set_now(self._client.now_ms())
        place = self._find()
        for sentence in place.done:
            _log.info("InfluxDB: %s", sentence)
        if place.lack is not None:
            _log.warning("InfluxDB %s", place.lack)
        self._has_begun |= place.has_begun
        self._compare(place)
        self._has_begun = False
        self._look_s = time.monotonic() + _LOOK_S
        return place

    def _set_now(self, now_ms: int) -> None:
        """By InfluxDB's clock, which decides what is too old for it: by one that is wrong much would be passed over."""
        ahead_ms = now_ms - time.time_ns() // 1_000_000
        if abs(ahead_ms) > _CLOCKS_APART_MS:
            how = f"{abs(ahead_ms) / _DAY_MS:.1f} days {'ahead of' if ahead_ms > 0 else 'behind'}"
            raise InfluxError(f"InfluxDB's clock is {how} the recorder's: nothing is copied until both are right")
        self._now_ms = now_ms

    def _find(self) -> Place:
        try:
            place = set_up(self._setup or self._client, self._buckets)
        except NotAllowedError as error:
            refused = error
        else:
            self._is_refused = False
            return place
        try:
            place = find(self._client, self._buckets)
        except (NotAllowedError, NotThereError) as error:
            if self._setup is None:
                raise
            raise type(error)(f"{error}; and {refused}") from None
        if self._setup is not None and not self._is_refused:
            _log.warning("buckets and tasks of InfluxDB stay as they are: %s", refused)
            self._is_refused = True
        return place

    def _compare(self, place: Place) -> None:
        """Buckets that are others than before are empty, and tasks that were not there have made nothing till now."""
        note, raw = self._outbox.note, self._buckets.raw.name
        here = {"buckets": dict(place.bucket_ids), "tasks": sorted(place.task_ids.values())}
        known = note.get("buckets", {})
        gone = {name for name, each in place.bucket_ids.items() if known.get(name) != each}
        new_tasks = self._has_begun or set(here["tasks"]) - set(note.get("tasks", here["tasks"]))
        hours: list[Window] = []
        if known and raw not in gone and (new_tasks or gone & {each.name for each in self._buckets.aggregated}):
            hours = self._all_hours()
        if gone & {raw, self._buckets.ledger.name}:
            self._outbox.begin_anew(raw=raw in gone, note=here, windows=hours)
        elif hours or here != {name: note.get(name) for name in here}:
            self._outbox.keep(here, hours)

    def _all_hours(self) -> list[Window]:
        """Those that InfluxDB's raw frames cover, as far as there may be any."""
        first = max(self._raw_since_ms(), self._outbox.oldest_ms)
        start_ms = window_of(first + HOUR_MS - 1, HOUR_MS).start_ms
        return [Window(HOUR_MS, each) for each in range(start_ms, self._now_ms - HOUR_MS, HOUR_MS)]

    def _raw_since_ms(self) -> int:
        return max(self._outbox.raw_since_ms, self._oldest_ms(self._buckets.raw))

    def _oldest_ms(self, bucket: Bucket) -> int:
        return bucket.oldest_ms(self._now_ms) + _MARGIN_MS

    def _copy_health(self) -> None:
        points = []
        while self._said:
            points.append(self._said.popleft())
        write(self._client.write, self._buckets.minute.name, points, self._oldest_ms(self._buckets.minute))

    def _copy_frames(self) -> bool:
        before = self._outbox.cursor
        frames = self._outbox.frames(_FRAMES_AT_ONCE)
        if not frames:
            return False
        raw, oldest_ms = self._buckets.raw, self._oldest_ms(self._buckets.raw)
        points = [of_frame(each) for each in frames if each.time_ms >= oldest_ms]
        written = write(self._client.write, raw.name, points, oldest_ms)
        if written.date_ms:
            self._set_now(written.date_ms)
        times_ms = (each.time_ms for each in points)
        windows = late_windows(times_ms, self._now_ms, self._raw_since_ms())
        self._outbox.advance(before, frames[-1].id, windows, written.refused)
        return len(frames) == _FRAMES_AT_ONCE

    def _begin_round(self) -> None:
        sites = [each.id for each in self._rows.sites()]
        note = self._outbox.note
        for gone in set(note.get("sites", [])) - set(sites):
            for measurement in OF_SITES:
                self._client.delete(self._buckets.ledger.name, measurement, {"site": gone}, _EVER_MS)
        if note.get("sites") != sites:
            self._outbox.keep({"sites": sites})
        if note.get("refills") != self._refills:
            self._refills, self._standby = note.get("refills"), {}
        nights = self._rows.standby()
        self._write(each for each in nights if self._standby.get((each.tags, each.time_ms)) != each)
        self._standby = {(each.tags, each.time_ms): each for each in nights}

    def _copy_quarters(self, before: int) -> int | None:
        taken = self._outbox.take_quarters(before, _QUARTERS_AT_ONCE)
        if not taken:
            return None
        self._replace(self._rows.of_quarters(self._rows.sites(), taken))
        return min(first for quarters in taken.values() for first, _ in quarters)

    def _copy_cost(self) -> bool:
        taken = self._outbox.take_cost(_COST_DAYS_AT_ONCE)
        if taken:
            self._replace(self._rows.of_cost(taken))
        return bool(taken)

    def _replace(self, found: Sequence[Rows]) -> None:
        """Let the taken rows be as they shall be, and note that they are."""
        bucket, refused = self._buckets.ledger.name, []
        for rows in found:
            for gone in stale(self._client.query, bucket, rows):
                self._client.delete(bucket, gone.measurement, dict(gone.tags), (gone.first_ms, gone.last_ms))
            refused += self._write(rows.points)
        self._outbox.drop_taken(refused)

    def _write(self, points: Iterable[Point]) -> list[RefusedPoint]:
        bucket, refused, left = self._buckets.ledger, [], list(points)
        for at in range(0, len(left), _POINTS_AT_ONCE):
            part = left[at : at + _POINTS_AT_ONCE]
            refused += write(self._client.write, bucket.name, part, self._oldest_ms(bucket)).refused
        return refused

    def _run_windows(self, place: Place) -> bool:
        """Run some of those that wait again; True where there may be more to run at once."""
        waiting = self._outbox.windows()
        if waiting:
            self._set_now(self._client.now_ms())
        return self._again.step(place, waiting, self._now_ms, self._raw_since_ms())
