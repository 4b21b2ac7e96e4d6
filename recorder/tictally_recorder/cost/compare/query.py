"""What some days of a site would have cost on other tariffs, from a ledger."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from tictally_recorder.cost.compare.engine import offers
from tictally_recorder.cost.compare.kept import site_consumption
from tictally_recorder.cost.compare.model import Actual, Assumed, Offer, TariffComparison
from tictally_recorder.cost.compare.series_offers import Compared, series_offers
from tictally_recorder.cost.contracts.meter_reported import announced
from tictally_recorder.cost.contracts.model import Contract
from tictally_recorder.cost.query import SiteDays, consumption_amounts
from tictally_recorder.cost.terms import LoadedTerms
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.tariffs.broken import BrokenTariff
from tictally_recorder.tariffs.catalogue import TariffCatalogue
from tictally_recorder.tariffs.hours import Hours
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import days_between


def comparison_of(reader: LedgerReader, query: SiteDays, paid: LoadedTerms, wish: Assumed) -> TariffComparison:
    """What some days of a site would have cost.

    Args:
        reader: the ledger.
        query: the days, all of them with frames.
        paid: contracts and tariffs.
        wish: what to assume; without hours each day's contract's. Colours that are given go before those that a meter
            reported, and these before the calendar's.
    """
    site, tz = query.site, query.tz
    contracts = paid.terms.contracts
    days = {
        day: contracts.on(site.id, Direction.CONSUMPTION, day)
        for day in days_between(query.start, query.end - timedelta(days=1))
    }
    last = days[max(days)]
    power = (last.power_kva if last else None) or announced(reader, site).power_kva
    consumption = site_consumption(reader, query)
    colours = {**paid.catalogue.tempo.colours, **consumption.colours, **wish.colours}
    assumed = replace(wish, colours=colours, power_kva=power, powers_kw=last.powers_kw if last else {})
    broken = paid.catalogue.broken.by_id
    found = offers(
        consumption, days, (each for name, each in paid.catalogue.tariffs.items() if name not in broken), assumed, tz
    )
    # A series has no prices of one day for all of the time.
    compared = Compared(query, days, consumption, assumed)
    by_series = series_offers(reader, compared, paid.catalogue) if wish.prices_on is None else ()
    without_price = [_without_price(each, power, days, paid.catalogue) for each in broken.values()]
    return TariffComparison(
        site.id,
        query.start,
        query.end,
        _actual(consumption_amounts(reader, query, paid.terms), days),
        _days_of_hours(found.off_peak_hours),
        [*found.all, *by_series, *(each for each in without_price if each is not None)],
        wish.prices_on,
    )


def _without_price(
    broken: BrokenTariff, power: int | None, days: Iterable[date], catalogue: TariffCatalogue
) -> Offer | None:
    """The offer of a tariff in a file that cannot be used, or None if no other file has that tariff."""
    tariff = catalogue.tariffs.get(broken.id)
    if tariff is None or tariff.direction is not Direction.CONSUMPTION or tariff.series:
        return None
    unknown = {broken.error.reason: tuple(days)}
    return Offer(
        tariff.id, power, tariff.currency, {}, None, (), is_estimated=False, is_provisional=False, unknown=unknown
    )


def _actual(found: Mapping[date, list[Decimal | None]], days: Mapping[date, Contract | None]) -> Actual:
    tariffs = tuple(dict.fromkeys(contract.tariff for contract in days.values() if contract))
    known = {
        day: sum((each for each in amounts if each is not None), Decimal(0))
        for day, amounts in found.items()
        if amounts and None not in amounts
    }
    amount = sum(known.values(), Decimal(0)) if known else None
    return Actual(tariffs, amount, tuple(sorted(known)), is_complete=known.keys() == days.keys())


def _days_of_hours(hours: Mapping[date, tuple[Hours, ...]]) -> dict[tuple[Hours, ...], tuple[date, ...]]:
    found: dict[tuple[Hours, ...], list[date]] = {}
    for day, of_day in hours.items():
        found.setdefault(of_day, []).append(day)
    return {each: tuple(days) for each, days in found.items()}
