"""Sources of bytes: real pseudo-terminals and sockets, recordings, and what cannot be read."""

import os
import socket
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
import serial
from enedis_files import lines_of, write
from serial.rfc2217 import PortManager

from tictally_edge.features import settings_with
from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.encode import with_parity
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_edge.sources.autobaud import AutobaudSource
from tictally_edge.sources.base import ByteSource, Moment, SourceEnded, SourceError, SourceSettingError
from tictally_edge.sources.recording import RecordingSource
from tictally_edge.sources.registry import SOURCES
from tictally_edge.sources.serial_port import SerialPort
from tictally_edge.sources.simulated import SimulatedSource
from tictally_shared.labels import Mode

NOW = Moment(100.0, 1_795_000_000_000)
CONTENT = bytes(range(256)) * 4


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    near, far = os.openpty()
    tty.setraw(far)
    yield near, os.ttyname(far)
    for end in (near, far):
        try:
            os.close(end)
        except OSError:
            continue  # the test has closed it


def gathered(source: ByteSource, size: int, within_s: float = 60.0) -> bytes:
    data, end = b"", time.monotonic() + within_s
    while len(data) < size and time.monotonic() < end:
        data += source.read()
    return data


@pytest.mark.parametrize("framing", ["8N1", "7E1"])
def test_a_port_gives_every_byte_as_it_came(terminal: tuple[int, str], framing: str) -> None:
    near, name = terminal
    port = SerialPort(name, 9600, framing)
    os.write(near, CONTENT)
    assert gathered(port, len(CONTENT)) == CONTENT
    port.close()


def test_a_device_that_goes_away_is_a_sentence(terminal: tuple[int, str]) -> None:
    near, name = terminal
    port = SerialPort(name, 9600, "8N1")
    os.close(near)
    with pytest.raises(SourceError, match=name):
        gathered(port, 1)
    port.close()


def test_a_device_that_another_has_open_is_a_sentence(terminal: tuple[int, str]) -> None:
    first = SerialPort(terminal[1], 9600, "8N1")
    with pytest.raises(SourceError, match="another program has it open"):
        SerialPort(terminal[1], 1200, "8N1")
    first.close()
    SerialPort(terminal[1], 1200, "8N1").close()


def test_what_is_no_port_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such device; is the dongle plugged in"):
        SerialPort(str(tmp_path / "none"), 9600, "8N1")
    (tmp_path / "capture.bin").write_bytes(CONTENT)
    with pytest.raises(SourceError, match=r"give a recording as file:"):
        SerialPort(str(tmp_path / "capture.bin"), 9600, "8N1")
    with pytest.raises(SourceError, match=r"^/dev/null is not a serial port; ls /dev/serial/by-id"):
        SerialPort("/dev/null", 9600, "8N1")
    with pytest.raises(SourceError, match=r"socket://127\.0\.0\.1:1"):
        SerialPort("socket://127.0.0.1:1", 9600, "8N1")


def test_a_bridge_over_tcp_gives_every_byte_and_its_end_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = SerialPort(f"socket://127.0.0.1:{server.getsockname()[1]}", 9600, "8N1")
        bridge, _ = server.accept()
        bridge.sendall(CONTENT)
        assert gathered(port, len(CONTENT)) == CONTENT
        bridge.close()
        with pytest.raises(SourceError, match="socket://"):
            gathered(port, 1)
        port.close()


@pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")  # pyserial 3.5's own
def test_a_bridge_that_speaks_rfc2217_gives_every_byte(terminal: tuple[int, str]) -> None:
    near, name = terminal
    device = _WithoutModemLines(name, 9600, timeout=0.05)
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        serving = threading.Thread(target=_bridge, args=(server, device, stop))
        serving.start()
        port = SerialPort(f"rfc2217://127.0.0.1:{server.getsockname()[1]}", 1200, "8N1")
        os.write(near, CONTENT)
        got = gathered(port, len(CONTENT))
        stop.set()
        serving.join(10)
        port.close()
    assert got == CONTENT
    assert device.baudrate == 1200
    device.close()


def _bridge(server: socket.socket, device: serial.Serial, stop: threading.Event) -> None:
    """What ser2net does: a serial device served over the network, settings and all (RFC 2217)."""
    bridge, _ = server.accept()
    bridge.settimeout(0.02)
    manager = PortManager(device, _Writer(bridge))  # type: ignore[arg-type] # its stubs name the client's classes
    while not stop.is_set():
        with suppress(TimeoutError):
            b"".join(manager.filter(bridge.recv(1024)))
        bridge.sendall(b"".join(manager.escape(device.read(device.in_waiting))))
    bridge.close()


class _WithoutModemLines(serial.Serial):
    """A pseudo-terminal as a serial device: it has no modem lines to set or to read."""

    cts = dsr = ri = cd = False

    def _update_dtr_state(self) -> None: ...

    def _update_rts_state(self) -> None: ...


class _Writer:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def write(self, data: bytes) -> None:
        self._connection.sendall(data)


def test_a_recording_comes_whole_on_a_clock_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "capture.bin"
    path.write_bytes(CONTENT)
    recording = RecordingSource(path, {"pace": "fast"}, NOW)
    assert gathered(recording, len(CONTENT)) == CONTENT
    elapsed_s = len(CONTENT) * 10 / 9600
    assert recording.now() == Moment(NOW.at + elapsed_s, NOW.time_ms + int(elapsed_s * 1000))
    with pytest.raises(SourceEnded):
        recording.read()


def test_a_recording_can_be_looped(tmp_path: Path) -> None:
    path = tmp_path / "capture.bin"
    path.write_bytes(b"abc")
    recording = RecordingSource(path, {"pace": "fast", "loop": "yes"}, NOW)
    assert gathered(recording, 8)[:8] == b"abcabcab"


WRONG = {
    "": "it is empty",
    "file:": "names nothing",
    "sim:": "names nothing",
    "http://meter": "begins with http:, which is unknown",
}


@pytest.mark.parametrize("setting", WRONG)
def test_a_setting_that_names_no_source_is_a_sentence(setting: str) -> None:
    with pytest.raises(SourceSettingError, match=WRONG[setting]):
        SOURCES.parse(setting)


OPTIONS: dict[str, tuple[dict[str, str], str]] = {
    "an option that there is not": ({"colour": "red"}, "no option 'colour'"),
    "a mode that there is not": ({"mode": "modern"}, "modern"),
    "phases that there are not": ({"phases": "2"}, "2 phases"),
    "a pace that there is not": ({"pace": "slow"}, "neither line nor fast"),
    "a beginning in the future": ({"ago": "-1"}, "ago=-1.0 lies outside"),
    "a beginning that is no number": ({"ago": "nan"}, "ago=nan lies outside"),
    "an interval of nothing": ({"interval": "0"}, "frames every 0.0 s"),
    "an interval that is no number": ({"interval": "nan"}, "frames every nan s"),
    "a load curve that there is not": (
        {"curve": "/nonexistent/curve.csv"},
        "sim:hphc: /nonexistent/curve.csv: No such",
    ),
    "a load curve that is none": ({"curve": __file__}, r"test_sources.py, line 3: it is not 'Horodate;Valeur'"),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_wrong_options_of_a_simulated_meter_are_a_sentence(case: str) -> None:
    options, sentence = OPTIONS[case]
    with pytest.raises(SourceSettingError, match=sentence):
        SimulatedSource("hphc", options, NOW)


def test_a_simulated_meter_that_began_earlier_catches_up_with_the_present_and_goes_on_at_its_pace() -> None:
    present = Moment(time.monotonic(), time.time_ns() // 1_000_000)
    meter = SimulatedSource("hphc", {"ago": "570", "interval": "60"}, present)
    frames = [meter.now().at - present.at for _ in range(15) if meter.read()]
    assert len(frames) == 10
    assert frames == pytest.approx(range(-570, 0, 60), abs=0.001)
    assert meter.now().time_ms - present.time_ms == pytest.approx(1000 * frames[-1], abs=2)


def test_a_frame_without_an_interval_arrives_when_the_line_has_carried_it() -> None:
    meter = SimulatedSource("hphc", {"pace": "fast"}, NOW)
    ends_ms, begin_ms = [], NOW.time_ms
    for _ in range(3):
        begin_ms += len(meter.read()) * 10_000 // 9600
        ends_ms.append(meter.now().time_ms)
        assert meter.now().time_ms - begin_ms in range(22)  # rounding up, and pauses of 20 ms
        begin_ms = ends_ms[-1]


CURVE_START = datetime(2022, 7, 28, 22, tzinfo=UTC)


def test_a_load_curve_is_followed_on_its_own_clock_from_beginning_to_end(tmp_path: Path) -> None:
    path = write(tmp_path / "curve.csv", lines_of(CURVE_START, [330, 364]))
    present = Moment(100.0007, time.time_ns() // 1_000_000)  # after a boot, long after the curve
    meter = SimulatedSource("hphc", {"curve": str(path), "interval": "900", "pace": "fast"}, present)
    moments = [meter.now() for _ in range(5) if meter.read()]
    with pytest.raises(SourceEnded):
        meter.read()
    begin_ms = int(CURVE_START.timestamp()) * 1000
    assert [moment.time_ms for moment in moments] == [begin_ms + 900_000 * n for n in range(5)]
    for moment in moments:
        # Both clocks run together, and by whole milliseconds.
        assert round(moment.at * 1000) - moment.time_ms == 100_001 - present.time_ms
        assert moment.at * 1000 == pytest.approx(round(moment.at * 1000), abs=1e-4)


def test_a_load_curve_is_followed_from_some_time_ago(tmp_path: Path) -> None:
    path = write(tmp_path / "curve.csv", lines_of(CURVE_START, [330, 364]))
    present = Moment(100.0, int(CURVE_START.timestamp()) * 1000 + 3_600_000)
    meter = SimulatedSource("hphc", {"curve": str(path), "ago": "1800", "interval": "900"}, present)
    meter.read()
    assert meter.now() == Moment(100.0 - 1800, present.time_ms - 1_800_000)
    with pytest.raises(SourceSettingError, match="lies outside the load curve"):
        SimulatedSource("hphc", {"curve": str(path), "ago": "3601"}, present)


PACES = {
    "sim:hphc?curve={curve}&pace=fast": (True, True),
    "sim:hphc?curve={curve}": (False, True),
    "sim:hphc?pace=line": (False, False),
    "file:{capture}?pace=fast": (True, False),
    "/dev/ttyUSB0": (False, False),
}


@pytest.mark.parametrize("setting", PACES)
def test_a_source_knows_whether_it_waits_for_the_broker_and_has_dates_of_its_own(setting: str, tmp_path: Path) -> None:
    curve = write(tmp_path / "curve.csv", lines_of(CURVE_START, [330, 364]))
    (tmp_path / "capture.bin").write_bytes(
        with_parity(SimulatedMeter(SimulatedContract.BASE, Mode.STANDARD, start=CURVE_START).frame())
    )
    text = setting.format(curve=curve, capture=tmp_path / "capture.bin")
    kind, address = SOURCES.parse(text)
    source = kind.open(address, settings_with(name="pi", journal=tmp_path, port=text))
    assert (source.is_unpaced, source.has_own_dates) == PACES[setting]


class _Unplugged:
    """A source that gives one piece and is gone."""

    def __init__(self) -> None:
        self._pieces = [b"beginning"]

    def read(self) -> bytes:
        if not self._pieces:
            raise SourceError("gone")
        return self._pieces.pop()

    def now(self) -> Moment:
        return NOW

    def close(self) -> None: ...


def test_a_line_that_was_opened_anew_shows_so_once() -> None:
    time_s = 0.0
    line = AutobaudSource(lambda _baud: _Unplugged(), None, "line", lambda: time_s)
    assert (line.read(), line.take_interruption(), line.take_interruption()) == (b"beginning", True, False)
    assert (line.read(), line.take_interruption()) == (b"", False)
    time_s = 5.0
    assert (line.read(), line.take_interruption()) == (b"beginning", True)
