"""A comparison as a table and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tictally_recorder.cli.output import plain_table, print_table, say
from tictally_recorder.compare import Offer
from tictally_recorder.contracts.model import Hours
from tictally_recorder.cost import to_cents
from tictally_recorder.cost.summing import stretches_of


@dataclass(frozen=True, slots=True)
class Answer:
    """Of one site.

    Attributes:
        site: its id.
        start: the first local day with frames.
        end: the day after the last.
        tariff: of the contract on the last day, or None.
        actual: what the contract's registers cost with subscription, not rounded; None where that is unknown.
        windows: off-peak hours that were assumed.
        offers: in any order.
    """

    site: str
    start: date
    end: date
    tariff: str | None
    actual: Decimal | None
    windows: Sequence[Hours]
    offers: Sequence[Offer]


def show(answer: Answer) -> None:
    """For people: the cheapest first, what is unknown last, with its reasons below."""
    table = plain_table(f"Site {answer.site}, {answer.start} to {answer.end}")
    table.add_column("Price list")
    for heading in ("kVA", "Amount"):
        table.add_column(heading, justify="right")
    table.add_column("")
    table.add_column("Quality")
    for offer in _sorted(answer):
        amount = "" if offer.amount is None else str(to_cents(offer.amount))
        table.add_row(offer.tariff, str(offer.power_kva or ""), amount, offer.currency, _quality(offer))
    print_table(table)
    actual = "is not known" if answer.actual is None else str(to_cents(answer.actual))
    say(f"What the contract's own registers cost: {actual}{f' ({answer.tariff})' if answer.tariff else ''}.")
    say(f"Off-peak hours of HP/HC are assumed to be {_hours(answer)}, those of Tempo 22:00-06:00.")
    say("A quarter of an hour counts where it begins; use would change with the price list, and here it does not.")
    for reason, names, days in _reasons(answer):
        say(f"Unknown ({names}; {days}): {reason}.")


def as_json(answers: Sequence[Answer]) -> str:
    """For programs: a record for each price list and power."""
    return json.dumps(records(answers), indent=2)


def records(answers: Sequence[Answer]) -> list[dict[str, object]]:
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
            "unknown": {reason: [str(day) for day in days] for reason, days in offer.unknown.items()},
            "windows": _hours(answer),
            "actual_tariff": answer.tariff,
            "actual": None if answer.actual is None else format(answer.actual, "f"),
        }
        for answer in answers
        for offer in _sorted(answer)
    ]


def _sorted(answer: Answer) -> list[Offer]:
    return sorted(answer.offers, key=lambda each: (each.amount is None, each.amount or 0, each.tariff))


def _quality(offer: Offer) -> str:
    if offer.amount is None:
        return "unknown"
    if offer.is_provisional:
        return "provisional"
    return "estimated" if offer.is_estimated else "measured"


def _hours(answer: Answer) -> str:
    return ", ".join(f"{begin:%H:%M}-{end:%H:%M}" for begin, end in answer.windows)


def _reasons(answer: Answer) -> list[tuple[str, str, str]]:
    found = []
    for offer in _sorted(answer):
        for reason, days in offer.unknown.items():
            name = f"{offer.tariff} {offer.power_kva} kVA" if offer.power_kva else offer.tariff
            runs = ", ".join(f"{a}" if a == b else f"{a} to {b}" for a, b in stretches_of(days))
            found.append((reason, name, runs))
    return found
