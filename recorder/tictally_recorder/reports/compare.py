"""A comparison as a table and remarks for people, and as records for programs. Pure."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from rich.table import Table

from tictally_recorder.cost import to_cents
from tictally_recorder.cost.compare import Offer, TariffComparison
from tictally_recorder.cost.proration import amount_text
from tictally_recorder.remark import RemarkCode
from tictally_recorder.reports.reasons import ranges_of
from tictally_recorder.reports.table import add_columns, plain_table
from tictally_recorder.tariffs.hours import Hours
from tictally_recorder.translations import ENGLISH, phrase_record
from tictally_shared.catalogue import Catalogue
from tictally_shared.phrase import Phrase, Value

COLUMNS: Final = (
    *("site", "from", "to", "tariff", "power_kva", "energy_wh", "amount", "rounded", "currency", "quality"),
    *("days", "ranges", "reasons", "off_peak_hours", "actual_tariff", "actual", "actual_days", "prices_on"),
)


def as_table(answer: TariffComparison, words: Catalogue = ENGLISH) -> Table:
    """Human-readable table: the cheapest first, then partly known, then unknown."""
    span = {"start": str(answer.start), "end": str(answer.end)}
    table = plain_table(words.text("report.site_in_span", site=answer.site, **span))
    add_columns(table, words, "tariff", wraps=True)
    add_columns(table, words, "kva", "amount", is_right=True, wraps=True)
    add_columns(table, words, "", "quality", wraps=True)
    add_columns(table, words, "days", is_right=True, wraps=True)
    for offer in _sorted(answer):
        amount = "" if offer.amount is None else words.decimal(str(to_cents(offer.amount)))
        days = str(len(offer.days))
        if not offer.is_complete:
            days = words.text("report.days_of", days=days, all=_days(answer))
        quality = words.text(f"quality.{_quality(offer)}")
        table.add_row(offer.tariff, str(offer.power_kva or ""), amount, offer.currency, quality, days)
    return table


def remarks(answer: TariffComparison) -> list[Phrase]:
    """What a person must know of it: what was assumed, and what of it is unknown, and why."""
    prices = [Phrase(RemarkCode.COMPARE_PRICES_ON, {"day": str(answer.prices_on)})] if answer.prices_on else []
    return [_actual(answer), *prices, *_hours(answer), Phrase(RemarkCode.COMPARE_ASSUMPTION), *_unknown(answer)]


def as_json(answers: Sequence[TariffComparison]) -> str:
    """For programs: a record for each tariff and power."""
    return json.dumps(records(answers), indent=2)


def records(answers: Sequence[TariffComparison]) -> list[dict[str, object]]:
    """A record for each tariff and power, the cheapest first; amounts are texts.

    An amount is of the `days` whose cost is known; its quality is `unknown` where these are not all.
    """
    ranges = _Ranges()
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
            "days": len(offer.days),
            "ranges": ranges.of(offer.days),
            "reasons": [
                phrase_record(reason) | {"days": len(days), "ranges": ranges.of(days)}
                for reason, days in offer.unknown.items()
            ],
            "off_peak_hours": _hours_text(answer),
            "actual_tariff": answer.actual.tariffs[-1] if answer.actual.tariffs else None,
            "actual": amount_text(answer.actual.amount),
            "actual_days": len(answer.actual.days),
            "prices_on": None if answer.prices_on is None else str(answer.prices_on),
        }
        for answer in answers
        for offer in _sorted(answer)
    ]


class _Ranges:
    """The ranges of days; most tariffs know the same days."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[tuple[str, str], ...]] = {}

    def of(self, days: tuple[date, ...]) -> tuple[tuple[str, str], ...]:
        """As `ranges_of`, of days that their offer holds."""
        if (found := self._found.get(id(days))) is None:
            found = self._found[id(days)] = ranges_of(days)
        return found


def _sorted(answer: TariffComparison) -> list[Offer]:
    return sorted(
        answer.offers,
        key=lambda each: (
            not each.is_complete,
            each.amount is None,
            each.amount if each.is_complete and each.amount is not None else 0,
            each.tariff,
        ),
    )


def _days(answer: TariffComparison) -> int:
    return (answer.end - answer.start).days


def _quality(offer: Offer) -> str:
    if offer.amount is None or not offer.is_complete:
        return "unknown"
    if offer.is_provisional:
        return "provisional"
    return "estimated" if offer.is_estimated else "measured"


def _joined(hours: Sequence[Hours]) -> tuple[str, ...]:
    return tuple(f"{begin:%H:%M}-{end:%H:%M}" for begin, end in hours)


def _hours_text(answer: TariffComparison) -> str:
    """`22:00-06:00`, with their days where they have changed; empty where no hours were needed."""
    found = answer.off_peak_hours
    if len(found) == 1:
        return ", ".join(_joined(next(iter(found))))
    return "; ".join(
        f"{', '.join(_joined(hours))} ({', '.join(' to '.join(dict.fromkeys(each)) for each in ranges_of(days))})"
        for hours, days in found.items()
    )


def _hours(answer: TariffComparison) -> Iterator[Phrase]:
    if not answer.off_peak_hours:
        yield Phrase(RemarkCode.COMPARE_OFF_PEAK_BY_REGISTERS)
    for hours, days in answer.off_peak_hours.items():
        yield Phrase(RemarkCode.COMPARE_OFF_PEAK_HOURS, {"hours": _joined(hours), "ranges": ranges_of(days)})


def _actual(answer: TariffComparison) -> Phrase:
    actual = answer.actual
    about: dict[str, Value] = {"tariff": ", ".join(actual.tariffs)} if actual.tariffs else {}
    if actual.amount is None:
        code = RemarkCode.COMPARE_ACTUAL_OF_TARIFF_UNKNOWN if about else RemarkCode.COMPARE_ACTUAL_UNKNOWN
        return Phrase(code, about)
    about["amount"] = str(to_cents(actual.amount))
    if actual.is_complete:
        return Phrase(RemarkCode.COMPARE_ACTUAL_OF_TARIFF if actual.tariffs else RemarkCode.COMPARE_ACTUAL, about)
    about["ranges"] = ranges_of(actual.days)
    in_part = RemarkCode.COMPARE_ACTUAL_IN_PART_OF_TARIFF if actual.tariffs else RemarkCode.COMPARE_ACTUAL_IN_PART
    return Phrase(in_part, about)


def _unknown(answer: TariffComparison) -> Iterator[Phrase]:
    for offer in _sorted(answer):
        name = Phrase(RemarkCode.OFFER, {"tariff": offer.tariff})
        if offer.power_kva:
            name = Phrase(RemarkCode.OFFER_AT_POWER, {"tariff": offer.tariff, "power_kva": offer.power_kva})
        if offer.amount is not None and not offer.is_complete:
            known: dict[str, Value] = {"offer": name, "amount": str(to_cents(offer.amount))}
            known |= {"currency": offer.currency, "ranges": ranges_of(offer.days)}
            yield Phrase(RemarkCode.COMPARE_IN_PART, known)
        for reason, days in offer.unknown.items():
            about: dict[str, Value] = {"offer": name, "ranges": ranges_of(days), "reason": reason}
            yield Phrase(RemarkCode.COMPARE_UNKNOWN, about)
