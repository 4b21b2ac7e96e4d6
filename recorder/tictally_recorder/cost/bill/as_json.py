"""A bill as JSON. Pure."""

import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Final

from tictally_recorder.cost.bill.model import Bill, BillLine, Split, Total
from tictally_recorder.cost.bill.remarks import remarks, what
from tictally_recorder.cost.bill.totals import cents
from tictally_recorder.cost.model import LUMP_SUM, UNMETERED
from tictally_recorder.cost.proration import amount_text
from tictally_recorder.translations import ENGLISH, phrase_record

_BALANCE: Final = ("ht_energy", "ht_subscription", "accise", "cta", "vat", "rounding", "unexplained", "ttc")


def as_json(bills: Iterable[Bill]) -> str:
    """An array, a bill a site. Amounts are texts: as they are, and beside them `…_rounded`, rounded to whole cents."""
    return records_as_json(record(bill) for bill in bills)


def records_as_json(records: Iterable[dict[str, object]]) -> str:
    """An array of them."""
    return json.dumps(list(records), ensure_ascii=False, indent=2)


def record(bill: Bill) -> dict[str, object]:
    """A bill as a program reads it."""
    return {
        "site": bill.site,
        "from": str(bill.start),
        "to": str(bill.end),
        "first_day": str(bill.days[0]) if bill.days else None,
        "last_day": str(bill.days[1]) if bill.days else None,
        "whole": bill.is_whole,
        "lines": [_line_record(line) for line in bill.lines],
        "totals": [_total_record(total) for total in bill.totals],
        "versions": [
            {"id": each.id, "hash": each.hash, "confidence": str(each.confidence), "source": each.source}
            for each in bill.versions
        ],
        "remarks": [phrase_record(each) for each in remarks(bill)],
    }


def _line_record(line: BillLine) -> dict[str, object]:
    return {
        "what": ENGLISH.phrase(what(line)),
        "direction": str(line.direction),
        "period": line.period,
        "from": str(line.first),
        "to": str(line.end),
        "days": line.days,
        "energy_wh": None if line.period in {UNMETERED, LUMP_SUM} else line.energy_wh,
        "months": [{"month": _month(part.month), "days": part.days_number, "of": part.of} for part in line.months],
        "power_kva": line.power_kva,
        "powers": [
            {"name": each.name, "kw": f"{each.kw:f}", "price": _text(each.price), **_money("amount", each.amount)}
            for each in line.powers
        ],
        "version": line.version.id if line.version else None,
        "price": _text(line.price),
        "price_ht": _text(line.price_ht),
        "currency": line.currency,
        **_money("amount", line.amount),
        "contains": _split_record(line.split) if line.split else None,
        "estimated": line.estimated,
        "reasons": [phrase_record(reason) for reason in line.reasons],
    }


def _split_record(split: Split) -> dict[str, object]:
    return {
        **_money("ht", split.ht),
        **_money("accise", split.accise),
        **_money("cta", split.cta),
        **_money("vat", split.vat),
        **_money("difference", split.difference),
        "vat_rate": _text(split.vat_rate),
        "fits": split.fits,
        "not_known": list(split.unknown),
    }


def _total_record(total: Total) -> dict[str, object]:
    balance = {
        key: text
        for name in _BALANCE
        if total.balance
        for key, text in _money(name, getattr(total.balance, name)).items()
    }
    return {
        "currency": total.currency,
        "taxes": [
            {
                "tax": str(tax.kind),
                "rate": _text(tax.rate),
                "energy_wh": tax.energy_wh,
                **_money("included_in", tax.included_in),
                **_money("amount", tax.amount),
            }
            for tax in total.taxes
        ],
        "balance": balance or None,
        **_money("not_split", total.not_split),
        **_money("income", total.income),
        **_money("lump_sums", total.lump_sums),
        **_money("amount", total.amount),
    }


def _money(name: str, amount: Decimal | None) -> dict[str, str | None]:
    return {name: amount_text(amount), f"{name}_rounded": None if amount is None else cents(amount)}


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


def _month(first: date) -> str:
    return f"{first:%Y-%m}"
