"""A tariff's own rule of which period a moment belongs to. Pure.

Rules are tried in their order and the first that applies decides; one without a condition always applies. A rule looks
at the local time and at the tariff's day: its weekday, its season, its Tempo colour, whether a list of days has it.
Where a tariff's day begins at 06:00, the hours before that belong to the day before. What a rule needs and nobody knows
(off-peak hours, a colour) makes the period unknown with a reason; no rule below is tried then, since it could decide
wrongly.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final, TypeAlias

from tictally_recorder.reason import Reason, ReasonCode
from tictally_shared.status_register import Colour

Hours: TypeAlias = tuple[time, time]
"""Hours of each local day, from and to (excluded); over midnight where the first is the later one."""
MonthDay: TypeAlias = tuple[int, int]
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MIDNIGHT: Final = time(0)


@dataclass(frozen=True, slots=True)
class PeriodRule:
    """One rule; every condition that it has must apply.

    Attributes:
        period: of the tariff, that it leads to.
        hours: local hours, any of them; empty: no condition.
        is_off_peak: True to ask for the customer's off-peak hours, which the contract has.
        weekdays: 0 is Monday; empty: no condition.
        has_chosen_weekday: True if the weekday that the customer chose counts among `weekdays`.
        season: first and last day of the year, both included, as (month, day); over the year's end where the first is
            the later one; None: no condition.
        colours: of the Tempo day; empty: no condition.
        days: name of a list of days; empty: no condition.
    """

    period: str
    hours: tuple[Hours, ...] = ()
    is_off_peak: bool = False
    weekdays: frozenset[int] = frozenset()
    has_chosen_weekday: bool = False
    season: tuple[MonthDay, MonthDay] | None = None
    colours: frozenset[Colour] = frozenset()
    days: str = ""


@dataclass(frozen=True, slots=True)
class CustomerTerms:
    """What rules need to know of a customer and of the days.

    Attributes:
        off_peak: local day → the customer's off-peak hours on it, or None if they are not known.
        chosen_weekday: 0 is Monday; None if none was chosen.
        colour: Tempo day → its colour, or None if it is not known.
        lists: name of a list → its days.
    """

    off_peak: Callable[[date], tuple[Hours, ...] | None] = lambda _: None
    chosen_weekday: int | None = None
    colour: Callable[[date], Colour | None] = lambda _: None
    lists: Mapping[str, Collection[date]] = field(default_factory=dict)


class PeriodRules:
    """The rules of one tariff.

    Args:
        rules: in their order.
        day_begins: local time at which the tariff's day begins.

    Raises:
        ValueError: there is no rule, or the last one has a condition: a moment could then belong to no period.
    """

    def __init__(self, rules: Iterable[PeriodRule], day_begins: time = _MIDNIGHT) -> None:
        self.rules = tuple(rules)
        self.day_begins = day_begins
        if not self.rules or self.rules[-1] != PeriodRule(self.rules[-1].period):
            raise ValueError("the last rule must have no condition")

    @property
    def periods(self) -> tuple[str, ...]:
        """The periods that rules lead to, each once, in their order."""
        return tuple(dict.fromkeys(rule.period for rule in self.rules))

    def period(self, moment: datetime, terms: CustomerTerms) -> str | Reason:
        """The period of a local time, or why it is unknown.

        Args:
            moment: local.
            terms: of the customer on that day.
        """
        at, day = moment.time(), moment.date()
        tariff_day = day - timedelta(days=1) if at < self.day_begins else day
        for rule in self.rules:
            applies = _applies(rule, at, day, tariff_day, terms)
            if isinstance(applies, Reason):
                return applies
            if applies:
                return rule.period
        raise AssertionError("the last rule has no condition")


def is_within(at: time, hours: Iterable[Hours]) -> bool:
    """True if a local time is in one of the hours; their end is excluded."""
    return any(begin <= at < end if begin < end else at >= begin or at < end for begin, end in hours)


def _applies(rule: PeriodRule, at: time, day: date, tariff_day: date, terms: CustomerTerms) -> bool | Reason:
    """Whether a rule applies; what is surely known decides before what may not be."""
    if rule.hours and not is_within(at, rule.hours):
        return False
    if not _is_on_weekday(rule, tariff_day, terms) or not _is_in_season(rule, tariff_day):
        return False
    is_listed = _is_listed(rule, tariff_day, terms)
    if is_listed is not True:
        return is_listed
    if not rule.is_off_peak:
        return True
    hours = terms.off_peak(day)
    return Reason(ReasonCode.OFF_PEAK_HOURS_UNKNOWN) if hours is None else is_within(at, hours)


def _is_listed(rule: PeriodRule, day: date, terms: CustomerTerms) -> bool | Reason:
    """Whether the day is in the rule's list of days and has one of its colours."""
    if rule.days and rule.days not in terms.lists:
        return Reason(ReasonCode.NO_LIST_OF_DAYS, {"list_name": rule.days})
    if rule.days and day not in terms.lists[rule.days]:
        return False
    if not rule.colours:
        return True
    colour = terms.colour(day)
    return Reason(ReasonCode.TEMPO_COLOUR_UNKNOWN) if colour is None else colour in rule.colours


def _is_on_weekday(rule: PeriodRule, day: date, terms: CustomerTerms) -> bool:
    if not rule.weekdays and not rule.has_chosen_weekday:
        return True
    return day.weekday() in rule.weekdays or (rule.has_chosen_weekday and day.weekday() == terms.chosen_weekday)


def _is_in_season(rule: PeriodRule, day: date) -> bool:
    if rule.season is None:
        return True
    (first, last), here = rule.season, (day.month, day.day)
    return first <= here <= last if first <= last else here >= first or here <= last
