"""`tictally record`: ledger, connection and loop put together, and ended by a signal."""

import gc
import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from queue import SimpleQueue
from types import FrameType

from tictally_recorder.api.settings import HttpSettings
from tictally_recorder.backup.swap import clear_second_names
from tictally_recorder.ingest.broadcast import Broadcast
from tictally_recorder.ingest.events import Event, Inbox, ReloadConfig, Stop
from tictally_recorder.ingest.loop import Ingest
from tictally_recorder.ingest.mqtt_client import BrokerAddress, Connection
from tictally_recorder.ledger import Ledger, LedgerError, LedgerReader
from tictally_recorder.maintenance import Cost
from tictally_recorder.settings import OFF, Settings
from tictally_recorder.sinks.influxdb.settings import InfluxdbSettings
from tictally_recorder.sinks.runner import Copy
from tictally_shared.runtime.systemd import Notifier

_log = logging.getLogger(__name__)


def record(settings: Settings) -> None:
    """Record until SIGTERM or SIGINT; at SIGHUP look at once whether price lists or contracts are others.

    Raises:
        LedgerError: the ledger cannot be used.
    """
    inbox: Inbox = SimpleQueue()
    _hear_signals(inbox)
    _make_folder(settings.ledger.parent)
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger.open(settings.ledger))
        clear_second_names(settings.ledger.resolve())
        reader = stack.enter_context(LedgerReader.open(settings.ledger))
        copy = stack.enter_context(copying(settings, ledger))
        broker = broker_of(settings)
        will = (settings.topics.recorder(settings.name, "availability"), "offline")
        connection = Connection(broker, ledger.client_id, will, inbox)
        notifier = Notifier(os.environ)
        cost = Cost(ledger, reader, settings, connection.publish)
        broadcast = Broadcast()
        ingest = Ingest(ledger, connection, inbox, settings, notifier, cost, copy, broadcast)
        for warning in settings.warnings:
            _log.warning("%s", warning)
        whose = ", ".join(settings.edges) or "all edges"
        _log.info("recording %s from %s into %s as %s", whose, broker, settings.ledger, settings.name)
        notifier.ready(f"recording into {settings.ledger}")
        http = _http(settings, broadcast, inbox)
        # What is here by now stays to the end. Else the collector, which messages set off again and again, would walk
        # over all of it each time: a fifth of the recorder's time when it is busy.
        gc.freeze()
        with http:
            ingest.run()


def _http(settings: Settings, broadcast: Broadcast, inbox: Inbox) -> AbstractContextManager[object]:
    http = settings.section(HttpSettings)
    if http.switch == OFF:
        return nullcontext()
    from tictally_recorder.api.context import Context  # noqa: PLC0415
    from tictally_recorder.api.server import HttpServer  # noqa: PLC0415 - half a second and 30 MB, for who wants it

    return HttpServer(Context(settings, broadcast, inbox), http.host, http.port)


@contextmanager
def copying(settings: Settings, ledger: Ledger) -> Iterator[Copy | None]:
    """While the recorder runs its ledger is copied, where a sink is set; else it keeps nothing for one."""
    target = settings.section(InfluxdbSettings).target
    if target is None:
        ledger.use_sinks([])
        yield None
        return
    # With its hundreds of modules it takes a second and some memory.
    from tictally_recorder.sinks.influxdb.replicator import NAME, InfluxCopy  # noqa: PLC0415

    ledger.use_sinks([NAME])
    _log.info("the ledger is copied to InfluxDB at %s", target.url)
    copy = InfluxCopy(target, settings.ledger, settings.zone, settings.name)
    copy.start()
    try:
        yield copy
    finally:
        copy.close()


def broker_of(settings: Settings) -> BrokerAddress:
    """The broker that settings name."""
    mqtt = settings.mqtt
    return BrokerAddress(mqtt.host, mqtt.port, mqtt.username, mqtt.secret, mqtt.ca)


def _hear_signals(inbox: Inbox) -> None:
    def put(event: Event) -> Callable[[int, FrameType | None], None]:
        return lambda _signal, _frame: inbox.put(event)  # SimpleQueue may be put to from a signal handler

    signal.signal(signal.SIGTERM, put(Stop()))
    signal.signal(signal.SIGINT, put(Stop()))
    signal.signal(signal.SIGHUP, put(ReloadConfig()))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerError(f"the ledger's folder {folder} cannot be made: {error.strerror}") from None
