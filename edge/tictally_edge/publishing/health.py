"""The edge's health message, for recorders that request missing frames and for people who look for problems. Pure."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tictally_edge.decoding.groups import Fault
from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.frames import iso_utc
from tictally_shared.interval_set import IntervalSet
from tictally_shared.labels import Mode

_MAX_FAULTS: Final = 16
# Ranges of a boot and boots of a message, as many as there is room for.
_SIZES: Final = ((64, 16), (16, 16), (16, 4), (4, 4), (4, 1), (1, 1))
# The difference of two clocks is never quite the same at two readings.
_JITTER_MS: Final = 1000


@dataclass(slots=True)
class LineCounts:
    """What has been received since this process started.

    Attributes:
        frames: that were numbered.
        groups: seen in them.
        rejected: reason → groups.
        rejected_repeatedly: reason → those of them that are rejected in every frame alike: no noise.
        repeated: the faults by which they are rejected now.
        deviations: from the specification, in every frame now.
        unconfirmed: values left out until another frame agreed.
        horodates_unreadable: values whose horodate is no date.
        mode: of the last frame, or None.
        parity: whether parity came with the last frame and was checked, None before the first.
    """

    frames: int = 0
    groups: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    rejected_repeatedly: Counter[str] = field(default_factory=Counter)
    repeated: frozenset[Fault] = frozenset()
    deviations: frozenset[str] = frozenset()
    unconfirmed: int = 0
    horodates_unreadable: int = 0
    mode: Mode | None = None
    parity: bool | None = None

    def add(self, validated: ValidatedFrame) -> None:
        """Count one frame."""
        self.frames += 1
        self.groups += validated.frame.groups
        self.rejected.update(validated.rejected)
        self.rejected_repeatedly.update(fault.reason for fault in validated.faults & validated.repeated)
        self.repeated, self.deviations = validated.repeated, validated.deviations
        self.unconfirmed += len(validated.unconfirmed)
        self.horodates_unreadable += validated.frame.horodates_unreadable
        self.mode, self.parity = validated.frame.mode, validated.frame.parity

    def copy(self) -> "LineCounts":
        """Return the counts as they are now."""
        return replace(self, rejected=self.rejected.copy(), rejected_repeatedly=self.rejected_repeatedly.copy())


@dataclass(frozen=True, slots=True)
class HealthReport:
    """The content of a health message beside the counts; see `health_json`."""

    time_ms: int
    version: str
    uptime_s: int
    started_ms: int | None
    port: str
    source: Mapping[str, object]
    meter: str | None
    meter_online: bool
    rejected_per_hour: int
    signal_quality_percent: float | None
    clock: str | None
    clock_waits_for: str | None
    clock_steps: int
    timezone: str
    meter_drift_s: float | None
    waiting_for_date: int
    dropped_without_date: int
    waiting_for_number: int
    dropped_without_number: int
    rejected_by_broker: int
    unstored: int
    backfilled: int
    invalid_backfill_requests: int
    dropped: int
    damaged: int
    callback_errors: int
    instance: str
    name_conflicts: int
    number_conflicts: int
    messages_withheld: int
    meters: int
    last: Mapping[str, int]
    room: int


def health_json(
    boot: str,
    held: Mapping[str, IntervalSet],
    backlog: Mapping[str, IntervalSet],
    counts: LineCounts,
    report: HealthReport,
) -> str:
    """Return the message.

    `source`: its `type`, `state` (closed, listening, receiving) and what its type adds. `clock`: what proves the clock
    (trusted, meter, ntp, rtc), or null; `clock_waits_for`: proof, proof_after_step, or null. `backlog`: frames that the
    broker has not acknowledged. `frames_lost`: since this process started, frames of the meter that never got a number;
    nobody can request them. `rejected_repeatedly` and `repeated_faults`: what is rejected in every frame alike, which
    is the meter's or the adapter's doing; `deviations`: how its frames differ from the specification.
    `signal_quality`: per cent of the groups of the last minutes that noise spared, null where none came. `started`:
    null until the clock is proved.

    `last`: of each boot the last number that it is known to have given. `meters`: read since this process started.
    `name_conflicts`: how often another edge of this name was noticed. `number_conflicts`: boots begun because numbers
    had been given twice. `messages_withheld`: larger than the broker accepts.

    Where a boot has too many ranges, those of frames held are rounded inward and those of the backlog outward: frames
    reported as held can be requested, and frames that may still come by themselves are not. `rounded` is true then, and
    `more_boots` where boots are left out, so that the message fits into `report.room` bytes.
    """
    for ranges, boots in _SIZES:
        message = _health_json(JournalNumbers(boot, held, backlog), counts, report, ranges, boots)
        if len(message.encode()) <= report.room:
            break
    return message


@dataclass(frozen=True, slots=True)
class JournalNumbers:
    """The current boot, and by boot the numbers held and those that the broker has not acknowledged."""

    boot: str
    held: Mapping[str, IntervalSet]
    backlog: Mapping[str, IntervalSet]

    def newest(self, last: Mapping[str, int], limit: int) -> tuple[list[str], bool]:
        """Boots to report, the current one last, and whether others are left out; those without frames come first."""
        with_frames = self.held.keys() | self.backlog.keys()
        known = [each for each in last if each not in with_frames and each != self.boot]
        boots = [
            *known,
            *sorted(with_frames - {self.boot}),
            *([self.boot] if self.boot in with_frames or last.get(self.boot) else []),
        ]
        return boots[-limit:], len(boots) > limit


def _health_json(
    numbers: JournalNumbers, counts: LineCounts, report: HealthReport, max_ranges: int, max_boots: int
) -> str:
    held, backlog = numbers.held, numbers.backlog
    boots, has_more = numbers.newest(report.last, max_boots)
    nothing = IntervalSet()
    body: dict[str, Any] = {
        "time": iso_utc(report.time_ms),
        "version": report.version,
        "instance": report.instance,
        "uptime_s": report.uptime_s,
        "started": iso_utc(report.started_ms) if report.started_ms is not None else None,
        "port": report.port,
        "source": report.source,
        "mode": counts.mode.value if counts.mode is not None else None,
        "parity": counts.parity,
        "meter": report.meter,
        "meter_online": report.meter_online,
        "clock": report.clock,
        "clock_proved": report.clock_waits_for is None,
        "clock_waits_for": report.clock_waits_for,
        "clock_steps": report.clock_steps,
        "timezone": report.timezone,
        "meter_clock_drift_s": report.meter_drift_s,
        "waiting_for_date": report.waiting_for_date,
        "dropped_without_date": report.dropped_without_date,
        "frames": counts.frames,
        "groups": counts.groups,
        "rejected": dict(sorted(counts.rejected.items())),
        "rejected_repeatedly": dict(sorted(counts.rejected_repeatedly.items())),
        "repeated_faults": [fault._asdict() for fault in sorted(counts.repeated)[:_MAX_FAULTS]],
        "deviations": sorted(counts.deviations),
        "rejected_per_hour": report.rejected_per_hour,
        "signal_quality": report.signal_quality_percent,
        "unconfirmed": counts.unconfirmed,
        "horodates_unreadable": counts.horodates_unreadable,
        "waiting_for_number": report.waiting_for_number,
        "dropped_without_number": report.dropped_without_number,
        "frames_lost": report.dropped_without_date + report.dropped_without_number + report.unstored,
        "backlog": sum(map(len, backlog.values())),
        "rejected_by_broker": report.rejected_by_broker,
        "callback_errors": report.callback_errors,
        "name_conflicts": report.name_conflicts,
        "number_conflicts": report.number_conflicts,
        "messages_withheld": report.messages_withheld,
        "meters": report.meters,
        "boots_held": len(held),
        "more_boots": has_more,
        "backfilled": report.backfilled,
        "invalid_backfill_requests": report.invalid_backfill_requests,
        "journal_unstored": report.unstored,
        "journal_dropped": report.dropped,
        "journal_damaged": report.damaged,
        "boots": [
            {
                "boot": each,
                "held": held.get(each, nothing).longest(max_ranges),
                "backlog": backlog.get(each, nothing).covering(max_ranges),
                "last": report.last.get(each, 0),
                "rounded": len(list(held.get(each, nothing))) > max_ranges,
            }
            for each in boots
        ],
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def steady_ms(before_ms: int | None, now_ms: int | None) -> int | None:
    """Return the date of one moment, unchanged since before unless the clock has been set.

    Args:
        before_ms: as reported before, or None.
        now_ms: as the clock dates it now, or None.
    """
    if before_ms is None or now_ms is None or abs(now_ms - before_ms) > _JITTER_MS:
        return now_ms
    return before_ms
