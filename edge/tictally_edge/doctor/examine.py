"""The doctor's round: port, broker, then the line, heard or told of by the edge that reads it, and the journal."""

import json
import time
from collections.abc import Iterable, Iterator
from typing import Final

from tictally_edge.clock.kernel import KernelClock
from tictally_edge.doctor.broker import Asked, ask
from tictally_edge.doctor.clock import judge_clock
from tictally_edge.doctor.finding import Finding, bad, good
from tictally_edge.doctor.folder import look_at_folders
from tictally_edge.doctor.listening import LINE, Heard, judge, listen
from tictally_edge.doctor.port import SUBJECT as PORT
from tictally_edge.doctor.port import look_at_device
from tictally_edge.doctor.processes import Process
from tictally_edge.doctor.service import judge_service
from tictally_edge.mqtt.client import broker_access
from tictally_edge.publishing.publisher import ONLINE
from tictally_edge.settings import Settings
from tictally_edge.sources.serial_port import SerialPort
from tictally_edge.sources.settings import LineSettings
from tictally_edge.sources.source import Moment, SourceError, SourceSetting
from tictally_shared.frames import parse_time_ms
from tictally_shared.topics import Topics

LISTEN_S: Final = 20.0


def examine(settings: Settings, *, listen_s: float = LISTEN_S, show: bool = False) -> Iterator[Finding]:
    """Yields what is found as it is found; nothing is changed anywhere.

    Args:
        settings: those of `run`.
        listen_s: how long to listen at each speed, at most.
        show: True to tell the meter's whole number.
    """
    line = settings.section(LineSettings)
    port, edge = _look_at_port(line.port)
    yield port
    topics = Topics(settings.base_topic)
    names = topics.edge(settings.name, "availability"), topics.edge(settings.name, "health")
    asked = ask(broker_access(settings), *names)
    yield asked.finding
    if edge is not None or asked.availability == ONLINE:
        yield from _as_the_edge_says(edge, asked)
    elif port.ok and SourceSetting.parse(line.port).kind == "port":
        yield from _listen(settings, listen_s, show=show)
    else:
        yield _clock(settings, Heard())
    yield from look_at_folders(settings.journal, settings.state, settings.journal_mb)


def as_json(findings: Iterable[Finding]) -> str:
    """An array of objects, as `tictally doctor` has it: about, level (ok, trouble), sentence, advice or null."""
    told = [
        {
            "about": finding.subject,
            "level": "ok" if finding.ok else "trouble",
            "sentence": finding.says,
            "advice": finding.do or None,
        }
        for finding in findings
    ]
    return json.dumps(told, ensure_ascii=False, indent=2)


def _look_at_port(name: str) -> tuple[Finding, Process | None]:
    setting = SourceSetting.parse(name)
    if setting.kind != "port":
        return good(PORT, f"{name} is a recording or a simulated meter: there is no line to listen to."), None
    if "://" in name:
        return good(PORT, f"{name} is a port over the network."), None
    return look_at_device(name)


def _as_the_edge_says(edge: Process | None, asked: Asked) -> Iterator[Finding]:
    try:
        age_s = time.time() - parse_time_ms(str((asked.health or {}).get("time"))) / 1000
    except ValueError:
        age_s = None
    yield from judge_service(edge, asked.availability, asked.health, age_s)


def _listen(settings: Settings, listen_s: float, *, show: bool) -> Iterator[Finding]:
    line = settings.section(LineSettings)
    try:
        heard = listen(lambda baud: SerialPort(line.port, baud, line.framing), line.fixed_mode, listen_s)
    except SourceError as error:
        yield bad(LINE, f"{error}.", f"sudo fuser -v {line.port} shows who has a device open.")
        heard = Heard()
    else:
        yield from judge(heard, line.fixed_mode, show=show)
    yield _clock(settings, heard)


def _clock(settings: Settings, heard: Heard) -> Finding:
    now = Moment(time.monotonic(), time.time_ns() // 1_000_000)
    meter_ms = None if heard.meter_ms is None else heard.meter_ms + round((now.at - heard.meter_at) * 1000)
    return judge_clock(now, KernelClock().status(meter_ms), trusted=settings.clock == "trust")
