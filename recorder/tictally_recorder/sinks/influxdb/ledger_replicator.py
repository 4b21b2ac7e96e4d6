"""Replicates what the ledger has computed - quarters, days, cost, nights - into the bucket of the ledger."""

import time
from collections.abc import Iterable, Sequence
from typing import Final

from tictally_recorder.ledger import Outbox, RejectedPoint
from tictally_recorder.sinks.influxdb.client import Client
from tictally_recorder.sinks.influxdb.config import Bucket
from tictally_recorder.sinks.influxdb.ledger_source import LedgerSource
from tictally_recorder.sinks.influxdb.points import InfluxPoint
from tictally_recorder.sinks.influxdb.reconcile import SITE_MEASUREMENTS, RowSet, find_stale_rows
from tictally_recorder.sinks.influxdb.session import Session
from tictally_recorder.sinks.influxdb.writer import write

_POINTS_PER_REQUEST: Final = 5000
# Four days of a meter are some thousand points, and as many rows to compare.
_QUARTERS_PER_BATCH: Final = 4 * 96
_COST_DAYS_PER_BATCH: Final = 31
_ROUND_INTERVAL_S: Final = 30.0
_NEWEST: Final = 2**62
_EVER_MS: Final = 0, 4_102_444_800_000


class LedgerReplicator:
    """Writes marked quarters and days in rounds, from the newest to the oldest, and deletes stale rows.

    Args:
        client: with the token for everyday use.
        bucket: of the ledger.
        outbox: with the marks.
        source: of the same ledger.
        session: for InfluxDB's clock.
    """

    def __init__(self, client: Client, bucket: Bucket, outbox: Outbox, source: LedgerSource, session: Session) -> None:
        self._client, self._bucket, self._outbox = client, bucket, outbox
        self._source, self._session = source, session
        self._before: int | None = None
        self._round_at_s = 0.0
        self._nights: dict[object, InfluxPoint] = {}
        self._refills: int | None = None

    def step(self) -> bool:
        """Replicate a batch; True if there may be more."""
        now_s = time.monotonic()
        more = False
        if self._before is None and now_s >= self._round_at_s:
            self._before = _NEWEST
            self._begin_round()
        if self._before is not None:
            self._before = self._copy_quarters(self._before)
            if self._before is None:
                self._round_at_s = now_s + _ROUND_INTERVAL_S
            more = True
        return self._copy_cost() or more

    def restart_round(self) -> None:
        """A step has failed: what it had taken is marked again, so the round begins at the newest quarter."""
        self._before = None

    def _begin_round(self) -> None:
        sites = [each.id for each in self._source.sites()]
        note = self._outbox.note
        for removed in set(note.get("sites", [])) - set(sites):
            for measurement in SITE_MEASUREMENTS:
                self._client.delete(self._bucket.name, measurement, {"site": removed}, _EVER_MS)
        if note.get("sites") != sites:
            self._outbox.save_note({"sites": sites})
        if note.get("refills") != self._refills:
            self._refills, self._nights = note.get("refills"), {}
        nights = self._source.standby()
        self._write(each for each in nights if self._nights.get((each.tags, each.time_ms)) != each)
        self._nights = {(each.tags, each.time_ms): each for each in nights}

    def _copy_quarters(self, before: int) -> int | None:
        taken = self._outbox.take_quarters(before, _QUARTERS_PER_BATCH)
        if not taken:
            return None
        self._replace(self._source.quarter_rows(self._source.sites(), taken))
        return min(first for quarters in taken.values() for first, _ in quarters)

    def _copy_cost(self) -> bool:
        taken = self._outbox.take_cost(_COST_DAYS_PER_BATCH)
        if taken:
            self._replace(self._source.cost_rows(taken))
        return bool(taken)

    def _replace(self, row_sets: Sequence[RowSet]) -> None:
        """Delete stale rows, write the valid ones, and confirm what was taken."""
        rejected = []
        for rows in row_sets:
            for stale in find_stale_rows(self._client.query, self._bucket.name, rows):
                span_ms = stale.first_ms, stale.last_ms
                self._client.delete(self._bucket.name, stale.measurement, dict(stale.tags), span_ms)
            rejected += self._write(rows.points)
        self._outbox.confirm_taken(rejected)

    def _write(self, points: Iterable[InfluxPoint]) -> list[RejectedPoint]:
        rejected, pending = [], list(points)
        for at in range(0, len(pending), _POINTS_PER_REQUEST):
            part = pending[at : at + _POINTS_PER_REQUEST]
            oldest_ms = self._session.oldest_ms(self._bucket)
            rejected += write(self._client.write, self._bucket.name, part, oldest_ms).rejected
        return rejected
