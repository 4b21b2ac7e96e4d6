"""What a recorder says of itself. Pure: figures in, JSON or a sentence out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

from tictally_recorder.backup.scheduler import BackupState
from tictally_recorder.ledger import LedgerCounts, SinkCounts, Stored
from tictally_shared.frames import iso_utc


@dataclass(frozen=True, slots=True)
class BackfillState:
    """How the backfill of missing frames stands.

    Attributes:
        missing: frames that are missing, and asked for.
        ignored: healths of edges that were none.
    """

    missing: int
    ignored: int


@dataclass(frozen=True, slots=True)
class CostState:
    """How cost stands.

    Attributes:
        left: days that are yet to be computed again.
        problem: a file of the user that cannot be used, so that nothing is computed; a sentence, or None.
        tariff_ages: site → days since the first day of the price list that holds.
    """

    left: int
    problem: str | None
    tariff_ages: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Uptime:
    """This process in time.

    Attributes:
        now_ms: milliseconds since 1970.
        started_ms: when it began, by the same clock.
        uptime_s: since it began, by a clock that never steps.
        stored_age_s: since it last stored a frame, or None where it never has.
        idle_after_s: how long nothing may be stored until that is trouble.
    """

    now_ms: int
    started_ms: int
    uptime_s: int
    stored_age_s: int | None
    idle_after_s: int

    @property
    def is_idle(self) -> bool:
        """True where nothing was stored for too long; a recorder that has just begun is given as long."""
        return (self.uptime_s if self.stored_age_s is None else self.stored_age_s) > self.idle_after_s


def health_json(  # noqa: PLR0913, PLR0917 - it tells of as many parts
    done: Stored,
    counts: LedgerCounts,
    healing: BackfillState,
    costing: CostState,
    life: Uptime,
    backup: BackupState | None = None,
    sink: SinkCounts | None = None,
) -> str:
    """The payload of `…/recorder/<name>/health`.

    `stored`, `repeated`, `refused` count messages since this process began, and `stored_age_s` is the time since it
    stored a frame, null where it never has. `kept`, `lost` (frames that no edge has any more), `set_aside` (messages)
    and `newest` (time of the newest frame by meter) are the ledger's. `newest_frame` is the newest of them all and
    `lag_s` its age, null where there is none; `holes` and `healths_ignored` are those of BackfillState,
    `cost_days_left`, `cost_problem` and `tariff_ages` those of CostState.
    `last_backup` is when the newest nightly backup was made, null where there is none; `backup_problem` says in a
    sentence why the last night has none, else null.
    Where there is a sink, `sink_lag_s` is the time since the oldest frame arrived that it has not got, `sink_refused`
    counts the points that it refused, and `sink_windows` those windows that are to be aggregated again.
    """
    newest_ms = max(counts.newest_ms.values(), default=None)
    body = {
        "version": version("tictally-recorder"),
        "started": iso_utc(life.started_ms),
        "uptime_s": life.uptime_s,
        "stored": done.stored,
        "repeated": done.repeated,
        "refused": done.refused,
        "stored_age_s": life.stored_age_s,
        "is_idle": life.is_idle,
        "kept": counts.kept,
        "lost": counts.lost,
        "set_aside": sum(counts.refused.values()),
        "holes": healing.missing,
        "healths_ignored": healing.ignored,
        "cost_days_left": costing.left,
        "cost_problem": costing.problem,
        "has_cost_problem": costing.problem is not None,
        "tariff_ages": dict(costing.tariff_ages),
        "lag_s": None if newest_ms is None else max(life.now_ms - newest_ms, 0) // 1000,
        "newest_frame": None if newest_ms is None else iso_utc(newest_ms),
        "newest": {meter: iso_utc(time_ms) for meter, time_ms in sorted(counts.newest_ms.items())},
        "last_backup": None if backup is None or backup.made_ms is None else iso_utc(backup.made_ms),
        "is_backup_failing": backup is not None and backup.problem is not None,
        "backup_problem": None if backup is None else backup.problem,
        "ledger_bytes": counts.size_bytes,
        "ledger_mb": round(counts.size_bytes / 1e6, 1),
    }
    if sink is not None:
        lag_ms = 0 if sink.oldest_ms is None else max(life.now_ms - sink.oldest_ms, 0)
        body |= {"sink_lag_s": lag_ms // 1000, "sink_refused": sink.refused, "sink_windows": sink.windows}
    return json.dumps(body, separators=(",", ":"))


def summary(done: Stored) -> str:
    """What was done, as a line for the log."""
    words = [f"{done.stored} frames stored"]
    words += [
        f"{count} {word}"
        for count, word in ((done.repeated, "repeated"), (done.kept, "kept for later"), (done.refused, "refused"))
        if count
    ]
    return ", ".join(words)
