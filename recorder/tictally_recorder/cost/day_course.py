"""A local day by quarter-hour: what was consumed and injected, and what that cost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from tictally_recorder.cost.by_hour import DayOfHours, Slice, amounts_by_hour
from tictally_recorder.cost.day_totals import DayTotal, total_of
from tictally_recorder.cost.model import LUMP_SUM, CostRow, Terms
from tictally_recorder.cost.query import SiteDays, cost_of
from tictally_recorder.energy import EnergyQuery, EnergyRow, energy
from tictally_recorder.energy.register_totals import consumption_total, injection_total
from tictally_recorder.ledger import LedgerReader, Site
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import QUARTER_MS, By, day_bounds_ms


@dataclass(frozen=True, slots=True)
class QuarterCourse:
    """A quarter-hour.

    Attributes:
        start_ms: milliseconds since 1970.
        consumption_wh: None where it is unknown.
        injection_wh: None where it is unknown, or nothing counts it.
        amount: what the consumption cost, without subscription; None where an amount of the day is unknown.
        income: what the injection earned; None likewise.
    """

    start_ms: int
    consumption_wh: int | None
    injection_wh: int | None
    amount: Decimal | None
    income: Decimal | None


@dataclass(frozen=True, slots=True)
class DayCourse:
    """A local day.

    Attributes:
        start_ms: its midnight, milliseconds since 1970.
        total: of the day, as far as it has passed.
        quarters: those up to the newest frame, in order.
        is_complete: True if every quarter-hour of the day has frames, or an import, and its consumption is known.
    """

    start_ms: int = 0
    total: DayTotal = field(default_factory=DayTotal)
    quarters: Sequence[QuarterCourse] = ()
    is_complete: bool = False

    @property
    def whole(self) -> DayTotal:
        """All of the day that has passed."""
        return self.until(self.start_ms + len(self.quarters) * QUARTER_MS)

    def until(self, end_ms: int) -> DayTotal:
        """The day's part before the start of a quarter-hour, with all of its subscription."""
        passed = [each for each in self.quarters if each.start_ms < end_ms]
        energies = [each.consumption_wh for each in passed if each.consumption_wh is not None]
        amounts = [each.amount for each in passed if each.amount is not None]
        wanted = (end_ms - self.start_ms) // QUARTER_MS
        return DayTotal(
            energy_wh=sum(energies) if len(energies) == wanted else None,
            energy_amount=sum(amounts, Decimal(0)) if len(amounts) == wanted else None,
            subscription=self.total.subscription,
            currency=self.total.currency,
            quality=self.total.quality,
        )


def day_course(reader: LedgerReader, site: Site, day: date, terms: Terms | None, tz: ZoneInfo) -> DayCourse:
    """A local day of a site by quarter-hour.

    Args:
        reader: the ledger.
        site: of it.
        day: local.
        terms: contracts and tariffs; None: nothing has a cost.
        tz: whose day it is.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    until = day + timedelta(days=1)
    query = EnergyQuery.of_days(site.id, (day, until), By.QUARTER, tz)
    rows = energy(reader, query, all_registers=True)
    costs = cost_of(reader, SiteDays(site, day, until, tz), terms) if terms is not None else []
    bounds_ms = day_bounds_ms(day, tz)
    paid, earned = (_amounts(costs, rows, bounds_ms, each) for each in Direction)
    quarters, is_complete = [], bool(rows)
    for start_ms, group in groupby(rows, key=lambda row: row.start_ms):
        of_quarter = list(group)
        consumed, injected = consumption_total(of_quarter), injection_total(of_quarter)
        is_known = bool(consumed.parts) and consumed.is_known and consumed.reason is None
        is_complete &= is_known and not consumed.unknown and of_quarter[0].covered == of_quarter[0].quarters == 1
        quarters.append(
            QuarterCourse(
                start_ms,
                consumed.energy_wh if is_known else None,
                injected.energy_wh if injected.parts and injected.is_known else None,
                None if paid is None else paid.get(start_ms, Decimal(0)),
                None if earned is None else -earned.get(start_ms, Decimal(0)),
            )
        )
    is_complete &= len(quarters) * QUARTER_MS == bounds_ms[1] - bounds_ms[0]
    return DayCourse(bounds_ms[0], total_of(costs), tuple(quarters), is_complete)


def _amounts(
    costs: Sequence[CostRow], rows: Sequence[EnergyRow], bounds_ms: tuple[int, int], direction: Direction
) -> dict[int, Decimal] | None:
    """Start of a quarter-hour → what its energy cost; None where there is none, or some of it is unknown."""
    of_energy = [
        row for row in costs if row.direction is direction and row.period is not None and row.period != LUMP_SUM
    ]
    if not of_energy:
        return None
    slices: dict[str, list[Slice]] = {}
    for row in rows:
        slices.setdefault(row.register, []).append(Slice(row.start_ms, row.end_ms, row.energy))
    return amounts_by_hour(of_energy, DayOfHours(*bounds_ms, slices, QUARTER_MS))[direction]
