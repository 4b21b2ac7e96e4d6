"""Which periods the registers of quarters of one kind count, on one contract. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Final, NamedTuple

from tictally_recorder.cost.compare.consumption import QuarterKind
from tictally_recorder.cost.contracts.model import Contract
from tictally_recorder.cost.local_quarter import LocalQuarter
from tictally_recorder.energy import EnergyRow
from tictally_recorder.energy.interpolation import Unknown
from tictally_recorder.energy.register_totals import Counted
from tictally_recorder.reason import Reason
from tictally_recorder.tariffs.model import Tariff
from tictally_shared.calendar import QUARTER_MS

_ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)
_SOME_TIME: Final = (Unknown(0, QUARTER_MS, fell=False),)


class Registers(NamedTuple):
    """Registers that count the same.

    Attributes:
        places: theirs among those of the kind that count.
        is_estimated: what they counted is, in part.
        incomplete: why that is not all of the energy, or None.
    """

    places: tuple[int, ...]
    is_estimated: bool
    incomplete: Reason | None


ByPeriod = Mapping[str, Registers]


class KindPeriods:
    """The periods of quarters of one kind.

    Args:
        kind: of the quarters.
        contract: for consumption on their days, or None.
    """

    def __init__(self, kind: QuarterKind, contract: Contract | None) -> None:
        counting = [at for at, each in enumerate(kind) if each.counts]
        self._places = {at: place for place, at in enumerate(counting)}
        self._example = LocalQuarter(_ANY_TIME, [_row(at, kind) for at in range(len(kind))], contract)
        self._of_tariff: dict[str, ByPeriod | None] = {}
        self.total = self._registers(self._example.total)

    @property
    def is_plain(self) -> bool:
        """True if all energy is measured and known."""
        return not (self.total.is_estimated or self.total.incomplete)

    def of_registers(self, tariff: Tariff) -> ByPeriod | None:
        """As `LocalQuarter.of_registers`."""
        if tariff.id not in self._of_tariff:
            self._of_tariff[tariff.id] = self._by_period(self._example.of_registers(tariff))
        return self._of_tariff[tariff.id]

    @cached_property
    def of_off_peak(self) -> ByPeriod | None:
        """As `LocalQuarter.of_off_peak`."""
        return self._by_period(self._example.of_off_peak())

    def _by_period(self, found: Mapping[str, Counted] | None) -> ByPeriod | None:
        return None if found is None else {period: self._registers(each) for period, each in found.items()}

    def _registers(self, counted: Counted) -> Registers:
        # The example's rows bear their number as the time of their first reading.
        places = tuple(self._places[part.start_ms] for part in counted.parts if part.start_ms in self._places)
        return Registers(places, counted.estimated, counted.incomplete)


def _row(at: int, kind: QuarterKind) -> EnergyRow:
    each = kind[at]
    return EnergyRow(
        *(0, QUARTER_MS, "", each.register, each.period, each.option, "Wh", each.energy),
        *(at, QUARTER_MS, 0, each.energy, 1, 1),
        first_estimated=each.is_estimated,
        unknown=_SOME_TIME if each.is_incomplete else (),
    )
