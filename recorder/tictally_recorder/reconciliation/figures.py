"""Enedis' own figures of days, from what was imported: daily energies, registers at midnight, or whole load curves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from tictally_recorder.ledger import (
    CONSUMPTION,
    INJECTION,
    WATT_MINUTES,
    IntervalEnergy,
    LedgerReader,
    Observation,
)
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import day_bounds_ms, days_between, local_day

DISTRIBUTOR: Final = frozenset({"enedis", "enedis_csv", "enedis_xlsx"})
"""The importers whose figures are Enedis' own."""
_DIRECTIONS: Final = {CONSUMPTION: Direction.CONSUMPTION, INJECTION: Direction.INJECTION}
_KWH: Final = 1000
_MINUTE_MS: Final = 60_000
_MINUTES_AN_HOUR: Final = 60


class EnedisFigure(NamedTuple):
    """Enedis' energy of a day.

    Attributes:
        wh: rounded to whole Wh.
        rounding_wh: how far from it the energy may be: a figure of whole kWh by 999 Wh, a load curve by 1 W.
    """

    wh: int
    rounding_wh: int


@dataclass(slots=True)
class _Observed:
    """What was observed of one direction, the newest run's of each time."""

    energies: dict[tuple[int, int], int] = field(default_factory=dict)
    readings: dict[int, int] = field(default_factory=dict)

    def add(self, observation: Observation) -> None:
        """Add one; of the same time the later one counts."""
        if isinstance(observation, IntervalEnergy):
            self.energies[observation.start_ms, observation.end_ms] = observation.watt_minutes
        else:
            self.readings[observation.time_ms] = observation.wh


def figures(
    reader: LedgerReader, site: str, days: tuple[date, date], tz: ZoneInfo
) -> Mapping[tuple[date, Direction], EnedisFigure]:
    """The figures of the days that Enedis has shown.

    Args:
        reader: of the ledger.
        site: the site's id.
        days: the first one, and the one after the last.
        tz: of the days.
    """
    first_ms, end_ms = (day_bounds_ms(each, tz)[0] for each in days)
    of: dict[Direction, _Observed] = {}
    for _run, importer, _name, each in reader.observations(site, first_ms, end_ms + 1):
        if importer in DISTRIBUTOR and each.register in _DIRECTIONS:
            of.setdefault(_DIRECTIONS[each.register], _Observed()).add(each)
    found: dict[tuple[date, Direction], EnedisFigure] = {}
    for direction, observed in of.items():
        curves = _curves(observed.energies, tz)
        for day in days_between(days[0], days[1]):
            if day < days[1] and (figure := _figure(day_bounds_ms(day, tz), observed, curves.get(day, ()))):
                found[day, direction] = figure
    return found


_Piece = tuple[int, int, int]


def _curves(energies: Mapping[tuple[int, int], int], tz: ZoneInfo) -> Mapping[date, list[_Piece]]:
    """Day → the intervals that begin in it and are shorter than it, in order of time."""
    found: dict[date, list[_Piece]] = {}
    for (start_ms, end_ms), energy in sorted(energies.items()):
        if end_ms - start_ms <= _MINUTES_AN_HOUR * _MINUTE_MS:
            found.setdefault(local_day(start_ms, tz), []).append((start_ms, end_ms, energy))
    return found


def _figure(bounds: tuple[int, int], observed: _Observed, curve: Iterable[_Piece]) -> EnedisFigure | None:
    if (energy := observed.energies.get(bounds)) is not None:
        return _rounded(round(energy / WATT_MINUTES))
    if bounds[0] in observed.readings and bounds[1] in observed.readings:
        return _rounded(observed.readings[bounds[1]] - observed.readings[bounds[0]])
    pieces = list(curve)
    is_whole = bool(pieces) and (pieces[0][0], pieces[-1][1]) == bounds
    if not is_whole or any(here[1] != there[0] for here, there in pairwise(pieces)):
        return None
    minutes = (bounds[1] - bounds[0]) // _MINUTE_MS
    return EnedisFigure(round(sum(energy for _, _, energy in pieces) / WATT_MINUTES), -(-minutes // _MINUTES_AN_HOUR))


def _rounded(wh: int) -> EnedisFigure | None:
    """A figure; whole kWh may be rounded, and a register that fell shows nothing."""
    if wh < 0:
        return None
    return EnedisFigure(wh, _KWH - 1 if wh % _KWH == 0 else 0)
