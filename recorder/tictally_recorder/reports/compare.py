"""A comparison as a table and remarks for people, and as records for programs. Pure."""

import json
from collections.abc import Iterator, Sequence

from rich.table import Table

from tictally_recorder.cost import to_cents
from tictally_recorder.cost.compare import Offer, TariffComparison
from tictally_recorder.cost.proration import amount_text
from tictally_recorder.remark import RemarkCode
from tictally_recorder.reports.reasons import ranges_of
from tictally_recorder.reports.table import plain_table
from tictally_recorder.translations import phrase_record
from tictally_shared.phrase import Phrase, Value


def as_table(answer: TariffComparison) -> Table:
    """For people: the cheapest first, what is unknown last."""
    table = plain_table(f"Site {answer.site}, {answer.start} to {answer.end}")
    table.add_column("Tariff")
    for heading in ("kVA", "Amount"):
        table.add_column(heading, justify="right")
    table.add_column("")
    table.add_column("Quality")
    for offer in _sorted(answer):
        amount = "" if offer.amount is None else str(to_cents(offer.amount))
        table.add_row(offer.tariff, str(offer.power_kva or ""), amount, offer.currency, _quality(offer))
    return table


def remarks(answer: TariffComparison) -> list[Phrase]:
    """What a person must know of it: what was assumed, and why some of it is unknown."""
    return [
        _actual(answer),
        Phrase(RemarkCode.COMPARE_OFF_PEAK_HOURS, {"hours": _hours(answer)}),
        Phrase(RemarkCode.COMPARE_ASSUMPTION),
        *_unknown(answer),
    ]


def as_json(answers: Sequence[TariffComparison]) -> str:
    """For programs: a record for each tariff and power."""
    return json.dumps(records(answers), indent=2)


def records(answers: Sequence[TariffComparison]) -> list[dict[str, object]]:
    """A record for each tariff and power, the cheapest first; amounts are texts."""
    return [
        {
            "site": answer.site,
            "from": str(answer.start),
            "to": str(answer.end),
            "tariff": offer.tariff,
            "power_kva": offer.power_kva,
            "energy_wh": dict(offer.energy_wh),
            "amount": amount_text(offer.amount),
            "rounded": None if offer.amount is None else str(to_cents(offer.amount)),
            "currency": offer.currency,
            "quality": _quality(offer),
            "reasons": [
                phrase_record(reason) | {"days": len(days), "ranges": ranges_of(days)}
                for reason, days in offer.unknown.items()
            ],
            "off_peak_hours": ", ".join(_hours(answer)),
            "actual_tariff": answer.tariff,
            "actual": amount_text(answer.actual),
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


def _hours(answer: TariffComparison) -> tuple[str, ...]:
    return tuple(f"{begin:%H:%M}-{end:%H:%M}" for begin, end in answer.off_peak_hours)


def _actual(answer: TariffComparison) -> Phrase:
    tariff = {"tariff": answer.tariff} if answer.tariff else {}
    if answer.actual is None:
        code = RemarkCode.COMPARE_ACTUAL_OF_TARIFF_UNKNOWN if tariff else RemarkCode.COMPARE_ACTUAL_UNKNOWN
        return Phrase(code, tariff)
    code = RemarkCode.COMPARE_ACTUAL_OF_TARIFF if tariff else RemarkCode.COMPARE_ACTUAL
    return Phrase(code, {"amount": str(to_cents(answer.actual)), **tariff})


def _unknown(answer: TariffComparison) -> Iterator[Phrase]:
    for offer in _sorted(answer):
        name = Phrase(RemarkCode.OFFER, {"tariff": offer.tariff})
        if offer.power_kva:
            name = Phrase(RemarkCode.OFFER_AT_POWER, {"tariff": offer.tariff, "power_kva": offer.power_kva})
        for reason, days in offer.unknown.items():
            about: dict[str, Value] = {"offer": name, "ranges": ranges_of(days), "reason": reason}
            yield Phrase(RemarkCode.COMPARE_UNKNOWN, about)
