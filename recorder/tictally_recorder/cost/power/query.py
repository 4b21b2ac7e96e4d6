"""Which subscribed powers would have been enough over some days of a site, from a ledger."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from tictally_recorder.cost.contracts.meter_reported import announced
from tictally_recorder.cost.model import Terms
from tictally_recorder.cost.power.engine import PowerAdvice, Subscribed, advise
from tictally_recorder.cost.power.highest import highest_powers
from tictally_recorder.cost.query import SiteDays, cost_of
from tictally_recorder.ledger import LedgerReader, Site
from tictally_recorder.tariffs.model import Direction, Version
from tictally_shared.calendar import days_between

_THREE_PHASES: Final = frozenset({"IINST3", "IRMS3", "SINSTS3"})


def power_advice(reader: LedgerReader, query: SiteDays, terms: Terms) -> PowerAdvice:
    """The powers that the site's highest powers would have allowed, with what they would save at the last day's prices.

    Args:
        reader: the ledger.
        query: the site and its days, all of them over.
        terms: contracts and tariffs.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    site, last = query.site, query.end - timedelta(days=1)
    days = days_between(query.start, last)
    known = highest_powers(reader, site, days, query.tz)
    contract = terms.contracts.on(site.id, Direction.CONSUMPTION, last)
    tariff = terms.tariffs.get(contract.tariff) if contract else None
    power_kva = subscribed_kva(reader, site, terms, last)
    version = tariff.in_force(last, power_kva) if tariff else None
    subscribed = Subscribed(tariff, version, power_kva)
    if version is not None and _has_prices_by_power(version):
        subscribed = replace(subscribed, rows=cost_of(reader, query, terms))
    highest = max(known.items(), key=lambda each: (each[1].va, each[0]), default=None)
    labels = {label for meter in site.meters for label in reader.labels_seen(meter.id)}
    return PowerAdvice(
        site.id,
        query.start,
        query.end,
        power_kva,
        contract.tariff if contract else None,
        tariff.currency if tariff else None,
        None if highest is None else (highest[0], highest[1].va),
        sum(day not in known or not known[day].is_whole for day in days),
        has_three_phases=bool(labels & _THREE_PHASES),
        options=advise(days, known, subscribed),
    )


def subscribed_kva(reader: LedgerReader, site: Site, terms: Terms | None, day: date) -> int | None:
    """The power that the contract of a local day has, else the one that the meter reports, in kVA; None if neither."""
    contract = None if terms is None else terms.contracts.on(site.id, Direction.CONSUMPTION, day)
    return (contract.power_kva if contract else None) or announced(reader, site).power_kva


def _has_prices_by_power(version: Version) -> bool:
    """True if a kWh costs more or less at some power."""
    return (
        len({frozenset((period, price.ttc) for period, price in each.items()) for each in version.energy.values()}) > 1
    )
