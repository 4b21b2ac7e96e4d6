"""The edge's health message: what the recorder asks for missing frames by, and a person looks for trouble in. Pure."""

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tictally_edge.belief.believer import BelievedFrame
from tictally_shared.frames import iso_utc
from tictally_shared.labels import Mode
from tictally_shared.ranges import Ranges

_MOST_RANGES: Final = 64
_MOST_BOOTS: Final = 16


@dataclass(slots=True)
class Counts:
    """What came over the line since this process started.

    Attributes:
        frames: that were numbered.
        groups: seen in them.
        refused: reason → groups.
        unconfirmed: values left out until another frame agreed.
        horodates_unreadable: values whose horodate is no date.
        mode: spoken last, or None.
        parity: True where the line's parity came with the last frame and was checked, None before the first.
    """

    frames: int = 0
    groups: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    unconfirmed: int = 0
    horodates_unreadable: int = 0
    mode: Mode | None = None
    parity: bool | None = None

    def add(self, believed: BelievedFrame) -> None:
        """Counts one frame."""
        self.frames += 1
        self.groups += believed.frame.groups
        self.refused.update(believed.refused)
        self.unconfirmed += len(believed.unconfirmed)
        self.horodates_unreadable += believed.frame.horodates_unreadable
        self.mode, self.parity = believed.frame.mode, believed.frame.parity

    def copy(self) -> "Counts":
        """As they are now."""
        return replace(self, refused=self.refused.copy())


@dataclass(frozen=True, slots=True)
class Report:
    """What stands in a health message beside the counts."""

    time_ms: int
    version: str
    uptime_s: int
    port: str
    meter: str | None
    clock: str
    clock_waits_for: str | None
    clock_steps: int
    meter_drift_s: float | None
    waiting_for_date: int
    dropped_without_date: int
    waiting: int
    without_number: int
    refused_by_broker: int
    unkept: int
    resent: int
    bad_requests: int
    dropped: int
    damaged: int
    callback_errors: int


def health_json(boot: str, held: dict[str, Ranges], backlog: dict[str, Ranges], counts: Counts, report: Report) -> str:
    """The message.

    Where there are too many ranges of a boot, those of frames held are rounded inward and those of the backlog outward:
    what is said to be held can be asked for, what may still come by itself is not asked for.
    """
    boots = sorted(held.keys() | backlog.keys(), key=lambda each: each == boot)[-_MOST_BOOTS:]
    body: dict[str, Any] = {
        "time": iso_utc(report.time_ms),
        "version": report.version,
        "uptime_s": report.uptime_s,
        "port": report.port,
        "mode": counts.mode.value if counts.mode is not None else None,
        "parity": counts.parity,
        "meter": report.meter,
        "clock": report.clock,
        "clock_waits_for": report.clock_waits_for,
        "clock_steps": report.clock_steps,
        "meter_clock_drift_s": report.meter_drift_s,
        "waiting_for_date": report.waiting_for_date,
        "dropped_without_date": report.dropped_without_date,
        "frames": counts.frames,
        "groups": counts.groups,
        "refused": dict(sorted(counts.refused.items())),
        "unconfirmed": counts.unconfirmed,
        "horodates_unreadable": counts.horodates_unreadable,
        "waiting_for_number": report.waiting,
        "dropped_without_number": report.without_number,
        "refused_by_broker": report.refused_by_broker,
        "callback_errors": report.callback_errors,
        "resent": report.resent,
        "bad_requests": report.bad_requests,
        "journal_unkept": report.unkept,
        "journal_dropped": report.dropped,
        "journal_damaged": report.damaged,
        "boots": [
            {
                "boot": each,
                "held": held.get(each, Ranges()).inward(_MOST_RANGES),
                "backlog": backlog.get(each, Ranges()).outward(_MOST_RANGES),
            }
            for each in boots
        ],
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
