"""A bill as a supplier lays it out: readings, lines without taxes in whole cents, contributions, VAT by rate, total."""

from tictally_recorder.cost.bill.supplier.advance import Advance, subscriptions
from tictally_recorder.cost.bill.supplier.engine import supplier_bill
from tictally_recorder.cost.bill.supplier.model import Contribution, EnergyCharge, Reading, Subscription, SupplierBill
from tictally_recorder.cost.bill.supplier.readings import readings_of

__all__ = [
    "Advance",
    "Contribution",
    "EnergyCharge",
    "Reading",
    "Subscription",
    "SupplierBill",
    "readings_of",
    "subscriptions",
    "supplier_bill",
]
