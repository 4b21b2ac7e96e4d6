"""What some days of a site would have cost on other tariffs, from a ledger."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost.compare.engine import offers
from tictally_recorder.cost.compare.model import Actual, Assumed, Offer, TariffComparison
from tictally_recorder.cost.compare.tempo_colours import agreed, heard_colours
from tictally_recorder.cost.contracts.meter_reported import announced
from tictally_recorder.cost.contracts.model import Contract
from tictally_recorder.cost.model import LUMP_SUM, CostRow, Use
from tictally_recorder.cost.query import SiteDays, cost_of
from tictally_recorder.cost.terms import LoadedTerms
from tictally_recorder.cost.unmetered import unmetered_of
from tictally_recorder.energy import EnergyQuery, quarter_energy
from tictally_recorder.energy.register_totals import direction_of
from tictally_recorder.ledger import LedgerReader, Site, TextChange
from tictally_recorder.tariffs.broken import BrokenTariff
from tictally_recorder.tariffs.catalogue import TariffCatalogue
from tictally_recorder.tariffs.hours import Hours
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import QUARTER_MS, By, days_between, local_midnight
from tictally_shared.labels import LABELS
from tictally_shared.status_register import Colour

_LABELS: Final = ("STGE", "PTEC")
_MONTH_MS: Final = 31 * 24 * 3600 * 1000


def reported_colours(
    reader: LedgerReader, site: Site, start: datetime, end: datetime, tz: ZoneInfo
) -> dict[date, Colour]:
    """The colours of the days for which a site's meters reported one in [start, end).

    Args:
        reader: the ledger.
        site: of it.
        start: aware.
        end: aware, excluded.
        tz: of the local days.
    """
    start_ms, end_ms = int(start.timestamp()) * 1000, int(end.timestamp()) * 1000
    by_label: list[dict[date, Colour]] = []
    for meter in site.meters:
        seen = reader.labels_seen(meter.id)
        # The last moment of each quarter with frames: a text that changed within it is the new one.
        heard = [each + QUARTER_MS - 1 for each in reader.quarters_with_frames(meter.id, start_ms, end_ms)]
        for label in _LABELS:
            if label in seen:
                first_ms, last_ms = seen[label]
                times = [min(each, last_ms) for each in heard if first_ms <= each < last_ms + QUARTER_MS]
                changes = _changes(reader, meter.id, label, (start_ms, end_ms), times)
                by_label.append(heard_colours(changes, times, tz))
    return agreed(by_label)


def _changes(
    reader: LedgerReader, meter_id: int, label: str, window_ms: tuple[int, int], times: list[int]
) -> list[TextChange]:
    """A label's changes, back to its value at the first of some times: a month is mostly enough."""
    start_ms, end_ms = window_ms
    changes = list(reader.text_changes(meter_id, (label,), start_ms - _MONTH_MS, end_ms))
    if times and (not changes or changes[0].time_ms > times[0]):
        changes = list(reader.text_changes(meter_id, (label,), 0, end_ms))
    return changes


_CONSUMPTION: Final = {register for register in LABELS if direction_of(register) is Direction.CONSUMPTION}


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
    by_quarter = EnergyQuery.of_days(site.id, (query.start, query.end), By.QUARTER, tz)
    quarters, steady = quarter_energy(reader, by_quarter, _CONSUMPTION)
    # The night before the first day's 06:00 is of a Tempo day that began the day before.
    yesterday = query.start - timedelta(days=1)
    reported = reported_colours(reader, site, local_midnight(yesterday, tz), by_quarter.end, tz)
    assumed = replace(wish, colours={**paid.catalogue.tempo.colours, **reported, **wish.colours}, power_kva=power)
    use = Use(site.id, (), quarters, unmetered_of(reader, site), steady)
    broken = paid.catalogue.broken.by_id
    found = offers(
        use, days, (each for name, each in paid.catalogue.tariffs.items() if name not in broken), assumed, tz
    )
    without_price = [_without_price(each, power, days, paid.catalogue) for each in broken.values()]
    return TariffComparison(
        site.id,
        query.start,
        query.end,
        _actual(cost_of(reader, query, paid.terms), days),
        _days_of_hours(found.off_peak_hours),
        [*found.all, *(each for each in without_price if each is not None)],
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


def _actual(rows: Iterable[CostRow], days: Mapping[date, Contract | None]) -> Actual:
    tariffs = tuple(dict.fromkeys(contract.tariff for contract in days.values() if contract))
    by_day: dict[date, list[Decimal | None]] = {}
    for row in rows:
        if row.direction is Direction.CONSUMPTION and row.period != LUMP_SUM:
            by_day.setdefault(row.day, []).append(row.amount)
    known = {
        day: sum((each for each in amounts if each is not None), Decimal(0))
        for day, amounts in by_day.items()
        if None not in amounts
    }
    amount = sum(known.values(), Decimal(0)) if known else None
    return Actual(tariffs, amount, tuple(sorted(known)), is_complete=known.keys() == days.keys())


def _days_of_hours(hours: Mapping[date, tuple[Hours, ...]]) -> dict[tuple[Hours, ...], tuple[date, ...]]:
    found: dict[tuple[Hours, ...], list[date]] = {}
    for day, of_day in hours.items():
        found.setdefault(of_day, []).append(day)
    return {each: tuple(days) for each, days in found.items()}
