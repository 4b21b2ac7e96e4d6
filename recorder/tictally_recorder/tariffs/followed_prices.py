"""Prices that follow others: without taxes with the taxes of each day, at a discount on another tariff. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final

from tictally_recorder.file_problem import FileProblem
from tictally_recorder.tariffs.model import Confidence, Price, Tariff, Version
from tictally_recorder.tariffs.taxes import TAX_NAMES, Taxes
from tictally_shared.phrase import Phrase

_FROM_WEAKEST: Final = (Confidence.SECONDARY, Confidence.OWN, Confidence.OFFICIAL)


def with_taxes(ht: Decimal, taxes: Taxes) -> Decimal | None:
    """A kWh's price with all taxes, `(ht + accise) * (1 + vat)`; None if one of them is not known."""
    if taxes.accise is None or taxes.vat_energy is None:
        return None
    return (ht + taxes.accise) * (1 + taxes.vat_energy)


def monthly_with_taxes(ht: Decimal, cta_base: Decimal, taxes: Taxes) -> Decimal | None:
    """A month's subscription with all taxes, `(ht + base * cta) * (1 + vat)`; None if one of them is not known."""
    if taxes.cta_share is None or taxes.vat_subscription is None:
        return None
    return (ht + cta_base * taxes.cta_share) * (1 + taxes.vat_subscription)


def days_of_taxes(version: Version, names: Collection[str]) -> list[date]:
    """Later days of a version on which some taxes change, as long as it may hold."""
    changes = version.tax_table.changes(version.start, version.until) if version.tax_table else {}
    return [day for day, taxes in changes.items() if not set(names).isdisjoint(taxes)]


def without_taxes(price: Price, taxes: Taxes) -> Decimal | None:
    """A kWh's price without taxes as it is published, else as its price with taxes gives it; None if neither does."""
    if price.ht is not None:
        return price.ht
    if taxes.accise is None or taxes.vat_energy is None:
        return None
    return price.ttc / (1 + taxes.vat_energy) - taxes.accise


def in_turn(versions: Iterable[Version]) -> tuple[Version, ...]:
    """Versions of which each holds until the next one begins, unless it ended before; the last as long as it did."""
    found = list(versions)
    for number, (each, after) in enumerate(pairwise(found)):
        if each.until is None or each.until + timedelta(days=1) >= after.start:
            found[number] = replace(each, until=None)
    return tuple(found)


def following(head: Version, base: Tariff, factor: Decimal, *, has_subscription: bool) -> tuple[Version, ...] | Phrase:
    """What a version becomes whose prices without taxes are a part of another tariff's.

    Args:
        head: the version as it is written, without prices of energy.
        base: the tariff that it follows, of the same periods.
        factor: by which the other prices without taxes are multiplied.
        has_subscription: False if its subscription is the other tariff's.

    Returns:
        One version for each day from which prices or taxes are others, or why there can be none.
    """
    found = []
    for day in _days(head, base):
        version = _on(head, base, factor, day)
        if isinstance(version, Phrase):
            return version
        if version is not None and not has_subscription:
            version = _with_subscription(version, base, day)
        if version is not None:
            found.append(version)
        elif found and found[-1].until == head.until:
            found[-1] = replace(found[-1], until=day - timedelta(days=1))
    if not found or found[0].start != head.start:
        return Phrase(FileProblem.FOLLOWED_LATER, {"tariff": base.id, "start": str(head.start)})
    return in_turn(found)


def _days(head: Version, base: Tariff) -> list[date]:
    """The version's first day, and later ones on which the other tariff or the taxes change."""
    days = {head.start}
    for version in base.versions:
        days.add(version.start)
        if version.until is not None:
            days.add(version.until + timedelta(days=1))
    days.update(days_of_taxes(head, TAX_NAMES))
    return sorted(day for day in days if head.start <= day and (head.until is None or day <= head.until))


def _on(head: Version, base: Tariff, factor: Decimal, day: date) -> Version | Phrase | None:
    """The version of a day; None where the other tariff has none."""
    of_day = base.on(day)
    if of_day is None:
        return None
    energy: dict[int | None, dict[str, Price]] = {}
    for power in base.powers_on(day) or (None,):
        in_force = base.in_force(day, power)
        if in_force is None:
            continue
        taxes, own = in_force.taxes_on(in_force.start), head.taxes_on(day)
        for period in base.periods:
            price = in_force.price(power, period)
            ht = None if price is None else without_taxes(price, taxes)
            ttc = None if ht is None else with_taxes(ht * factor, own)
            if ht is None or ttc is None:
                return Phrase(FileProblem.TAXES_UNKNOWN, {"day": str(day)})
            energy.setdefault(power, {})[period] = Price(ttc, ht * factor)
    confidence = next(each for each in _FROM_WEAKEST if each in {head.confidence, of_day.weakest})
    return replace(
        head,
        start=day,
        energy=energy,
        source=f"{head.source}; {of_day.id}: {of_day.source}",
        confidence=confidence,
    )


def _with_subscription(version: Version, base: Tariff, day: date) -> Version:
    """The same with the other tariff's subscriptions."""
    amounts = {}
    for power in base.powers_on(day) or (None,):
        in_force = base.in_force(day, power)
        monthly = None if in_force is None else in_force.monthly(power)
        if monthly is not None:
            amounts[power] = monthly
    return replace(version, subscription=amounts)
