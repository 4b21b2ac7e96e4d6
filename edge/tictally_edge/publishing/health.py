"""The edge's health message: what the recorder asks for missing frames by, and a person looks for trouble in. Pure."""

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.frames import iso_utc
from tictally_shared.interval_set import IntervalSet
from tictally_shared.labels import Mode

_MOST_RANGES: Final = 64
_MOST_BOOTS: Final = 16
# Two readings of two clocks are never quite as far apart as the two before.
_JITTER_MS: Final = 1000


@dataclass(slots=True)
class LineCounts:
    """What came over the line since this process started.

    Attributes:
        frames: that were numbered.
        groups: seen in them.
        rejected: reason → groups.
        unconfirmed: values left out until another frame agreed.
        horodates_unreadable: values whose horodate is no date.
        mode: spoken last, or None.
        parity: True where the line's parity came with the last frame and was checked, None before the first.
    """

    frames: int = 0
    groups: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    unconfirmed: int = 0
    horodates_unreadable: int = 0
    mode: Mode | None = None
    parity: bool | None = None

    def add(self, validated: ValidatedFrame) -> None:
        """LineCounts one frame."""
        self.frames += 1
        self.groups += validated.frame.groups
        self.rejected.update(validated.rejected)
        self.unconfirmed += len(validated.unconfirmed)
        self.horodates_unreadable += validated.frame.horodates_unreadable
        self.mode, self.parity = validated.frame.mode, validated.frame.parity

    def copy(self) -> "LineCounts":
        """As they are now."""
        return replace(self, rejected=self.rejected.copy())


@dataclass(frozen=True, slots=True)
class HealthReport:
    """What stands in a health message beside the counts."""

    time_ms: int
    version: str
    uptime_s: int
    started_ms: int | None
    port: str
    meter: str | None
    meter_online: bool
    rejected_per_hour: int
    signal_quality_percent: float | None
    clock: str
    clock_waits_for: str | None
    clock_steps: int
    meter_drift_s: float | None
    waiting_for_date: int
    dropped_without_date: int
    waiting: int
    without_number: int
    rejected_by_broker: int
    unstored: int
    resent: int
    bad_requests: int
    dropped: int
    damaged: int
    callback_errors: int


def health_json(
    boot: str, held: dict[str, IntervalSet], backlog: dict[str, IntervalSet], counts: LineCounts, report: HealthReport
) -> str:
    """The message.

    `backlog`: frames that the broker has not acknowledged. `frames_lost`: since this process started, those that the
    meter sent and that never got a number; nobody can ask for them. `signal_quality`: per cent of the groups of the
    last minutes that were not rejected, null where none came. `started`: null until a clock has proved itself.

    Where there are too many ranges of a boot, those of frames held are rounded inward and those of the backlog outward:
    what is said to be held can be asked for, what may still come by itself is not asked for.
    """
    boots = sorted(held.keys() | backlog.keys(), key=lambda each: each == boot)[-_MOST_BOOTS:]
    body: dict[str, Any] = {
        "time": iso_utc(report.time_ms),
        "version": report.version,
        "uptime_s": report.uptime_s,
        "started": iso_utc(report.started_ms) if report.started_ms is not None else None,
        "port": report.port,
        "mode": counts.mode.value if counts.mode is not None else None,
        "parity": counts.parity,
        "meter": report.meter,
        "meter_online": report.meter_online,
        "clock": report.clock,
        "clock_proved": report.clock_waits_for is None,
        "clock_waits_for": report.clock_waits_for,
        "clock_steps": report.clock_steps,
        "meter_clock_drift_s": report.meter_drift_s,
        "waiting_for_date": report.waiting_for_date,
        "dropped_without_date": report.dropped_without_date,
        "frames": counts.frames,
        "groups": counts.groups,
        "rejected": dict(sorted(counts.rejected.items())),
        "rejected_per_hour": report.rejected_per_hour,
        "signal_quality": report.signal_quality_percent,
        "unconfirmed": counts.unconfirmed,
        "horodates_unreadable": counts.horodates_unreadable,
        "waiting_for_number": report.waiting,
        "dropped_without_number": report.without_number,
        "frames_lost": report.dropped_without_date + report.without_number + report.unstored,
        "backlog": sum(map(len, backlog.values())),
        "rejected_by_broker": report.rejected_by_broker,
        "callback_errors": report.callback_errors,
        "resent": report.resent,
        "bad_requests": report.bad_requests,
        "journal_unstored": report.unstored,
        "journal_dropped": report.dropped,
        "journal_damaged": report.damaged,
        "boots": [
            {
                "boot": each,
                "held": held.get(each, IntervalSet()).longest(_MOST_RANGES),
                "backlog": backlog.get(each, IntervalSet()).covering(_MOST_RANGES),
            }
            for each in boots
        ],
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def steady_ms(before_ms: int | None, now_ms: int | None) -> int | None:
    """The date of one moment, which stays as it was told before unless the clock has been set since.

    Args:
        before_ms: as told before, or None.
        now_ms: as the clock dates it now, or None.
    """
    if before_ms is None or now_ms is None or abs(now_ms - before_ms) > _JITTER_MS:
        return now_ms
    return before_ms
