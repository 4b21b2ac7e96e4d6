"""Rows of days added up to days, months or years, a line for each price; the unknown is named, never a zero. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import partial
from itertools import groupby
from typing import Final

from tictally_recorder.cost.model import CostRow, Quality, VersionUsed
from tictally_recorder.cost.proration import days_of_month
from tictally_recorder.energy.register_totals import RegisterPart
from tictally_recorder.reason import Reason
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import By

_GRAVITY: Final = tuple(Quality)
_WHOLE: Final = Fraction(1)
_MOST_QUARTERS: Final = 100
"""Of a local day."""


@dataclass(frozen=True, slots=True)
class DatedReason:
    """A reason for which amounts of some days are unknown or provisional.

    Attributes:
        reason: the reason.
        rows: that have it, in order of day.
    """

    reason: Reason
    rows: tuple[CostRow, ...]

    @property
    def days(self) -> tuple[date, ...]:
        """Local, each once."""
        return tuple(dict.fromkeys(row.day for row in self.rows))


@dataclass(frozen=True, slots=True)
class PriceLine:
    """What has one price in a period of time: the days' rows of one tariff period and version, or their subscription.

    Attributes:
        rows: of the days, in order; all of them have an amount, or none has.
    """

    rows: tuple[CostRow, ...]

    @property
    def direction(self) -> Direction:
        """Consumption or injection."""
        return self.rows[0].direction

    @property
    def period(self) -> str | None:
        """Of the tariff; None for the subscription."""
        return self.rows[0].period

    @property
    def price(self) -> Decimal | None:
        """Of a kWh, or of a month for the subscription; None if there is none, or one for each quarter."""
        return self.rows[0].price

    @property
    def currency(self) -> str | None:
        """ISO 4217, or None if no tariff is known."""
        return self.rows[0].currency

    @property
    def version(self) -> VersionUsed | None:
        """Of the tariff; the first day's where prices are a series."""
        return self.rows[0].version

    @property
    def power_kva(self) -> int | None:
        """Subscribed, or None."""
        return self.rows[0].power_kva

    @property
    def days(self) -> tuple[date, ...]:
        """Those that it stands for, in order; one of unknown energy may have several reasons."""
        return tuple(dict.fromkeys(row.day for row in self.rows))

    @property
    def energy_wh(self) -> int:
        """What was counted; 0 for the subscription."""
        return sum(row.energy_wh for row in self.rows)

    @property
    def amount(self) -> Decimal | None:
        """Not rounded; None if it is unknown."""
        amounts = [row.amount for row in self.rows]
        return None if None in amounts else sum((each for each in amounts if each is not None), Decimal(0))

    @property
    def quality(self) -> Quality:
        """The gravest of its days. A reading between two of them that was estimated changes nothing of their sum."""
        found = max((row.quality for row in self.rows), key=_GRAVITY.index)
        return Quality.MEASURED if found is Quality.ESTIMATED and not self.estimated_days else found

    @property
    def estimated_days(self) -> tuple[date, ...]:
        """Those for which the energy depends on what was interpolated or inferred, in order."""
        if not any(part.estimated for row in self.rows for part in row.parts):
            return ()
        joined = [part for part in registers_of(part for row in self.rows for part in row.parts) if part.estimated]
        starts = {(part.register, part.start_ms) for part in joined if part.first_estimated}
        ends = {(part.register, part.end_ms) for part in joined if part.last_estimated}

        def is_estimated(part: RegisterPart) -> bool:
            return (
                part.inferred
                or (part.price is not None and part.estimated)
                or (part.register, part.start_ms) in starts
                or (part.register, part.end_ms) in ends
            )

        return tuple(dict.fromkeys(row.day for row in self.rows if any(map(is_estimated, row.parts))))


@dataclass(frozen=True, slots=True)
class Summed:
    """A period of time.

    Attributes:
        start: its first day with rows.
        end: the day after its last with rows.
        lines: consumed, then injected; in the tariff's order, the subscription last, versions as they followed.
    """

    start: date
    end: date
    lines: tuple[PriceLine, ...]

    @property
    def known(self) -> Mapping[str, Decimal]:
        """Currency → the sum of what is known, not rounded; empty if nothing is."""
        found: dict[str, Decimal] = {}
        for line in self.lines:
            if line.amount is not None and line.currency is not None:
                found[line.currency] = found.get(line.currency, Decimal(0)) + line.amount
        return found

    @property
    def is_known(self) -> bool:
        """True if every amount is in the sum."""
        return all(line.amount is not None for line in self.lines)

    @property
    def quality(self) -> Quality:
        """The gravest of its lines; `unknown` where the sum lacks something."""
        return max((line.quality for line in self.lines), key=_GRAVITY.index)

    @property
    def rows(self) -> tuple[CostRow, ...]:
        """Of all lines."""
        return tuple(row for line in self.lines for row in line.rows)


def sum_up(rows: Iterable[CostRow], by: By | Callable[[date], date]) -> list[Summed]:
    """A site's rows by period of time, in order; periods without rows are left out.

    Args:
        rows: in order of day.
        by: day, week, month or year; or what gives the first day of the period that a day is in.
    """
    first = by if callable(by) else partial(first_day, by=by)
    return [_summed(list(of_one)) for _, of_one in groupby(rows, key=lambda row: first(row.day))]


def reasons_of(rows: Iterable[CostRow]) -> list[DatedReason]:
    """Each reason once, with its rows, in the order of their first days."""
    found: dict[Reason, list[CostRow]] = {}
    for row in rows:
        if row.reason is not None:
            found.setdefault(row.reason, []).append(row)
    return [DatedReason(reason, tuple(of_reason)) for reason, of_reason in found.items()]


def registers_of(parts: Iterable[RegisterPart]) -> list[RegisterPart]:
    """Parts that go on where another of the same register ended, made one: the register from and to, as on a bill.

    A part made of parts with prices of their own has none.
    """
    found: list[RegisterPart] = []
    newest: dict[str, int] = {}
    for part in sorted(parts, key=lambda each: each.start_ms):
        at = newest.get(part.register)
        before = None if at is None else found[at]
        if at is not None and before and (before.end_ms, before.last_value) == (part.start_ms, part.first_value):
            found[at] = RegisterPart(
                part.register,
                before.start_ms,
                part.end_ms,
                before.first_value,
                part.last_value,
                before.energy_wh + part.energy_wh,
                first_estimated=before.first_estimated,
                last_estimated=part.last_estimated,
                inferred=before.inferred or part.inferred,
                is_divided=before.is_divided or part.is_divided,
                price=before.price if before.price == part.price else None,
            )
        else:
            newest[part.register] = len(found)
            found.append(part)
    return sorted(found, key=lambda each: (each.register, each.start_ms))


def day_shares(rows: Iterable[CostRow]) -> dict[date, Fraction]:
    """Day → how much of it rows of one price are for: less than all where the contract changed within it.

    Args:
        rows: in order of day.
    """
    found: dict[date, Fraction] = {}
    for row in rows:
        share = _WHOLE
        if row.period is None and row.amount and row.price:
            share = Fraction(row.amount * days_of_month(row.day) / row.price).limit_denominator(_MOST_QUARTERS)
        found[row.day] = min(found.get(row.day, Fraction()) + share, _WHOLE)
    return found


def first_day(day: date, by: By) -> date:
    """The first day of the day, week, month or year that holds a day."""
    if by is By.WEEK:
        return day - timedelta(days=day.weekday())
    if by is By.MONTH:
        return day.replace(day=1)
    return day.replace(month=1, day=1) if by is By.YEAR else day


def _summed(rows: Sequence[CostRow]) -> Summed:
    groups: dict[tuple[object, ...], list[CostRow]] = {}
    for row in rows:
        version = row.version.id if row.version else None
        key = (row.direction, row.period, row.currency, version, row.power_kva, row.price, row.amount is None)
        groups.setdefault(key, []).append(row)
    lines = [PriceLine(tuple(group)) for group in groups.values()]
    directions, periods = list(Direction), list(dict.fromkeys(row.period for row in rows))
    lines.sort(
        key=lambda line: (
            directions.index(line.direction),
            line.period is None,
            periods.index(line.period),
            line.rows[0].day,
        )
    )
    return Summed(rows[0].day, rows[-1].day + timedelta(days=1), tuple(lines))
