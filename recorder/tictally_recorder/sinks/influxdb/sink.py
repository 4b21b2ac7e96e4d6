"""The InfluxDB sink: short steps in order of urgency, each of which may fail and is then done again."""

from collections.abc import Mapping
from typing import Final

from tictally_recorder.ledger import LedgerReader, Outbox
from tictally_recorder.sinks.influxdb.config import NAME, Buckets, Target
from tictally_recorder.sinks.influxdb.health_points import health_points
from tictally_recorder.sinks.influxdb.ledger_replicator import LedgerReplicator
from tictally_recorder.sinks.influxdb.ledger_source import LedgerSource
from tictally_recorder.sinks.influxdb.points import InfluxPoint, from_frame
from tictally_recorder.sinks.influxdb.provisioning import InfluxResources
from tictally_recorder.sinks.influxdb.reaggregation import Reaggregator
from tictally_recorder.sinks.influxdb.session import Clients, Session, clients_of
from tictally_recorder.sinks.influxdb.windows import OFFSET_MS, late_windows
from tictally_recorder.sinks.influxdb.writer import write
from tictally_recorder.sinks.protocol import SinkContext
from tictally_shared.phrase import Phrase

_FRAMES_PER_BATCH: Final = 500
_IDLE_S: Final = 1.0


class InfluxSink:
    """Replicates a ledger to InfluxDB; `step` again and again, in one thread.

    Args:
        clients: of the InfluxDB.
        buckets: that it fills.
        outbox: what is to be replicated.
        source: of the same ledger.
        context: with the health reports, which are replicated while InfluxDB answers.
    """

    def __init__(
        self, clients: Clients, buckets: Buckets, outbox: Outbox, source: LedgerSource, context: SinkContext
    ) -> None:
        self._client = clients.everyday
        self._clients, self._buckets, self._outbox, self._source = clients, buckets, outbox, source
        self._session = Session(clients, buckets, outbox)
        self._ledger = LedgerReplicator(self._client, buckets.ledger, outbox, source, self._session)
        self._reaggregator = Reaggregator(self._client, buckets, outbox, context.wait)
        self._reports = context.reports

    @property
    def task_ids(self) -> Mapping[int, str]:
        """Length of windows, in ms → id of the task that aggregates them; empty while not connected."""
        return {} if self._session.resources is None else self._session.resources.task_ids

    @property
    def blocked(self) -> Phrase | None:
        """Why windows wait that cannot be aggregated now or in a moment, a sentence; or None."""
        return self._reaggregator.blocked

    def step(self) -> float:
        """Replicate a batch; returns the seconds until there may be more.

        Raises:
            InfluxError: InfluxDB did not accept it; the step is tried again.
            LedgerUnavailable: the ledger is busy.
            LedgerError: it is damaged.
        """
        try:
            return self._step()
        except Exception as error:
            self._session.lose(error)
            self._ledger.restart_round()
            raise

    def close(self) -> None:
        """Close connections, reader and outbox."""
        self._client.close()
        if self._clients.setup is not None:
            self._clients.setup.close()
        self._source.close()
        self._outbox.close()

    def _step(self) -> float:
        resources = self._session.ensure()
        self._copy_health()
        has_more = self._copy_frames()
        has_more |= self._ledger.step()
        if not has_more:
            has_more = self._reaggregate(resources)
        return 0.0 if has_more else _IDLE_S

    def _reaggregate(self, resources: InfluxResources) -> bool:
        self._session.verify_hours()
        waiting = self._outbox.windows(self._session.present_ms)
        if waiting:
            self._session.read_clock()
        return self._reaggregator.step(resources, waiting, self._session.now_ms, self._session.raw_since_ms)

    def _copy_health(self) -> None:
        points: list[InfluxPoint] = []
        while self._reports:
            points += health_points(self._reports.popleft())
        if points:
            bucket = self._buckets.minute
            write(self._client.write, bucket.name, points, self._session.oldest_ms(bucket))

    def _copy_frames(self) -> bool:
        before = self._outbox.cursor
        frames = self._outbox.frames(_FRAMES_PER_BATCH)
        if not frames:
            return False
        raw, oldest_ms = self._buckets.raw, self._session.oldest_ms(self._buckets.raw)
        points = [from_frame(each) for each in frames if each.time_ms >= oldest_ms]
        result = write(self._client.write, raw.name, points, oldest_ms)
        if result.date_ms:
            self._session.set_clock(result.date_ms)
        times_ms = (each.time_ms for each in points)
        windows = late_windows(times_ms, self._session.now_ms, self._session.raw_since_ms)
        self._outbox.advance(before, frames[-1].id, windows, result.rejected)
        self._session.newest_written_ms = max([self._session.newest_written_ms, *(each.time_ms for each in points)])
        return len(frames) == _FRAMES_PER_BATCH


def open_sink(target: Target, context: SinkContext) -> InfluxSink:
    """Open the sink of a ledger: outbox, reader and clients, in the thread that uses them.

    Args:
        target: the InfluxDB.
        context: with the settings that name the ledger.

    Raises:
        LedgerError: the ledger cannot be read, or has no such sink.
    """
    ledger, tz = context.settings.ledger, context.settings.zone
    outbox = Outbox.open(ledger, NAME, OFFSET_MS)
    try:
        source = LedgerSource(LedgerReader.open(ledger), tz)
    except BaseException:
        outbox.close()
        raise
    return InfluxSink(clients_of(target), target.buckets, outbox, source, context)
