"""What energy cost as a table for people, as JSON and as CSV. Pure: sums in, text or a table out."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from rich.table import Table

from tictally_recorder.cost import CostRow, Quality, to_cents
from tictally_recorder.cost.aggregation import DatedReason, PriceLine, Summed, reasons_of
from tictally_recorder.cost.model import LUMP_SUM, UNMETERED
from tictally_recorder.cost.proration import amount_text
from tictally_recorder.csv_writer import csv_text
from tictally_recorder.remark import RemarkCode
from tictally_recorder.reports.reasons import dated_record, ranges_of, unknown_parts
from tictally_recorder.reports.table import add_columns, plain_table, site_title
from tictally_recorder.translations import ENGLISH
from tictally_shared.catalogue import Catalogue
from tictally_shared.phrase import Phrase

COLUMNS: Final = (
    "site",
    "from",
    "to",
    "kind",
    "direction",
    "period",
    "days",
    "energy_wh",
    "price",
    "amount",
    "rounded",
    "currency",
    "version",
    "hash",
    "power_kva",
    "quality",
    "reasons",
)
_PER_KILO: Final = 1000
_ENERGY: Final = "energy"
_SUBSCRIPTION: Final = "subscription"
_LUMP_SUM: Final = "lump_sum"
_TOTAL: Final = "total"

_INSTEAD_OF_PERIODS: Final[Mapping[str | None, str]] = {
    None: "report.subscription",
    LUMP_SUM: "report.lump_sum",
    UNMETERED: "report.unmetered",
}

Record = dict[str, object]


@dataclass(frozen=True, slots=True)
class SiteCosts:
    """The cost of one site.

    Attributes:
        site: its id.
        sums: a period of time each, in order.
        is_integrated: the site has no register, and its energy is integrated from powers.
    """

    site: str
    sums: Sequence[Summed]
    is_integrated: bool = False


def records(answer: SiteCosts) -> Iterator[tuple[Record, PriceLine | Summed]]:
    """A site's lines, and after those of each period of time its total, by column; beside each what it is of.

    Price and amounts are texts: `amount` is not rounded, `rounded` is, to the cent, and null is what is not known. A
    total is of what is known in one currency; its quality is `unknown` where something is not in it, and its reasons
    name what.
    """
    for summed in answer.sums:
        for line in summed.lines:
            yield _line_record(answer.site, summed, line), line
        nothing_known: list[tuple[str | None, Decimal | None]] = [(None, None)]
        for currency, amount in list(summed.known.items()) or nothing_known:
            yield _total_record(answer.site, summed, currency, amount), summed


def as_json(found: Iterable[Record]) -> str:
    """A JSON array, a line a record."""
    lines = [json.dumps(record, ensure_ascii=False) for record in found]
    return "[" + ",".join(f"\n  {line}" for line in lines) + ("\n]" if lines else "]")


def as_csv(found: Iterable[Record], columns: Sequence[str] = COLUMNS) -> str:
    """CSV with a header, nothing where JSON has null, the text of reasons."""
    return csv_text(columns, ([_cell(value) for value in record.values()] for record in found)).rstrip("\n")


def as_table(answer: SiteCosts, words: Catalogue = ENGLISH) -> Table:
    """A site's sums for a person; what counted nothing at a known price is left out."""
    table = plain_table(site_title(answer.site, words))
    add_columns(table, words, "from", "to", "period")
    add_columns(table, words, "kwh", "price", "amount", is_right=True)
    add_columns(table, words, "", "quality")
    add_columns(table, words, "version", wraps=True)
    total = words.text("report.total")
    for summed in answer.sums:
        times = (str(summed.start), str(summed.end))
        for line in summed.lines:
            if line.energy_wh or line.amount is None or _kind(line) != _ENERGY:
                table.add_row(*times, *_cells(line, words))
                times = ("", "")
        for currency, amount in summed.known.items():
            table.add_row(
                *times,
                total,
                "",
                "",
                words.decimal(cents(amount)),
                currency,
                "" if summed.is_known else words.text("report.and_unknown"),
                end_section=True,
            )
        if not summed.known:
            table.add_row(*times, total, "", "", "", "", quality_word(Quality.UNKNOWN, words), end_section=True)
    return table


def remarks(answer: SiteCosts) -> list[Phrase]:
    """What a person must know of a site's sums: what is unknown, provisional or estimated, and why."""
    lines = [line for summed in answer.sums for line in summed.lines]
    estimated = {day for line in lines for day in line.estimated_days}
    rows = [row for line in lines for row in line.rows]
    return remarks_of(rows, estimated, is_integrated=answer.is_integrated)


def remarks_of(rows: Sequence[CostRow], estimated: Collection[date], *, is_integrated: bool) -> list[Phrase]:
    """The same of some rows, and of the days on which energy is estimated or, without registers, integrated."""
    found = [
        Phrase(
            RemarkCode.COST_UNKNOWN,
            {"what": unknown_parts(each.rows), "reason": each.reason, "ranges": ranges_of(each.days)},
        )
        for each in _unknown(rows)
    ]
    found += [
        Phrase(RemarkCode.COST_PROVISIONAL, {"reason": each.reason, "ranges": ranges_of(each.days)})
        for each in reasons_of(row for row in rows if row.quality is Quality.PROVISIONAL)
    ]
    hours = {row.day for row in rows if any(part.is_divided for part in row.parts)}
    if others := set(estimated) - hours:
        code = RemarkCode.COST_INTEGRATED if is_integrated else RemarkCode.COST_ESTIMATED
        found.append(Phrase(code, {"ranges": ranges_of(others)}))
    if hours:
        found.append(Phrase(RemarkCode.COST_BY_HOURS, {"ranges": ranges_of(hours)}))
    return found


def kwh(energy_wh: int) -> str:
    """Energy as people read it."""
    return f"{energy_wh / _PER_KILO:.3f}"


def cents(amount: Decimal) -> str:
    """An amount as people read it; less than half a cent of income is no -0.00."""
    return f"{to_cents(amount) + 0:f}"


def quality_word(quality: Quality, words: Catalogue) -> str:
    """How much a figure is worth, for people."""
    return words.text(f"quality.{quality}")


def period_word(period: str | None, words: Catalogue) -> str:
    """A tariff's period as the tariff names it, or what stands for one; None: the subscription."""
    key = _INSTEAD_OF_PERIODS.get(period)
    return str(period) if key is None else words.text(key)


def _cells(line: PriceLine, words: Catalogue) -> tuple[str, ...]:
    amount = line.amount
    has_energy = _kind(line) == _ENERGY and (line.energy_wh or amount is not None)
    return (
        period_word(line.period, words),
        words.decimal(kwh(line.energy_wh)) if has_energy else "",
        "" if line.price is None else words.decimal(f"{line.price:f}"),
        "" if amount is None else words.decimal(cents(amount)),
        "" if amount is None else line.currency or "",
        quality_word(line.quality, words),
        line.version.id if line.version else "",
    )


def _line_record(site: str, summed: Summed, line: PriceLine) -> Record:
    version, amount = line.version, line.amount
    return {
        "site": site,
        "from": str(summed.start),
        "to": str(summed.end),
        "kind": _kind(line),
        "direction": str(line.direction),
        "period": line.period,
        "days": len(line.days),
        "energy_wh": line.energy_wh if line.period and line.period not in {UNMETERED, LUMP_SUM} else None,
        "price": None if line.price is None else f"{line.price:f}",
        "amount": amount_text(amount),
        "rounded": None if amount is None else cents(amount),
        "currency": line.currency,
        "version": version.id if version else None,
        "hash": version.hash if version else None,
        "power_kva": line.power_kva,
        "quality": str(line.quality),
        "reasons": [dated_record(each) for each in reasons_of(line.rows)],
    }


def _kind(line: PriceLine) -> str:
    if line.period is None:
        return _SUBSCRIPTION
    return _LUMP_SUM if line.period == LUMP_SUM else _ENERGY


def _total_record(site: str, summed: Summed, currency: str | None, amount: Decimal | None) -> Record:
    record: Record = dict.fromkeys(COLUMNS)
    return record | {
        "site": site,
        "from": str(summed.start),
        "to": str(summed.end),
        "kind": _TOTAL,
        "days": len({row.day for row in summed.rows}),
        "amount": amount_text(amount),
        "rounded": None if amount is None else cents(amount),
        "currency": currency,
        "quality": str(summed.quality),
        "reasons": [dated_record(each, names_unknown=True) for each in _unknown(summed.rows)],
    }


def _unknown(rows: Iterable[CostRow]) -> list[DatedReason]:
    return reasons_of(row for row in rows if row.amount is None)


def _cell(value: object) -> object:
    reasons = [value] if isinstance(value, dict) else value
    return "; ".join(each["text"] for each in reasons) if isinstance(reasons, list) else value
