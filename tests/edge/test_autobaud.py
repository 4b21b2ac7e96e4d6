"""A line that falls silent, changes its mode or goes away is found again, over real pseudo-terminals."""

import os
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from real_broker import Hub, Mosquitto

from tictally_edge.decoding.decoder import Decoder, is_good
from tictally_edge.features import settings_with
from tictally_edge.service import Edge
from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.encode import with_parity
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_edge.sources import autobaud as lines
from tictally_edge.sources.autobaud import AutobaudSource
from tictally_edge.sources.base import SPEED, ByteSource, Moment, SourceError
from tictally_edge.sources.serial_port import SerialPort
from tictally_shared.labels import Mode

NUMBER = "021961000001"
TERMIOS_SPEED = {Mode.STANDARD: termios.B9600, Mode.HISTORIQUE: termios.B1200}
FASTER = 20  # so much the clock of a line runs ahead of the tests' own


class Voice:
    """A meter at a pseudo-terminal: who listens at another speed than it speaks hears nonsense, as on a real line.

    `mode` is what it speaks, None while it is silent.
    """

    def __init__(self, mode: Mode) -> None:
        self.mode: Mode | None = mode
        self._frames = {each: with_parity(_meter(each).frame()) for each in Mode}
        self._near, self._far = os.openpty()
        os.set_blocking(self._near, False)
        self.name = os.ttyname(self._far)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._speak)
        self._thread.start()

    def close(self) -> None:
        self._is_over.set()
        self._thread.join()
        os.close(self._near)
        os.close(self._far)

    def _speak(self) -> None:
        while not self._is_over.wait(0.05):
            mode = self.mode
            if mode is None:
                continue
            frame = self._frames[mode]
            if termios.tcgetattr(self._near)[5] != TERMIOS_SPEED[mode]:
                frame = bytes(byte ^ 0x55 for byte in frame[::3])
            with suppress(BlockingIOError):  # nobody reads: the terminal is full
                os.write(self._near, frame)


def _meter(mode: Mode) -> SimulatedMeter:
    return SimulatedMeter(SimulatedContract.BASE, mode, start=datetime(2026, 1, 12, tzinfo=UTC), number=NUMBER)


@pytest.fixture
def voice() -> Iterator[Voice]:
    voice = Voice(Mode.HISTORIQUE)
    yield voice
    voice.close()


class Listener:
    """The edge's loop as far as the line needs it; notes the speeds at which the port was opened."""

    def __init__(self, name: str) -> None:
        self.opened: list[int] = []
        self.mode: Mode | None = None
        began = time.monotonic()
        self.line = AutobaudSource(
            lambda baud: self._open(name, baud), None, name, lambda: began + (time.monotonic() - began) * FASTER
        )
        self._decoder = Decoder()

    def listen_until(self, is_so: Callable[[], bool], within_s: float = 60.0) -> None:
        end = time.monotonic() + within_s
        while not is_so():
            assert time.monotonic() < end, f"mode {self.mode}, line {self.line.state}, opened {self.opened}"
            for frame in self._decoder.feed(self.line.read()):
                if is_good(frame):
                    self.mode = frame.mode
                    self.line.confirm(frame.mode)

    def _open(self, name: str, baud: int) -> ByteSource:
        self.opened.append(baud)
        return SerialPort(name, baud, "8N1")


def test_a_mode_that_changes_is_found_again_at_its_own_speed(voice: Voice) -> None:
    listener = Listener(voice.name)
    for mode in (Mode.HISTORIQUE, Mode.STANDARD, Mode.HISTORIQUE):
        voice.mode = mode
        listener.listen_until(lambda mode=mode: listener.mode is mode)  # type: ignore[misc] # bound at once
        assert listener.line.state == "receiving"
        assert listener.opened[-1] == SPEED[mode]
    listener.line.close()


def test_a_silent_line_is_opened_again_at_the_same_speed_and_heard_at_once_when_the_meter_speaks_again(
    voice: Voice, caplog: pytest.LogCaptureFixture
) -> None:
    listener = Listener(voice.name)
    listener.listen_until(lambda: listener.mode is Mode.HISTORIQUE)
    caplog.clear()  # a busy machine may be silent before, by the quicker clock
    voice.mode = None
    before = len(listener.opened)
    listener.listen_until(lambda: len(listener.opened) == before + 2, within_s=60)
    assert listener.opened[before:] == [1200, 1200]
    assert listener.line.state == "listening"
    assert caplog.text.count("no data; reopened every 30 s") == 1
    voice.mode, listener.mode = Mode.HISTORIQUE, None
    listener.listen_until(lambda: listener.mode is Mode.HISTORIQUE)
    assert listener.line.state == "receiving"
    assert set(listener.opened[before:]) == {1200}
    listener.line.close()


class Wire:
    """A source that gives a byte at each of the seconds that are set, by a clock that the test moves."""

    def __init__(self, *noisy: range) -> None:
        self.now_s, self.opened = 0.0, list[tuple[float, int]]()
        self._noisy = noisy

    def listen(self, until_s: int, *, heard_at: range = range(0), mode: Mode | None = None) -> list[tuple[float, int]]:
        """When the port was opened, and at which speed."""
        line = AutobaudSource(self._open, mode, "wire", lambda: self.now_s)
        while self.now_s < until_s:
            line.read()
            if int(self.now_s) in heard_at:
                line.confirm(Mode.HISTORIQUE)
            self.now_s += 1
        return self.opened

    def _open(self, baud: int) -> ByteSource:
        self.opened.append((self.now_s, baud))
        return self

    def read(self) -> bytes:
        return b"?" if any(int(self.now_s) in seconds for seconds in self._noisy) else b""

    def now(self) -> Moment:
        return Moment(self.now_s, 0)

    def close(self) -> None: ...


@pytest.mark.parametrize(
    ("noisy", "heard_at", "opened"),
    [
        pytest.param(
            (range(100),), range(0), [(0, 9600), (8, 1200), (16, 9600)], id="bytes without a frame: the other speed"
        ),
        pytest.param((), range(0), [(0, 9600)], id="nothing: not before half a minute"),
        pytest.param((range(14, 23),), range(0), [(0, 9600), (22, 1200)], id="patience begins with the first byte"),
        pytest.param((range(14, 22),), range(21, 22), [(0, 9600)], id="a good frame at the last moment"),
        pytest.param((range(2), range(9, 17)), range(16, 17), [(0, 9600)], id="patience begins anew after a lull"),
    ],
)
def test_a_speed_is_given_up_only_for_bytes_that_make_no_frame(
    noisy: tuple[range, ...], heard_at: range, opened: list[tuple[int, int]]
) -> None:
    assert Wire(*noisy).listen(24, heard_at=heard_at) == opened


def test_a_byte_now_and_then_is_no_reason_to_stay_for_ever() -> None:
    noise = [range(second, second + 1) for second in range(0, 70, 5)]
    assert Wire(*noise).listen(70) == [(0, 9600), (30, 1200), (60, 9600)]


def test_a_mode_that_is_set_is_the_only_one_tried() -> None:
    assert Wire(range(20)).listen(20, mode=Mode.HISTORIQUE) == [(0, 1200), (8, 1200), (16, 1200)]


def test_a_line_that_was_heard_keeps_its_speed_through_silence_and_leaves_it_for_noise() -> None:
    assert Wire(range(10)).listen(75, heard_at=range(9, 10)) == [(0, 9600), (8, 1200), (39, 1200), (69, 1200)]
    assert Wire(range(60)).listen(50, heard_at=range(9, 10)) == [(0, 9600), (8, 1200), (39, 9600), (47, 1200)]
    assert Wire(range(200)).listen(200, heard_at=range(9, 200)) == [(0, 9600), (8, 1200)]


def test_a_port_that_is_away_is_tried_less_and_less_often_and_anew_once_it_was_heard(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lines, "_IDLE_S", 0.0)
    now_s, tried = 0.0, []

    def away(_baud: int) -> ByteSource:
        tried.append(now_s)
        raise SourceError("line: there is no such device")

    line = AutobaudSource(away, None, "line", lambda: now_s)
    while now_s < 100:
        line.read()
        now_s += 0.5
    assert [after - before for before, after in pairwise(tried)] == [1, 2, 4, 8, 16, 30, 30]
    assert caplog.text.count("there is no such device. Retrying.") == 1
    line.confirm(Mode.STANDARD)
    now_s = 200.0
    line.read()
    first = now_s
    while len(tried) < 10:
        line.read()
        now_s += 0.5
    assert tried[8:] == [first, first + 1]


def test_a_meter_that_falls_silent_is_offline_until_it_is_heard_again(
    tmp_path: Path, broker: Mosquitto, voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tictally_edge.sources.line_source.SILENCE_S", 1.5)
    monkeypatch.setattr(lines, "SILENCE_S", 1.5)
    monkeypatch.setattr(lines, "_SPEED_TIMEOUT_S", 0.5)
    settings = settings_with(
        port=voice.name,
        name="pi",
        clock="trust",
        journal=tmp_path / "journal",
        base_topic="silent",
        mqtt_host="127.0.0.1",
        mqtt_port=broker.port,
    )
    is_over = threading.Event()
    running = threading.Thread(target=Edge(settings, is_over.is_set).run)
    with Hub(broker.port) as hub:
        hub.subscribe(f"silent/{NUMBER}/availability")
        running.start()
        try:
            for mode, availability in ((Mode.HISTORIQUE, "online"), (None, "offline"), (Mode.STANDARD, "online")):
                voice.mode = mode
                assert hub.wait_for(f"silent/{NUMBER}/availability", availability) == availability
        finally:
            is_over.set()
            running.join()
