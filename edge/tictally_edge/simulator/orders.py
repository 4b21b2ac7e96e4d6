"""Orders to a simulated meter while it runs, one a line: faults of its line, and their end."""

import os
import select
import sys
import time
from typing import Final

from tictally_edge.simulator import SimulatorError
from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.faults import Faults
from tictally_edge.simulator.meter import HouseholdMeter
from tictally_edge.simulator.wire import Wire
from tictally_shared.labels import Mode

_MOST_BYTES: Final = 4096
_FORMS: Final = "unplug, plug, silence, speak, flip P, mode M, contract C and overload SECONDS"


class Operator:
    """Executes orders.

    Attributes:
        is_silent: True while the meter counts without sending.

    Args:
        wire: it is unplugged and plugged in again.
        meter: it changes its mode; None behind a recording.
        faults: of the line at first.
        orders: a file descriptor to read orders from, or None.
    """

    def __init__(self, wire: Wire, meter: HouseholdMeter | None, faults: Faults, orders: int | None) -> None:
        self._wire, self._meter, self._faults, self._orders = wire, meter, faults, orders
        self._unfinished = b""
        self.is_silent = False

    def wait(self, timeout_s: float) -> None:
        """Let time pass; an order is executed at once and ends the wait."""
        if self._orders is None:
            time.sleep(timeout_s)
            return
        if not select.select([self._orders], [], [], timeout_s)[0]:
            return
        came = os.read(self._orders, _MOST_BYTES)
        if not came:  # the other end was closed; the meter stays as it is
            self._orders = None
        *lines, self._unfinished = (self._unfinished + came).split(b"\n")
        for line in lines:
            try:
                self.execute(line.decode(errors="replace").strip())
            except SimulatorError as error:
                sys.stderr.write(f"{error}\n")

    def execute(self, order: str) -> None:
        """Execute one line.

        Raises:
            SimulatorError: it is no order, or one that cannot be executed.
            OSError: no terminal is available, or its link cannot be created.
        """
        match order.split():
            case ["unplug"]:
                self._wire.unplug()
            case ["plug"]:
                self._wire.plug()
            case ["silence" | "speak" as word]:
                self.is_silent = word == "silence"
            case ["flip", probability]:
                self._faults = self._faults.with_flips(_number(probability))
            case ["mode", ("historique" | "standard") as mode]:
                self._changeable().change_mode(Mode(mode))
            case ["contract", ("base" | "hphc" | "tempo" | "ejp") as contract]:
                self._changeable().change_contract(SimulatedContract(contract))
            case ["overload", seconds]:
                self._changeable().overdraw(_seconds(seconds))
            case _:
                raise SimulatorError(f"{order[:40]!r} is no order; there are {_FORMS}")

    def _changeable(self) -> HouseholdMeter:
        if self._meter is None:
            raise SimulatorError("a recording cannot be changed")
        return self._meter

    def arriving(self, characters: bytes) -> bytes:
        """Return what arrives of the next characters on the line with its present faults."""
        return self._faults.apply(characters)


def _seconds(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise SimulatorError(f"{text[:40]!r} is no whole number of seconds above zero")
    return int(text)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise SimulatorError(f"{text[:40]!r} is no number") from None
