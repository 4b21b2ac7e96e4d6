"""An exchange of meters: at a moment another number, with registers near zero, before the same household."""

from datetime import datetime

from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.encode import EncodedGroup
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_shared.labels import Mode


class ExchangedMeter:
    """A meter that is replaced at a moment by another; on the line they are one.

    Attributes:
        before: the first meter; it is advanced with this one.
        at: the aware time of the exchange.
        next_number: the second meter's number, 12 digits.
    """

    def __init__(self, before: SimulatedMeter, at: datetime, next_number: str) -> None:
        self._meter, self._at, self._next_number = before, at, next_number
        self._is_exchanged = False

    @property
    def mode(self) -> Mode:
        """The mode of its line."""
        return self._meter.mode

    @property
    def number(self) -> str:
        """The number of the meter that is installed now."""
        return self._meter.number

    @property
    def moment(self) -> datetime:
        """The time it has been advanced to, in UTC."""
        return self._meter.moment

    @property
    def end(self) -> datetime | None:
        """Until when it can be advanced, in UTC; None for ever."""
        return self._meter.end

    def advance(self, to: datetime) -> None:
        """Count on to an aware time, through the exchange where it lies between."""
        if not self._is_exchanged and self._at <= to:
            self._meter.advance(max(self._at, self._meter.moment))
            self._meter = self._meter.replaced(self._next_number)
            self._is_exchanged = True
        self._meter.advance(to)

    def change_mode(self, mode: Mode) -> None:
        """Change the language, as the grid operator does from afar."""
        self._meter.change_mode(mode)

    def change_contract(self, contract: SimulatedContract) -> None:
        """Change the contract, as the supplier does from afar."""
        self._meter.change_contract(contract)

    def overdraw(self, duration_s: int) -> None:
        """Draw more than subscribed from now on, for so many seconds."""
        self._meter.overdraw(duration_s)

    def groups(self) -> tuple[EncodedGroup, ...]:
        """The frame now."""
        return self._meter.groups()

    def frame(self) -> bytes:
        """The frame now as seven-bit characters from STX to ETX."""
        return self._meter.frame()

    def registers(self) -> dict[str, int]:
        """The current meter's registers by label, in Wh."""
        return self._meter.registers()
