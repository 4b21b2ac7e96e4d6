"""Divides consumption by a tariff's rules, where registers do not count its periods. Pure.

What registers of the tariff's periods counted is theirs. What only a total counted, as in imported load curves, or
registers of other periods, belongs quarter-hour by quarter-hour to the period in which it begins. Off-peak hours of the
customer are those that the registers of a meter on HP/HC show, else the contract's.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from tictally_recorder.cost.contracts.model import Contract
from tictally_recorder.cost.local_quarter import LocalQuarter
from tictally_recorder.energy import EnergyRow
from tictally_recorder.energy.register_totals import Counted, RegisterPart, is_period_register
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.hours import is_within
from tictally_recorder.tariffs.period_rules import DayTerms, PeriodRules, Slot
from tictally_shared.status_register import Colour
from tictally_shared.tariff_options import CONSUMPTION_TOTAL, HPHC

_OFF_PEAK, _PEAK = HPHC.periods


@dataclass(frozen=True, slots=True)
class Divided:
    """Energy by period of a tariff.

    Attributes:
        periods: period → what belongs to it, none of it empty.
        reason: why some energy belongs to no known period, or None.
    """

    periods: Mapping[str, Counted]
    reason: Reason | None


@dataclass(frozen=True)
class Division:
    """A tariff's rules on the days of a contract.

    Attributes:
        rules: of the tariff.
        contract: of those days.
        colours: of Tempo days, as far as known.
        tz: of the days.
    """

    rules: PeriodRules
    contract: Contract
    colours: Mapping[date, Colour]
    tz: ZoneInfo

    def of_parts(self, parts: Iterable[RegisterPart]) -> Divided:
        """What a total counted in each quarter-hour, in order of time."""
        return _collected((self.period_at(self._local(part.start_ms)), [part]) for part in parts)

    def of_quarters(self, rows: Iterable[EnergyRow]) -> Divided:
        """All consumption.

        Args:
            rows: by quarter-hour.
        """
        return _collected(self._of_quarters(rows))

    def _of_quarters(self, rows: Iterable[EnergyRow]) -> Iterator[tuple[str | Reason, Sequence[RegisterPart]]]:
        for start_ms, of_quarter in groupby(sorted(rows, key=_start), key=_start):
            quarter = LocalQuarter(self._local(start_ms), list(of_quarter), self.contract)
            slot = self._slot(quarter.local)
            if quarter.total.reason:
                yield quarter.total.reason, ()
            elif slot.off_peak != slot.peak and (split := quarter.of_off_peak()) is not None:
                for name, counted in split.items():
                    yield slot.off_peak if name == _OFF_PEAK else slot.peak, counted.parts
            else:
                yield self.period_at(quarter.local), quarter.total.parts

    def _slot(self, local: datetime) -> Slot:
        return self.rules.at(local, DayTerms(self.contract.chosen_weekday, self.colours))

    def period_at(self, local: datetime) -> str | Reason:
        """The period at a local time, or why it is unknown."""
        slot = self._slot(local)
        if slot.off_peak == slot.peak:
            return slot.peak
        hours = self.contract.off_peak_on(local.date())
        if not hours:
            return Reason(ReasonCode.OFF_PEAK_HOURS_UNKNOWN)
        return slot.off_peak if is_within(local.time(), hours) else slot.peak

    def _local(self, start_ms: int) -> datetime:
        return datetime.fromtimestamp(start_ms // 1000, UTC).astimezone(self.tz)


def undivided(rows: Iterable[EnergyRow]) -> Iterator[RegisterPart]:
    """What the total counted in each quarter-hour beyond the registers of periods, where these do not cover it.

    Args:
        rows: by quarter-hour, in order of time.
    """
    for _, of_quarter in groupby(rows, key=_start):
        quarter = list(of_quarter)
        totals = [row for row in quarter if row.register == CONSUMPTION_TOTAL and row.is_known]
        parts = [row for row in quarter if is_period_register(row.register)]
        rest = sum(row.energy for row in totals) - sum(row.energy for row in parts)
        if totals and rest > 0 and not _covers(parts, totals):
            first, last = totals[0], totals[-1]
            values = (first.first_value, last.last_value)
            yield RegisterPart(CONSUMPTION_TOTAL, first.first_ms, last.last_ms, *values, rest, inferred=True)


def joined(parts: Iterable[RegisterPart]) -> list[RegisterPart]:
    """Parts of a register that follow one another as one."""
    found: list[RegisterPart] = []
    for part in sorted(parts, key=lambda each: (each.register, each.start_ms)):
        before = found[-1] if found else None
        if before is not None and (before.register, before.end_ms) == (part.register, part.start_ms):
            energy_wh = before.energy_wh + part.energy_wh
            found[-1] = replace(
                before,
                end_ms=part.end_ms,
                last_value=part.last_value,
                energy_wh=energy_wh,
                last_estimated=part.last_estimated,
            )
        else:
            found.append(part)
    return found


def _collected(found: Iterable[tuple[str | Reason, Sequence[RegisterPart]]]) -> Divided:
    """Parts of a period that follow one another are one; what has no period but no energy either is nothing."""
    periods: dict[str, list[RegisterPart]] = {}
    reason: Reason | None = None
    for period, parts in found:
        if isinstance(period, str):
            periods.setdefault(period, []).extend(replace(part, inferred=True, is_divided=True) for part in parts)
        elif not parts or any(part.energy_wh for part in parts):
            reason = reason or period
    return Divided({period: Counted.of(joined(parts)) for period, parts in periods.items() if parts}, reason)


def _covers(parts: Sequence[EnergyRow], totals: Sequence[EnergyRow]) -> bool:
    """True if registers of periods were observed over all of the time of the total."""
    if not parts:
        return False
    begins, ends = min(row.first_ms for row in parts), max(row.last_ms for row in parts)
    return begins <= min(row.first_ms for row in totals) and ends >= max(row.last_ms for row in totals)


def _start(row: EnergyRow) -> int:
    return row.start_ms
