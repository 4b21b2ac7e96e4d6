"""Grid and production together: how much of what panels produce is consumed at home. Pure.

Of quarter-hours of which both are known, consumption C, injection I and production P: the share of the production
that is consumed at home is (P - I) / P, the share of the home's consumption that it covers (P - I) / (C + P - I).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tictally_recorder.energy.grid import GridQuarter
from tictally_recorder.ledger import Produced
from tictally_shared.calendar import QUARTER_MS

_MILLI = 1000


@dataclass(frozen=True, slots=True)
class Balance:
    """Sums over some time.

    Attributes:
        production_mwh: produced, in thousandths of a Wh, of all quarter-hours of which it is known.
        producing: how many those are.
        both: quarter-hours of which consumption, injection and production are known; the following are of these.
        consumption_wh: from the grid.
        injection_wh: into the grid.
        shared_mwh: produced.
        is_estimated: True if some of the production is.
    """

    production_mwh: int = 0
    producing: int = 0
    both: int = 0
    consumption_wh: int = 0
    injection_wh: int = 0
    shared_mwh: int = 0
    is_estimated: bool = False

    @property
    def production_wh(self) -> int | None:
        """Produced, rounded to the Wh; None where nothing is known of it."""
        return None if not self.producing else _whole(self.production_mwh)

    @property
    def self_consumed_mwh(self) -> int:
        """Produced and consumed at home."""
        return self.shared_mwh - self.injection_wh * _MILLI

    @property
    def self_consumed_wh(self) -> int | None:
        """The same, rounded to the Wh; None where both are never known, or more was injected than produced."""
        return _whole(self.self_consumed_mwh) if self.both and not self.is_contradictory else None

    @property
    def is_contradictory(self) -> bool:
        """True if more was injected than produced, so that one of them is not what it should be."""
        return self.self_consumed_mwh < 0

    @property
    def self_consumption(self) -> float | None:
        """The share of the production that was consumed at home."""
        if self.is_contradictory or not self.shared_mwh:
            return None
        return self.self_consumed_mwh / self.shared_mwh

    @property
    def self_production(self) -> float | None:
        """The share of the home's consumption that its own production covered."""
        used = self.consumption_wh * _MILLI + self.self_consumed_mwh
        return None if self.is_contradictory or not self.both or used <= 0 else self.self_consumed_mwh / used

    def __add__(self, other: "Balance") -> "Balance":
        return Balance(
            self.production_mwh + other.production_mwh,
            self.producing + other.producing,
            self.both + other.both,
            self.consumption_wh + other.consumption_wh,
            self.injection_wh + other.injection_wh,
            self.shared_mwh + other.shared_mwh,
            is_estimated=self.is_estimated or other.is_estimated,
        )


def balance_of(quarters: Iterable[GridQuarter], produced: Mapping[int, Produced]) -> Balance:
    """The sums of some quarter-hours.

    Args:
        quarters: of the grid.
        produced: what is known of the production, by the quarter-hour's number.
    """
    production = producing = both = consumption = injection = shared = 0
    is_estimated = False
    for start_ms, consumed, injected, _ in quarters:
        of_quarter = produced.get(start_ms // QUARTER_MS)
        if of_quarter is None:
            continue
        milliwatt_hours, estimated = of_quarter
        production += milliwatt_hours
        producing += 1
        is_estimated |= estimated
        if consumed is not None and injected is not None:
            both += 1
            consumption += consumed
            injection += injected
            shared += milliwatt_hours
    return Balance(production, producing, both, consumption, injection, shared, is_estimated=is_estimated)


def _whole(milliwatt_hours: int) -> int:
    return (milliwatt_hours + _MILLI // 2) // _MILLI
