"""Divides consumption of which only the total is known, as in imported load curves, by the off-peak hours. Pure.

What registers of periods counted is theirs. The rest of a quarter-hour, where they begin or end within it or are
missing, belongs to the period of its local time.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from tictally_recorder.cost.contracts.model import Hours, is_off_peak
from tictally_recorder.energy import EnergyRow
from tictally_recorder.energy.register_totals import RegisterPart, is_period_register
from tictally_shared.tariff_options import CONSUMPTION_TOTAL, HPHC

_OFF_PEAK, _PEAK = HPHC.periods


def undivided(rows: Iterable[EnergyRow]) -> Iterator[RegisterPart]:
    """What the total counted in each quarter-hour beyond the registers of periods, where these do not cover it.

    Args:
        rows: by quarter-hour, in order of time.
    """
    for _, of_quarter in groupby(rows, key=lambda row: row.start_ms):
        quarter = list(of_quarter)
        totals = [row for row in quarter if row.register == CONSUMPTION_TOTAL and row.is_known]
        parts = [row for row in quarter if is_period_register(row.register)]
        rest = sum(row.energy for row in totals) - sum(row.energy for row in parts)
        if totals and rest > 0 and not _covers(parts, totals):
            first, last = totals[0], totals[-1]
            values = (first.first_value, last.last_value)
            yield RegisterPart(CONSUMPTION_TOTAL, first.first_ms, last.last_ms, *values, rest, inferred=True)


def by_hours(parts: Iterable[RegisterPart], hours: Sequence[Hours], tz: ZoneInfo) -> dict[str, list[RegisterPart]]:
    """Period of HP/HC → its parts; those that follow one another are one.

    Args:
        parts: by quarter-hour, in order of time.
        hours: the off-peak hours.
        tz: of the hours.
    """
    found: dict[str, list[RegisterPart]] = {}
    for period, of_period in groupby(parts, key=lambda part: _period(part, hours, tz)):
        found.setdefault(period, []).extend(joined(of_period))
    return found


def is_by_hours(period: str | None, parts: Iterable[RegisterPart]) -> bool:
    """True if some of a period's energy is of the total, divided by off-peak hours."""
    return period in HPHC.periods and any(part.register == CONSUMPTION_TOTAL for part in parts)


def joined(parts: Iterable[RegisterPart]) -> list[RegisterPart]:
    """Parts that follow one another as one."""
    found: list[RegisterPart] = []
    for part in parts:
        before = found[-1] if found else None
        if before is not None and before.end_ms == part.start_ms:
            energy_wh = before.energy_wh + part.energy_wh
            found[-1] = replace(before, end_ms=part.end_ms, last_value=part.last_value, energy_wh=energy_wh)
        else:
            found.append(part)
    return found


def _period(part: RegisterPart, hours: Sequence[Hours], tz: ZoneInfo) -> str:
    at = datetime.fromtimestamp(part.start_ms // 1000, UTC).astimezone(tz).time()
    return _OFF_PEAK if is_off_peak(at, hours) else _PEAK


def _covers(parts: Sequence[EnergyRow], totals: Sequence[EnergyRow]) -> bool:
    """True if registers of periods were observed over all of the time of the total."""
    if not parts:
        return False
    begins, ends = min(row.first_ms for row in parts), max(row.last_ms for row in parts)
    return begins <= min(row.first_ms for row in totals) and ends >= max(row.last_ms for row in totals)
