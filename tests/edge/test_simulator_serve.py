"""The simulated meter as a program behind a pseudo-terminal, read as a serial port is read."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import serial
from enedis_files import lines_of, write

from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.encode import with_parity
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_edge.simulator.wire import Wire
from tictally_shared.labels import Mode

PROGRAM = """
import argparse, sys
from tictally_edge.simulator.arguments import add_arguments
from tictally_edge.simulator.serve import run
parser = argparse.ArgumentParser()
add_arguments(parser)
sys.exit(run(parser.parse_args()))
"""
DEADLINE_S = 60


@contextmanager
def simulator(*options: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def port_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def read_until(port: str, end: bytes, times: int) -> bytes:
    """What a reader gets until it has seen `end` so many times, parity bits included."""
    got, deadline = b"", time.monotonic() + DEADLINE_S
    with serial.Serial(port, 9600, timeout=0.2) as line:
        while got.count(end) < times and time.monotonic() < deadline:
            got += line.read(max(line.in_waiting, 1))
    assert got.count(end) >= times, "the line is silent"
    return got


@pytest.mark.parametrize("mode", ["historique", "standard"])
def test_a_reader_gets_the_frames_whose_truth_is_noted(mode: str, tmp_path: Path) -> None:
    truth, link = tmp_path / "truth.jsonl", tmp_path / "meter"
    options = ["--mode", mode, "--contract", "tempo", "--speed", "100", "--interval", "60", "--number", "021961000009"]
    with simulator(
        *options, "--start", "2026-01-12T06:00:00+00:00", "--truth", str(truth), "--link", str(link)
    ) as process:
        assert port_of(process) == str(link)
        got = read_until(str(link), b"\x03", 3)
    assert all(code.bit_count() % 2 == 0 for code in got)
    # The last frame's truth may not be written yet, the first may have lost its beginning.
    frame = bytes(code & 0x7F for code in got).split(b"\x03")[-3].split(b"\x02")[-1].decode()
    read = dict(group.replace("\t", " ").split(" ")[:2] for group in frame.strip("\r\n").split("\r\n"))
    assert read["ADCO" if mode == "historique" else "ADSC"] == "021961000009"
    notes = noted(truth)  # it was killed while it wrote
    assert {label: int(read[label]) for label in notes[0]["registers"]} in [note["registers"] for note in notes]
    assert notes[1]["time"] == "2026-01-12T06:01:00.000Z"


def test_it_goes_on_from_what_it_has_counted_since(tmp_path: Path) -> None:
    truth = tmp_path / "truth.jsonl"
    since, start = datetime(2026, 1, 10, 6, tzinfo=UTC), datetime(2026, 1, 12, 6, tzinfo=UTC)
    options = ["--since", since.isoformat(), "--start", start.isoformat(), "--truth", str(truth)]
    with simulator(*options) as process:
        read_until(port_of(process), b"\x03", 2)
    meter = SimulatedMeter(SimulatedContract.HPHC, Mode.STANDARD, start=since)
    before = meter.registers()
    meter.advance(start)
    assert noted(truth)[0]["registers"] == meter.registers() != before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_its_link(number: signal.Signals, tmp_path: Path) -> None:
    link = tmp_path / "meter"
    with simulator("--link", str(link)) as process:
        port_of(process)
        assert link.is_symlink()
        process.send_signal(number)
        _, complaint = process.communicate(timeout=DEADLINE_S)
        assert (process.returncode, complaint) == (0, "")
    assert not link.is_symlink()


def test_the_link_of_one_that_was_killed_is_taken_over(tmp_path: Path) -> None:
    link = tmp_path / "meter"
    with simulator("--link", str(link)) as killed:
        port_of(killed)
    assert link.is_symlink()
    with simulator("--link", str(link), "--speed", "20") as process:
        port_of(process)
        read_until(str(link), b"\x03", 1)


def test_a_recording_is_looped_with_parity(tmp_path: Path) -> None:
    recording = tmp_path / "line.bin"
    recording.write_bytes(b"\x02\nIINST 002 Y\r\x03")
    with simulator("--capture", str(recording), "--speed", "20") as process:
        got = read_until(port_of(process), b"\x03", 3)
    assert with_parity(recording.read_bytes()) * 2 in got


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--number", "12"], "not a meter's number"),
        (["--flip", "2"], "not a probability"),
        (["--capture", "/nonexistent/line.bin"], "/nonexistent/line.bin"),
        (["--capture", __file__, "--truth", "/nonexistent/truth"], "a recording has none"),
        (["--capture", __file__, "--curve", __file__], "a recording has its own"),
        (["--curve", __file__], "line 3: it is not 'Horodate;Valeur'"),
        (["--curve", "/nonexistent/curve.csv"], "/nonexistent/curve.csv: No such file"),
        (["--link", "/nonexistent/meter"], "/nonexistent/meter"),
        (["--link", __file__], "is no link"),
        (["--start", "2026-01-01"], "is not a date with time and offset from UTC"),
        (["--interval", "nan"], "not a number above zero"),
    ],
)
def test_a_wrong_setting_is_one_sentence(options: list[str], sentence: str) -> None:
    with simulator(*options) as process:
        _, complaint = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 2
    assert sentence in complaint
    assert "Traceback" not in complaint


def test_a_load_curve_is_followed_to_its_end_and_then_there_is_silence(tmp_path: Path) -> None:
    start = datetime(2022, 7, 28, 22, tzinfo=UTC)
    curve = write(tmp_path / "curve.csv", lines_of(start, [1001, "", 2000]))
    truth = tmp_path / "truth"
    options = ["--curve", str(curve), "--contract", "base", "--interval", "900", "--speed", "1800"]
    with simulator(*options, "--truth", str(truth)) as process:
        port = port_of(process)
        deadline = time.monotonic() + DEADLINE_S
        while len(noted(truth)) < 7 and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1.5)  # half an hour of it
        assert process.poll() is None
        assert Path(port).exists()
        process.send_signal(signal.SIGTERM)
        _, complaint = process.communicate(timeout=DEADLINE_S)
    counted = [note["registers"]["EAST"] for note in noted(truth)]
    assert [energy_wh - counted[0] for energy_wh in counted] == [0, 250, 500, 500, 500, 1000, 1500]
    assert noted(truth)[0]["time"] == "2022-07-28T22:00:00.000Z"
    assert noted(truth)[-1]["time"] == "2022-07-28T23:30:00.000Z"
    assert complaint == f"{curve}: 1 of 3 steps have no value, the first at line 5; nothing is consumed in them.\n"


def noted(truth: Path) -> list[dict[str, Any]]:
    lines = truth.read_text().splitlines(keepends=True) if truth.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


@contextmanager
def far_end(wire: Wire) -> Iterator[int]:
    """The far end as it is, without a serial port's settings and flush."""
    descriptor = os.open(wire.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def arrived(descriptor: int) -> bytes:
    return os.read(descriptor, 4096) if select.select([descriptor], [], [], 0.2)[0] else b""


def test_a_line_that_nobody_reads_goes_on_and_drops_the_old() -> None:
    with Wire() as wire:
        for number in range(20_000):
            wire.send(b"%09d\n" % number)
        got, deadline = b"", time.monotonic() + DEADLINE_S
        with far_end(wire) as far:
            while b"fresh" not in got and time.monotonic() < deadline:
                wire.send(b"fresh\n")
                got += arrived(far)
    assert b"fresh" in got
    assert b"%09d\n" % 0 not in got


def test_bytes_that_a_cooked_terminal_would_eat_pass() -> None:
    everything, got = bytes(range(256)), b""
    with Wire() as wire, far_end(wire) as far:
        wire.send(everything)
        while chunk := arrived(far):
            got += chunk
    assert got == everything


def test_what_a_reader_writes_neither_returns_nor_clogs() -> None:
    with Wire() as wire, far_end(wire) as far:
        for _ in range(200):
            assert os.write(far, bytes(1000)) == 1000
            time.sleep(0.001)  # the kernel moves it to the other end
            wire.send(b"")
        assert arrived(far) == b""
