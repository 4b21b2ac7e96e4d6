"""The edge's one loop: bytes, frames, topics, and what is due by the clock."""

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
from tictally_edge.home_assistant.announcer import announcing_of, edge_discovery
from tictally_edge.journal.frame_store import FrameStore
from tictally_edge.mqtt.client import BrokerConnection, Will, broker_access
from tictally_edge.pipeline import Pipeline
from tictally_edge.publishing.health import HealthReport, LineCounts, health_json, steady_ms
from tictally_edge.publishing.line_quality import LineQuality
from tictally_edge.publishing.publisher import OFFLINE, Publisher
from tictally_edge.settings import Settings
from tictally_edge.sources.autobaud import SILENCE_S, AutobaudSource
from tictally_edge.sources.recording import RecordingSource
from tictally_edge.sources.serial_port import SerialPort
from tictally_edge.sources.settings import LineSettings
from tictally_edge.sources.simulated import SimulatedSource
from tictally_edge.sources.source import Moment, Source, SourceEnded, SourceSetting
from tictally_edge.topics.naming import Naming
from tictally_edge.validation.energy_registers import RegisterValue
from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.frames import parse_time_ms
from tictally_shared.runtime.systemd import Notifier
from tictally_shared.topics import Topics

_HEALTH_EVERY_S: Final = 60.0
_SUMMARY_EVERY_S: Final = 3600.0
_GOODBYE_S: Final = 3.0
# A source that is at its end leaves this much time for the broker to take its last frames.
_LAST_FRAMES_S: Final = 5.0
# Messages, of which a frame that is the first for minutes makes some fifty. A source without a pace would fill the
# journal's two weeks in seconds and lose what the broker has not taken by then.
_MOST_AHEAD: Final = 500
_HELD_BACK_S: Final = 0.002
_RELEASED_AT_ONCE: Final = 100
_METER_CLOCK_FRESH_S: Final = 10.0
_MACHINE: Final = Path("/proc/sys/kernel/random/boot_id")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Due:
    """Something that is due every so often."""

    every_s: float
    next_at: float

    def is_due(self, now: float) -> bool:
        if now < self.next_at:
            return False
        self.next_at = now + self.every_s
        return True


class Edge:
    """One reading process.

    Args:
        settings: checked.
        stopping: True once the process has been told to stop.

    Raises:
        JournalError: the journal cannot be used.
        SourceSettingError: the port's setting names options that there are not.
    """

    def __init__(self, settings: Settings, stopping: Callable[[], bool]) -> None:
        self._settings, self._stopping = settings, stopping
        self._started = time.monotonic()
        self._port = settings.section(LineSettings).port
        setting = SourceSetting.parse(self._port)
        self._line, self._is_unpaced = _line(settings, setting), setting.is_unpaced
        topics = Topics(settings.base_topic)
        naming = Naming(topics, settings.name, settings.meter, settings.prm, settings.interval_s)
        room = settings.journal_mb * 1024 * 1024
        self._store = FrameStore(settings.journal, settings.state, naming, _machine(), room)
        self._journal = self._store.journal
        self._kernel = KernelClock()
        is_trusted = settings.clock == "trust" or setting.is_dated
        self._time = Timekeeper(trusted=is_trusted, not_before_ms=self._journal.newest_ms)
        self._meter_clock: tuple[int, float] | None = None  # its DATE in ms, and when it came
        will = Will(topics.edge(settings.name, "availability"), OFFLINE)
        self._broker = BrokerConnection(broker_access(settings), f"tictally-edge-{settings.name}", will, time.monotonic)
        announcing = announcing_of(settings)
        own = edge_discovery(announcing, naming) if announcing is not None else None
        self._publisher = Publisher(self._broker, self._store, naming, time.monotonic, announcing, own)
        self._counts, self._at_last_summary = LineCounts(), LineCounts()
        self._quality = LineQuality()
        self._started_ms: int | None = None  # dated when a clock has proved itself
        self._pipeline: Pipeline | None = None
        self._last_good_at: float | None = None
        self._notifier = Notifier(os.environ)

    def run(self) -> None:
        """Reads and publishes until it is told to stop, or until its source is at its end."""
        for warning in self._settings.warnings:
            log.warning("%s.", warning)
        log.info(
            "Edge %s reads %s and publishes to %s:%d.",
            self._settings.name,
            self._port,
            self._settings.mqtt.host,
            self._settings.mqtt.port,
        )
        health = _Due(_HEALTH_EVERY_S, self._started)
        summary = _Due(_SUMMARY_EVERY_S, self._started + _SUMMARY_EVERY_S)
        self._notifier.ready(self._status())
        try:
            while not self._stopping():
                self._notifier.alive(time.monotonic(), self._status)
                if self._is_held_back():
                    time.sleep(_HELD_BACK_S)
                else:
                    self._read()
                self._publisher.released(self._store.date_queued(self._time.date_ms, _RELEASED_AT_ONCE))
                connected = self._publisher.tend()
                self._store.tick(is_away=not self._broker.connected, now_s=time.monotonic())
                self._mind_silence()
                if health.is_due(time.monotonic()) or connected:
                    self._publisher.say_health(self._health())
                if summary.is_due(time.monotonic()):
                    log.info("%s", self._summary())
        except SourceEnded:
            self._let_the_broker_take_the_last()
        finally:
            self._close()

    def _is_held_back(self) -> bool:
        """True while the broker takes no more of a source that can wait."""
        return self._is_unpaced and (not self._broker.connected or self._broker.unacknowledged >= _MOST_AHEAD)

    def _read(self) -> None:
        chunk = self._line.read()
        if not chunk:
            return
        moment = self._line.now()
        self._time.look(moment, self._kernel.status(self._meter_ms(moment.at)))
        if self._pipeline is None:
            self._pipeline = self._restored(moment)
        if self._line.take_interruption():
            self._pipeline.interrupt()
        is_first = False
        for frame in self._pipeline.feed(chunk, moment.at):
            is_first |= not self._counts.frames
            if frame.is_new:
                log.info("The meter is %s.", self._settings.meter or frame.number)
                self._store.set_meter(frame.number)
            self._counts.add(frame.validated)
            self._quality.add(frame.validated)
            at = frame.validated.frame.at
            self._note_meter_clock(frame.validated)
            self._publisher.frame(frame.number, frame.validated, at, self._time.date_ms(at))
        if is_first:
            self._publisher.say_health(self._health())
        good = self._pipeline.last_good
        if good is not None:
            self._pipeline.last_good = None
            self._last_good_at = time.monotonic()
            self._line.heard(good.mode)
            if not self._publisher.online:
                self._say_heard(heard=True)

    def _restored(self, now: Moment) -> Pipeline:
        """A reader that goes on where the journal stands; how long ago that was, a proved clock alone can tell."""
        is_proved = self._time.proof is not None
        registers = {
            label: RegisterValue(value, now.at - max(now.time_ms - time_ms, 0) / 1000 if is_proved else None)
            for label, (value, time_ms) in self._journal.registers.items()
        }
        return Pipeline(self._journal.number, registers)

    def _note_meter_clock(self, validated: ValidatedFrame) -> None:
        if (horodate := validated.dated.get("DATE")) is not None:
            self._meter_clock = parse_time_ms(horodate), validated.frame.at

    def _meter_ms(self, at: float) -> int | None:
        """The meter's DATE as it is now, or None where it has not been told lately."""
        if self._meter_clock is None or at - self._meter_clock[1] > _METER_CLOCK_FRESH_S:
            return None
        return self._meter_clock[0] + round((at - self._meter_clock[1]) * 1000)

    def _meter_drift_s(self) -> float | None:
        """How far the meter's clock is ahead of ours, or None where either is not known."""
        if self._meter_clock is None or (ours_ms := self._time.date_ms(self._meter_clock[1])) is None:
            return None
        return (self._meter_clock[0] - ours_ms) / 1000

    def _mind_silence(self) -> None:
        last = self._last_good_at
        if self._publisher.online and (last is None or time.monotonic() - last > SILENCE_S):
            log.warning("No good frame for %.0f s: the meter is not heard.", SILENCE_S)
            self._say_heard(heard=False)

    def _say_heard(self, *, heard: bool) -> None:
        self._publisher.say_heard(heard=heard)
        self._publisher.say_health(self._health())

    def _health(self) -> str:
        pipeline, now_s = self._pipeline, time.monotonic()
        self._started_ms = steady_ms(self._started_ms, self._time.date_ms(self._started))
        report = HealthReport(
            time_ms=time.time_ns() // 1_000_000,
            version=version("tictally-edge"),
            uptime_s=int(now_s - self._started),
            started_ms=self._started_ms,
            port=f"{self._port} ({self._line.state})",
            meter=self._publisher.meter,
            meter_online=self._publisher.online,
            rejected_per_hour=self._quality.rejected(now_s),
            signal_quality_percent=self._quality.quality_percent(now_s),
            clock=self._time.proof or f"waits for {self._time.waits_for}",
            clock_waits_for=self._time.waits_for,
            clock_steps=self._time.steps,
            meter_drift_s=self._meter_drift_s(),
            waiting_for_date=len(self._store.undated),
            dropped_without_date=self._store.undated.dropped,
            waiting=pipeline.pending if pipeline is not None else 0,
            without_number=pipeline.dropped if pipeline is not None else 0,
            rejected_by_broker=self._publisher.rejected_by_broker,
            unstored=self._store.unstored,
            resent=self._publisher.resent,
            bad_requests=self._publisher.bad_requests,
            dropped=self._journal.dropped,
            damaged=self._journal.damaged,
            callback_errors=self._broker.callback_errors,
        )
        return health_json(self._journal.boot, self._journal.held(), self._journal.backlog(), self._counts, report)

    def _summary(self) -> str:
        """What came since the last summary."""
        counts, before = self._counts, self._at_last_summary
        self._at_last_summary = counts.copy()
        rejected = counts.rejected - before.rejected
        told = ", ".join(f"{count} {reason}" for reason, count in sorted(rejected.items())) or "none"
        frames, groups = counts.frames - before.frames, counts.groups - before.groups
        return f"In the last hour: {frames} frames, {groups} groups, rejected: {told}."

    def _status(self) -> str:
        meter = self._publisher.meter or "no meter yet"
        broker = "connected to the broker" if self._broker.connected else "waiting for the broker"
        return f"{meter}, line {self._line.state}, {broker}"

    def _let_the_broker_take_the_last(self) -> None:
        deadline = time.monotonic() + _LAST_FRAMES_S
        while self._journal.backlog() and time.monotonic() < deadline and not self._stopping():
            self._publisher.tend()
            time.sleep(0.02)
        log.info("%s is at its end.", self._port)

    def _close(self) -> None:
        self._notifier.stopping()
        self._line.close()
        self._publisher.say_health(self._health())
        self._publisher.close(_GOODBYE_S)
        self._publisher.tend()
        self._store.close()


def _line(settings: Settings, setting: SourceSetting) -> AutobaudSource:
    line = settings.section(LineSettings)
    if setting.kind == "port":
        return AutobaudSource(
            lambda baud: SerialPort(setting.target, baud, line.framing), line.fixed_mode, setting.target
        )
    start = Moment(time.monotonic(), time.time_ns() // 1_000_000)
    source: Source
    if setting.kind == "file":
        source = RecordingSource(Path(setting.target), setting.options, start)
    else:
        source = SimulatedSource(setting.target, setting.options, start)
    return AutobaudSource(lambda _: source, line.fixed_mode, line.port, reopens=False)


def _machine() -> str:
    """What names this life of the machine (Linux, random(4)); empty where nothing does."""
    try:
        return _MACHINE.read_text().strip()
    except OSError:
        return ""
