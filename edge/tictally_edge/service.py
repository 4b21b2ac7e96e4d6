"""The edge's loop: reads frames, stores and publishes them, and does what is due by the clock."""

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from tictally_edge.clock.kernel import KernelClock
from tictally_edge.clock.timekeeper import Timekeeper
from tictally_edge.decoding.decoder import is_good
from tictally_edge.home_assistant.edge_device import discovery_settings_of
from tictally_edge.journal.frame_store import FrameStore
from tictally_edge.mqtt.client import BrokerConnection, Will, broker_access
from tictally_edge.pipeline import Pipeline
from tictally_edge.publishing.health import HealthReport, LineCounts, health_json, steady_ms
from tictally_edge.publishing.line_quality import LineQuality
from tictally_edge.publishing.presence import BrokerPresence
from tictally_edge.publishing.presence_file import PresenceFile
from tictally_edge.publishing.publisher import OFFLINE, Publisher
from tictally_edge.settings import Settings
from tictally_edge.sources.base import Moment, SourceEnded
from tictally_edge.sources.registry import SOURCES
from tictally_edge.sources.settings import SourceSettings
from tictally_edge.topics.naming import Naming
from tictally_edge.validation.energy_registers import RegisterValue
from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.frames import MAX_BYTES, parse_time_ms
from tictally_shared.runtime.systemd import Notifier
from tictally_shared.topics import Topics

_HEALTH_INTERVAL_S: Final = 60.0
_SUMMARY_INTERVAL_S: Final = 3600.0
_CLOSE_TIMEOUT_S: Final = 3.0
# How long the broker has to acknowledge the last frames of a source that has ended.
_LAST_FRAMES_S: Final = 5.0
# Messages; a frame that is the first for minutes makes about fifty. A source without a pace would fill the journal's
# two weeks in seconds and lose what the broker has not acknowledged by then.
_MAX_UNACKNOWLEDGED: Final = 500
_THROTTLE_S: Final = 0.002
_DATED_AT_ONCE: Final = 100
_METER_CLOCK_FRESH_S: Final = 10.0
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Timer:
    """Something that is due at an interval."""

    interval_s: float
    next_at: float

    def is_due(self, now: float) -> bool:
        if now < self.next_at:
            return False
        self.next_at = now + self.interval_s
        return True


class Edge:
    """One reading process.

    Args:
        settings: checked.
        stopping: returns True once the process is to stop.

    Raises:
        JournalError: the journal cannot be used.
        SourceError: the source can never be read.
        SourceSettingError: the source's address has options that do not exist.
    """

    def __init__(self, settings: Settings, stopping: Callable[[], bool]) -> None:
        self._settings, self._stopping = settings, stopping
        self._started = time.monotonic()
        chosen = settings.section(SourceSettings)
        kind, self._address = SOURCES.parse(chosen.port, chosen.fixed_mode)
        self._source = kind.open(self._address, settings)
        topics = Topics(settings.base_topic)
        is_relayed = self._source.is_relayed
        naming = Naming(
            topics, settings.name, settings.meter, settings.prm, settings.interval_s, has_labels=not is_relayed
        )
        room = settings.journal_mb * 1024 * 1024
        self._store = FrameStore(settings.journal, settings.state, naming, _machine(), room)
        self._journal = self._store.journal
        self._kernel = KernelClock()
        is_trusted = settings.clock == "trust" or self._source.has_own_dates
        self._time = Timekeeper(trusted=is_trusted, not_before_ms=self._journal.newest_ms)
        self._meter_clock: tuple[int, float] | None = None  # its DATE in ms, and when it came
        will = Will(topics.edge(settings.name, "availability"), OFFLINE)
        self._broker = BrokerConnection(broker_access(settings), f"tictally-edge-{settings.name}", will, time.monotonic)
        folders = [settings.journal, *([settings.state] if settings.state is not None else [])]
        announcing = None if is_relayed else discovery_settings_of(settings)
        presence = BrokerPresence(naming, announcing, PresenceFile(folders))
        self._publisher = Publisher(self._broker, self._store, presence, time.monotonic)
        self._counts, self._at_last_summary = LineCounts(), LineCounts()
        self._quality = LineQuality()
        self._started_ms: int | None = None  # dated when the clock is proved
        self._pipeline: Pipeline | None = None
        self._last_good_at: float | None = None
        self._notifier = Notifier(os.environ)

    def run(self) -> None:
        """Read and publish until the process is to stop, or until the source has ended."""
        log.info(
            "Edge %s reads %s and publishes to %s:%d.",
            self._settings.name,
            self._address.text,
            self._settings.mqtt.host,
            self._settings.mqtt.port,
        )
        health = _Timer(_HEALTH_INTERVAL_S, self._started)
        summary = _Timer(_SUMMARY_INTERVAL_S, self._started + _SUMMARY_INTERVAL_S)
        self._notifier.ready(self._status())
        try:
            while not self._stopping():
                self._notifier.alive(time.monotonic(), self._status)
                if self._is_throttled():
                    time.sleep(_THROTTLE_S)
                else:
                    self._read()
                self._publisher.add_dated(self._store.date_queued(self._time.date_ms, _DATED_AT_ONCE))
                connected = self._publisher.tick()
                self._store.tick(is_away=self._is_away(), now_s=time.monotonic())
                self._check_silence()
                if health.is_due(time.monotonic()) or connected:
                    self._publisher.publish_health(self._health())
                if summary.is_due(time.monotonic()):
                    log.info("%s", self._summary())
        except SourceEnded:
            self._finish_backlog()
        finally:
            self._close()

    def _is_away(self) -> bool:
        """Whether frames are in the memory of edge and broker alone, if they are anywhere."""
        return not self._broker.connected or self._publisher.watch.is_recorder_away(time.monotonic())

    def _is_throttled(self) -> bool:
        """Whether a source that can wait must wait for the broker."""
        is_full = not self._broker.connected or self._broker.unacknowledged >= _MAX_UNACKNOWLEDGED
        return self._source.is_unpaced and is_full

    def _read(self) -> None:
        arrival = self._source.poll()
        if arrival is None:
            return
        moment = arrival.moment
        self._time.update(moment, self._kernel.status(self._meter_ms(moment.at)))
        if self._pipeline is None:
            self._pipeline = self._restored_pipeline(moment)
        is_first = not self._counts.frames
        for decoded in arrival.frames:
            for frame in self._pipeline.add(decoded):
                self._publish(frame.number, frame.validated, is_new=frame.is_new)
        if is_first and self._counts.frames:
            self._publisher.publish_health(self._health())
        if any(is_good(frame) for frame in arrival.frames):
            self._last_good_at = time.monotonic()
            if not self._publisher.online:
                self._set_meter_online(is_online=True)

    def _publish(self, number: str, validated: ValidatedFrame, *, is_new: bool) -> None:
        if is_new:
            log.info("The meter is %s.", self._settings.meter or number)
            self._store.set_meter(number)
        self._counts.add(validated)
        self._quality.add(validated)
        at = validated.frame.at
        if (horodate := validated.dated.get("DATE")) is not None:
            self._meter_clock = parse_time_ms(horodate), at
        self._publisher.publish_frame(number, validated, at, self._time.date_ms(at))

    def _restored_pipeline(self, now: Moment) -> Pipeline:
        """A pipeline that continues where the journal ended; only a proved clock shows how long ago that was."""
        is_proved = self._time.proof is not None
        registers = {
            label: RegisterValue(value, now.at - max(now.time_ms - time_ms, 0) / 1000 if is_proved else None)
            for label, (value, time_ms) in self._journal.registers.items()
        }
        return Pipeline(self._journal.number, registers)

    def _meter_ms(self, at: float) -> int | None:
        """The meter's DATE as it is now, or None if none came recently."""
        if self._meter_clock is None or at - self._meter_clock[1] > _METER_CLOCK_FRESH_S:
            return None
        return self._meter_clock[0] + round((at - self._meter_clock[1]) * 1000)

    def _meter_drift_s(self) -> float | None:
        """How far the meter's clock is ahead of ours, or None if either is unknown."""
        if self._meter_clock is None or (ours_ms := self._time.date_ms(self._meter_clock[1])) is None:
            return None
        return (self._meter_clock[0] - ours_ms) / 1000

    def _check_silence(self) -> None:
        last = self._last_good_at
        silence_s = self._source.silence_s
        if self._publisher.online and (last is None or time.monotonic() - last > silence_s):
            log.warning("No good frame for %.0f s: the meter is offline.", silence_s)
            self._set_meter_online(is_online=False)

    def _set_meter_online(self, *, is_online: bool) -> None:
        self._publisher.set_meter_online(is_online=is_online)
        self._publisher.publish_health(self._health())

    def _health(self) -> str:
        pipeline, now_s = self._pipeline, time.monotonic()
        self._started_ms = steady_ms(self._started_ms, self._time.date_ms(self._started))
        report = HealthReport(
            time_ms=time.time_ns() // 1_000_000,
            version=version("tictally-edge"),
            uptime_s=int(now_s - self._started),
            started_ms=self._started_ms,
            port=self._address.text,
            source={"type": self._address.scheme or "serial", "state": self._source.state, **self._source.health()},
            meter=self._publisher.meter,
            meter_online=self._publisher.online,
            rejected_per_hour=self._quality.rejected(now_s),
            signal_quality_percent=self._quality.quality_percent(now_s),
            clock=self._time.proof,
            clock_waits_for=self._time.waits_for,
            clock_steps=self._time.steps,
            timezone=self._settings.timezone,
            meter_drift_s=self._meter_drift_s(),
            waiting_for_date=len(self._store.undated),
            dropped_without_date=self._store.undated.dropped,
            waiting_for_number=pipeline.pending if pipeline is not None else 0,
            dropped_without_number=pipeline.dropped if pipeline is not None else 0,
            rejected_by_broker=self._publisher.rejected_by_broker,
            unstored=self._store.unstored,
            backfilled=self._publisher.backfilled,
            invalid_backfill_requests=self._publisher.invalid_requests,
            dropped=self._journal.dropped,
            damaged=self._journal.damaged,
            callback_errors=self._broker.callback_errors,
            instance=self._publisher.watch.instance,
            name_conflicts=max(self._publisher.watch.conflicts, self._broker.disputes),
            number_conflicts=self._publisher.number_conflicts,
            messages_withheld=self._broker.withheld,
            meters=self._publisher.meters,
            last={**self._journal.ended, self._journal.boot: self._journal.next_seq - 1},
            room=min(MAX_BYTES, self._broker.room(self._publisher.health_topic)),
        )
        return health_json(self._journal.boot, self._journal.held(), self._journal.backlog(), self._counts, report)

    def _summary(self) -> str:
        """What came since the last summary."""
        counts, before = self._counts, self._at_last_summary
        self._at_last_summary = counts.copy()
        rejected = counts.rejected - before.rejected
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(rejected.items())) or "none"
        frames, groups = counts.frames - before.frames, counts.groups - before.groups
        return f"In the last hour: {frames} frames, {groups} groups, rejected: {reasons}."

    def _status(self) -> str:
        meter = self._publisher.meter or "no meter yet"
        broker = "connected to the broker" if self._broker.connected else "waiting for the broker"
        return f"{meter}, source {self._source.state}, {broker}"

    def _finish_backlog(self) -> None:
        deadline = time.monotonic() + _LAST_FRAMES_S
        while self._journal.backlog() and time.monotonic() < deadline and not self._stopping():
            self._publisher.tick()
            time.sleep(0.02)
        log.info("%s has ended.", self._address.text)

    def _close(self) -> None:
        self._notifier.stopping()
        self._source.close()
        self._publisher.publish_health(self._health())
        self._publisher.close(_CLOSE_TIMEOUT_S)
        self._publisher.tick()
        self._store.close()


def _machine() -> str:
    """Identifies this life of the machine (Linux, random(4)); empty if nothing does."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""
