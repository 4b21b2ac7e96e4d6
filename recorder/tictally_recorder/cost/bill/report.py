"""A bill as tables of texts for people. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from tictally_recorder.cost import to_cents
from tictally_recorder.cost.bill.model import Bill, BillLine, Tax, TaxKind, Total
from tictally_recorder.cost.bill.totals import cents
from tictally_recorder.tariffs.model import Direction

_TAX_NAMES: Final = {TaxKind.ACCISE: "Accise", TaxKind.CTA: "CTA", TaxKind.VAT: "VAT"}
_NOT_KNOWN: Final = "not known"
_UNKNOWN: Final = "unknown"
_WH_PER_KWH: Final = 1000
_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class BillSection:
    """A part of a bill.

    Attributes:
        title: of the part.
        columns: their headings.
        right: numbers of the columns that hold figures.
        rows: texts, one for each column.
    """

    title: str
    columns: tuple[str, ...]
    right: frozenset[int]
    rows: tuple[tuple[str, ...], ...]


def sections(bill: Bill) -> list[BillSection]:
    """The parts in the order of a bill; those without a line are left out. `To` is excluded in each."""
    found = []
    for direction, energy, subscription in (
        (Direction.CONSUMPTION, "Energy", "Subscription"),
        (Direction.INJECTION, "Energy injected: income", "Subscription for what is injected"),
    ):
        lines = [line for line in bill.lines if line.direction is direction and not line.is_lump_sum]
        found.append(_energy(energy, [line for line in lines if line.period is not None]))
        found.append(_subscription(subscription, [line for line in lines if line.period is None]))
    found.append(_lump_sums([line for line in bill.lines if line.is_lump_sum]))
    for total in bill.totals:
        found.append(_taxes(total))
        found.append(_sum(total, is_whole=bill.is_whole))
    found.append(_versions(bill))
    return [section for section in found if section.rows]


def _energy(title: str, lines: Iterable[BillLine]) -> BillSection:
    rows = [
        (
            *_from_to(line),
            line.period or "",
            f"{line.energy_wh / _WH_PER_KWH:.3f}" if line.energy_wh or line.amount is not None else _UNKNOWN,
            "" if line.is_income else _price(line.price_ht),
            _price_ttc(line),
            _amount(line),
        )
        for line in lines
    ]
    columns = ("From", "To", "Period", "kWh", "A kWh, HT", "A kWh, TTC", "Amount, TTC")
    return BillSection(title, columns, frozenset({3, 4, 5, 6}), tuple(rows))


def _subscription(title: str, lines: Iterable[BillLine]) -> BillSection:
    rows = [
        (
            *_from_to(line),
            "" if line.power_kva is None else f"{line.power_kva} kVA",
            _months(line),
            _price(line.price_ht),
            _price(line.price, _UNKNOWN),
            _amount(line),
        )
        for line in lines
    ]
    columns = ("From", "To", "Power", "Time", "A month, HT", "A month, TTC", "Amount, TTC")
    return BillSection(title, columns, frozenset({4, 5, 6}), tuple(rows))


def _lump_sums(lines: Iterable[BillLine]) -> BillSection:
    rows = tuple((str(line.first), line.version.source if line.version else "", _amount(line)) for line in lines)
    return BillSection("Paid once", ("Day", "What", "Amount"), frozenset({2}), rows)


def _taxes(total: Total) -> BillSection:
    rows = [(_TAX_NAMES[tax.kind], _rate(tax), _base(tax, total.currency), cents(tax.amount)) for tax in total.taxes]
    return BillSection(
        "Contributions and taxes in it", ("Tax", "Rate", "Of", f"Amount, {total.currency}"), frozenset({3}), tuple(rows)
    )


def _sum(total: Total, *, is_whole: bool) -> BillSection:
    rows = []
    balance = total.balance
    if balance:
        parts = [
            ("Energy, HT", balance.ht_energy),
            ("Subscription, HT", balance.ht_subscription),
            ("Accise", balance.accise),
            ("CTA", balance.cta),
            ("VAT", balance.vat),
        ]
        rows += [(name, cents(amount)) for name, amount in parts if amount is not None]
        if balance.unexplained:
            rows.append(("More than rounding: the tariff does not fit together", cents(balance.unexplained)))
        # As it is shown, so that the column adds up: of the tariff's figures and of these cents.
        shown = sum((to_cents(amount) for _, amount in parts if amount is not None), to_cents(balance.unexplained))
        rows.append(("Rounding: the tariff's to four digits, and to cents here", cents(to_cents(balance.ttc) - shown)))
        rows.append(("HT and taxes together, TTC", cents(balance.ttc)))
    if total.not_split:
        rows.append(("What cannot be taken apart, TTC", cents(total.not_split)))
    if total.income:
        rows.append(("Income", cents(total.income)))
    if total.lump_sums:
        rows.append(("Paid once", cents(total.lump_sums)))
    parts_of_all = (balance.ttc if balance else _ZERO, total.not_split, total.income, total.lump_sums)
    rounding = to_cents(total.amount) - sum((to_cents(amount) for amount in parts_of_all), _ZERO)
    if rounding:
        rows.append(("Rounding to cents", cents(rounding)))
    rows.append(("Total, TTC" if is_whole else "Total of what is known, TTC", cents(total.amount)))
    return BillSection("Sum", ("", total.currency), frozenset({1}), tuple(rows))


def _versions(bill: Bill) -> BillSection:
    rows = tuple((each.id, each.hash, str(each.confidence), each.source) for each in bill.versions)
    return BillSection("Tariffs", ("Version", "Hash", "Confidence", "Source"), frozenset(), rows)


def _from_to(line: BillLine) -> tuple[str, str]:
    return str(line.first), str(line.end)


def _price(price: Decimal | None, absent: str = _NOT_KNOWN) -> str:
    return absent if price is None else format(price, "f")


def _price_ttc(line: BillLine) -> str:
    by_quarter = line.price is None and line.amount is not None
    return "by the quarter" if by_quarter else _price(line.price, _UNKNOWN)


def _amount(line: BillLine) -> str:
    return _UNKNOWN if line.amount is None else f"{cents(line.amount)} {line.currency}"


def _months(line: BillLine) -> str:
    whole = sum(part.days == part.of for part in line.months)
    parts = [f"{whole} {'month' if whole == 1 else 'months'}"] if whole else []
    return " + ".join([*parts, *(f"{part.days}/{part.of} month" for part in line.months if part.days != part.of)])


def _rate(tax: Tax) -> str:
    if tax.kind is TaxKind.ACCISE:
        return f"{tax.rate:f} a kWh"
    return f"{format((tax.rate * 100).normalize(), 'f')} %"


def _base(tax: Tax, currency: str) -> str:
    if tax.kind is TaxKind.ACCISE:
        return f"{tax.energy_wh / _WH_PER_KWH:.3f} kWh"
    if tax.kind is TaxKind.CTA:
        return "the grid's fixed part"
    return f"{cents(tax.included_in)} {currency}, TTC"
