"""Advice on the subscribed power as a table and remarks for people, and as records for programs. Pure."""

from collections.abc import Iterator
from typing import Final

from rich.table import Table

from tictally_recorder.cost.power import PowerAdvice, PowerOption
from tictally_recorder.cost.proration import amount_text, to_cents
from tictally_recorder.remark import RemarkCode
from tictally_recorder.reports.cost import Record
from tictally_recorder.reports.reasons import ranges_of
from tictally_recorder.reports.table import add_columns, plain_table
from tictally_recorder.translations import ENGLISH
from tictally_shared.catalogue import Catalogue
from tictally_shared.phrase import Phrase, Value

COLUMNS: Final = (
    *("site", "from", "to", "power_kva", "is_subscribed", "days", "days_over", "over", "days_unknown"),
    *("subscription", "saving_year", "currency", "tariff", "highest_va", "highest_day"),
)


def as_table(advice: PowerAdvice, words: Catalogue = ENGLISH) -> Table:
    """A row for each power."""
    span = {"start": str(advice.start), "end": str(advice.end)}
    table = plain_table(words.text("report.site_in_span", site=advice.site, **span))
    add_columns(table, words, "kva", "days_over", "days_unknown", is_right=True, wraps=True)
    add_columns(table, words, "subscription_month", "saving_year", is_right=True, wraps=True)
    add_columns(table, words, "")
    for option in advice.options:
        table.add_row(*_row(option, advice, words))
    return table


def _row(option: PowerOption, advice: PowerAdvice, words: Catalogue) -> tuple[str, ...]:
    saving = "" if option.saving_year is None else words.decimal(f"{to_cents(option.saving_year):f}")
    return (
        str(option.power_kva),
        str(len(option.over)),
        str(len(option.unknown)),
        "" if option.monthly is None else words.decimal(f"{option.monthly:f}"),
        "" if advice.currency is None or not saving else f"{saving} {advice.currency}",
        words.text("report.subscribed") if option.power_kva == advice.power_kva else "",
    )


def remarks(advice: PowerAdvice) -> Iterator[Phrase]:
    """What to know of it: the highest power, the lowest one that would have been enough, and what is not known."""
    if advice.highest is None:
        yield Phrase(RemarkCode.POWER_NONE_KNOWN)
        return
    day, va = advice.highest
    yield Phrase(RemarkCode.POWER_HIGHEST, {"va": va, "day": str(day)})
    if advice.least_kva is None:
        yield Phrase(RemarkCode.POWER_NONE_ENOUGH)
    else:
        yield Phrase(RemarkCode.POWER_LEAST, {"power_kva": advice.least_kva})
    if advice.unknown_days:
        about: dict[str, Value] = {"count": advice.unknown_days, "days": advice.days}
        yield Phrase(RemarkCode.POWER_UNKNOWN_DAYS, about)
    if advice.has_three_phases:
        yield Phrase(RemarkCode.POWER_THREE_PHASES)
    yield Phrase(RemarkCode.POWER_ASSUMPTION)


def records(advice: PowerAdvice) -> list[Record]:
    """A record for each power; amounts are texts."""
    day, va = advice.highest or (None, None)
    return [
        {
            "site": advice.site,
            "from": str(advice.start),
            "to": str(advice.end),
            "power_kva": option.power_kva,
            "is_subscribed": option.power_kva == advice.power_kva,
            "days": advice.days,
            "days_over": len(option.over),
            "over": ranges_of(option.over),
            "days_unknown": len(option.unknown),
            "subscription": amount_text(option.monthly),
            "saving_year": amount_text(option.saving_year),
            "currency": advice.currency,
            "tariff": advice.tariff,
            "highest_va": va,
            "highest_day": None if day is None else str(day),
        }
        for option in advice.options
    ]
