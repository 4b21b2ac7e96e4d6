"""The recorder's health message: once a minute, and at once when it falls idle, wakes up or has news."""

import json
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import ClassVar, Final, Protocol
from zoneinfo import ZoneInfo

from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.ingest.statistics import IngestStatistics, Uptime
from tictally_recorder.ledger import BatchResult, Ledger, LedgerCounts
from tictally_recorder.maintenance import Turn, Wake
from tictally_recorder.sinks.replication import Replication
from tictally_recorder.tariffs.providers.state import provider_states
from tictally_shared.calendar import local_day
from tictally_shared.catalogue import Catalogue
from tictally_shared.frames import iso_utc

_EVERY_S: Final = 60.0

# A message must fit into what a broker accepts, however many meters there are.
_MOST_SHOWN: Final = 64
_BY_METER: Final = ("newest", "tariff_ages")

Publish = Callable[[str], object]
"""Sends the payload to the hubs; returns False if it is larger than the broker accepts."""

HealthListener = Callable[[Mapping[str, object], Mapping[str, int], int], None]
"""Gets the fields of the message, dead letters by reason, and the time in milliseconds, also without a broker."""


class HealthSource(Protocol):
    """A feature that has fields of its own in the health message."""

    def health(self, turn: Turn) -> Mapping[str, object]:
        """Its fields, each a value that JSON has."""


class HealthStep:
    """Composes the health message and publishes it.

    Args:
        ledger: whose figures it has.
        statistics: of this process.
        sources: features with fields of their own.
        publish: sends the message.
        listeners: get its fields.
    """

    name: ClassVar[str] = "health"
    needs_idle: ClassVar[bool] = False
    due_s: ClassVar[float] = 0.0

    def __init__(
        self,
        ledger: Ledger,
        statistics: IngestStatistics,
        sources: Sequence[HealthSource],
        publish: Publish,
        listeners: Sequence[HealthListener] = (),
    ) -> None:
        self._ledger = ledger
        self._statistics = statistics
        self._sources = sources
        self._publish = publish
        self._listeners = listeners
        self._next_s = 0.0
        self._was_idle = False

    def run(self, turn: Turn) -> bool:
        """Publish it where it is due."""
        uptime = self._statistics.uptime(turn.now_s, turn.now_ms)
        if turn.now_s < self._next_s and uptime.is_idle == self._was_idle:
            return True
        counts = self._ledger.counts()
        health: dict[str, object] = ledger_health(self._statistics.total, counts, uptime)
        for source in self._sources:
            health.update(source.health(turn))
        health["maintenance_problems"] = dict(turn.problems)
        if turn.is_connected and self._publish(_compact(health)) is False:
            self._publish(_compact(health | {name: {} for name in _BY_METER if name in health}))
        for listener in self._listeners:
            listener(health, counts.rejected, turn.now_ms)
        self._was_idle, self._next_s = uptime.is_idle, turn.now_s + _EVERY_S
        return True

    def wake(self, reason: Wake) -> None:
        """Publish it on every new connection."""
        if reason is Wake.CONNECTED:
            self.publish_soon()

    def publish_soon(self) -> None:
        """Publish it at the next turn: a figure that hubs wait for has changed."""
        self._next_s = 0.0


class SinkHealth:
    """State of each sink.

    Args:
        ledger: that has their cursors.
        replication: that runs them.
        words: of the hubs' language.
    """

    def __init__(self, ledger: Ledger, replication: Replication, words: Catalogue) -> None:
        self._ledger = ledger
        self._replication = replication
        self._words = words

    def health(self, turn: Turn) -> dict[str, object]:
        """`sinks` of the recorder's health, by name.

        `lag_s` is the time since the oldest frame arrived that the sink lacks, `rejected` counts points, and
        `windows` what it has to aggregate again. `problem` is a sentence where the sink accepts nothing, else null, and
        `is_failing` whether there is one.
        """
        return {
            "sinks": {
                sink.name: {
                    "lag_s": sink.lag_s(turn.now_ms),
                    "rejected": sink.counts.rejected,
                    "windows": sink.counts.windows,
                    "is_failing": sink.problem is not None,
                    "problem": sink.problem and self._words.phrase(sink.problem),
                }
                for sink in self._replication.states(self._ledger.sinks())
            }
        }


class ProviderHealth:
    """State of each tariff provider.

    Args:
        terms: with all tariffs, read by the recomputation of cost.
        tz: the recorder's time zone.
    """

    def __init__(self, terms: WatchedTerms, tz: ZoneInfo) -> None:
        self._terms = terms
        self._tz = tz

    def health(self, turn: Turn) -> dict[str, object]:
        """`tariff_providers` of the recorder's health, by name; empty until the tariffs have been read.

        `imported` is the day of the last import from its files and `age_days` the days since then, null where there is
        none; `overdue_since` the day on which a revision was due that is not known, or null; `problem` is a sentence
        where an imported file cannot be used, else null, and `is_failing` whether there is one.
        """
        catalogue = self._terms.catalogue
        states = () if catalogue is None else provider_states(catalogue, local_day(turn.now_ms, self._tz))
        return {
            "tariff_providers": {
                state.name: {**state.to_health(), "is_failing": state.problem is not None} for state in states
            }
        }


def ledger_health(done: BatchResult, counts: LedgerCounts, uptime: Uptime) -> dict[str, object]:
    """The fields about process and ledger.

    `stored`, `repeated`, `rejected` count messages since this process started, and `stored_age_s` is the time since it
    stored a frame, null before its first. `deferred` (messages), `lost` (frames that no edge holds any more),
    `dead_letters` (messages), `meters` and `newest` (time of the newest frame by meter, of the 64 heard last) are the
    ledger's. `newest_frame` is the newest of them all and `lag_s` its age, null if there is none. `conflicts` counts
    frames whose number their edge had used before, since this process started.

    Args:
        done: counts of this process.
        counts: of the ledger.
        uptime: of this process.
    """
    shown = sorted(counts.newest_ms, key=lambda meter: counts.newest_ms[meter], reverse=True)[:_MOST_SHOWN]
    newest_ms = max(counts.newest_ms.values(), default=None)
    return {
        "version": version("tictally-recorder"),
        "started": iso_utc(uptime.started_ms),
        "uptime_s": uptime.uptime_s,
        "stored": done.stored,
        "repeated": done.duplicates,
        "rejected": done.rejected,
        "conflicts": done.conflicts,
        "stored_age_s": uptime.stored_age_s,
        "is_idle": uptime.is_idle,
        "deferred": counts.deferred,
        "lost": counts.lost,
        "dead_letters": sum(counts.rejected.values()),
        "lag_s": None if newest_ms is None else max(uptime.now_ms - newest_ms, 0) // 1000,
        "newest_frame": None if newest_ms is None else iso_utc(newest_ms),
        "meters": len(counts.newest_ms),
        "newest": {meter: iso_utc(counts.newest_ms[meter]) for meter in sorted(shown)},
        "ledger_bytes": counts.size_bytes,
        "ledger_mb": round(counts.size_bytes / 1e6, 1),
    }


def _compact(body: Mapping[str, object]) -> str:
    return json.dumps(body, separators=(",", ":"))
