"""What some days of a site would have cost on other price lists, from a ledger."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.compare.make import offers
from tictally_recorder.compare.model import Answer, Assumed
from tictally_recorder.compare.of_ledger import told_colours
from tictally_recorder.compare.windows import NIGHT
from tictally_recorder.contracts.announced import announced
from tictally_recorder.cost.model import Use
from tictally_recorder.cost.of_ledger import cost_of, options_of
from tictally_recorder.cost.paid import Paid
from tictally_recorder.cost.registers import direction_of
from tictally_recorder.cost.untold import untold_of
from tictally_recorder.energy import energy
from tictally_recorder.ledger import LedgerReader, Site
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import By, local_midnight
from tictally_shared.labels import LABELS

_DRAWN: Final = {register for register in LABELS if direction_of(register) is Direction.DRAWN}


def answer_of(  # noqa: PLR0913, PLR0917 - all that an answer depends on
    reader: LedgerReader, site: Site, days: list[date], paid: Paid, wish: Assumed, tz: ZoneInfo
) -> Answer:
    """What some days of a site would have cost.

    Args:
        reader: the ledger.
        site: of it.
        days: local, in order, with frames.
        paid: contracts and price lists.
        wish: what to assume; without hours the contract's, and colours beside those that the meter told.
        tz: whose days are meant.
    """
    contract = paid.terms.contracts.on(site.id, Direction.DRAWN, days[-1])
    power = (contract.power_kva if contract else None) or announced(reader, site).power_kva
    until = date.fromordinal(days[-1].toordinal() + 1)
    start, end = local_midnight(days[0], tz), local_midnight(until, tz)
    quarters = energy(reader, site.id, start, end, By.QUARTER, tz, all_registers=True, only=_DRAWN)
    windows = wish.windows or (contract.windows if contract else ()) or (NIGHT,)
    # The night before the first day's 06:00 is of a Tempo day that began the day before.
    yesterday = date.fromordinal(days[0].toordinal() - 1)
    learned = told_colours(reader, site, local_midnight(yesterday, tz), end, tz)
    colours = {**learned, **wish.colours}
    assumed = replace(wish, windows=windows, colours=colours, aliases=contract.aliases if contract else {})
    use = Use(site.id, (), quarters, options_of(reader, site, days, tz), untold_of(reader, site))
    found = offers(use, days, paid.shelf.tariffs.values(), power, assumed, tz)
    rows = [row for row in cost_of(reader, site, days[0], until, paid.terms, tz) if row.direction is Direction.DRAWN]
    amounts = [row.amount for row in rows]
    actual = None if None in amounts else sum((each for each in amounts if each is not None), Decimal(0))
    return Answer(site.id, days[0], until, contract.tariff if contract else None, actual, windows, found)
