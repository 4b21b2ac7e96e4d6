"""Orders to a simulated meter while it runs, and what its truth shows of them."""

import json
import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from devel.child_process import ChildProcess
from tictally_shared.frames import parse_time_ms

WITHIN_S = 60.0


@dataclass
class Meter:
    """A simulated meter at fifty times the line's speed."""

    process: ChildProcess
    folder: Path

    @property
    def link(self) -> Path:
        return self.folder / "line"

    @property
    def notes(self) -> list[dict[str, Any]]:
        path = self.folder / "truth"
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def order(self, *orders: str) -> None:
        self.process.write_line("\n".join(orders))

    def wait_until(self, is_so: Callable[[], object]) -> None:
        end = time.monotonic() + WITHIN_S
        while not is_so():
            assert time.monotonic() < end, self.notes[-1:]
            time.sleep(0.02)

    def wait_for_note(self, is_so: Callable[[dict[str, Any]], bool]) -> None:
        before = len(self.notes)
        self.wait_until(lambda: any(map(is_so, self.notes[before:])))


def shown(note: dict[str, Any]) -> dict[str, str]:
    """Label → data of a frame."""
    return {label: data for label, _, data in note["groups"]}


@pytest.fixture
def meter(tmp_path: Path) -> Iterator[Meter]:
    options = ["--speed", "50", "--orders", "--link", str(tmp_path / "line"), "--truth", str(tmp_path / "truth")]
    command = [sys.executable, "-m", "tictally_edge", "simulate", *options]
    process = ChildProcess("meter", command, tmp_path / "complaints", takes_input=True)
    process.start()
    found = Meter(process, tmp_path)
    found.wait_until(lambda: found.notes)
    yield found
    process.kill()


def test_a_line_that_is_unplugged_loses_its_port_and_gets_another(meter: Meter) -> None:
    port = os.open(meter.link, os.O_RDWR | os.O_NOCTTY)
    meter.order("unplug")
    meter.wait_until(lambda: not meter.link.is_symlink())
    meter.wait_for_note(lambda note: not note["whole"])
    poll = select.poll()
    poll.register(port, 0)
    assert poll.poll(1000)[0][1] & select.POLLHUP
    meter.order("plug")
    meter.wait_until(meter.link.exists)
    meter.wait_for_note(lambda note: note["whole"])
    os.close(port)


def test_a_silent_meter_sends_nothing_and_counts_on(meter: Meter) -> None:
    meter.order("silence", "speak", "silence")
    time.sleep(0.3)  # the frame under way
    before = meter.notes
    time.sleep(0.5)
    assert len(meter.notes) == len(before)
    meter.order("speak")
    meter.wait_for_note(lambda note: note["whole"])
    clock = [parse_time_ms(note["time"]) for note in meter.notes]
    assert max(later - earlier for earlier, later in pairwise(clock)) > 10_000


def test_a_bad_line_is_bad_for_a_while(meter: Meter) -> None:
    meter.order("flip 0.01")
    meter.wait_for_note(lambda note: not note["whole"])
    meter.order("flip 0")
    meter.wait_for_note(lambda note: note["whole"])
    after = len(meter.notes)
    meter.wait_until(lambda: len(meter.notes) > after + 10)
    assert all(note["whole"] for note in meter.notes[after:])


def test_the_mode_changes_and_the_registers_do_not(meter: Meter) -> None:
    meter.order("mode historique")
    meter.wait_for_note(lambda note: note["mode"] == "historique")
    standard = next(note["registers"] for note in reversed(meter.notes) if note["mode"] == "standard")
    other = next(note for note in meter.notes if note["mode"] == "historique")
    assert abs(sum(other["registers"].values()) - standard["EAST"]) < 100
    assert other["groups"][0][0] == "ADCO"


@pytest.mark.parametrize("mode", ["standard", "historique"])
def test_the_contract_changes_and_the_registers_go_on(meter: Meter, mode: str) -> None:
    meter.order(f"mode {mode}")
    meter.wait_for_note(lambda note: note["mode"] == mode)
    before = meter.notes[-1]["registers"]
    meter.order("contract tempo")
    option = ("NGTF", "     TEMPO      ") if mode == "standard" else ("OPTARIF", "BBR(")
    meter.wait_for_note(lambda note: shown(note).get(option[0]) == option[1])
    after = meter.notes[-1]["registers"]
    if mode == "standard":
        assert all(0 <= after[register] - before[register] < 1000 for register in before)
    else:
        assert 0 <= sum(after.values()) - sum(before.values()) < 1000
        assert after.keys() == {f"BBR{hours}J{colour}" for hours in ("HC", "HP") for colour in "BWR"}


def test_an_overload_begins_and_ends_by_itself(meter: Meter) -> None:
    meter.order("mode historique", "overload 100")
    meter.wait_for_note(lambda note: "ADPS" in shown(note))
    meter.wait_for_note(lambda note: "ADPS" not in shown(note))
    alarmed = [note["time"] for note in meter.notes if "ADPS" in shown(note)]
    lasted_ms = parse_time_ms(alarmed[-1]) - parse_time_ms(alarmed[0])
    assert 90_000 < lasted_ms < 115_000


def test_what_is_no_order_is_a_sentence_and_nothing_else(meter: Meter) -> None:
    meter.order("explode", "flip much", "flip 2", "mode loud", "contract none", "overload 0", "flip 0")
    meter.wait_for_note(lambda note: note["whole"])
    port, *complaints = (meter.folder / "complaints").read_text().splitlines()
    assert port.endswith("/line")
    assert [line[:12] for line in complaints] == [
        "'explode' is",
        "'much' is no",
        "2.0 is not a",
        "'mode loud' ",
        "'contract no",
        "'0' is no wh",
    ]


def test_whoever_gives_orders_may_go(meter: Meter) -> None:
    meter.process.close_input()
    meter.wait_for_note(lambda note: note["whole"])
