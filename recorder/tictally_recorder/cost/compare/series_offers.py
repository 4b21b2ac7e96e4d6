"""What some days of a site would have cost on tariffs with a price series: each quarter-hour at its own price.

A day all of whose quarter-hours are measured is priced from its consumption. Another, and one on which the clock
changes, is computed as `tictally cost` does, on a contract that is assumed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cancellation import check_abandoned
from tictally_recorder.cost.compare.consumption import SiteConsumption
from tictally_recorder.cost.compare.division import Metering
from tictally_recorder.cost.compare.model import Assumed, Offer
from tictally_recorder.cost.contracts.model import Contract, Contracts
from tictally_recorder.cost.dynamic_price import WH_PER_KWH
from tictally_recorder.cost.model import LUMP_SUM, TOTAL, CostRow, Quality, Terms
from tictally_recorder.cost.proration import days_of_month
from tictally_recorder.cost.query import SiteDays, computed
from tictally_recorder.cost.reasons import provisional_reason
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.catalogue import TariffCatalogue
from tictally_recorder.tariffs.model import Direction, Tariff
from tictally_recorder.tariffs.period_rules import QUARTER_TIMES
from tictally_recorder.tariffs.series import Series
from tictally_shared.calendar import QUARTER_MS, day_bounds_ms, local_day, midnight_ms

_DAYS_AT_ONCE: Final = 31
_ALL_QUARTERS: Final = (1 << len(QUARTER_TIMES)) - 1
_OF_TIMES: Final = frozenset({ReasonCode.NO_PRICE_AT_TIME, ReasonCode.NO_SERIES})


@dataclass(frozen=True, slots=True)
class Compared:
    """What is compared.

    Attributes:
        query: the site and its days.
        days: the same days, in order → the contract for consumption, or None.
        consumption: of the site.
        assumed: the subscribed power, and powers by period.
    """

    query: SiteDays
    days: Mapping[date, Contract | None]
    consumption: SiteConsumption
    assumed: Assumed


def series_offers(reader: LedgerReader, compared: Compared, catalogue: TariffCatalogue) -> Iterator[Offer]:
    """What days would have cost on each tariff of consumed energy that has a price series, at the subscribed power.

    Args:
        reader: the ledger.
        compared: what is compared.
        catalogue: tariffs and series; those of files that cannot be used are left out.
    """
    days: dict[date, Sequence[int]] | None = None
    for tariff in catalogue.tariffs.values():
        series = catalogue.series.get(tariff.id)
        if tariff.direction is not Direction.CONSUMPTION or tariff.id in catalogue.broken.by_id or series is None:
            continue
        if days is None:
            days = _measured_days(compared)
        yield _offer(reader, compared, days, tariff, series)


def _measured_days(compared: Compared) -> dict[date, Sequence[int]]:
    """Day → what was consumed before each of its quarter-hours; and, last, on the day: of those measured throughout."""
    query, metering = compared.query, Metering(compared.assumed)
    unmetered = [each for each in compared.consumption.unmetered if each.direction is Direction.CONSUMPTION]
    found: dict[date, Sequence[int]] = {}
    for day, contract in compared.days.items():
        start_ms, end_ms = bounds = day_bounds_ms(day, query.tz)
        if end_ms - start_ms != len(QUARTER_TIMES) * QUARTER_MS or any(each.concerns(*bounds) for each in unmetered):
            continue
        metered = metering.of(day, contract, compared.consumption.days.get(day), is_metered=True)
        if metered.is_plain and sum(each.energy.quarters for each in metered.kinds) == _ALL_QUARTERS:
            found[day] = metered.until
    return found


def _offer(
    reader: LedgerReader, compared: Compared, measured: Mapping[date, Sequence[int]], tariff: Tariff, series: Series
) -> Offer:
    query, assumed = compared.query, compared.assumed
    sums, rest = _Sums(tariff), []
    for day in _priced_days(series, compared.days, query.tz):
        if day in measured and (amount := _amount(tariff, series, day, measured[day], compared)) is not None:
            sums.add_amount(day, amount, measured[day][-1])
        else:
            rest.append(day)
    contract = Contract(query.site.id, tariff.id, date.min, power_kva=assumed.power_kva, powers_kw=assumed.powers_kw)
    terms = Terms(Contracts([contract]), {tariff.id: tariff}, {tariff.id: series})
    # A day has hundreds of parts: those of all days would not fit into a small computer's memory.
    for at in range(0, len(rest), _DAYS_AT_ONCE):
        check_abandoned()
        for day, rows in computed(reader, query.site, rest[at : at + _DAYS_AT_ONCE], terms, query.tz).items():
            sums.add(day, rows)
    for day in compared.days:
        if not sums.has(day):
            sums.add(day, ())
    return sums.offer(assumed.power_kva)


def _amount(tariff: Tariff, series: Series, day: date, until: Sequence[int], compared: Compared) -> Decimal | None:
    """What a day costs, not rounded; None if something of it is not known."""
    power = compared.assumed.power_kva
    version = tariff.in_force(day, power)
    monthly = None if version is None else version.monthly(power)
    daily = None if version is None else version.powers_a_day(compared.assumed.powers_kw)
    if monthly is None or daily is None:
        return None
    by_price: dict[Decimal, int] = {}
    start_ms = midnight_ms(day, compared.query.tz)
    for number, (before, after) in enumerate(pairwise(until)):
        if after > before:
            price = series.price(start_ms + number * QUARTER_MS)
            if price is None:
                return None
            by_price[price] = by_price.get(price, 0) + after - before
    energy = sum((price * wh for price, wh in by_price.items()), Decimal(0)) / WH_PER_KWH
    return energy + monthly / days_of_month(day) + daily


def _priced_days(series: Series, days: Iterable[date], tz: ZoneInfo) -> list[date]:
    """The days between the first price and the last: others need not be read."""
    if not series.steps:
        return []
    first, last = local_day(series.steps[0].start_ms, tz), local_day(series.steps[-1].end_ms - 1, tz)
    return [day for day in days if first <= day <= last]


class _Sums:
    """The sums of a tariff's days.

    Args:
        tariff: whose they are.
    """

    def __init__(self, tariff: Tariff) -> None:
        self._tariff = tariff
        self._amount = Decimal(0)
        self._known: list[date] = []
        self._added: set[date] = set()
        self._unknown: dict[Reason, list[date]] = {}
        self._energy_wh: dict[str, int] = {}
        self._is_estimated = False

    def has(self, day: date) -> bool:
        """Whether a day was added."""
        return day in self._added

    def add_amount(self, day: date, amount: Decimal, energy_wh: int) -> None:
        """Add a day that is measured throughout."""
        self._added.add(day)
        self._known.append(day)
        self._amount += amount
        self._energy_wh[TOTAL] = self._energy_wh.get(TOTAL, 0) + energy_wh

    def add(self, day: date, of_day: Iterable[CostRow]) -> None:
        """Add a day's rows; none: it has no prices."""
        self._added.add(day)
        rows = [row for row in of_day if _counts(row)]
        if not rows or any(row.amount is None for row in rows):
            no_prices = Reason(ReasonCode.NO_PRICES_THEN, {"tariff": self._tariff.id})
            reasons = {row.reason for row in rows if row.amount is None and row.reason}
            for reason in {no_prices if each.code in _OF_TIMES else each for each in reasons} or {no_prices}:
                self._unknown.setdefault(reason, []).append(day)
            return
        self._known.append(day)
        for row in rows:
            self._amount += row.amount or 0
            self._is_estimated |= row.quality is Quality.ESTIMATED
            if row.period is not None:
                self._energy_wh[row.period] = self._energy_wh.get(row.period, 0) + row.energy_wh

    def offer(self, power: int | None) -> Offer:
        """The offer at a subscribed power, or None."""
        days = tuple(sorted(self._known))
        return Offer(
            self._tariff.id,
            power,
            self._tariff.currency,
            self._energy_wh,
            self._amount if days else None,
            days,
            self._is_estimated,
            bool(days) and provisional_reason(self._tariff, power, days[-1]) is not None,
            {reason: tuple(sorted(of_reason)) for reason, of_reason in self._unknown.items()},
        )


def _counts(row: CostRow) -> bool:
    return row.direction is Direction.CONSUMPTION and row.period != LUMP_SUM
