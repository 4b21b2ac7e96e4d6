"""The complete state of a meter at one moment, from which its frame is encoded."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.day import HouseholdDay
from tictally_edge.simulator.tariff import TariffClock


@dataclass(frozen=True, slots=True)
class Energy:
    """The registers, in whole Wh (VArh).

    Attributes:
        supplier: EASF01 to EASF10.
        distributor: EASD01 to EASD04.
        injection: EAIT.
        reactive: ERQ1 to ERQ4; constant, as the power factor is 1.
    """

    supplier: tuple[int, ...]
    distributor: tuple[int, ...]
    injection: int
    reactive: tuple[int, ...]

    @property
    def consumption(self) -> int:
        """EAST, the sum of the supplier's registers."""
        return sum(self.supplier)


@dataclass(frozen=True, slots=True)
class Reading:
    """A meter at one moment.

    Attributes:
        number: ADCO or ADSC, 12 digits.
        contract: its periods are counted.
        phases: 1 or 3.
        producer: True if Enedis has set the meter to producer.
        subscribed_kva: PREF.
        moment_ms: now.
        today: the local day that holds it.
        yesterday: the day before.
        tariff: state of the tariff clock.
        energy: the registers.
        rounding_va: the step of PAPP.
        tz: of the meter's clock; None for French legal time.
    """

    number: str
    contract: SimulatedContract
    phases: int
    producer: bool
    subscribed_kva: int
    moment_ms: int
    today: HouseholdDay
    yesterday: HouseholdDay
    tariff: TariffClock
    energy: Energy
    rounding_va: int = 10
    tz: ZoneInfo | None = None

    @property
    def step(self) -> int:
        """The step of today that holds the moment."""
        return self.today.step(self.moment_ms)

    @property
    def consumption_va(self) -> int:
        """The power consumed now."""
        return self.today.consumption.values[self.step]

    @property
    def injection_va(self) -> int:
        """The power injected now."""
        return self.today.injection.values[self.step]

    @property
    def is_overloaded(self) -> bool:
        """True while more is consumed than subscribed."""
        return self.consumption_va > self.subscribed_kva * 1000
