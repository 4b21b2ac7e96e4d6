"""`tictally record`: ledger, connection and loop put together, and ended by a signal."""

import gc
import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from types import FrameType

from tictally_recorder.ledger import Ledger, LedgerError
from tictally_recorder.mqtt.connection import Broker, Connection
from tictally_recorder.mqtt.events import Inbox, Stop
from tictally_recorder.mqtt.ingest import Ingest
from tictally_recorder.notify import Notifier
from tictally_recorder.settings import Settings
from tictally_recorder.sinks.copying import Copy

_log = logging.getLogger(__name__)


def record(settings: Settings) -> None:
    """Record until SIGTERM or SIGINT.

    Raises:
        LedgerError: the ledger cannot be used.
    """
    inbox: Inbox = SimpleQueue()
    _stop_on_signals(inbox)
    _make_folder(settings.ledger.parent)
    with Ledger.open(settings.ledger) as ledger, copying(settings, ledger) as copy:
        broker = broker_of(settings)
        will = (settings.topics.recorder(settings.name, "availability"), "offline")
        connection = Connection(broker, ledger.client_id, will, inbox)
        notifier = Notifier(os.environ)
        ingest = Ingest(ledger, connection, inbox, settings, notifier, copy)
        whose = ", ".join(settings.edges) or "all edges"
        _log.info("recording %s from %s into %s as %s", whose, broker, settings.ledger, settings.name)
        notifier.ready(f"recording into {settings.ledger}")
        # What is here by now stays to the end. Else the collector, which messages set off again and again, would walk
        # over all of it each time: a fifth of the recorder's time when it is busy.
        gc.freeze()
        ingest.run()


@contextmanager
def copying(settings: Settings, ledger: Ledger) -> Iterator[Copy | None]:
    """While the recorder runs its ledger is copied, where a sink is set; else it keeps nothing for one."""
    target = settings.influxdb
    if target is None:
        ledger.use_sinks([])
        yield None
        return
    # With its hundreds of modules it takes a second and some memory.
    from tictally_recorder.sinks.influx.copy import NAME, InfluxCopy  # noqa: PLC0415

    ledger.use_sinks([NAME])
    _log.info("the ledger is copied to InfluxDB at %s", target.url)
    copy = InfluxCopy(target, settings.ledger, settings.zone, settings.name)
    copy.start()
    try:
        yield copy
    finally:
        copy.close()


def broker_of(settings: Settings) -> Broker:
    """The broker that settings name."""
    password = settings.mqtt_password
    return Broker(
        settings.mqtt_host,
        settings.mqtt_port,
        settings.mqtt_username,
        None if password is None else password.get_secret_value(),
        settings.mqtt_ca,
    )


def _stop_on_signals(inbox: Inbox) -> None:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        inbox.put(Stop())  # SimpleQueue may be put to from a signal handler

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerError(f"the ledger's folder {folder} cannot be made: {error.strerror}") from None
