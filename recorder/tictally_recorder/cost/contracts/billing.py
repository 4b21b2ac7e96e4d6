"""The months that a supplier bills: from the contract's billing day to the day before it. Pure."""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, timedelta

from tictally_recorder.cost.contracts.model import Contract, Contracts
from tictally_recorder.tariffs.model import Direction

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BillingMonths:
    """Of a site.

    A month begins on the contract's billing day, in a shorter month on its last day, and with each contract: the former
    supplier's last bill ends there. Without a billing day months are those of the calendar.

    Attributes:
        site: its id.
        contracts: of all sites. Those for consumption decide, of a site that only injects those for injection.
    """

    site: str
    contracts: Contracts
    _known: dict[date, date] = field(default_factory=dict, compare=False, repr=False)

    def first_day(self, day: date) -> date:
        """The first day of the month that a local day is in."""
        at = day
        while at not in self._known and not self._begins(at):
            at -= _DAY
        found = self._known.get(at, at)
        self._known[day] = found
        return found

    def first_days(self, first: date, until: date) -> tuple[date, ...]:
        """The first days of all months that have a day from one day on, before another; and that of the next month."""
        if first >= until:
            return ()
        found = [self.first_day(first)]
        day = first + _DAY
        while day < until:
            if self._begins(day):
                found.append(day)
            day += _DAY
        while not self._begins(day):
            day += _DAY
        return (*found, day)

    def _begins(self, day: date) -> bool:
        contract = self._contract(day)
        if contract is not self._contract(day - _DAY):
            return True
        billing_day = (contract.billing_day if contract else None) or 1
        return day.day == min(billing_day, monthrange(day.year, day.month)[1])

    def _contract(self, day: date) -> Contract | None:
        found = (self.contracts.on(self.site, direction, day) for direction in Direction)
        return next((each for each in found if each is not None), None)
