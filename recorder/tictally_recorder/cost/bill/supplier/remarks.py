"""What a person must know of a supplier's bill beside its figures. Pure."""

from collections.abc import Iterator

from tictally_recorder.cost.bill.model import Bill
from tictally_recorder.cost.bill.remarks import bill_remarks
from tictally_recorder.cost.bill.supplier.advance import charged_until
from tictally_recorder.cost.bill.supplier.model import Subscription, SupplierBill
from tictally_recorder.remark import RemarkCode
from tictally_shared.phrase import Phrase


def supplier_remarks(bill: Bill, laid_out: SupplierBill) -> list[Phrase]:
    """Those of the bill, and what its subscription is for."""
    return [*_in_advance(bill, laid_out), *bill_remarks(bill), *_unknown(laid_out)]


def _in_advance(bill: Bill, laid_out: SupplierBill) -> Iterator[Phrase]:
    months = laid_out.months_in_advance
    if months and laid_out.subscriptions:
        until = charged_until(bill.end, months)
        yield Phrase(RemarkCode.BILL_IN_ADVANCE, {"count": months, "until": str(until)})


def _unknown(laid_out: SupplierBill) -> Iterator[Phrase]:
    for each in laid_out.subscriptions:
        if not each.is_known:
            yield Phrase(RemarkCode.BILL_ADVANCE_UNKNOWN, {"start": str(each.first), "end": str(each.end)})
        elif each.ht is None:
            yield Phrase(RemarkCode.BILL_ADVANCE_NOT_SPLIT, {"version": _version(each), "start": str(each.first)})


def _version(each: Subscription) -> str:
    return each.version.id if each.version else ""
