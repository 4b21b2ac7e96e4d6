"""What the sink took from the ledger and could not replicate is replicated after all, whatever failed between.

Stubs make the moment: a ledger that is busy, a disk that fails or a fault of our own just then cannot be had of a real
InfluxDB.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from influx_harness import SinkHarness, days_ago, hour, sink_harness
from real_influx import Influxd

from tictally_recorder.ledger import LedgerUnavailable
from tictally_recorder.sinks.influxdb.errors import InfluxError
from tictally_recorder.sinks.influxdb.sink import InfluxSink

NO_DISK = LedgerUnavailable("the ledger is unavailable: disk I/O error")
NO_ANSWER = InfluxError("InfluxDB cannot be reached: Read timed out.")


def once(owner: object, name: str, before: Callable[[], None]) -> None:
    """Something comes before the next call of a method."""
    call = getattr(owner, name)

    def with_it(*args: object) -> object:
        setattr(owner, name, call)
        before()
        return call(*args)

    setattr(owner, name, with_it)


def raising(error: Exception) -> Callable[[], None]:
    def now() -> None:
        raise error

    return now


def the_reader_fails(sink: InfluxSink) -> None:
    once(sink._source, "quarter_rows", raising(NO_DISK))


def the_sink_has_a_fault(sink: InfluxSink) -> None:
    once(sink._client, "query", raising(KeyError("date")))


def influxdb_and_ledger_fail_at_once(sink: InfluxSink) -> None:
    def both() -> None:
        once(sink._outbox, "release", raising(NO_DISK))
        raise NO_ANSWER

    once(sink._client, "query", both)


@pytest.mark.parametrize("trouble", [the_reader_fails, the_sink_has_a_fault, influxdb_and_ledger_fail_at_once])
def test_rows_taken_before_a_failure_are_replicated_after_it(
    server: Influxd, tmp_path: Path, trouble: Callable[[InfluxSink], None]
) -> None:
    # Far enough apart that they are taken one after the other.
    with sink_harness(tmp_path, server, trouble.__name__, raw_days=30) as harness:
        harness.store([*hour(days_ago(20)), *hour(days_ago(1), first=1000)])
        sink = harness.begin()
        trouble(sink)
        assert failures(harness, sink) != []
        assert harness.wrong_ledger() == []


def test_a_ledger_that_was_busy_during_replication_delays_nothing_for_longer(server: Influxd, tmp_path: Path) -> None:
    with sink_harness(tmp_path, server, "busy", raw_days=30) as harness, closing(second_connection(harness)) as busy:
        harness.store([*hour(days_ago(20)), *hour(days_ago(1), first=1000)])
        sink = harness.begin()
        sink._outbox._connection.execute("PRAGMA busy_timeout = 1")
        once(sink._source, "quarter_rows", lambda: hold(busy))
        for _ in range(2):  # the second time nothing can be taken back either
            with pytest.raises(LedgerUnavailable):
                sink.step()
        busy.execute("COMMIT")
        harness.store(hour(days_ago(1), first=2000))  # of the quarters that were being copied
        assert failures(harness, sink) == []
        assert harness.wrong_ledger() == []


def second_connection(harness: SinkHarness) -> sqlite3.Connection:
    return sqlite3.connect(harness.path, isolation_level=None)


def hold(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")


def failures(harness: SinkHarness, sink: InfluxSink, most: int = 100) -> list[Exception]:
    """What its steps raise until it has nothing left."""
    found: list[Exception] = []
    for _ in range(most):
        try:
            if sink.step() and harness.is_done:
                return found
        except Exception as error:  # noqa: BLE001 - whatever it is, the runner goes on
            found.append(error)
    raise AssertionError(found)
