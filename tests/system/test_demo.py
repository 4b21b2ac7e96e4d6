"""The demo as a newcomer runs it: it shows a meter, ends when stopped, and leaves nothing behind."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parent.parent.parent
READY_S = 60
END_S = 30


@dataclass
class Running:
    """A demo whose temporary files lie in a folder of its own, by which its processes are known."""

    process: subprocess.Popen[str]
    folder: Path

    def read_until(self, pattern: str) -> str:
        """The first line that the pattern is found in."""
        assert self.process.stdout is not None
        for text in self.process.stdout:
            if re.search(pattern, text):
                return text
        raise AssertionError(f"the demo ended without {pattern}: {self.process.communicate()[1]}")

    def finish(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=END_S)
        return self.process.returncode, out, err

    def parts(self) -> dict[int, str]:
        """Processes with the folder in their environment or command line, by id."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != self.process.pid:
                try:
                    output = (entry / "cmdline").read_bytes() + b"\0" + (entry / "environ").read_bytes()
                except OSError:
                    continue
                if str(self.folder).encode() in output:
                    found[int(entry.name)] = output.split(b"\0\0")[0].replace(b"\0", b" ").decode(errors="replace")
        return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Running]:
    environ = os.environ | {"HOME": str(folder), "TMPDIR": str(folder), "PATH": f"{os.environ['PATH']}:/usr/sbin"}
    with subprocess.Popen(
        [sys.executable, "-m", "demo", "--seconds", str(READY_S), *arguments],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        yield Running(process, folder)
        if process.poll() is None:
            process.kill()


@pytest.fixture
def demo(folder: Path) -> Iterator[Running]:
    with running(folder, "--new") as made:
        yield made


@pytest.fixture
def demo_with_past(folder: Path) -> Iterator[Running]:
    with running(folder) as made:
        yield made


def test_it_ends_on_ctrl_c_with_every_frame_stored_and_nothing_left(demo: Running) -> None:
    demo.read_until(r"\d VA .* [1-9]\d* stored")
    demo.process.send_signal(signal.SIGINT)
    code, out, err = demo.finish()
    assert (code, err) == (0, "")
    counted = re.search(r"frames: (\d+) sent, (\d+) stored", out)
    assert counted is not None
    assert int(counted[1]) == int(counted[2]) > 0
    assert list(demo.folder.iterdir()) == []
    assert demo.parts() == {}


def test_its_page_has_a_year_of_history_that_the_meter_continues(demo_with_past: Running) -> None:
    found = re.search(r"http://127\.0\.0\.1:\d+/", demo_with_past.read_until("the page is at"))
    assert found is not None
    with urlopen(found[0]) as page:  # noqa: S310 - our own
        assert b"<title>tictally</title>" in page.read()
    demo_with_past.read_until(r"\d VA ")
    with urlopen(f"{found[0]}api/v1/use?by=year&from=2000-01-01") as answer:  # noqa: S310 - our own
        years = json.load(answer)["items"]
    assert sum(year["consumption_wh"] for year in years) > 5_000_000
    # The registers of the line go on from those of the past: else a fall, or a leap of years, would stand here.
    with urlopen(f"{found[0]}api/v1/quality") as answer:  # noqa: S310 - our own
        quality = json.load(answer)
    assert quality["items"][0]["falls"] == []
    with urlopen(f"{found[0]}api/v1/use") as answer:  # noqa: S310 - our own
        today = json.load(answer)["items"]
    assert today[0]["consumption_wh"] < 100_000
    os.kill(demo_with_past.process.pid, signal.SIGINT)
    assert demo_with_past.finish()[0] == 0
    assert demo_with_past.parts() == {}


def test_a_part_that_dies_ends_it_with_the_parts_name_and_nothing_left(demo: Running) -> None:
    demo.read_until(r"\d VA ")
    (victim,) = [number for number, words in demo.parts().items() if "mosquitto -c" in words]
    os.kill(victim, signal.SIGKILL)
    code, _, err = demo.finish()
    assert code == 1
    assert err.startswith("mosquitto ended by itself (signal 9); its last lines:")
    assert "Traceback" not in err
    assert list(demo.folder.iterdir()) == []
    assert demo.parts() == {}


def test_a_recording_without_frames_is_reported_and_fails(folder: Path) -> None:
    path = folder / "notes.txt"
    path.write_text("milk, bread\n" * 100)
    with running(folder, "--capture", str(path), "--seconds", "3") as demo:
        code, out, err = demo.finish()
    assert (code, err) == (1, f"no TIC frames found in {path}; is it a recording of a TIC line?\n")
    assert "starting" not in out


def test_it_shows_how_to_query_its_ledger(demo: Running) -> None:
    command = demo.read_until("query it with: ").split(": ", 1)[1].split()
    assert command[1:3] == ["cost", "--ledger"]
    demo.read_until(r"\d VA .* [1-9]\d* stored")
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" not in asked.stderr
    assert asked.stdout.startswith(("Site ", "Nothing was counted"))
    demo.process.send_signal(signal.SIGINT)
    assert demo.finish()[0] == 0
    assert demo.parts() == {}


def test_a_terminal_shows_one_screen_and_seconds_end_it(folder: Path) -> None:
    ours, theirs = pty.openpty()
    environ = os.environ | {"TMPDIR": str(folder), "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        [sys.executable, "-m", "demo", "--new", "--seconds", "10"], cwd=ROOT, env=environ, stdout=theirs, stdin=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            try:
                shown += os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
    os.close(ours)
    assert process.returncode == 0
    for words in ("tictally demo", "period", "VA", "Wh", "online", "stored"):
        assert words in shown.decode()
