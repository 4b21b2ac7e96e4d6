"""A supplier's bill of a site's days, from a ledger, tariffs and contracts."""

from datetime import timedelta

from tictally_recorder.cost import Terms
from tictally_recorder.cost.bill.model import Bill
from tictally_recorder.cost.bill.supplier.advance import Advance, subscriptions
from tictally_recorder.cost.bill.supplier.engine import Billed, supplier_bill
from tictally_recorder.cost.bill.supplier.model import SupplierBill
from tictally_recorder.cost.bill.supplier.readings import readings_of
from tictally_recorder.cost.query import SiteDays
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.tariffs.model import Direction


def advance_of_contract(query: SiteDays, terms: Terms) -> int | None:
    """For how many months the contract of a bill's last day has the subscription billed in advance; None: unknown.

    Args:
        query: the site and the bill's days.
        terms: contracts and tariffs.
    """
    last = query.end - timedelta(days=1)
    found = (terms.contracts.on(query.site.id, direction, last) for direction in Direction)
    return next((each.billed_in_advance for each in found if each and each.billed_in_advance is not None), None)


def supplier_bill_of(
    reader: LedgerReader, query: SiteDays, terms: Terms, bill: Bill, months_in_advance: int
) -> SupplierBill:
    """The bill of some days as a supplier lays it out.

    Args:
        reader: the ledger.
        query: the site and its days.
        terms: contracts and tariffs.
        bill: of the same site and days.
        months_in_advance: of the subscription; 0 in arrears.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    advance = Advance(query.site.id, query.start, query.end, months_in_advance, query.tz)
    readings = readings_of(reader, query, bill.lines, terms.contracts)
    return supplier_bill(Billed(bill, readings, subscriptions(advance, terms), months_in_advance, query.tz))
