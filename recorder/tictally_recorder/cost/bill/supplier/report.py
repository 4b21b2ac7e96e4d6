"""A supplier's bill as tables of texts for people. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost.bill.model import Bill, BillLine, TaxKind
from tictally_recorder.cost.bill.report import BillSection, SectionMaker, months_text, percent_text, versions_section
from tictally_recorder.cost.bill.supplier.model import (
    Charge,
    ChargedPower,
    EnergyCharge,
    Subscription,
    SupplierBill,
    SupplierTotal,
)
from tictally_recorder.tariffs.model import Direction
from tictally_recorder.translations import ENGLISH
from tictally_shared.catalogue import Catalogue

_DAY_ONLY: Final = "%Y-%m-%d"


def supplier_sections(
    bill: Bill, laid_out: SupplierBill, tz: ZoneInfo, words: Catalogue = ENGLISH
) -> list[BillSection]:
    """The parts in a supplier's order; those without a line are left out. `To` is excluded in each."""
    made = _Sections(words, tz)
    found = [made.readings(laid_out)]
    for direction, subscription, energy in (
        (Direction.CONSUMPTION, "subscription", "energy"),
        (Direction.INJECTION, "injection_subscription", "injection"),
    ):
        found.append(
            made.subscriptions(subscription, [each for each in laid_out.subscriptions if each.direction is direction])
        )
        found.append(made.energy(energy, [each for each in laid_out.energy if each.direction is direction]))
    found += [made.contributions(laid_out), made.lump_sums(bill.lines)]
    is_whole = bill.is_whole and laid_out.is_whole
    for total in laid_out.totals:
        found += [made.vat(total), made.sum(total, is_whole=is_whole)]
    found.append(versions_section(words, laid_out.versions))
    return [section for section in found if section.rows]


class _Sections(SectionMaker):
    """Makes the parts of a supplier's bill."""

    def __init__(self, words: Catalogue, tz: ZoneInfo) -> None:
        super().__init__(words)
        self._tz = tz

    def readings(self, laid_out: SupplierBill) -> BillSection:
        rows = [
            (
                each.register,
                each.period or "",
                self._time(each.start_ms),
                str(each.former_kwh),
                self._words.text(f"bill.reading_{each.former.value}"),
                self._time(each.end_ms),
                str(each.newer_kwh),
                self._words.text(f"bill.reading_{each.newer.value}"),
                self._words.text("unknown") if each.kwh is None else str(each.kwh),
            )
            for each in laid_out.readings
        ]
        former = ("column.from", "bill.former_reading", "bill.reading")
        newer = ("column.to", "bill.newer_reading", "bill.reading")
        columns = ("column.register", "column.period", *former, *newer, "column.kwh")
        return self._section("readings", columns, {3, 6, 8}, rows)

    def subscriptions(self, title: str, charges: Iterable[Subscription]) -> BillSection:
        rows: list[tuple[str, ...]] = []
        for each in charges:
            rows.append(
                (
                    *_from_to(each),
                    "" if each.power_kva is None else f"{each.power_kva} kVA",
                    months_text(self._words, each.months),
                    self._words.text("bill.taken_back" if each.is_credit else "bill.charged"),
                    *self._figures(each),
                )
            )
            rows += [self._of_power(power, each.currency) for power in each.powers]
        columns = ("column.from", "column.to", "column.power", "bill.time", "column.what", "bill.month_ht")
        return self._section(title, (*columns, "bill.tax.vat", "bill.amount_ht"), {5, 6, 7}, rows)

    def _of_power(self, power: ChargedPower, currency: str | None) -> tuple[str, ...]:
        """What one of several powers is of the subscription above it."""
        words = self._words
        price, amount = (power.price_ht, power.ht) if power.ht is not None else (None, power.ttc)
        each = words.text(
            "bill.of_power",
            days=words.decimal(f"{float(power.days):g}"),
            price="?" if price is None else words.decimal(f"{price:f}"),
            amount=self._cents(amount),
            currency=currency,
        )
        return "", "", f"{power.name} {words.decimal(f'{power.kw:f}')} kW", each, "", "", "", ""

    def energy(self, title: str, charges: Iterable[EnergyCharge]) -> BillSection:
        rows = [(*_from_to(each), each.period, str(each.kwh), *self._figures(each)) for each in charges]
        columns = ("column.from", "column.to", "column.period", "column.kwh", "bill.kwh_ht")
        return self._section(title, (*columns, "bill.tax.vat", "bill.amount_ht"), {3, 4, 5, 6}, rows)

    def contributions(self, laid_out: SupplierBill) -> BillSection:
        words = self._words
        rows = []
        for each in laid_out.contributions:
            if each.kind is TaxKind.ACCISE:
                base, rate = f"{each.base:f} kWh", words.text("bill.a_kwh", rate=words.decimal(f"{each.rate:f}"))
            else:
                base, rate = f"{self._cents(each.base)} {each.currency}", percent_text(words, each.rate)
            vat, amount = percent_text(words, each.vat_rate), f"{self._cents(each.ht)} {each.currency}"
            rows.append((words.text(f"bill.tax.{each.kind.value}"), base, rate, vat, amount))
        columns = ("bill.tax", "bill.of", "bill.rate", "bill.tax.vat", "bill.amount_ht")
        return self._section("contributions", columns, {1, 2, 3, 4}, rows)

    def lump_sums(self, lines: Iterable[BillLine]) -> BillSection:
        rows = [
            (
                str(line.first),
                line.version.source if line.version else "",
                f"{self._cents(line.amount)} {line.currency}",
            )
            for line in lines
            if line.is_lump_sum and line.amount is not None
        ]
        return self._section("lump_sums", ("column.day", "column.what", "column.amount"), {2}, rows)

    def vat(self, total: SupplierTotal) -> BillSection:
        rows = [
            (percent_text(self._words, each.rate), self._cents(each.base), self._cents(each.amount))
            for each in total.vat
        ]
        amount = self._words.text("bill.amount_in", currency=total.currency)
        headings = (self._words.text("bill.rate"), self._words.text("bill.of"), amount)
        return BillSection(self._words.text("bill.tax.vat"), headings, frozenset({0, 1, 2}), tuple(rows))

    def sum(self, total: SupplierTotal, *, is_whole: bool) -> BillSection:
        rows = [("total_ht", total.ht), ("tax.vat", total.vat_amount)] if total.vat else []
        others = (("not_split", total.not_split), ("income", total.income), ("lump_sums", total.lump_sums))
        rows += [(name, amount) for name, amount in others if amount]
        rows.append(("total" if is_whole else "total_known", total.amount))
        texts = tuple((self._words.text(f"bill.{name}"), self._cents(amount)) for name, amount in rows)
        return BillSection(self._words.text("bill.sum"), ("", total.currency), frozenset({1}), texts)

    def _figures(self, charge: Charge) -> tuple[str, str, str]:
        """Price without taxes, rate of value added tax, amount; where the first is not known, the amount has taxes."""
        words = self._words
        amount = charge.ttc if charge.ht is None else charge.ht
        shown = words.text("unknown") if amount is None else f"{self._cents(amount)} {charge.currency}"
        if charge.ht is None and amount is not None:
            shown = words.text("bill.ttc", amount=shown)
        if charge.ht is None or charge.price_ht is None or charge.vat_rate is None:
            return "", "", shown
        if isinstance(charge, Subscription) and charge.powers and not charge.price_ht:  # paid by the powers alone
            return "", percent_text(words, charge.vat_rate), shown
        return words.decimal(f"{charge.price_ht:f}"), percent_text(words, charge.vat_rate), shown

    def _time(self, time_ms: int) -> str:
        local = datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(self._tz)
        return f"{local:{_DAY_ONLY}}" if f"{local:%H:%M}" == "00:00" else f"{local:{_DAY_ONLY} %H:%M}"


def _from_to(charge: Charge) -> tuple[str, str]:
    return str(charge.first), str(charge.end)
