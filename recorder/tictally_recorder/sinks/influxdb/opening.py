"""Opens the InfluxDB sink of a ledger: outbox, reader and clients, in the thread that uses them."""

from tictally_recorder.ledger import LedgerReader, Outbox
from tictally_recorder.sinks.influxdb.client import EVERYDAY_SETTING, SETUP_SETTING, Client
from tictally_recorder.sinks.influxdb.config import NAME, Target
from tictally_recorder.sinks.influxdb.ledger_source import LedgerSource
from tictally_recorder.sinks.influxdb.session import Clients
from tictally_recorder.sinks.influxdb.sink import InfluxSink
from tictally_recorder.sinks.influxdb.windows import OFFSET_MS
from tictally_recorder.sinks.protocol import SinkContext


def open_sink(target: Target, context: SinkContext) -> InfluxSink:
    """Open the sink.

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


def clients_of(target: Target) -> Clients:
    """A client for each token."""
    everyday = Client(target.url, target.token, target.org, target.ca, EVERYDAY_SETTING)
    if target.setup_token is None:
        return Clients(everyday)
    return Clients(everyday, Client(target.url, target.setup_token, target.org, target.ca, SETUP_SETTING))
