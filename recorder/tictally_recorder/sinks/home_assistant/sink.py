"""The sink for Home Assistant's statistics: short steps, each of which may fail and is then done again."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tictally_recorder.ledger import Outbox, Site
from tictally_recorder.sinks.home_assistant.client import Client, Metadata
from tictally_recorder.sinks.home_assistant.delivery import HOUR_MS, Delivery
from tictally_recorder.sinks.home_assistant.entity_history import EntityHistory, HistoryState
from tictally_recorder.sinks.home_assistant.hour_source import HourSource
from tictally_recorder.sinks.home_assistant.own_statistics import OwnStatistics
from tictally_recorder.sinks.home_assistant.progress import SiteProgress
from tictally_recorder.sinks.home_assistant.settings import HomeAssistantServer
from tictally_recorder.sinks.protocol import SinkContext
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.phrase import Phrase

# The last frame of an hour, and the first one after it, need a moment to arrive.
_HOUR_ENDS_AFTER_MS: Final = 2 * 60_000
_ROUND_INTERVAL_S: Final = 60.0
_IDLE_S: Final = 5.0
_EVERYTHING: Final = 2**40


@dataclass(frozen=True, slots=True)
class _Connection:
    client: Client
    delivery: Delivery
    known: Mapping[str, Metadata]


class HomeAssistantSink:
    """Replicates a ledger to Home Assistant; `step` again and again, in one thread.

    The outbox's marks are confirmed once all that they stand for is there; until then a restart begins again at them.

    Args:
        target: the Home Assistant.
        outbox: what is to be replicated.
        source: of the same ledger.
        context: for the language of names, and to wait.
    """

    def __init__(self, target: HomeAssistantServer, outbox: Outbox, source: HourSource, context: SinkContext) -> None:
        self._target, self._outbox, self._source, self._context = target, outbox, source, context
        note = outbox.note
        self._sites = {
            site: self._statistics(site, SiteProgress.from_json(found)) for site, found in note.get("sites", {}).items()
        }
        entities = note.get("entities", {})
        self._histories = [
            EntityHistory(name, entity, HistoryState.from_json(entities.get(entity)))
            for name, entity in target.entities.items()
        ]
        self._connection: _Connection | None = None
        self._has_taken = False
        self._round_at_s = 0.0

    @property
    def blocked(self) -> Phrase | None:
        """Nothing ever waits but for Home Assistant itself."""
        return None

    def step(self) -> float:
        """Replicate a batch; returns the seconds until there may be more.

        Raises:
            SinkError: Home Assistant did not accept it; the step is tried again.
            LedgerUnavailable: the ledger is busy.
            LedgerError: it is damaged.
        """
        try:
            return self._step()
        except Exception:
            self._disconnect()
            raise

    def close(self) -> None:
        """Close connection, reader and outbox."""
        self._disconnect()
        self._source.close()
        self._outbox.close()

    def _step(self) -> float:
        connection = self._connection or self._connect()
        self._outbox.skip_frames()
        sites = self._source.sites()
        if not self._has_taken and time.monotonic() >= self._round_at_s:
            self._take_marks(sites)
        now_ms = time.time_ns() // 1_000_000
        for site in sites:
            if self._send(site, (now_ms - _HOUR_ENDS_AFTER_MS) // HOUR_MS * HOUR_MS, connection):
                return 0.0
        if self._has_taken:
            self._outbox.confirm_taken()
            self._has_taken = False
            self._round_at_s = time.monotonic() + _ROUND_INTERVAL_S
        for history in self._histories:
            self._complete(history, sites, connection)
        return _IDLE_S

    def _complete(self, history: EntityHistory, sites: Sequence[Site], connection: _Connection) -> None:
        if not history.state.is_done:
            history.deliver(sites, self._source, connection.client, connection.delivery, connection.known)
            self._save()

    def _send(self, site: Site, end_ms: int, connection: _Connection) -> bool:
        """Send a site's next hours; False if all are there."""
        if site.id not in self._sites:
            self._sites[site.id] = self._statistics(site.id, SiteProgress())
        statistics = self._sites[site.id]
        statistics.begin(site, connection.delivery, connection.known)
        differed = statistics.step(site, end_ms, self._source, connection.delivery, connection.known)
        if differed is None:
            return False
        if differed:  # some of the statistics may be new
            self._connection = self._with_known(connection)
        self._save()
        return True

    def _take_marks(self, sites: Sequence[Site]) -> None:
        """Go back to the first hour that has changed."""
        self._has_taken = True
        changed: dict[str, int] = {}
        for meter_id, quarters in self._outbox.take_quarters(_EVERYTHING, _EVERYTHING).items():
            at_ms = min(first for first, _ in quarters) * QUARTER_MS
            for site in sites:
                if any(meter.id == meter_id for meter in site.meters):
                    changed[site.id] = min(changed.get(site.id, at_ms), at_ms)
        for site_id, day in self._outbox.take_cost(_EVERYTHING):
            at_ms = self._source.midnight_ms(day)
            changed[site_id] = min(changed.get(site_id, at_ms), at_ms)
        for site_id, at_ms in changed.items():
            if site_id in self._sites:
                self._sites[site_id].progress.lower(at_ms)
            for history in self._histories:
                history.changed(site_id, at_ms)
        if changed:
            self._save()

    def _connect(self) -> _Connection:
        client = Client(self._target)
        try:
            connection = _Connection(client, Delivery(client, self._context.wait), client.statistics())
        except BaseException:
            client.close()
            raise
        for statistics in self._sites.values():
            statistics.connected(connection.known)
        self._connection = connection
        return connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.client.close()

    def _with_known(self, connection: _Connection) -> _Connection:
        return _Connection(connection.client, connection.delivery, connection.client.statistics())

    def _statistics(self, site: str, progress: SiteProgress) -> OwnStatistics:
        return OwnStatistics(site, self._target, self._context.settings.language, progress)

    def _save(self) -> None:
        sites = {site: each.progress.as_json() for site, each in self._sites.items()}
        entities = {each.entity: each.state.as_json() for each in self._histories}
        self._outbox.save_note({"sites": sites, "entities": entities})
