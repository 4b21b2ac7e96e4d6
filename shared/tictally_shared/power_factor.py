"""Active power in W from apparent power in VA and an energy register: the power factor is learned. Pure.

A meter shows VA at once, and W only as energy: a register that counts whole Wh. Energy over apparent energy of about
the last hour is the power factor. What the register has counted beyond the power shown so far is made up within the
next 20 VAh, so that the mean of the power over an hour is the register's difference, but for some Wh.
"""

from collections.abc import Mapping
from math import exp
from typing import Final

# After a longer gap nobody knows the apparent energy: counting begins anew.
_GAP_S: Final = 60.0
_HOUR_S: Final = 3600.0
# The factor is that of the last hour, and of at least so much apparent energy: a register counts whole Wh.
_WINDOW_H, _WINDOW_VAH = 1.0, 100.0
# A register of whole Wh shows the factor to 5 % then.
_LEARNED_WH: Final = 20
_REPAID_WITHIN_VAH: Final = 20.0


class PowerFactor:
    """One direction of one meter: its power factor, and its active power.

    Attributes:
        watts: active power now, or None while it is unknown.
    """

    def __init__(self) -> None:
        self._step_va = 1
        self._energy_wh = self._apparent_vah = 0.0  # of the window
        self._counted_wh = 0  # since the start
        self._is_known = False
        self._carried_wh = 0.0  # counted by the register and not shown yet
        self._at: float | None = None
        self._va: int | None = None
        self._registers: dict[str, int] = {}
        self.watts: int | None = None

    @property
    def factor(self) -> float | None:
        """The power factor of about the last hour, 0 to 1; None until 20 Wh have been counted."""
        if not self._is_known or not self._apparent_vah:
            return None
        return min(self._energy_wh / self._apparent_vah, 1.0)

    def restore(self, factor: float) -> None:
        """Take the factor of an earlier life, unless it has been learned since."""
        if not self._is_known and 0 < factor <= 1:
            self._is_known = True
            self._energy_wh += factor * _WINDOW_VAH
            self._apparent_vah += _WINDOW_VAH

    def add(self, va: int, registers: Mapping[str, int], at: float, step_va: int) -> None:
        """Take a frame.

        Args:
            va: apparent power.
            registers: label → Wh of those that count its energy; one that is missing counts with a later frame.
            at: seconds on a clock that never steps.
            step_va: by which the meter rounds its apparent power; active power never exceeds that by more.
        """
        self._step_va = step_va
        counted_wh = self._count(registers)
        if self._at is None or self._va is None or counted_wh is None or not 0 <= at - self._at <= _GAP_S:
            self._registers = dict(registers)
            self._carried_wh = 0.0
        else:
            self._learn(counted_wh, (self._va + va) / 2, (at - self._at) / _HOUR_S)
        self._at, self._va = at, va

    def show(self) -> int | None:
        """Return the active power now in W, which is shown until the next call; None while it is unknown."""
        factor = self.factor
        if self._va == 0:
            self.watts = 0
        elif self._va is None or factor is None:
            self.watts = None
        else:
            made_up = self._va * max(factor + self._carried_wh / _REPAID_WITHIN_VAH, 0.0)
            self.watts = round(min(made_up, self._va + self._step_va))
        return self.watts

    def _count(self, registers: Mapping[str, int]) -> int | None:
        """What the registers have counted since they were last seen, in Wh; None if one went back."""
        differences = [wh - self._registers.get(label, wh) for label, wh in registers.items()]
        self._registers |= registers
        return None if any(each < 0 for each in differences) else sum(differences)

    def _learn(self, counted_wh: int, va: float, hours: float) -> None:
        apparent_vah = va * hours
        faded = exp(-min(hours / _WINDOW_H, apparent_vah / _WINDOW_VAH))
        self._energy_wh = self._energy_wh * faded + counted_wh
        self._apparent_vah = self._apparent_vah * faded + apparent_vah
        self._counted_wh += counted_wh
        self._is_known |= self._counted_wh >= _LEARNED_WH
        if self.watts is not None:
            self._carried_wh += counted_wh - self.watts * hours
