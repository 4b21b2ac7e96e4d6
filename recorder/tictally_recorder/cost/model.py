"""What a cost is made from, and what it is. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final, Self

from tictally_recorder.cost.contracts.model import Contract, Contracts
from tictally_recorder.energy import EnergyRow, SteadyQuarter
from tictally_recorder.energy.register_totals import RegisterPart
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.broken import BrokenTariff
from tictally_recorder.tariffs.model import Confidence, Direction, Figure, Tariff, Version
from tictally_recorder.tariffs.series import Series
from tictally_shared.status_register import Colour

TOTAL: Final = "TOTAL"
"""The period of energy that is paid by a price series."""
UNMETERED: Final = "unmetered"
"""What stands for a period where no register covers the energy."""


LUMP_SUM: Final = "lump sum"
"""What stands for a period where an amount is paid once, beside every tariff."""


class Quality(StrEnum):
    """How much a figure is worth."""

    MEASURED = "measured"
    ESTIMATED = "estimated"
    """A gap was divided by time."""
    PROVISIONAL = "provisional"
    """The tariff was overdue for revision on that day, or at that power; its energy may be estimated too."""
    UNKNOWN = "unknown"
    """There is no amount."""


@dataclass(frozen=True)
class Terms:
    """By what energy is paid.

    Attributes:
        contracts: of all sites.
        tariffs: id → tariff.
        series: id of a tariff → its prices, for those that have a price series.
        broken: id of a tariff that a contract is on and that has no price, because a file of the user's cannot be used
            → that file.
        colours: of Tempo days, which rules of periods may ask for.
    """

    contracts: Contracts
    tariffs: Mapping[str, Tariff]
    series: Mapping[str, Series] = field(default_factory=dict)
    broken: Mapping[str, BrokenTariff] = field(default_factory=dict)
    colours: Mapping[date, Colour] = field(default_factory=dict)

    def why_no_tariff(self, contract: Contract) -> Reason:
        """Why a contract has no tariff."""
        if (found := self.broken.get(contract.tariff)) is not None:
            return found.error.reason
        return Reason(ReasonCode.UNKNOWN_TARIFF, {"tariff": contract.tariff})

    def without_broken(self, row: "CostRow") -> "CostRow":
        """A figure that was computed before its tariff's file could no longer be used, as unknown."""
        if not self.is_broken(row.site, row.direction, row.day):
            return row
        contracts = self.contracts.touching(row.site, row.direction, row.day)
        reason = next((self.why_no_tariff(each) for each in contracts if each.tariff in self.broken), row.reason)
        return replace(row, amount=None, quality=Quality.UNKNOWN, reason=reason)

    def is_broken(self, site: str, direction: Direction, day: date) -> bool:
        """True if a tariff of a site's local day is in a file that cannot be used."""
        contracts = self.contracts.touching(site, direction, day) if self.broken else ()
        return any(contract.tariff in self.broken for contract in contracts)


@dataclass(frozen=True, slots=True)
class Unmetered:
    """A time whose energy no register covers.

    Attributes:
        direction: consumption or injection.
        start_ms: the last observation before it, milliseconds since 1970.
        end_ms: the first after it.
    """

    direction: Direction
    start_ms: int
    end_ms: int

    def concerns(self, start_ms: int, end_ms: int) -> bool:
        """True if some of it is in a time, the end excluded."""
        return self.start_ms < end_ms and start_ms < self.end_ms


@dataclass(frozen=True)
class Use:
    """What a site's registers counted.

    Attributes:
        site: its id.
        days: the registers' energy by local day, with those that stood at zero throughout: a register that counted
            nothing differs from one that is missing. Other sites' rows are left out.
        quarters: the same by quarter, for days on a price series or on rules of periods (`days_by_quarter`), and for
            those of which the total alone was imported.
        unmetered: times between the site's meters, in order.
        steady: quarters that are not in `quarters`, in order of time; only a comparison has them.
    """

    site: str
    days: Sequence[EnergyRow]
    quarters: Sequence[EnergyRow] = ()
    unmetered: Sequence[Unmetered] = ()
    steady: Sequence[SteadyQuarter] = ()


@dataclass(frozen=True, slots=True)
class VersionUsed:
    """The version of a tariff that made a figure; it explains the figure also without the tariff.

    Attributes:
        id: `edf-bleu-hphc 2025-08-01`.
        hash: of its content; for a price series, of the day's prices.
        source: where the price is from, for people.
        confidence: how reliable that is.
    """

    id: str
    hash: str
    source: str
    confidence: Confidence

    @classmethod
    def of(cls, version: Version, period: str | None = None, power_kva: int | None = None) -> Self:
        """Of a version as it is.

        Args:
            version: of a tariff.
            period: of the price that made the figure; None for a subscription.
            power_kva: at which subscribed power, or None.
        """
        figure = Figure.SUBSCRIPTION if period is None else Figure.ENERGY
        found = version.provenance(figure, power_kva, period)
        return cls(version.id, version.hash, found.source, found.confidence)


@dataclass(frozen=True, slots=True)
class CostRow:
    """What one period's energy, or the subscription, cost a site on one local day.

    Attributes:
        site: its id.
        day: local.
        direction: consumption or injection, whose amounts are negative where it is income.
        period: of the tariff; None for the subscription. Where no period is known, the register's name; `UNMETERED`
            for unmetered energy, `LUMP_SUM` for an amount that is paid once.
        energy_wh: what was counted; 0 for the subscription and for `UNMETERED`.
        price: of a kWh, or of a month for the subscription; None if there is none, or one for each part.
        amount: in the currency, taxes included, not rounded; None if it is unknown, never zero for want of a price.
        currency: ISO 4217, or None if no tariff is known.
        version: of the tariff, or None if none holds.
        power_kva: subscribed, or None.
        quality: how much the amount is worth.
        reason: why, for `unknown` and `provisional`, else None; it does not name the row's own day.
        parts: what the energy was counted by; none for the subscription.
    """

    site: str
    day: date
    direction: Direction
    period: str | None
    energy_wh: int
    price: Decimal | None
    amount: Decimal | None
    currency: str | None
    version: VersionUsed | None
    power_kva: int | None
    quality: Quality
    reason: Reason | None = None
    parts: tuple[RegisterPart, ...] = ()

    @property
    def sign(self) -> int:
        """What quantity times price is multiplied by: -1 for energy that earns, 1 for what is paid."""
        return -1 if self.direction is Direction.INJECTION and self.period is not None else 1
