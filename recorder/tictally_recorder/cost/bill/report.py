"""A bill as tables of texts for people. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from tictally_recorder.cost import VersionUsed, to_cents
from tictally_recorder.cost.bill.model import Bill, BillLine, MonthPart, PowerPart, Tax, TaxKind, Total
from tictally_recorder.cost.bill.totals import cents
from tictally_recorder.tariffs.model import Direction
from tictally_recorder.translations import ENGLISH
from tictally_shared.catalogue import Catalogue

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


def sections(bill: Bill, words: Catalogue = ENGLISH) -> list[BillSection]:
    """The parts in the order of a bill; those without a line are left out. `To` is excluded in each."""
    made = _Sections(words)
    found = []
    for direction, energy, subscription in (
        (Direction.CONSUMPTION, "energy", "subscription"),
        (Direction.INJECTION, "injection", "injection_subscription"),
    ):
        lines = [line for line in bill.lines if line.direction is direction and not line.is_lump_sum]
        found.append(made.energy(energy, [line for line in lines if line.period is not None]))
        found.append(made.subscription(subscription, [line for line in lines if line.period is None]))
    found.append(made.lump_sums([line for line in bill.lines if line.is_lump_sum]))
    for total in bill.totals:
        found.append(made.taxes(total))
        found.append(made.sum(total, is_whole=bill.is_whole))
    found.append(made.versions(bill))
    return [section for section in found if section.rows]


def versions_section(words: Catalogue, versions: Iterable[VersionUsed]) -> BillSection:
    """Every version of a tariff that made an amount, with the source of its figures."""
    columns = ("column.version", "column.hash", "column.confidence", "column.source")
    rows = [(each.id, each.hash, words.text(f"report.confidence.{each.confidence}"), each.source) for each in versions]
    return BillSection(words.text("bill.versions"), tuple(map(words.text, columns)), frozenset(), tuple(rows))


def months_text(words: Catalogue, months: Iterable[MonthPart]) -> str:
    """What a subscription is for: `2 months + 9/30 month`."""
    parts = list(months)
    whole = sum(part.days == part.of for part in parts)
    found = [words.text("bill.months", count=whole)] if whole else []
    found += [
        words.text("bill.part_of_month", days=words.decimal(str(part.days_number)), of=part.of)
        for part in parts
        if part.days != part.of
    ]
    return " + ".join(found)


def percent_text(words: Catalogue, rate: Decimal) -> str:
    """A fraction: `5.5 %`."""
    return f"{words.decimal(format((rate * 100).normalize(), 'f'))} %"


class SectionMaker:
    """Makes parts of a bill in a language.

    Args:
        words: of that language.
    """

    def __init__(self, words: Catalogue) -> None:
        self._words = words

    def _section(
        self, title: str, headings: Iterable[str], right: set[int], rows: Iterable[tuple[str, ...]]
    ) -> BillSection:
        texts = tuple(map(self._words.text, headings))
        return BillSection(self._words.text(f"bill.{title}"), texts, frozenset(right), tuple(rows))

    def _cents(self, amount: Decimal) -> str:
        return self._words.decimal(cents(amount))


class _Sections(SectionMaker):
    """Makes the parts of a bill by days."""

    def energy(self, title: str, lines: Iterable[BillLine]) -> BillSection:
        words = self._words
        rows = [
            (
                *_from_to(line),
                line.period or "",
                words.decimal(f"{line.energy_wh / _WH_PER_KWH:.3f}")
                if line.energy_wh or line.amount is not None
                else words.text("unknown"),
                "" if line.is_income else self._price(line.price_ht, "bill.not_known"),
                self._price_ttc(line),
                self._amount(line),
            )
            for line in lines
        ]
        columns = ("column.from", "column.to", "column.period", "column.kwh")
        return self._section(title, (*columns, "bill.kwh_ht", "bill.kwh_ttc", "bill.amount_ttc"), {3, 4, 5, 6}, rows)

    def subscription(self, title: str, lines: Iterable[BillLine]) -> BillSection:
        rows: list[tuple[str, ...]] = []
        for line in lines:
            rows.append(
                (
                    *_from_to(line),
                    "" if line.power_kva is None else f"{line.power_kva} kVA",
                    months_text(self._words, line.months),
                    self._price(line.price_ht, "bill.not_known"),
                    self._price(line.price, "unknown"),
                    self._amount(line),
                )
            )
            rows += [self._of_power(each, line.currency) for each in line.powers]
        columns = ("column.from", "column.to", "column.power", "bill.time")
        return self._section(title, (*columns, "bill.month_ht", "bill.month_ttc", "bill.amount_ttc"), {4, 5, 6}, rows)

    def _of_power(self, part: PowerPart, currency: str | None) -> tuple[str, ...]:
        """What one of several powers is of the subscription above it."""
        words = self._words
        each = words.text(
            "bill.of_power",
            days=words.decimal(f"{float(part.days):g}"),
            price=words.decimal(f"{part.price:f}"),
            amount=self._cents(part.amount),
            currency=currency,
        )
        return "", "", f"{part.name} {words.decimal(f'{part.kw:f}')} kW", each, "", "", ""

    def lump_sums(self, lines: Iterable[BillLine]) -> BillSection:
        rows = [(str(line.first), line.version.source if line.version else "", self._amount(line)) for line in lines]
        return self._section("lump_sums", ("column.day", "column.what", "column.amount"), {2}, rows)

    def taxes(self, total: Total) -> BillSection:
        words = self._words
        rows = [
            (
                words.text(f"bill.tax.{tax.kind.value}"),
                self._rate(tax),
                self._base(tax, total.currency),
                self._cents(tax.amount),
            )
            for tax in total.taxes
        ]
        amount = words.text("bill.amount_in", currency=total.currency)
        headings = (*map(words.text, ("bill.tax", "bill.rate", "bill.of")), amount)
        return BillSection(words.text("bill.taxes"), headings, frozenset({3}), tuple(rows))

    def sum(self, total: Total, *, is_whole: bool) -> BillSection:
        rows = []
        balance = total.balance
        if balance:
            parts = [
                ("ht_energy", balance.ht_energy),
                ("ht_subscription", balance.ht_subscription),
                ("tax.accise", balance.accise),
                ("tax.cta", balance.cta),
                ("tax.vat", balance.vat),
            ]
            rows += [(name, amount) for name, amount in parts if amount is not None]
            if balance.unexplained:
                rows.append(("unexplained", balance.unexplained))
            # As it is shown, so that the column adds up: of the tariff's figures and of these cents.
            shown = sum((to_cents(amount) for _, amount in parts if amount is not None), to_cents(balance.unexplained))
            rows.append(("rounding_of_tariff", to_cents(balance.ttc) - shown))
            rows.append(("ht_and_taxes", balance.ttc))
        for name, amount in (
            ("not_split", total.not_split),
            ("income", total.income),
            ("lump_sums", total.lump_sums),
        ):
            if amount:
                rows.append((name, amount))
        parts_of_all = (balance.ttc if balance else _ZERO, total.not_split, total.income, total.lump_sums)
        rounding = to_cents(total.amount) - sum((to_cents(amount) for amount in parts_of_all), _ZERO)
        if rounding:
            rows.append(("rounding", rounding))
        rows.append(("total" if is_whole else "total_known", total.amount))
        texts = tuple((self._words.text(f"bill.{name}"), self._cents(amount)) for name, amount in rows)
        return BillSection(self._words.text("bill.sum"), ("", total.currency), frozenset({1}), texts)

    def versions(self, bill: Bill) -> BillSection:
        return versions_section(self._words, bill.versions)

    def _price(self, price: Decimal | None, absent: str) -> str:
        return self._words.text(absent) if price is None else self._words.decimal(format(price, "f"))

    def _price_ttc(self, line: BillLine) -> str:
        if line.price is None and line.amount is not None:
            return self._words.text("bill.by_quarter")
        return self._price(line.price, "unknown")

    def _amount(self, line: BillLine) -> str:
        return self._words.text("unknown") if line.amount is None else f"{self._cents(line.amount)} {line.currency}"

    def _rate(self, tax: Tax) -> str:
        if tax.kind is TaxKind.ACCISE:
            return self._words.text("bill.a_kwh", rate=self._words.decimal(f"{tax.rate:f}"))
        return percent_text(self._words, tax.rate)

    def _base(self, tax: Tax, currency: str) -> str:
        if tax.kind is TaxKind.ACCISE:
            return f"{self._words.decimal(f'{tax.energy_wh / _WH_PER_KWH:.3f}')} kWh"
        if tax.kind is TaxKind.CTA:
            return self._words.text("bill.fixed_part")
        return self._words.text("bill.ttc_in", amount=self._cents(tax.included_in), currency=currency)


def _from_to(line: BillLine) -> tuple[str, str]:
    return str(line.first), str(line.end)
