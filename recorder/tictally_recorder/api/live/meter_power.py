"""The active power of a meter, in W, from its frames as they are stored."""

from collections.abc import Iterable, Mapping
from typing import Final

from tictally_recorder.ledger import LedgerReader, Meter, Quarter
from tictally_shared.active_power import CONSUMPTION, INJECTION, DirectionPower, Sources
from tictally_shared.calendar import QUARTER_MS

_HOUR_MS: Final = 3_600_000
_MS_PER_S: Final = 1000
# A register of whole Wh shows the factor to 2 % then.
_ENOUGH_WH: Final = 50
_LOOKED_BACK_MS: Final = 12 * QUARTER_MS

Factors = tuple[float | None, float | None]
"""The power factors of consumption and injection; None where one is unknown."""


class MeterPower:
    """The active power of one meter, in both directions. The power factor is learned from its registers."""

    def __init__(self) -> None:
        self._consumption, self._injection = DirectionPower(CONSUMPTION), DirectionPower(INJECTION)

    def restore(self, factors: Factors) -> None:
        """Take the power factors that the ledger shows, unless frames have shown others since."""
        for direction, factor in zip((self._consumption, self._injection), factors, strict=True):
            if factor is not None:
                direction.restore(factor)

    def add(self, time_ms: int, values: Mapping[str, int | str]) -> tuple[int | None, int | None]:
        """Take a frame, and return the W consumed and injected as of then; None where that is unknown."""
        found: list[int | None] = []
        for direction in (self._consumption, self._injection):
            if direction.is_in(values):
                direction.add(values, time_ms / _MS_PER_S)
                found.append(direction.show())
            else:
                found.append(None)
        return found[0], found[1]


def learned_factors(reader: LedgerReader, meter: Meter) -> Factors:
    """The power factors of a meter's newest quarter-hours: frames show them only after some time.

    Args:
        reader: the ledger.
        meter: of it.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    last_ms = meter.last_ms
    quarters = list(reader.quarters(meter.id, last_ms - _LOOKED_BACK_MS, last_ms + 1, newest_first=True))
    return factor_of(quarters, CONSUMPTION), factor_of(quarters, INJECTION)


def factor_of(quarters: Iterable[Quarter], sources: Sources) -> float | None:
    """The power factor of the newest quarter-hours that counted enough for it, or None.

    Args:
        quarters: the newest first.
        sources: apparent power → the registers that count its energy.
    """
    energy_wh, apparent_vah = 0, 0.0
    for quarter in quarters:
        source = next((each for each in sources if each in quarter.live), None)
        if source is None:
            continue
        live = quarter.live[source]
        apparent_vah += live.sum / live.n * (live.last_ms - live.first_ms) / _HOUR_MS
        runs = [run for register in sources[source][0] for run in quarter.registers.get(register, ())]
        energy_wh += sum(run.last - run.first for run in runs)
        if energy_wh >= _ENOUGH_WH:
            return min(energy_wh / apparent_vah, 1.0) if apparent_vah else None
    return None
