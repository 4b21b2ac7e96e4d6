"""The days of a site with their outdoor temperature and their consumption."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.energy import EnergyQuery, EnergyRow, energy
from tictally_recorder.energy.register_totals import consumption_total
from tictally_recorder.ledger import LedgerReader, Site
from tictally_shared.calendar import By, day_bounds_ms, local_day

_HOUR_MS: Final = 3_600_000
# A day of which more hours are missing has no mean: nights are colder than days.
_MOST_MISSING: Final = 3
_CENTI: Final = 100


@dataclass(frozen=True, slots=True)
class ClimateDay:
    """A local day.

    Attributes:
        day: local.
        mean_c: mean outdoor temperature of its hours, °C; None where more than three of them are missing.
        energy_wh: consumption of the whole day; None where a part of it is unknown or not covered.
    """

    day: date
    mean_c: Decimal | None
    energy_wh: int | None

    def degree_days(self, base_c: Decimal) -> Decimal | None:
        """How far the mean was below a base, in degrees; None where it is unknown."""
        return None if self.mean_c is None else max(base_c - self.mean_c, Decimal(0))


def climate_days(reader: LedgerReader, site: Site, days: tuple[date, date], tz: ZoneInfo) -> list[ClimateDay]:
    """The days that have a temperature or an energy, in order.

    Args:
        reader: of the ledger.
        site: whose consumption it is.
        days: the first one, and the one after the last.
        tz: of the days.
    """
    means = mean_temperatures(reader, site, days, tz)
    energies = _energies(energy(reader, EnergyQuery.of_days(site.id, days, By.DAY, tz)), tz)
    found = [ClimateDay(day, means.get(day), energies.get(day)) for day in sorted(means.keys() | energies.keys())]
    return [each for each in found if each.mean_c is not None or each.energy_wh is not None]


def mean_temperatures(
    reader: LedgerReader, site: Site, days: tuple[date, date], tz: ZoneInfo
) -> dict[date, Decimal | None]:
    """The mean outdoor temperature of the days that have one, °C; None where hours are missing. Arguments as above."""
    first_ms, end_ms = (day_bounds_ms(each, tz)[0] for each in days)
    hours: dict[date, list[int]] = {}
    for time_ms, value in reader.temperatures(site.id, first_ms, end_ms).items():
        hours.setdefault(local_day(time_ms, tz), []).append(value)
    return {day: _mean(day, values, tz) for day, values in hours.items()}


def _mean(day: date, centidegrees: list[int], tz: ZoneInfo) -> Decimal | None:
    start_ms, end_ms = day_bounds_ms(day, tz)
    if (end_ms - start_ms) // _HOUR_MS - len(centidegrees) > _MOST_MISSING:
        return None
    return Decimal(sum(centidegrees)) / (_CENTI * len(centidegrees))


def _energies(rows: list[EnergyRow], tz: ZoneInfo) -> Mapping[date, int]:
    by_day: dict[date, list[EnergyRow]] = {}
    for row in rows:
        by_day.setdefault(local_day(row.start_ms, tz), []).append(row)
    found = {}
    for day, of_day in by_day.items():
        start_ms, end_ms = day_bounds_ms(day, tz)
        total = consumption_total(of_day)
        is_whole = (
            min((each.start_ms for each in total.parts), default=end_ms) <= start_ms
            and max((each.end_ms for each in total.parts), default=start_ms) >= end_ms
        )
        if is_whole and not total.incomplete:
            found[day] = total.energy_wh
    return found
