"""A supplier's bill of a site's days, from a ledger, tariffs and contracts."""

from tictally_recorder.cost import Terms
from tictally_recorder.cost.bill.model import Bill
from tictally_recorder.cost.bill.supplier.advance import Advance, subscriptions
from tictally_recorder.cost.bill.supplier.engine import Billed, supplier_bill
from tictally_recorder.cost.bill.supplier.model import SupplierBill
from tictally_recorder.cost.bill.supplier.readings import readings_of
from tictally_recorder.cost.query import SiteDays
from tictally_recorder.ledger import LedgerReader

MOST_MONTHS = 12
"""That a subscription is billed in advance."""


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
    advance = Advance(query.site.id, query.start, query.end, months_in_advance)
    readings = readings_of(reader, query, bill.lines)
    return supplier_bill(Billed(bill, readings, subscriptions(advance, terms), months_in_advance, query.tz))
