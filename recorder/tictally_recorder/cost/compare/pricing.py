"""The prices of days that a tariff divides, summed over each time in which none changes. Pure."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import accumulate, groupby, pairwise, repeat
from operator import add
from typing import Final, NamedTuple, Self

from tictally_recorder.cost.compare.day_plan import DividedDay
from tictally_recorder.cost.compare.model import Assumed, Offer
from tictally_recorder.cost.proration import days_of_month
from tictally_recorder.cost.reasons import no_price, no_subscription, provisional_reason
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.hours import Hours
from tictally_recorder.tariffs.model import Tariff, Version

_WH_PER_KWH: Final = Decimal(1000)
_LENGTHS: Final = (28, 29, 30, 31)
"""How many days a month may have."""


class _Totals(NamedTuple):
    """Of the days before each day that are divided completely; and, last, of all of these.

    Numbers by day, one list for each kind: years have tens of thousands of days on all tariffs together.

    Attributes:
        energy_wh: by period.
        lengths: how many are in months of each of `_LENGTHS`.
        estimated: how many are estimated.
    """

    energy_wh: Sequence[Sequence[int]]
    lengths: Sequence[Sequence[int]]
    estimated: Sequence[int]


@dataclass(frozen=True)
class DividedDays:
    """Some days as tariffs with the same periods at the same hours divide them.

    Attributes:
        days: local, in order.
        divided: the same as divided.
        known: those that are divided completely.
    """

    days: tuple[date, ...]
    divided: tuple[DividedDay, ...]
    known: tuple[date, ...]

    @classmethod
    def of(cls, days: Sequence[date], divided: Sequence[DividedDay]) -> Self:
        """Of days, in order."""
        known = tuple(day for day, each in zip(days, divided, strict=True) if not each.reasons)
        return cls(tuple(days), tuple(divided), known)

    @cached_property
    def hours(self) -> dict[date, tuple[Hours, ...]]:
        """Day → off-peak hours by which it was divided, where it was."""
        return {day: each.hours for day, each in zip(self.days, self.divided, strict=True) if each.hours}

    @cached_property
    def unknown(self) -> dict[Reason, list[date]]:
        """Why days are not divided completely → those days."""
        # Days that are alike have the same set: hashing reasons day by day would take longer than dividing the days.
        alike: dict[int, list[date]] = {}
        sets = {id(each.reasons): each.reasons for each in self.divided if each.reasons}
        for day, each in zip(self.days, self.divided, strict=True):
            if each.reasons:
                alike.setdefault(id(each.reasons), []).append(day)
        found: dict[Reason, list[date]] = {}
        for identity, days in alike.items():
            for reason in sets[identity]:
                found.setdefault(reason, []).extend(days)
        return {reason: sorted(days) for reason, days in found.items()}

    @cached_property
    def totals(self) -> _Totals:
        """What each stretch of days has is the difference of two of them."""
        energies = zip(*(each.energy_wh if not each.reasons else self._nothing for each in self.divided), strict=True)
        known = [not each.reasons for each in self.divided]
        of_days = [length if is_known else 0 for length, is_known in zip(_lengths(self.days), known, strict=True)]
        return _Totals(
            [_until(each) for each in energies],
            [_until(found == length for found in of_days) for length in _LENGTHS],
            _until(each.is_estimated and not each.reasons for each in self.divided),
        )

    @cached_property
    def _nothing(self) -> Sequence[int]:
        return [0] * len(self.divided[0].energy_wh)

    def span(self, first: date | None, end: date | None) -> tuple[int, int]:
        """The places of the days of [first, end) among all; None: those of all of time."""
        return (
            0 if first is None else bisect_left(self.days, first),
            len(self.days) if end is None else bisect_left(self.days, end),
        )


def _lengths(days: Iterable[date]) -> Iterator[int]:
    """How many days the month of each day has."""
    for _, of_month in groupby(days, lambda day: (day.year, day.month)):
        same = [*of_month]
        yield from repeat(days_of_month(same[0]), len(same))


def _until(values: Iterable[int]) -> list[int]:
    return list(accumulate(values, initial=0))


class _Segment(NamedTuple):
    """Days for which a tariff's prices are the same.

    Attributes:
        first: place of the first among all days.
        end: place of the day after the last.
        version: of the tariff, or None if none holds.
    """

    first: int
    end: int
    version: Version | None


def offer(tariff: Tariff, power: int | None, divided: DividedDays, assumed: Assumed) -> Offer:
    """What days would have cost on a tariff at a power.

    Args:
        tariff: that divides them so.
        power: subscribed, or None.
        divided: the days.
        assumed: the day whose prices are taken for all of them, and powers by period.
    """
    prices_on = assumed.prices_on
    amount, energy = Decimal(0), [0] * len(tariff.periods)
    known: list[tuple[int, int]] = []
    unknown = {reason: [*days] for reason, days in divided.unknown.items()}
    is_estimated = is_provisional = False
    for segment in _segments(tariff, power, divided, prices_on):
        prices = _prices(tariff, segment.version, power, assumed.powers_kw)
        if isinstance(prices, Reason):
            unknown.setdefault(prices, []).extend(divided.days[segment.first : segment.end])
            continue
        totals, first, end = divided.totals, segment.first, segment.end
        counted = [each[end] - each[first] for each in totals.energy_wh]
        lengths = [each[end] - each[first] for each in totals.lengths]
        if not any(lengths):
            continue
        amount += prices.of(counted, lengths)
        energy = [*map(add, energy, counted)]
        known.append((first, end))
        is_estimated |= totals.estimated[end] > totals.estimated[first]
        is_provisional |= bool(provisional_reason(tariff, power, prices_on or _newest(divided, first, end)))
    days = _known(divided, known)
    by_time = sorted(unknown, key=lambda reason: (min(unknown[reason]), reason.code))
    return Offer(
        tariff.id,
        power,
        tariff.currency,
        dict(zip(tariff.periods, energy, strict=True)),
        amount if days else None,
        days,
        is_estimated,
        is_provisional,
        {reason: tuple(sorted(unknown[reason])) for reason in by_time},
    )


def _newest(divided: DividedDays, first: int, end: int) -> date:
    """The newest of some days that is divided completely: once a revision is overdue it stays so."""
    return next(divided.days[at] for at in range(end - 1, first - 1, -1) if not divided.divided[at].reasons)


def _known(divided: DividedDays, spans: Sequence[tuple[int, int]]) -> tuple[date, ...]:
    if sum(end - first for first, end in spans) == len(divided.days):
        return divided.known
    return tuple(
        divided.days[at] for first, end in spans for at in range(first, end) if not divided.divided[at].reasons
    )


def _segments(tariff: Tariff, power: int | None, divided: DividedDays, prices_on: date | None) -> Iterator[_Segment]:
    """In order of time."""
    if prices_on is not None:
        yield _Segment(0, len(divided.days), tariff.in_force(prices_on, power))
        return
    starts = {version.start for version in tariff.versions}
    ends = {version.until + timedelta(days=1) for version in tariff.versions if version.until}
    for first, end in pairwise([None, *sorted(starts | ends), None]):
        low, high = divided.span(first, end)
        if low < high:
            yield _Segment(low, high, tariff.in_force(divided.days[low], power))


class _Prices(NamedTuple):
    """Prices that stay the same for a time.

    Attributes:
        monthly: the subscription.
        daily: beside it, of powers by period.
        of_kwh: by period.
    """

    monthly: Decimal
    daily: Decimal
    of_kwh: Sequence[Decimal]

    def of(self, energy_wh: Sequence[int], lengths: Sequence[int]) -> Decimal:
        """An amount, not rounded.

        Args:
            energy_wh: by period.
            lengths: days in months of each of `_LENGTHS`.
        """
        used = sum((price * wh for price, wh in zip(self.of_kwh, energy_wh, strict=True)), Decimal(0)) / _WH_PER_KWH
        shares = (self.monthly * count / length for count, length in zip(lengths, _LENGTHS, strict=True))
        return used + sum(shares, Decimal(0)) + self.daily * sum(lengths)


def _prices(
    tariff: Tariff, version: Version | None, power: int | None, powers_kw: Mapping[str, Decimal]
) -> _Prices | Reason:
    """The prices of a version, or why there are none."""
    if version is None:
        return Reason(ReasonCode.NO_VERSION, {"tariff": tariff.id})
    monthly, daily = version.monthly(power), version.powers_a_day(powers_kw)
    if monthly is None or daily is None:
        return no_subscription(version, power)
    found = []
    for period in tariff.periods:
        price = version.price(power, period)
        if price is None:
            return no_price(version, period, power)
        found.append(price.ttc)
    return _Prices(monthly, daily, found)
