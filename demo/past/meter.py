"""Whose past it is: the meter that `tictally-edge simulate --since` has on the line."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_shared.labels import LABELS, METER_NUMBER, Mode

_NUMBER: Final = "021961000001"  # the simulator's own
# What stands elsewhere in a frame, or nowhere.
_LEFT_OUT: Final = frozenset({*METER_NUMBER.values(), "DATE", "PRM"})


@dataclass(frozen=True, slots=True)
class Home:
    """A simulated meter and its contract.

    Attributes:
        contract: whose periods are counted.
        mode: the language of the line.
        phases: 1 or 3.
        subscribed_kva: what is subscribed.
        producer: True with solar panels.
    """

    contract: SimulatedContract
    mode: Mode
    phases: int
    subscribed_kva: int
    producer: bool = False

    def meter(self, since: datetime) -> SimulatedMeter:
        """The meter as it stood then; it counts on to any later moment as the one on the line does."""
        return SimulatedMeter(
            self.contract,
            self.mode,
            start=since,
            phases=self.phases,
            number=_NUMBER,
            subscribed_kva=self.subscribed_kva,
            producer=self.producer,
        )

    def arguments(self, since: datetime) -> list[str]:
        """The same for `tictally-edge simulate`."""
        chosen = {
            "--contract": self.contract.value,
            "--mode": self.mode.value,
            "--phases": str(self.phases),
            "--subscribed": str(self.subscribed_kva),
            "--number": _NUMBER,
            "--since": since.isoformat(),
        }
        return [*(word for pair in chosen.items() for word in pair), *(["--producer"] if self.producer else [])]


def values_of(meter: SimulatedMeter) -> dict[str, int | str]:
    """What an edge makes of the meter's frame now."""
    known = [(LABELS[group.label], group.data) for group in meter.groups() if group.label not in _LEFT_OUT]
    return {label.name: int(data) if label.is_number else " ".join(data.split()) for label, data in known}
