"""The simulated meter: registers that count a household's power exactly, and the frame that shows them."""

from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime
from random import Random
from re import ASCII, fullmatch
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from tictally_edge.simulator import SimulatorError, historique, standard
from tictally_edge.simulator.contracts import TERMS, SimulatedContract
from tictally_edge.simulator.day import HouseholdDay, day_before, day_of
from tictally_edge.simulator.encode import EncodedGroup, encode_frame
from tictally_edge.simulator.household import Household, Overload
from tictally_edge.simulator.load_curve import LoadCurve
from tictally_edge.simulator.reading import Energy, Reading
from tictally_edge.simulator.tariff import TariffClock, tariff_at
from tictally_edge.simulator.times import from_ms, local, to_ms
from tictally_shared.labels import Mode

_WH_VA_MS: Final = 3_600_000  # VA·ms in a Wh
_SUPPLIER_REGISTERS, _DISTRIBUTOR_REGISTERS = 10, 4
_KVA: Final = range(3, 37)
_PHASES: Final = (1, 3)
_ROUNDING_VA: Final = range(historique.FINEST_ROUNDING_VA, 101)
_ONLY_THE_CURVE: Final = "a load curve alone decides the consumption: it goes with neither solar panels nor overloads"


class HouseholdMeter(Protocol):
    """A meter on a line."""

    @property
    def mode(self) -> Mode:
        """The mode of its line."""

    @property
    def number(self) -> str:
        """The meter's number, 12 digits."""

    @property
    def moment(self) -> datetime:
        """The time it has been advanced to, in UTC."""

    @property
    def end(self) -> datetime | None:
        """Until when it can be advanced, in UTC; None for ever."""

    def advance(self, to: datetime) -> None:
        """Count on to an aware time, neither before the current one nor beyond the end."""

    def change_mode(self, mode: Mode) -> None:
        """Change the language, as the grid operator does from afar."""

    def change_contract(self, contract: SimulatedContract) -> None:
        """Change the contract, as the supplier does from afar; the registers go on from where they are."""

    def overdraw(self, duration_s: int) -> None:
        """Draw more than subscribed from now on, for so many seconds."""

    def groups(self) -> tuple[EncodedGroup, ...]:
        """The frame now."""

    def frame(self) -> bytes:
        """The frame now as seven-bit characters from STX to ETX."""

    def registers(self) -> dict[str, int]:
        """The registers now by label, in Wh."""


@dataclass
class SimulatedMeter:
    """A meter in front of a seeded household; the same settings make the same frames.

    Each register is exact: it grows by the integral of the power over its period, cut to whole Wh with the remainder
    carried over, so that how often the meter is advanced changes nothing.

    Attributes:
        contract: its periods are counted.
        mode: of the line.
        start: its first moment, an aware time.
        phases: 1 or 3.
        producer: True with solar panels, and the meter set to producer.
        seed: decides the household, the expensive days and the registers at the start.
        number: ADCO or ADSC, 12 digits.
        subscribed_kva: 3 to 36, a multiple of 3 in three-phase.
        rounding_va: the step of PAPP in historique mode, 10 to 100.
        new: True for registers near zero, else plausible ones of some years.
        overload: when more is consumed than subscribed.
        tz: of its clock and its household; None for French legal time.
        curve: consumption of the household, or None for one made from the seed. The meter cannot be advanced beyond
            its end.

    Raises:
        SimulatorError: a setting that is not possible.
    """

    contract: SimulatedContract
    mode: Mode
    _: KW_ONLY
    start: datetime
    phases: int = 1
    producer: bool = False
    seed: int = 0
    number: str = "021961000001"
    subscribed_kva: int = 9
    rounding_va: int = historique.FINEST_ROUNDING_VA
    new: bool = False
    overload: Overload | None = None
    tz: ZoneInfo | None = None
    curve: LoadCurve | None = None
    _home: Household = field(init=False, repr=False)
    _today: HouseholdDay = field(init=False, repr=False)
    _yesterday: HouseholdDay = field(init=False, repr=False)
    _tariff: TariffClock = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._check()
        self._now_ms = to_ms(self.start)
        subscribed_va = self.subscribed_kva * 1000
        self._home = Household(self.seed, subscribed_va, self.phases, self.producer, self.overload, self.curve, self.tz)
        self._supplier, self._distributor, self._injection, self._reactive = self._first_registers()
        # VA·ms that are not yet a Wh, for each register.
        self._supplier_rests, self._injection_rest = [0] * _SUPPLIER_REGISTERS, 0
        self._enter()

    def _check(self) -> None:
        if self.start.tzinfo is None:
            raise SimulatorError("the start of a simulated meter needs an offset from UTC")
        if self.phases not in _PHASES:
            raise SimulatorError(f"{self.phases} phases: a meter has one or three")
        if not fullmatch(r"\d{12}", self.number, ASCII):
            raise SimulatorError(f"{self.number[:40]!r} is not a meter's number of 12 digits")
        if self.subscribed_kva not in _KVA or self.subscribed_kva % self.phases:
            raise SimulatorError(f"{self.subscribed_kva} kVA: 3 to 36 can be subscribed, by threes in three-phase")
        if self.rounding_va not in _ROUNDING_VA:
            raise SimulatorError(f"{self.rounding_va} VA: a meter rounds its power to 10 to 100 VA")
        if self.curve is not None:
            self._check_curve(self.curve)

    def _check_curve(self, curve: LoadCurve) -> None:
        if self.producer or self.overload is not None:
            raise SimulatorError(_ONLY_THE_CURVE)
        if not curve.start_ms <= to_ms(self.start) <= curve.end_ms:
            begin, end = local(curve.start_ms, self.tz), local(curve.end_ms, self.tz)
            raise SimulatorError(f"{self.start} lies outside the load curve, which goes from {begin} to {end}")

    def _first_registers(self) -> tuple[list[int], list[int], int, tuple[int, ...]]:
        rng = Random(f"registers {self.seed} {self.number}")
        periods = len(TERMS[self.contract].periods)
        highest_wh = 20 if self.new else 40_000_000 // periods
        supplier = [rng.randrange(highest_wh // 20, highest_wh) for _ in range(periods)]
        quarter, rest = divmod(sum(supplier), _DISTRIBUTOR_REGISTERS)
        distributor = [quarter] * (_DISTRIBUTOR_REGISTERS - 1) + [quarter + rest]
        reactive = tuple(rng.randrange(highest_wh) for _ in range(4))
        return supplier + [0] * (_SUPPLIER_REGISTERS - periods), distributor, rng.randrange(highest_wh), reactive

    @property
    def moment(self) -> datetime:
        """The time it has been advanced to, in UTC."""
        return from_ms(self._now_ms)

    @property
    def end(self) -> datetime | None:
        """When the load curve ends, in UTC; None without one."""
        return None if self.curve is None else from_ms(self.curve.end_ms)

    def advance(self, to: datetime) -> None:
        """Count on to an aware time.

        Raises:
            SimulatorError: the time lies before the current one, or beyond the end.
        """
        to_moment_ms = to_ms(to)
        if to_moment_ms < self._now_ms:
            raise SimulatorError(f"a meter at {self.moment} does not go back to {to}")
        if self.end is not None and to > self.end:
            raise SimulatorError(f"a meter whose load curve ends at {self.end} does not go on to {to}")
        while self._now_ms < to_moment_ms:
            end_ms = min(to_moment_ms, self._tariff.end_ms)
            self._count(end_ms)
            self._now_ms = end_ms
            if end_ms == self._tariff.end_ms:
                self._enter()

    def _enter(self) -> None:
        """Begin a stretch of one tariff within one day."""
        date = local(self._now_ms, self.tz).date()
        self._today, self._yesterday = day_of(self._home, date), day_before(self._home, date)
        self._tariff = tariff_at(self.contract, self.seed, self._now_ms, self.tz)

    def _count(self, end_ms: int) -> None:
        begin, end = self._now_ms - self._today.start_ms, end_ms - self._today.start_ms
        consumption, injection = self._today.consumption, self._today.injection
        counting = self._tariff.period.number - 1
        rest = self._supplier_rests[counting] + consumption.integral_ms(end) - consumption.integral_ms(begin)
        whole_wh, self._supplier_rests[counting] = divmod(rest, _WH_VA_MS)
        self._supplier[counting] += whole_wh
        # The distributor counts the very same Wh, so that both sets of registers sum to EAST at every moment.
        self._distributor[self._tariff.distributor - 1] += whole_wh
        self._injection_rest += injection.integral_ms(end) - injection.integral_ms(begin)
        whole_wh, self._injection_rest = divmod(self._injection_rest, _WH_VA_MS)
        self._injection += whole_wh

    def change_mode(self, mode: Mode) -> None:
        """Change the language, as the grid operator does from afar."""
        self.mode = mode

    def change_contract(self, contract: SimulatedContract) -> None:
        """Change the contract, as the supplier does from afar; the registers go on from where they are."""
        self.contract = contract
        self._enter()

    def overdraw(self, duration_s: int) -> None:
        """Draw more than subscribed from now on, for so many seconds, and not when it was to be before.

        Raises:
            SimulatorError: the household follows a load curve.
        """
        if self.curve is not None:
            raise SimulatorError(_ONLY_THE_CURVE)
        self.overload = Overload(self.moment, duration_s)
        self._home = replace(self._home, overload=self.overload)
        self._enter()

    def reading(self) -> Reading:
        """Everything the meter knows now."""
        return Reading(
            number=self.number,
            contract=self.contract,
            phases=self.phases,
            producer=self.producer,
            subscribed_kva=self.subscribed_kva,
            moment_ms=self._now_ms,
            today=self._today,
            yesterday=self._yesterday,
            tariff=self._tariff,
            energy=Energy(tuple(self._supplier), tuple(self._distributor), self._injection, self._reactive),
            rounding_va=self.rounding_va,
            tz=self.tz,
        )

    def groups(self) -> tuple[EncodedGroup, ...]:
        """The frame now; short in three-phase historique while overloaded."""
        if self.mode is Mode.HISTORIQUE:
            return historique.historique_groups(self.reading())
        return standard.standard_groups(self.reading())

    def frame(self) -> bytes:
        """The frame now as seven-bit characters from STX to ETX."""
        return encode_frame(self.mode, self.groups())

    def registers(self) -> dict[str, int]:
        """The registers now by label, in Wh: what any reader of the line should arrive at."""
        registers = historique.registers if self.mode is Mode.HISTORIQUE else standard.registers
        return registers(self.reading())

    def replaced(self, number: str) -> "SimulatedMeter":
        """A new meter in front of the same household, now, with registers near zero."""
        return replace(self, number=number, start=self.moment, new=True)
