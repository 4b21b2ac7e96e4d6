"""The findings of the edge's doctor, by table."""

import os
import re
import subprocess
import sys
import tty
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from tictally_edge.clock.timekeeper import ClockStatus
from tictally_edge.decoding.decoder import Decoder
from tictally_edge.decoding.groups import Fault
from tictally_edge.doctor.clock import diagnose_clock
from tictally_edge.doctor.folder import check_folders
from tictally_edge.doctor.listening import LineSample, diagnose_line, listen
from tictally_edge.doctor.service import diagnose_service
from tictally_edge.finding import EdgeFinding, FindingCode
from tictally_edge.processes import Process
from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.encode import with_parity
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_edge.sources.base import Moment
from tictally_edge.sources.device_check import check_device
from tictally_edge.sources.serial_port import SerialPort
from tictally_edge.translations import catalogue
from tictally_shared.labels import Mode

ADAPTERS = Path(__file__).parents[3] / "shared" / "cases" / "bin"
NUMBER = "021961000001"
CLEAN: dict[str, Any] = {"frames": 10, "groups": 400, "mode": Mode.STANDARD, "baud": 9600, "parity": True}
NOW = Moment(1000.0, 1_800_000_000_000)
EDGE = Process(7, ("python", "tictally-edge", "run"))


def heard(rejected: int = 0, numbers: int = 10, **changes: Any) -> LineSample:  # noqa: ANN401 - a table's
    return LineSample(**CLEAN | {"rejected": Counter(parity=rejected), "numbers": Counter({NUMBER: numbers})} | changes)


def shown(findings: list[EdgeFinding] | Iterator[EdgeFinding]) -> str:
    return "\n".join(finding.lines("en") for finding in findings)


def text(finding: EdgeFinding) -> str:
    return catalogue("en").phrase(finding.phrase)


def advice(finding: EdgeFinding) -> str:
    return catalogue("en").advice(finding.phrase) or ""


LINES: dict[str, tuple[LineSample, Mode | None, str, bool]] = {
    "a clean line": (heard(), None, "a clean signal: standard mode at 9600 baud; 10 frames, 400 groups", True),
    "one group in a while": (heard(rejected=2), None, "a good signal", True),
    "some groups": (heard(rejected=12), None, "a fair signal", True),
    "many groups": (heard(rejected=20), None, "a poor signal", False),
    "seven bits": (heard(parity=False), None, "the adapter does not pass parity on", True),
    "the mode that is set": (heard(), Mode.STANDARD, "a clean signal", True),
    "a group that is spoilt in every frame": (
        heard(rejected=10, faults=Counter({Fault("checksum", "PMAX"): 10}), deviations=Counter()),
        None,
        "PMAX is rejected in every frame (checksum).",
        False,
    ),
    "no STX": (heard(deviations=Counter(missing_stx=10)), None, "frames arrive without STX", True),
    "STX and LF as others": (heard(deviations=Counter(control_character=9)), None, "as other control characters", True),
    "a separator that is CR": (heard(deviations=Counter(separator=10)), None, "has CR as its separator", True),
    "another mode than is set": (heard(), Mode.HISTORIQUE, "Remove TICTALLY_EDGE_MODE: the mode", False),
    "a number read too seldom": (heard(numbers=2), None, "was read 2 times; it is accepted after 3", False),
    "no number": (heard(numbers=0), None, "number could not be read", False),
    "silence": (LineSample(Counter({9600: 0, 1200: 0})), None, "no data at 1200 baud and 9600 baud", False),
    "noise": (LineSample(Counter({9600: 70})), None, "70 bytes at 9600 baud, and no good frame", False),
}


@pytest.mark.parametrize("case", LINES)
def test_a_line_is_diagnosed_by_a_sample_of_it(case: str) -> None:
    what, wanted, sentence, is_well = LINES[case]
    what.numbers = +what.numbers
    findings = diagnose_line(what, wanted, show=False)
    assert sentence in shown(findings)
    assert all(finding.ok for finding in findings) is is_well
    assert all(finding.ok or advice(finding) for finding in findings)


def test_what_repeats_in_every_frame_is_no_fault_of_the_cable() -> None:
    spoilt = heard(rejected=20, faults=Counter({Fault("parity", "PMAX"): 10, Fault("parity", "HHPHC"): 10}))
    found = shown(diagnose_line(spoilt, None, show=False))
    assert "a clean signal" in found
    assert "another cable changes nothing" in found
    assert "Shorten the cable" not in found


def test_a_number_that_is_spoilt_in_every_frame_is_no_weak_signal() -> None:
    spoilt = heard(rejected=10, numbers=0, faults=Counter({Fault("parity", "ADSC"): 10}))
    spoilt.numbers.clear()
    found = shown(diagnose_line(spoilt, None, show=False))
    assert "its number is rejected in every frame" in found
    assert "improve the line" not in found


@pytest.mark.parametrize("mode", Mode)
def test_an_adapter_that_spoils_every_group_is_not_taken_for_noise(terminal: tuple[int, str], mode: Mode) -> None:
    near, name = terminal
    meter = SimulatedMeter(SimulatedContract.BASE, mode, start=datetime(2026, 1, 12, tzinfo=UTC), number=NUMBER)
    frame, stop = re.sub(rb".\r", b"\x21\r", meter.frame()), Event()  # each checksum is the same character

    def speak() -> None:
        while not stop.wait(0.05):
            os.write(near, with_parity(frame))

    speaking = Thread(target=speak)
    speaking.start()
    sample = listen(lambda baud: SerialPort(name, baud, "8N1"), mode, 3.0)
    stop.set()
    speaking.join()
    (finding,) = diagnose_line(sample, None, show=False)
    assert finding.phrase.code is FindingCode.FRAMES_SPOILT
    assert "in each of them the same groups are rejected (checksum)" in text(finding)
    assert "another cable changes nothing" in advice(finding)


def test_a_label_that_noise_hits_now_and_then_is_no_repetition() -> None:
    hit = heard(rejected=24, faults=Counter({Fault("parity", "PMAX"): 7, Fault("parity", "PAPP"): 5}))
    assert "a poor signal" in shown(diagnose_line(hit, None, show=False))
    assert "in every frame" not in shown(diagnose_line(hit, None, show=False))


@pytest.mark.skipif(not ADAPTERS.exists(), reason="no lines of adapters beside the project")
def test_the_line_of_an_adapter_that_repeats_a_fault_is_not_called_a_poor_cable() -> None:
    data = (ADAPTERS / "historique_tri_pmax_separator_is_cr.bin").read_bytes() * 3
    sample, decoder = LineSample(), Decoder()
    for each in decoder.feed(data.replace(b"PAPP 0", b"PAPP 1")):  # its checksum is wrong in every frame now
        sample.add(each, 1200)
    found = shown(diagnose_line(sample, None, show=False))
    assert "a clean signal" in found
    assert "PAPP is rejected in every frame (checksum)" in found
    assert "a group has CR as its separator" in found


def test_a_meters_number_is_shown_whole_only_on_request() -> None:
    assert NUMBER not in shown(diagnose_line(heard(), None, show=False))
    assert "········0001" in shown(diagnose_line(heard(), None, show=False))
    assert NUMBER in shown(diagnose_line(heard(), None, show=True))


CLOCKS: dict[str, tuple[ClockStatus, bool, str, bool]] = {
    "a time server": (ClockStatus(synchronised=True), False, "synchronised by a time server.", True),
    "nothing": (ClockStatus(), False, "frames wait for a time server", False),
    "nothing, trusted": (ClockStatus(), True, "trusted by setting.", True),
    "the meter agrees": (ClockStatus(meter_ms=NOW.time_ms - 5000), False, "the meter's is 5 s behind", True),
    "the meter is far": (ClockStatus(meter_ms=NOW.time_ms + 600_000), False, "differ by 10 minutes", False),
    "trusted, the meter is far": (ClockStatus(meter_ms=NOW.time_ms + 600_000), True, "differ by 10 minutes", False),
}


@pytest.mark.parametrize("case", CLOCKS)
def test_a_clock_is_diagnosed_as_the_edge_would(case: str) -> None:
    status, trusted, sentence, is_well = CLOCKS[case]
    finding = diagnose_clock(NOW, status, trusted=trusted)
    assert sentence in text(finding)
    assert (finding.ok, bool(advice(finding))) == (is_well, not is_well)


WELL = {
    "uptime_s": 7200,
    "port": "/dev/ttyUSB0",
    "source": {"type": "serial", "state": "receiving"},
    "mode": "standard",
    "frames": 900,
    "groups": 9000,
    "rejected": {},
    "parity": True,
    "clock": "ntp",
    "boots": [{"boot": "a", "backlog": [[3, 5], [9, 9]]}],
}
SERVICES: dict[str, tuple[dict[str, Any], str, bool]] = {
    "all is well": ({}, "4 frames wait for the broker", True),
    "no meter": ({"source": {"state": "listening"}}, "receives no good frame from /dev/ttyUSB0", False),
    "just started": ({"source": {"state": "closed"}, "uptime_s": 0}, "try again in a minute", False),
    "a noisy line": ({"rejected": {"checksum": 900}}, "a poor signal", False),
    "no proof of the clock": (
        {"clock_waits_for": "proof", "waiting_for_date": 4},
        "4 frames wait for a time server",
        False,
    ),
    "a spoilt group": (
        {
            "rejected": {"checksum": 900, "shape": 2},
            "rejected_repeatedly": {"checksum": 895},
            "repeated_faults": [{"reason": "checksum", "label": "ADCO"}],
        },
        "a good signal: standard mode; 900 frames, 9000 groups, rejected: 5 checksum, 2 shape",
        False,
    ),
    "a phantom value": (
        {
            "rejected": {"plausibility": 900},
            "rejected_repeatedly": {"plausibility": 900},
            "repeated_faults": [{"reason": "plausibility", "label": "SINSTS1"}],
        },
        "SINSTS1 is left out of every frame",
        True,
    ),
    "an adapter without STX": ({"deviations": ["missing_stx", "of another version"]}, "arrive without STX", True),
    "a full disk": ({"journal_unstored": 3}, "3 frames could not be stored", False),
    "topics that may not be written": ({"rejected_by_broker": 1}, "1 message was rejected by the broker", False),
    "two of a name": ({"name_conflicts": 3}, "another edge of its name was noticed 3 times", False),
    "set back": ({"number_conflicts": 1}, "it has begun a new boot 1 time", False),
    "a broker with small packets": ({"messages_withheld": 2}, "2 messages were larger than the broker accepts", False),
    "many meters": ({"meters": 9}, "it has read 9 meters", False),
    "an exchanged meter": ({"meters": 2, "boots_held": 16}, "4 frames wait for the broker", True),
    "many boots": ({"boots_held": 17}, "frames of 17 boots", False),
    "another version's": ({"boots": [1, 2], "frames": "many", "rejected": 7}, "0 frames wait", True),
}


@pytest.mark.parametrize("case", SERVICES)
def test_a_running_edge_is_diagnosed_by_its_health(case: str) -> None:
    changes, sentence, is_well = SERVICES[case]
    findings = diagnose_service(EDGE, "online", WELL | changes, 10.0)
    assert sentence in shown(findings)
    assert all(finding.ok for finding in findings) is is_well


@pytest.mark.parametrize(
    ("process", "availability", "age_s", "sentence", "is_well"),
    [
        (EDGE, "", None, "may not read its health at the broker", True),
        (EDGE, "offline", 5.0, "at the broker it is offline", False),
        (EDGE, "online", 1000.0, "its health is 17 minutes old", False),
    ],
)
def test_an_edge_whose_health_cannot_be_read(
    process: Process, availability: str, age_s: float | None, sentence: str, *, is_well: bool
) -> None:
    (finding,) = diagnose_service(process, availability, None if age_s is None else WELL, age_s)
    assert sentence in text(finding)
    assert finding.ok is is_well


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    near, far = os.openpty()
    tty.setraw(far)
    yield near, os.ttyname(far)
    os.close(near)
    os.close(far)


@pytest.mark.parametrize("mode", Mode)
def test_listening_detects_the_mode_and_ends_after_enough_frames(terminal: tuple[int, str], mode: Mode) -> None:
    near, name = terminal
    meter = SimulatedMeter(SimulatedContract.BASE, mode, start=datetime(2026, 1, 12, tzinfo=UTC), number=NUMBER)
    frame, stop = with_parity(meter.frame()), Event()

    def speak() -> None:
        while not stop.wait(0.05):
            os.write(near, frame)

    speaking = Thread(target=speak)
    speaking.start()
    what = listen(lambda baud: SerialPort(name, baud, "8N1"), None, 10.0)
    stop.set()
    speaking.join()
    assert (what.mode, what.frames >= 10, what.rejected.total()) == (mode, True, 0)
    assert what.numbers[NUMBER] == what.frames


def test_a_silent_port_is_listened_to_at_both_speeds(terminal: tuple[int, str]) -> None:
    what = listen(lambda baud: SerialPort(terminal[1], baud, "8N1"), None, 0.4)
    assert (dict(what.received), what.frames) == ({9600: 0, 1200: 0}, 0)


def test_a_port_that_cannot_be_read_is_a_sentence_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "line.bin").write_bytes(b"")
    missing, _ = check_device(str(tmp_path / "none"))
    recorded, _ = check_device(str(tmp_path / "line.bin"))
    assert "no such device" in text(missing)
    assert "Plug in the dongle" in advice(missing)
    assert advice(recorded) == f"Give a recording as file:{tmp_path}/line.bin."


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a device away")
def test_a_port_that_this_user_may_not_open_is_a_sentence_with_what_to_do(terminal: tuple[int, str]) -> None:
    os.chown(terminal[1], 0, 20)
    Path(terminal[1]).chmod(0o660)
    shown = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, terminal[1]], capture_output=True, text=True, check=True
    ).stdout
    assert "may not open it.\n   → sudo adduser" in shown


_AS_NOBODY = """
import os, sys
from tictally_edge.sources.device_check import check_device
from tictally_edge.translations import catalogue
catalogue("en")  # nobody may not be allowed to read this folder
os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)
print(check_device(sys.argv[1])[0].lines("en"))
"""


def test_a_folder_is_checked_and_left_unchanged(tmp_path: Path) -> None:
    (found,) = check_folders(tmp_path / "new" / "journal", None, 1)
    assert found.ok
    assert "will be created at the first start" in text(found)
    assert list(tmp_path.iterdir()) == []
    (short,) = check_folders(tmp_path, None, 10**9)
    assert "make room, or lower it" in advice(short)
    (tmp_path / "file").write_text("")
    (wrong,) = check_folders(tmp_path / "file" / "journal", None, 1)
    assert "cannot be written" in text(wrong)
