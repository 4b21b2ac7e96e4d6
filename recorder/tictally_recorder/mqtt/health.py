"""What a recorder says of itself. Pure: figures in, JSON or a sentence out."""

import json
from dataclasses import dataclass
from importlib.metadata import version

from tictally_recorder.ledger import LedgerCounts, Stored
from tictally_shared.frames import iso_utc


@dataclass(frozen=True, slots=True)
class Healing:
    """How the healing of holes stands.

    Attributes:
        holes: frames that are missing, and asked for.
        ignored: healths of edges that were none.
    """

    holes: int
    ignored: int


def health_json(done: Stored, counts: LedgerCounts, healing: Healing, now_ms: int, uptime_s: int) -> str:
    """The payload of `…/recorder/<name>/health`.

    `stored`, `repeated`, `refused` count messages since this process began; `kept`, `lost` (frames that no edge has any
    more) and `newest` (time of the newest frame by meter) are the ledger's. `lag_s` is the age of the newest of all
    frames, null where there is none; `holes` and `healths_ignored` are those of Healing.
    """
    newest_ms = max(counts.newest_ms.values(), default=None)
    body = {
        "version": version("tictally-recorder"),
        "uptime_s": uptime_s,
        "stored": done.stored,
        "repeated": done.repeated,
        "refused": done.refused,
        "kept": counts.kept,
        "lost": counts.lost,
        "holes": healing.holes,
        "healths_ignored": healing.ignored,
        "lag_s": None if newest_ms is None else max(now_ms - newest_ms, 0) // 1000,
        "newest": {meter: iso_utc(time_ms) for meter, time_ms in sorted(counts.newest_ms.items())},
        "ledger_bytes": counts.size_bytes,
    }
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
