"""A comparison as a table and sentences for people, and as records for programs. Pure."""

import json
from collections.abc import Sequence
from datetime import date

from rich.table import Table

from tictally_recorder.cost import to_cents
from tictally_recorder.cost.compare import Offer, TariffComparison
from tictally_recorder.reports.table import plain_table
from tictally_recorder.translations import ENGLISH, reason_record
from tictally_shared.calendar import runs_of_days


def as_table(answer: TariffComparison) -> Table:
    """For people: the cheapest first, what is unknown last."""
    table = plain_table(f"Site {answer.site}, {answer.start} to {answer.end}")
    table.add_column("Price list")
    for heading in ("kVA", "Amount"):
        table.add_column(heading, justify="right")
    table.add_column("")
    table.add_column("Quality")
    for offer in _sorted(answer):
        amount = "" if offer.amount is None else str(to_cents(offer.amount))
        table.add_row(offer.tariff, str(offer.power_kva or ""), amount, offer.currency, _quality(offer))
    return table


def remarks(answer: TariffComparison) -> list[str]:
    """What a person must know of it: what was assumed, and why some of it is unknown."""
    actual = "is not known" if answer.actual is None else str(to_cents(answer.actual))
    return [
        f"What the contract's own registers cost: {actual}{f' ({answer.tariff})' if answer.tariff else ''}.",
        f"Off-peak hours of HP/HC are assumed to be {_hours(answer)}, those of Tempo 22:00-06:00.",
        "A quarter of an hour counts where it begins; use would change with the price list, and here it does not.",
        *(f"Unknown ({name}; {days}): {reason}." for name, days, reason in _reasons(answer)),
    ]


def as_json(answers: Sequence[TariffComparison]) -> str:
    """For programs: a record for each price list and power."""
    return json.dumps(records(answers), indent=2)


def records(answers: Sequence[TariffComparison]) -> list[dict[str, object]]:
    """A record for each price list and power, the cheapest first; amounts are texts."""
    return [
        {
            "site": answer.site,
            "from": str(answer.start),
            "to": str(answer.end),
            "tariff": offer.tariff,
            "power_kva": offer.power_kva,
            "energy_wh": dict(offer.energy_wh),
            "amount": None if offer.amount is None else format(offer.amount, "f"),
            "rounded": None if offer.amount is None else str(to_cents(offer.amount)),
            "currency": offer.currency,
            "quality": _quality(offer),
            "reasons": [
                reason_record(reason) | {"days": len(days), "ranges": _ranges(days)}
                for reason, days in offer.unknown.items()
            ],
            "off_peak_hours": _hours(answer),
            "actual_tariff": answer.tariff,
            "actual": None if answer.actual is None else format(answer.actual, "f"),
        }
        for answer in answers
        for offer in _sorted(answer)
    ]


def _sorted(answer: TariffComparison) -> list[Offer]:
    return sorted(answer.offers, key=lambda each: (each.amount is None, each.amount or 0, each.tariff))


def _quality(offer: Offer) -> str:
    if offer.amount is None:
        return "unknown"
    if offer.is_provisional:
        return "provisional"
    return "estimated" if offer.is_estimated else "measured"


def _hours(answer: TariffComparison) -> str:
    return ", ".join(f"{begin:%H:%M}-{end:%H:%M}" for begin, end in answer.off_peak_hours)


def _reasons(answer: TariffComparison) -> list[tuple[str, str, str]]:
    found = []
    for offer in _sorted(answer):
        for reason, days in offer.unknown.items():
            name = f"{offer.tariff} {offer.power_kva} kVA" if offer.power_kva else offer.tariff
            runs = ", ".join(first if first == last else f"{first} to {last}" for first, last in _ranges(days))
            found.append((name, runs, ENGLISH.reason(reason)))
    return found


def _ranges(days: Sequence[date]) -> list[tuple[str, str]]:
    return [(str(first), str(last)) for first, last in runs_of_days(days)]
