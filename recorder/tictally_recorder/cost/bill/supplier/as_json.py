"""A supplier's bill as JSON. Pure. Amounts are strings, in whole cents."""

from datetime import UTC, datetime
from decimal import Decimal

from tictally_recorder.cost.bill.as_json import record
from tictally_recorder.cost.bill.model import Bill
from tictally_recorder.cost.bill.supplier.model import (
    Charge,
    ChargedPower,
    Contribution,
    Reading,
    SupplierBill,
    SupplierTotal,
)
from tictally_recorder.cost.bill.supplier.remarks import supplier_remarks
from tictally_recorder.cost.bill.totals import cents
from tictally_recorder.translations import phrase_record


def billed_record(bill: Bill, laid_out: SupplierBill) -> dict[str, object]:
    """The record of a bill, with that of the supplier's beside its own fields."""
    billed = supplier_record(laid_out) | {"remarks": [phrase_record(each) for each in supplier_remarks(bill, laid_out)]}
    return record(bill) | {"as_billed": billed}


def supplier_record(bill: SupplierBill) -> dict[str, object]:
    """The bill as a program reads it, beside the record of `bill.as_json`."""
    return {
        "months_in_advance": bill.months_in_advance,
        "readings": [_reading(each) for each in bill.readings],
        "subscriptions": [
            {
                **_charge(each),
                "power_kva": each.power_kva,
                "powers": [_power(power) for power in each.powers],
                "months": [
                    {"month": f"{part.month:%Y-%m}", "days": part.days_number, "of": part.of} for part in each.months
                ],
                "taken_back": each.is_credit,
                "version": each.version.id if each.version else None,
            }
            for each in bill.subscriptions
        ],
        "energy": [{**_charge(each), "period": each.period, "kwh": each.kwh} for each in bill.energy],
        "contributions": [_contribution(each) for each in bill.contributions],
        "totals": [_total(each) for each in bill.totals],
        "whole": bill.is_whole,
    }


def _power(each: ChargedPower) -> dict[str, object]:
    days = int(each.days) if each.days.denominator == 1 else round(float(each.days), 3)
    return {
        "name": each.name,
        "kw": f"{each.kw:f}",
        "days": days,
        "price_ht": None if each.price_ht is None else f"{each.price_ht:f}",
        "amount_ht": None if each.ht is None else f"{each.ht:f}",
    }


def _reading(each: Reading) -> dict[str, object]:
    return {
        "register": each.register,
        "period": each.period,
        "from": _time(each.start_ms),
        "to": _time(each.end_ms),
        "former_kwh": each.former_kwh,
        "former": str(each.former),
        "newer_kwh": each.newer_kwh,
        "newer": str(each.newer),
        "kwh": each.kwh,
    }


def _charge(each: Charge) -> dict[str, object]:
    return {
        "direction": str(each.direction),
        "from": str(each.first),
        "to": str(each.end),
        "price_ht": _text(each.price_ht),
        "price": _text(each.price),
        "vat_rate": _text(each.vat_rate),
        "currency": each.currency,
        "amount_ht": _cents(each.ht),
        "amount_ttc": _cents(each.ttc),
    }


def _contribution(each: Contribution) -> dict[str, object]:
    return {
        "tax": str(each.kind),
        "base": cents(each.base),
        "rate": _text(each.rate),
        "vat_rate": _text(each.vat_rate),
        "currency": each.currency,
        "amount_ht": cents(each.ht),
    }


def _total(each: SupplierTotal) -> dict[str, object]:
    return {
        "currency": each.currency,
        "ht": cents(each.ht),
        "vat": [{"rate": _text(vat.rate), "base": cents(vat.base), "amount": cents(vat.amount)} for vat in each.vat],
        "not_split": cents(each.not_split),
        "income": cents(each.income),
        "lump_sums": cents(each.lump_sums),
        "amount": cents(each.amount),
    }


def _time(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms // 1000, UTC).isoformat()


def _cents(amount: Decimal | None) -> str | None:
    return None if amount is None else cents(amount)


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")
