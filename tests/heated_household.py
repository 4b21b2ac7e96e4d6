"""A household that heats with electricity, and from 16 January 2026 on with a heat pump: two winters, from imports."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

from api_serving import METER, Served
from cost_building import PARIS
from observation_building import energy
from odd_even_household import CONTRACT, TARIFF

from tictally_recorder.ledger import CONSUMPTION, ObservedFile, importing
from tictally_shared.calendar import day_bounds_ms

FIRST = date(2024, 11, 1)
NOTE = date(2026, 1, 15)
NOW = datetime(2026, 4, 1, 12, tzinfo=PARIS)
BASE_WH, BEFORE_WH, AFTER_WH = 8000, 2500, 900


def centidegrees(day: date) -> int:
    """The mean of a day: 11 °C in a year, 3 °C in January, a few degrees from day to day."""
    season = -8 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 20) / 365)
    return round(100 * (11 + season + 3 * math.sin(day.toordinal() * 1.7)))


def whim_wh(day: date) -> int:
    """What the household does beside heating, without regard to the weather."""
    return (day.toordinal() * 7919 % 11 - 5) * 150


def wh_of(day: date) -> int:
    slope = BEFORE_WH if day <= NOTE else AFTER_WH
    return BASE_WH + slope * max(1800 - centidegrees(day), 0) // 100 + whim_wh(day)


def days(first: date = FIRST, until: date | None = None) -> list[date]:
    return [first + timedelta(days=n) for n in range(((until or NOW.date()) - first).days)]


def observed_file() -> ObservedFile:
    """All its days, each with an energy, and each hour with a temperature."""
    energies, temperatures = [], {}
    for day in days():
        start_ms, end_ms = day_bounds_ms(day, PARIS)
        energies.append(energy(start_ms, (end_ms - start_ms) // 60_000, wh_of(day), CONSUMPTION))
        for time_ms in range(start_ms, end_ms, 3_600_000):
            temperatures[time_ms // 3_600_000] = centidegrees(day)
    return ObservedFile("linkystat", "household", "a" * 64, None, tuple(energies), temperatures=temperatures)


@contextmanager
def served_heated(folder: Path, contract: str = CONTRACT) -> Iterator[Served]:
    """Its recorder, which has no frames, with a note on the heat pump."""
    (folder / "tariffs").mkdir()
    (folder / "tariffs" / "own.toml").write_text(TARIFF)
    with Served(folder, stored=[], now=NOW, contracts=contract) as served:
        with importing(served.path) as ledger:
            ledger.put(METER, int(NOW.timestamp() * 1000), [observed_file()])
        served.ledger.edit_notes(lambda notes: notes.add(METER, NOTE, "heat pump installed"))
        served.recompute_cost()
        yield served
