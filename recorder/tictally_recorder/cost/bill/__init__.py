"""What days cost, laid out like a bill: energy, subscription, taxes, total, and where each price is from."""

from tictally_recorder.cost.bill.engine import make_bill
from tictally_recorder.cost.bill.model import Balance, Bill, BillLine, MonthPart, Split, Tax, TaxKind, Total

__all__ = ["Balance", "Bill", "BillLine", "MonthPart", "Split", "Tax", "TaxKind", "Total", "make_bill"]
